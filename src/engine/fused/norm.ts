import {
  activate,
  activateBackward,
  chunksOf,
  CHUNK,
  type FusedLayer,
  type Matrix,
  type Plan,
  planMatrix,
  planTensor,
  summedShare,
} from './layer.ts';
import { roundUp } from './layout.ts';
import type { Activation, NormOp } from './ops.ts';

const EPSILON = 1e-5;

/** Layer normalisation; a row of the input holds one or several groups of `op.size` values. */
export function normLayer(plan: Plan, input: Matrix, op: NormOp, activation: Activation): FusedLayer {
  const { layout, batch } = plan;
  const { size } = op;
  const groups = input.cols / size;
  const out = planMatrix(plan, input.cols, activation);
  const stride = roundUp(size, 4);
  const gain = planTensor(plan, op.gain, { rows: 1, cols: size, stride });
  const bias = planTensor(plan, op.bias, { rows: 1, cols: size, stride });
  const [gainPartials, biasPartials] = [gain, bias].map(() => layout.floats(chunksOf(batch) * stride));
  return {
    out,
    shares: [summedShare(gain, gainPartials), summedShare(bias, biasPartials)],
    forward(lane, from, to) {
      const [x, y] = [input, out].map(({ address, stride: row }) => address + from * row * 4);
      const [rowX, rowY] = [input.stride * 4, out.stride * 4];
      lane.k.norm(to - from, groups, size, x, rowX, gain.param, bias.param, EPSILON, y, rowY);
      activate(lane, out, from, to);
    },
    backward(lane, from, to, _samples, wantsInput) {
      const x = input.address + from * input.stride * 4;
      const [g, dx] = [out, input].map(({ gradient, stride: row }) => gradient + from * row * 4);
      const partial = (from / CHUNK) * stride * 4;
      lane.k.normGradient(
        to - from,
        groups,
        size,
        x,
        input.stride * 4,
        gain.param,
        g,
        out.stride * 4,
        EPSILON,
        dx,
        gainPartials + partial,
        biasPartials + partial,
      );
      if (wantsInput) activateBackward(lane, input, from, to);
    },
  };
}
