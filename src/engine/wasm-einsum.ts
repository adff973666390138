import type { TensorInfo } from '@tensorflow/tfjs';
import { hasValues, type Kernel, requireFloats } from './kernel-checks.ts';
import type { Tf } from './types.ts';
import type { KernelModule } from './wasm-module.ts';
import { multiply } from './wasm-products.ts';

/** A tensor whose axes have labels: of the letters of `labels` the i-th names axis i. */
interface Labelled {
  readonly tensor: TensorInfo;
  readonly labels: string;
}

/** What is done to labelled tensors. Each step lets go of what it is handed, except for the inputs of the kernel. */
interface Steps {
  sum(x: Labelled, kept: string): Labelled;
  transpose(x: Labelled, labels: string): Labelled;
  multiply(a: Labelled, b: Labelled, kept: string): Labelled;
}

/** Contracts one or two tensors (Einstein's convention) by sums, transposes and one batched matrix product. */
export function einsum(tf: Tf, module: KernelModule): Kernel {
  return (inputs, { equation }) => {
    const tensors = Object.values(inputs);
    requireFloats('Einsum', ...tensors);
    const [terms, out] = parseEquation(tf, equation as string, tensors);
    const operands = tensors.map((tensor, i) => ({ tensor, labels: terms[i] }));
    if (!hasValues(tf, ...tensors)) return module.zeros(shapeOf(operands, out));
    const steps = einsumSteps(tf, module, tensors);
    const reduced = operands.map((x, i) => steps.sum(x, out + (terms[1 - i] ?? '')));
    const product = reduced.length === 1 ? reduced[0] : steps.multiply(reduced[0], reduced[1], out);
    const { tensor } = steps.transpose(product, out);
    return tensors.includes(tensor) ? share(module, tensor) : tensor;
  };
}

/** The labels of each input and of the output; tfjs checks all but repeated labels of the output. */
function parseEquation(tf: Tf, equation: string, tensors: TensorInfo[]): [terms: string[], out: string] {
  const { allDims, idDims } = tf.backend_util.decodeEinsumEquation(equation, tensors.length);
  tf.backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors as never);
  const [left, out] = equation.replace(/\s/g, '').split('->');
  if (new Set(out).size !== out.length) throw new Error(`einsum: the output of "${equation}" repeats a label`);
  return [left.split(','), out];
}

function einsumSteps(tf: Tf, module: KernelModule, inputs: readonly TensorInfo[]): Steps {
  const release = (tensor: TensorInfo) => {
    if (!inputs.includes(tensor)) module.backend.disposeData(tensor.dataId);
  };
  const call = (name: string, x: TensorInfo, attrs: Record<string, number | number[] | boolean>): TensorInfo => {
    const out = tf.getKernel(name, 'wasm').kernelFunc({ inputs: { x }, attrs, backend: module.backend });
    release(x);
    return out as TensorInfo;
  };
  const sum: Steps['sum'] = ({ tensor, labels }, kept) => {
    const axis = [...labels].flatMap((label, i) => (kept.includes(label) ? [] : [i]));
    if (axis.length === 0) return { tensor, labels };
    return { tensor: call('Sum', tensor, { axis, keepDims: false }), labels: only(labels, kept) };
  };
  const transpose: Steps['transpose'] = ({ tensor, labels }, wanted) =>
    labels === wanted
      ? { tensor, labels }
      : {
          tensor: call('Transpose', tensor, { perm: [...wanted].map((label) => labels.indexOf(label)) }),
          labels: wanted,
        };
  return {
    sum,
    transpose,
    multiply(a, b, kept) {
      const common = only(a.labels, b.labels);
      const batch = only(kept, common);
      const summed = without(common, batch);
      const [freeA, freeB] = [without(only(kept, a.labels), batch), without(only(kept, b.labels), batch)];
      // The product takes either matrix either way round, so what lies so already need not be turned.
      const turnA = a.labels === batch + summed + freeA;
      const turnB = b.labels === batch + freeB + summed;
      const left = turnA ? a : transpose(a, batch + freeA + summed);
      const right = turnB ? b : transpose(b, batch + summed + freeB);
      const sizes = (labels: string) => shapeOf([left, right], labels);
      const volume = (labels: string) => tf.util.sizeFromShape(sizes(labels));
      const [rows, cols, depth] = [volume(freeA), volume(freeB), volume(summed)];
      const matrices = (x: Labelled, height: number, width: number): TensorInfo => ({
        ...x.tensor,
        shape: [volume(batch), height, width],
      });
      const out = multiply(
        tf,
        module,
        turnA ? matrices(left, depth, rows) : matrices(left, rows, depth),
        turnB ? matrices(right, cols, depth) : matrices(right, depth, cols),
        turnA,
        turnB,
        undefined,
        false,
      );
      release(left.tensor);
      release(right.tensor);
      out.shape = sizes(batch + freeA + freeB);
      return { tensor: out, labels: batch + freeA + freeB };
    },
  };
}

/** The same values as another tensor. */
function share({ backend }: KernelModule, { dataId, shape, dtype }: TensorInfo): TensorInfo {
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}

function shapeOf(tensors: readonly Labelled[], labels: string): number[] {
  return [...labels].map((label) => {
    const { tensor, labels: own } = tensors.find((x) => x.labels.includes(label))!;
    return tensor.shape[own.indexOf(label)];
  });
}

const only = (labels: string, allowed: string): string =>
  [...labels].filter((label) => allowed.includes(label)).join('');

const without = (labels: string, dropped: string): string =>
  [...labels].filter((label) => !dropped.includes(label)).join('');
