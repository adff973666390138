import {
  activate,
  activateBackward,
  CHUNK,
  type FusedLayer,
  type FusedTensor,
  type Lane,
  type Matrix,
  type Plan,
  planTensor,
  type Share,
  summedShare,
  chunksOf,
} from './layer.ts';
import { roundUp } from './layout.ts';
import type { Activation, DenseOp } from './ops.ts';

/** Rows of a weight matrix that are one share: as many as the sparse kernel takes. */
const SHARE_ROWS = 32;
/** Columns of the panels that the kernels read, and of a part of one. */
const PANEL_COLS = 16;
const PART_COLS = 8;
/** With fewer columns, listing what is set costs more than it saves. */
const SPARSE_FROM = 32;

/** One dense layer's columns in an output that several may write to (the heads of a net do). */
interface Part {
  readonly kernel: FusedTensor;
  readonly bias: FusedTensor;
  /** First column, and columns with padding. */
  readonly column: number;
  readonly width: number;
  /** `[chunks, width]` */
  readonly biasPartials: number;
}

/**
 * Dense layers on the same input, side by side: `out = activation(input · [W₁ W₂ …] + [b₁ b₂ …])`. Behind a ReLU many
 * inputs are zero, and before one many gradients: there the sparse kernel works, if there are enough columns.
 */
export function denseLayer(
  plan: Plan,
  input: Matrix,
  ops: readonly DenseOp[],
  activation: Activation,
): FusedLayer & { readonly columns: readonly number[] } {
  const { layout, batch } = plan;
  const depth = input.cols;
  const widths = ops.map(({ units }) => roundUp(units, ops.length === 1 ? PANEL_COLS : PART_COLS));
  const columns = widths.map((_, i) => widths.slice(0, i).reduce((a, b) => a + b, 0));
  const width = roundUp(
    widths.reduce((a, b) => a + b, 0),
    PANEL_COLS,
  );
  const sparse = input.activation === 'relu' && ops.length === 1 && width >= SPARSE_FROM;
  const sparseBackward = activation === 'relu' && width >= SPARSE_FROM;
  const stride = roundUp(width, 32);
  const out: Matrix = {
    address: layout.floats(batch * stride),
    gradient: layout.floats(batch * stride),
    cols: ops.length === 1 ? ops[0].units : width,
    stride,
    activation,
  };
  // The biases of all parts lie side by side, as the kernels read them.
  const biases = ['param', 'grad', 'm', 'v'].map(() => layout.floats(stride));
  const parts = ops.map((op, i): Part => {
    const column = columns[i];
    const [param, grad, m, v] = biases.map((address) => address + column * 4);
    return {
      kernel: planTensor(plan, op.kernel, {
        rows: depth,
        cols: op.units,
        stride: widths[i],
        storedRows: roundUp(depth, SHARE_ROWS),
      }),
      bias: { name: op.bias, rows: 1, cols: op.units, stride: widths[i], param, grad, m, v },
      column,
      width: widths[i],
      biasPartials: layout.floats(chunksOf(batch) * widths[i]),
    };
  });
  const panels = layout.floats(depth * width);
  const turned = layout.floats(roundUp(depth, 32) * width);
  const gradientPanels = sparse ? layout.floats(batch * width) : 0;

  function share({ kernel, column, width: cols }: Part, first: number): Share {
    const rows = Math.min(SHARE_ROWS, depth - first);
    const from = first * kernel.stride;
    return {
      tensor: kernel,
      from,
      count: rows * kernel.stride,
      gradient({ k, scratch }, samples) {
        const x = input.address + first * 4;
        const grad = kernel.grad + from * 4;
        const rowBytes = kernel.stride * 4;
        if (sparse) {
          k.sparseMultiply(
            1,
            rows,
            samples,
            cols,
            x,
            input.stride * 4,
            gradientPanels,
            batch,
            grad,
            rowBytes,
            0,
            scratch,
          );
        } else {
          const g = out.gradient + column * 4;
          k.weightGradient(samples, roundUp(rows, 4), cols, x, input.stride * 4, g, out.stride * 4, grad, rowBytes);
        }
      },
      pack({ k }) {
        const w = kernel.param + from * 4;
        k.packPanels(rows, cols, w, kernel.stride * 4, panels, depth, first, column);
        k.packTurned(SHARE_ROWS, cols, w, kernel.stride * 4, turned, width, column, first);
      },
    };
  }

  function inputGradient({ k, scratch }: Lane, from: number, to: number): void {
    const g = out.gradient + from * out.stride * 4;
    const dx = input.gradient + from * input.stride * 4;
    const [rowsG, rowsX] = [out.stride * 4, input.stride * 4];
    const cols = roundUp(depth, PANEL_COLS);
    if (sparseBackward) k.sparseMultiply(0, to - from, width, cols, g, rowsG, turned, width, dx, rowsX, 0, scratch);
    else k.multiply(to - from, width, cols, g, rowsG, turned, width, dx, rowsX, 0, scratch);
  }

  return {
    out,
    columns,
    shares: parts.flatMap((part) => [
      ...Array.from({ length: Math.ceil(depth / SHARE_ROWS) }, (_, i) => share(part, i * SHARE_ROWS)),
      summedShare(part.bias, part.biasPartials),
    ]),
    forward(lane, from, to) {
      const { k, scratch } = lane;
      const x = input.address + from * input.stride * 4;
      const y = out.address + from * out.stride * 4;
      const [rowsX, rowsY] = [input.stride * 4, out.stride * 4];
      const n = to - from;
      if (sparse) k.sparseMultiply(0, n, depth, width, x, rowsX, panels, depth, y, rowsY, biases[0], scratch);
      else k.multiply(n, depth, width, x, rowsX, panels, depth, y, rowsY, biases[0], scratch);
      activate(lane, out, from, to);
    },
    backward(lane, from, to, _samples, wantsInput) {
      const { k } = lane;
      const g = out.gradient + from * out.stride * 4;
      for (const { column, width: cols, biasPartials } of parts) {
        const partial = biasPartials + (from / CHUNK) * cols * 4;
        k.sumRows(to - from, cols, g + column * 4, out.stride * 4, partial);
      }
      if (sparse) k.packPanels(to - from, width, g, out.stride * 4, gradientPanels, batch, from, 0);
      if (!wantsInput) return;
      inputGradient(lane, from, to);
      activateBackward(lane, input, from, to);
    },
  };
}
