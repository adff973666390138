import {
  activate,
  chunksOf,
  CHUNK,
  type FusedLayer,
  type Matrix,
  type Plan,
  planMatrix,
  planTensor,
  type Share,
  summedShare,
} from './layer.ts';
import { type Activation, type DenseOp, type FusedObservation, type FusedOp, windows } from './ops.ts';

type Planes = Extract<FusedObservation, { kind: 'planes' }>;
type ConvOp = Extract<FusedOp, { kind: 'conv2d' }>;

/** Cells whose weight rows are one share; the kernel takes 16 at a time. */
const SHARE_CELLS = 64;

const cellsOf = ({ height, width, channels }: Planes): number => height * width * channels;

/** A dense layer on binary planes: `out = activation(bias + the weight rows of the cells that are set)`. */
export function planesDenseLayer(plan: Plan, planes: Planes, op: DenseOp, activation: Activation): FusedLayer {
  const { layout, batch } = plan;
  const cells = cellsOf(planes);
  const out = planMatrix(plan, op.units, activation);
  const sizes = { cols: op.units, stride: out.stride };
  const kernel = planTensor(plan, op.kernel, { rows: cells, ...sizes });
  const bias = planTensor(plan, op.bias, { rows: 1, ...sizes });
  const partials = layout.floats(chunksOf(batch) * out.stride);

  const share = (first: number): Share => {
    const last = Math.min(cells, first + SHARE_CELLS);
    return {
      tensor: kernel,
      from: first * out.stride,
      count: (last - first) * out.stride,
      gradient({ k, scratch }, samples, { obs, indices }) {
        for (let cell = first; cell < last; cell += 16) {
          const to = kernel.grad + cell * out.stride * 4;
          k.planesDenseGradient(samples, cells, cell, out.stride, obs, indices, out.gradient, to, scratch);
        }
      },
    };
  };

  return {
    out,
    shares: [
      ...Array.from({ length: Math.ceil(cells / SHARE_CELLS) }, (_, i) => share(i * SHARE_CELLS)),
      summedShare(bias, partials),
    ],
    forward(lane, from, to, { obs, indices }) {
      const y = out.address + from * out.stride * 4;
      const samples = indices + from * 4;
      lane.k.planesDense(to - from, cells, out.stride, obs, samples, kernel.param, bias.param, y, lane.scratch);
      activate(lane, out, from, to);
    },
    backward({ k }, from, to) {
      const g = out.gradient + from * out.stride * 4;
      k.sumRows(to - from, out.stride, g, out.stride * 4, partials + (from / CHUNK) * out.stride * 4);
    },
  };
}

/** A convolution of binary planes; its output is flat: pixels, then filters. */
export function planesConvLayer(plan: Plan, planes: Planes, op: ConvOp, activation: Activation): FusedLayer {
  const { layout, batch } = plan;
  const { size, filters } = op;
  const cells = cellsOf(planes);
  const pixels = windows(planes.height, op).count * windows(planes.width, op).count;
  const kernelRows = size * size * planes.channels;
  const out: Matrix = planMatrix(plan, pixels * filters, activation);
  const kernel = planTensor(plan, op.kernel, { rows: kernelRows, cols: filters, stride: filters });
  const bias = planTensor(plan, op.bias, { rows: 1, cols: filters, stride: filters });
  const kernelFloats = kernelRows * filters;
  const kernelPartials = layout.floats(chunksOf(batch) * kernelFloats);
  const biasPartials = layout.floats(chunksOf(batch) * filters);
  const { table, entry } = reachTable(planes, op);
  const reach = layout.floats(table.length);
  const reachBytes = entry * 4;

  return {
    out,
    shares: [summedShare(kernel, kernelPartials), summedShare(bias, biasPartials)],
    constants: [{ address: reach, values: table }],
    forward(lane, from, to, { obs, indices }) {
      const { k, scratch } = lane;
      const y = out.address + from * out.stride * 4;
      const samples = indices + from * 4;
      const relu = activation === 'relu' ? 1 : 0;
      const [w, b, rowBytes] = [kernel.param, bias.param, out.stride * 4];
      k.planesConv(
        to - from,
        cells,
        pixels,
        filters,
        relu,
        obs,
        samples,
        reach,
        reachBytes,
        w,
        b,
        y,
        rowBytes,
        scratch,
      );
      if (activation === 'tanh') activate(lane, out, from, to);
    },
    backward({ k, scratch }, from, to, { obs, indices }) {
      const g = out.gradient + from * out.stride * 4;
      const samples = indices + from * 4;
      const chunk = from / CHUNK;
      const [toKernel, toBias] = [kernelPartials + chunk * kernelFloats * 4, biasPartials + chunk * filters * 4];
      const rowBytes = out.stride * 4;
      k.planesConvGradient(
        to - from,
        cells,
        pixels,
        filters,
        kernelRows,
        obs,
        samples,
        reach,
        reachBytes,
        g,
        rowBytes,
        toKernel,
        toBias,
        scratch,
      );
    },
  };
}

/**
 * For each cell (y, x, channel) `entry` numbers: how many output pixels it reaches, then for each of them its filter row
 * in the kernel and its place in the output, packed as kernels/fused/planes.ts reads them.
 */
function reachTable({ height, width, channels }: Planes, op: ConvOp): { table: Int32Array; entry: number } {
  const { size, filters, stride } = op;
  const [rows, columns] = [windows(height, op), windows(width, op)];
  const entry = Math.ceil(size / stride) ** 2 + 1;
  const table = new Int32Array(height * width * channels * entry);
  const unit = filters / 4;
  for (let outY = 0; outY < rows.count; outY++) {
    for (let outX = 0; outX < columns.count; outX++) {
      for (let dy = 0; dy < size; dy++) {
        for (let dx = 0; dx < size; dx++) {
          const [y, x] = [outY * stride - rows.before + dy, outX * stride - columns.before + dx];
          if (y < 0 || y >= height || x < 0 || x >= width) continue;
          for (let channel = 0; channel < channels; channel++) {
            const at = ((y * width + x) * channels + channel) * entry;
            const row = (dy * size + dx) * channels + channel;
            table[at + ++table[at]] = ((row * unit) << 16) | ((outY * columns.count + outX) * unit);
          }
        }
      }
    }
  }
  return { table, entry };
}

/** Bytes behind a store of observations that the kernels may read: they take 16 cells at a time. */
export const OBS_SLACK = 32;
