// Every operation that the nets and losses use, and every kernel we register: values and gradients on wasm against the
// cpu backend of tfjs, over random shapes.
import type { KernelFunc, Tensor, Tensor4D } from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadEngine } from '../../src/engine/index.ts';
import { layerNorm } from '../../src/engine/layer-norm.ts';
import type { Engine, Tf } from '../../src/engine/types.ts';
import { installKernels } from '../../src/engine/wasm-kernels.ts';
import { kernelVariant } from './kernel-variant.ts';
import { type Case, expectSameAsCpu } from './compare.ts';

const counted = new Set<KernelFunc>();

/** Notes each call of a kernel of the wasm backend. */
function countCalls(tf: Tf, kernelName: string, called: Set<string>): void {
  const { kernelFunc: inner, ...rest } = tf.getKernel(kernelName, 'wasm');
  const kernelFunc: KernelFunc = (call) => {
    called.add(kernelName);
    return inner(call);
  };
  counted.add(kernelFunc);
  tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel({ ...rest, kernelFunc });
}

/** The suite, on one variant of the kernels. */
export function gradientSuite(variant: 'relaxed' | 'simd'): void {
  let engine: Engine;
  /** Kernels of ours that the suite has called. */
  const called = new Set<string>();

  beforeAll(async () => {
    await loadEngine('cpu');
    const kernels = await kernelVariant(variant);
    engine = { ...(await loadEngine('wasm')), kernels: kernels.variant };
    const { names } = await installKernels(engine.tf, kernels);
    for (const name of names) countCalls(engine.tf, name, called);
  });

  const size = (max: number, min = 1) => fc.integer({ min, max });
  const flag = fc.boolean();

  /** Runs a property on a fixed seed, so that a failure is the same tomorrow. */
  function property<T>(name: string, arbitrary: fc.Arbitrary<T>, make: (drawn: T) => Case, numRuns = 25): void {
    test(name, async () => {
      await fc.assert(
        fc.asyncProperty(arbitrary, (drawn) => expectSameAsCpu(engine, make(drawn))),
        { seed: 20, numRuns },
      );
    });
  }

  const away = (from: number, by: number) => (count: number, draw: () => number) =>
    Float32Array.from({ length: count }, () => from + by + draw() * 2);

  interface Product {
    m: number;
    k: number;
    n: number;
    transposeA: boolean;
    transposeB: boolean;
  }
  const shapeA = ({ m, k, transposeA }: Product) => (transposeA ? [k, m] : [m, k]);
  const shapeB = ({ k, n, transposeB }: Product) => (transposeB ? [n, k] : [k, n]);
  const matMul =
    ({ transposeA, transposeB }: Product) =>
    (tf: Tf, a: Tensor, b: Tensor) =>
      tf.matMul(a, b, transposeA, transposeB);

  describe('matMul', () => {
    const sizes = fc.record({ m: size(70), k: size(70), n: size(70), transposeA: flag, transposeB: flag });
    property('of matrices, in all transposes', sizes, (drawn) => ({
      shapes: [shapeA(drawn), shapeB(drawn)],
      op: matMul(drawn),
    }));

    const large = fc.record({ m: size(130), k: size(600, 200), n: size(300), transposeA: flag, transposeB: flag });
    property(
      'of matrices larger than a block',
      large,
      (drawn) => ({ shapes: [shapeA(drawn), shapeB(drawn)], op: matMul(drawn) }),
      6,
    );

    property(
      'of matrices with many zeros',
      fc.record({ m: size(70), k: size(400), n: size(300), transposeA: flag, transposeB: flag, every: size(9, 2) }),
      (drawn) => ({
        shapes: [shapeA(drawn), shapeB(drawn)],
        op: (tf, a: Tensor, b: Tensor) => {
          const mask = Float32Array.from({ length: a.size }, (_, i) => Number((i * 7919) % drawn.every === 0));
          return matMul(drawn)(tf, tf.mul(a, tf.tensor(mask, a.shape)), b);
        },
      }),
      15,
    );

    const batches = fc
      .constantFrom('3|3', '2,3|2,3', '|4', '4|', '1|5', '2,1|3', '2,1|1,3', '1,3|2,1')
      .map((pair) => pair.split('|').map((axes) => axes.split(',').filter(Boolean).map(Number)));
    const batched = fc.record({ batches, m: size(12), k: size(12), n: size(12), transposeA: flag, transposeB: flag });
    property('over batches that broadcast', batched, (drawn) => ({
      shapes: [
        [...drawn.batches[0], ...shapeA(drawn)],
        [...drawn.batches[1], ...shapeB(drawn)],
      ],
      op: (tf, a: Tensor, b: Tensor) => {
        if (tf.getBackend() === 'wasm') return matMul(drawn)(tf, a, b);
        // The cpu backend gets some broadcasts wrong, so it is handed inputs that are broadcast already.
        const batch = tf.broadcast_util.assertAndGetBroadcastShape(drawn.batches[0], drawn.batches[1]);
        const whole = (x: Tensor) => tf.broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
        return matMul(drawn)(tf, whole(a), whole(b));
      },
    }));

    const activations = fc.constantFrom('linear', 'relu', 'elu', 'relu6', 'sigmoid', 'leakyrelu');
    const fused = fc.record({
      m: size(20),
      k: size(40),
      n: size(20),
      transposeA: flag,
      transposeB: flag,
      activations,
      bias: flag,
    });
    property('fused with bias and activation', fused, (drawn) => ({
      shapes: [shapeA(drawn), shapeB(drawn), ...(drawn.bias ? [[drawn.n]] : [])],
      op: (tf, a, b, bias) =>
        tf.fused.matMul({
          a,
          b,
          bias,
          transposeA: drawn.transposeA,
          transposeB: drawn.transposeB,
          activation: drawn.activations as 'relu',
          leakyreluAlpha: 0.2,
        }),
    }));
  });

  describe('convolution', () => {
    const filters = { filterHeight: size(8), filterWidth: size(8), strideY: size(3), strideX: size(3) };
    const images = { batch: size(9), more: fc.tuple(size(6, 0), size(6, 0)), channels: size(9), units: size(18) };
    const pads = fc.oneof(
      fc.constantFrom('same' as const, 'valid' as const),
      fc.tuple(size(3, 0), size(3, 0), size(3, 0), size(3, 0)).map(
        ([top, bottom, left, right]) =>
          [
            [0, 0],
            [top, bottom],
            [left, right],
            [0, 0],
          ] as [[number, number], [number, number], [number, number], [number, number]],
      ),
    );
    const sizes = fc.record({ ...filters, ...images, pad: pads });
    type Drawn = typeof sizes extends fc.Arbitrary<infer T> ? T : never;
    const input = ({ batch, filterHeight, filterWidth, more, channels }: Drawn) => [
      batch,
      filterHeight + more[0],
      filterWidth + more[1],
      channels,
    ];
    const filter = ({ filterHeight, filterWidth, channels, units }: Drawn) => [
      filterHeight,
      filterWidth,
      channels,
      units,
    ];

    property(
      '2-d, any filter, stride and padding',
      sizes,
      (drawn) => ({
        shapes: [input(drawn), filter(drawn)],
        op: (tf, x, w) => tf.conv2d(x, w, [drawn.strideY, drawn.strideX], drawn.pad),
      }),
      60,
    );

    property(
      '2-d fused with bias and activation',
      fc.record({ sizes, activation: fc.constantFrom('linear', 'relu', 'elu', 'leakyrelu') }),
      (drawn) => ({
        shapes: [input(drawn.sizes), filter(drawn.sizes), [drawn.sizes.units]],
        op: (tf, x, w, bias) =>
          tf.fused.conv2d({
            x,
            filter: w,
            bias,
            strides: [drawn.sizes.strideY, drawn.sizes.strideX],
            pad: 'same',
            activation: drawn.activation as 'relu',
            leakyreluAlpha: 0.2,
          }),
      }),
    );

    property(
      '1-d',
      fc.record({ batch: size(4), width: size(20, 8), channels: size(6), units: size(10), filter: size(5) }),
      (drawn) => ({
        shapes: [
          [drawn.batch, drawn.width, drawn.channels],
          [drawn.filter, drawn.channels, drawn.units],
        ],
        op: (tf, x, w) => tf.conv1d(x, w, 1, 'same'),
      }),
    );

    property(
      'transposed',
      fc.record({
        batch: size(3),
        side: size(6),
        channels: size(6),
        units: size(10),
        stride: size(3),
        filter: size(4),
      }),
      (drawn) => ({
        shapes: [
          [drawn.batch, drawn.side, drawn.side, drawn.channels],
          [drawn.filter, drawn.filter, drawn.units, drawn.channels],
        ],
        op: (tf, x, w) => {
          const side = drawn.side * drawn.stride;
          return tf.conv2dTranspose(x, w, [drawn.batch, side, side, drawn.units], drawn.stride, 'same');
        },
      }),
    );

    const windows = fc.record({
      batch: size(3),
      height: size(9, 4),
      width: size(9, 4),
      channels: size(5),
      window: size(4),
      stride: size(3),
      pad: fc.constantFrom('same' as const, 'valid' as const),
    });
    const pooled = {
      values: (count: number, draw: () => number) =>
        Float32Array.from({ length: count }, () => Math.floor(draw() * 6) - 5),
    };
    property(
      'maximum pooling, negative and equal values among them',
      windows,
      ({ batch, height, width, channels, window, stride, pad }) => ({
        shapes: [[batch, height, width, channels]],
        op: (tf, x) => tf.maxPool(x, window, stride, pad),
        ...pooled,
      }),
    );
  });

  describe('depthwise convolution and average pooling', () => {
    const drawn = fc.record({
      batch: size(3),
      height: size(7, 3),
      width: size(7, 3),
      channels: size(9),
      multiplier: size(3),
      filter: size(3),
      stride: size(2),
      pad: fc.constantFrom('same' as const, 'valid' as const),
    });
    property('depthwise', drawn, ({ batch, height, width, channels, multiplier, filter, stride, pad }) => ({
      shapes: [
        [batch, height, width, channels],
        [filter, filter, channels, multiplier],
      ],
      op: (tf, x, w) => tf.depthwiseConv2d(x, w, stride, pad),
    }));
    property('average pooling', drawn, ({ batch, height, width, channels, filter, stride, pad }) => ({
      shapes: [[batch, height, width, channels]],
      op: (tf, x) => tf.avgPool(x, filter, stride, pad),
    }));
  });

  describe('what nets with attention and normalisation use', () => {
    const shape = fc.record({ batch: size(3), heads: size(3), tokens: size(6), depth: size(9) });
    property('attention by batched products', shape, ({ batch, heads, tokens, depth }) => ({
      shapes: Array.from({ length: 3 }, () => [batch, heads, tokens, depth]),
      op: (tf, q: Tensor, k: Tensor, v: Tensor) => {
        const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(depth));
        return tf.matMul(tf.softmax(scores), v);
      },
    }));
    property(
      'layer norm',
      fc.record({ rows: fc.array(size(5), { maxLength: 2 }), cols: size(40) }),
      ({ rows, cols }) => ({
        shapes: [[...rows, 3, cols], [cols], [cols]],
        op: (tf, x: Tensor, gain: Tensor, bias: Tensor) => layerNorm(tf, x, gain, bias),
        // One value a row is its own mean: what is left of it is rounding, magnified.
        values: (count, draw) => Float32Array.from({ length: count }, () => draw() * 4 - 2),
      }),
    );
    property('cross entropy', fc.record({ batch: size(20), classes: size(12, 2) }), ({ batch, classes }) => ({
      shapes: [[batch, classes]],
      op: (tf, logits: Tensor) => {
        const labels = tf.oneHot(
          Array.from({ length: batch }, (_, i) => (i * 7) % classes),
          classes,
        );
        return tf.neg(tf.sum(tf.mul(tf.cast(labels, 'float32'), tf.logSoftmax(logits as never)), -1));
      },
    }));
  });

  describe('elementwise', () => {
    const shape = fc.array(size(7), { minLength: 1, maxLength: 4 });
    const one = (name: string, op: Case['op'], values?: Case['values']) =>
      property(name, shape, (drawn) => ({ shapes: [drawn], op, values }), 8);

    one('relu', (tf, x) => tf.relu(x));
    one('tanh', (tf, x) => tf.tanh(x));
    one('sigmoid', (tf, x) => tf.sigmoid(x));
    one('elu', (tf, x) => tf.elu(x));
    one('softplus', (tf, x) => tf.softplus(x));
    one('exp', (tf, x) => tf.exp(x));
    one('log', (tf, x) => tf.log(x), away(0, 0.1));
    one('sqrt', (tf, x) => tf.sqrt(x), away(0, 0.1));
    one('square', (tf, x) => tf.square(x));
    one('abs', (tf, x) => tf.abs(x));
    one('neg', (tf, x) => tf.neg(x));
    one('clipByValue', (tf, x) => tf.clipByValue(x, -0.5, 0.7));
    one('identity', (tf, x) => tf.add(tf.clone(x), x.clone()));

    /** Two shapes of which one is the other with some axes gone or of size 1. */
    const broadcast = fc
      .tuple(shape, fc.array(flag, { minLength: 4, maxLength: 4 }), size(3, 0), flag)
      .map(([whole, ones, drop, swap]) => {
        const part = whole.map((n, axis) => (ones[axis] ? 1 : n)).slice(Math.min(drop, whole.length - 1));
        return swap ? [part, whole] : [whole, part];
      });
    const two = (name: string, op: Case['op'], values?: Case['values']) =>
      property(name, broadcast, (shapes) => ({ shapes, op, values }), 15);

    two('add', (tf, a, b) => tf.add(a, b));
    two('sub', (tf, a, b) => tf.sub(a, b));
    two('mul', (tf, a, b) => tf.mul(a, b));
    two('div', (tf, a, b) => tf.div(a, b), away(0, 0.5));

    // tfjs has no gradient for these where shapes differ, on any backend, and says so.
    const same = (name: string, op: Case['op']) =>
      property(name, shape, (drawn) => ({ shapes: [drawn, drawn], op }), 8);
    same('maximum', (tf, a, b) => tf.maximum(a, b));
    same('minimum', (tf, a, b) => tf.minimum(a, b));
    same('squaredDifference', (tf, a, b) => tf.squaredDifference(a, b));
    same('where', (tf, a, b) => {
      const mask = Array.from({ length: a.size }, (_, i) => i % 3 === 0);
      return tf.where(tf.tensor(mask, a.shape, 'bool'), tf.mul(a, 2), b);
    });
  });

  describe('reductions and rows', () => {
    const shape = fc.array(size(9), { minLength: 1, maxLength: 4 });
    const reduced = shape.chain((drawn) =>
      fc.record({
        shape: fc.constant(drawn),
        axes: fc.subarray(
          drawn.map((_, axis) => axis),
          { minLength: 1 },
        ),
        keepDims: flag,
      }),
    );
    property(
      'sum over any axes',
      reduced,
      ({ shape, axes, keepDims }) => ({ shapes: [shape], op: (tf, x) => tf.sum(x, axes, keepDims) }),
      40,
    );
    property('mean over any axes', reduced, ({ shape, axes, keepDims }) => ({
      shapes: [shape],
      op: (tf, x) => tf.mean(x, axes, keepDims),
    }));
    property(
      'sum of many rows',
      fc.record({ rows: size(3000, 500), cols: size(37) }),
      ({ rows, cols }) => ({ shapes: [[rows, cols]], op: (tf, x) => tf.sum(x, 0) }),
      6,
    );
    property(
      'max',
      reduced,
      ({ shape, axes, keepDims }) => ({ shapes: [shape], op: (tf, x) => tf.max(x, axes, keepDims) }),
      10,
    );

    const rows = fc.tuple(size(20), size(12, 2));
    property('softmax', rows, (drawn) => ({ shapes: [drawn], op: (tf, x) => tf.softmax(x) }), 10);
    property('logSoftmax', rows, (drawn) => ({ shapes: [drawn], op: (tf, x) => tf.logSoftmax(x) }), 10);
    property('logSumExp', rows, (drawn) => ({ shapes: [drawn], op: (tf, x) => tf.logSumExp(x, -1) }), 10);
    property('log probability and entropy of actions', rows, ([batch, actions]) => ({
      shapes: [[batch, actions]],
      op: (tf, logits) => {
        const logProbs = tf.logSoftmax(logits);
        const taken = tf.oneHot(
          tf.tensor1d(
            Array.from({ length: batch }, (_, i) => i % actions),
            'int32',
          ),
          actions,
        );
        return tf.sub(
          tf.sum(tf.mul(logProbs, tf.cast(taken, 'float32')), -1),
          tf.sum(tf.mul(tf.exp(logProbs), logProbs), -1),
        );
      },
    }));
  });

  describe('moving values', () => {
    const shape = fc.array(size(6), { minLength: 1, maxLength: 4 });
    const withAxis = shape.chain((drawn) => fc.record({ shape: fc.constant(drawn), axis: size(drawn.length - 1, 0) }));

    property(
      'reshape, squeeze',
      shape,
      (drawn) => ({ shapes: [drawn], op: (tf, x) => tf.squeeze(tf.reshape(x, [1, -1])) }),
      8,
    );
    property('concat', fc.record({ at: withAxis, more: size(4) }), ({ at, more }) => ({
      shapes: [at.shape, at.shape.map((n, axis) => (axis === at.axis ? more : n))],
      op: (tf, a, b) => tf.concat([a, b], at.axis),
    }));
    property('slice', withAxis, ({ shape, axis }) => ({
      shapes: [shape],
      op: (tf, x) =>
        tf.slice(
          x,
          shape.map((n, i) => (i === axis ? n >> 1 : 0)),
          shape.map((n, i) => (i === axis ? n - (n >> 1) : n)),
        ),
    }));
    property(
      'split and stack',
      fc.tuple(size(6), size(6)),
      ([rows, half]) => ({
        shapes: [[rows, half * 2]],
        op: (tf, x) => tf.stack(tf.split(x, 2, 1) as Tensor[]),
      }),
      8,
    );
    property('transpose', shape, (drawn) => ({ shapes: [drawn], op: (tf, x) => tf.transpose(x) }), 10);
    property(
      'pad',
      fc.tuple(size(5), size(5)),
      (drawn) => ({
        shapes: [drawn],
        op: (tf, x) =>
          tf.pad(x, [
            [1, 0],
            [0, 2],
          ]),
      }),
      8,
    );

    const gathered = withAxis.chain((at) =>
      fc.record({
        at: fc.constant(at),
        indices: fc.array(size(at.shape[at.axis] - 1, 0), { minLength: 1, maxLength: 12 }),
      }),
    );
    property(
      'gather with repeated indices',
      gathered,
      ({ at, indices }) => ({
        shapes: [at.shape],
        op: (tf, x) => tf.gather(x, tf.tensor1d(indices, 'int32'), at.axis),
      }),
      40,
    );
    property(
      'unsortedSegmentSum',
      fc.record({ ids: fc.array(size(4, -1), { minLength: 1, maxLength: 20 }), width: size(9) }),
      ({ ids, width }) => ({
        shapes: [[ids.length, width]],
        op: (tf, x) => {
          // The gradient in tfjs gathers rows by id and needs them in range; the values are compared with all.
          const known = tf.tensor1d(
            ids.map((id) => Math.max(0, id)),
            'int32',
          );
          return tf.unsortedSegmentSum(x, known, 5);
        },
      }),
    );
    const tiled = shape.chain((drawn) =>
      fc.record({
        shape: fc.constant(drawn),
        reps: fc.array(size(3), { minLength: drawn.length, maxLength: drawn.length }),
      }),
    );
    property('tile', tiled, ({ shape, reps }) => ({ shapes: [shape], op: (tf, x) => tf.tile(x, reps) }));
  });

  const zeros = (tf: Tf, shape: number[]) => tf.zeros(shape) as never;

  describe('what is refused', () => {
    const refused: [string, (tf: Tf) => unknown, RegExp][] = [
      [
        'the gradient of conv3d',
        (tf) =>
          tf.grad((x) => tf.conv3d(x as never, zeros(tf, [2, 2, 2, 1, 1]), 1, 'valid'))(zeros(tf, [1, 3, 3, 3, 1])),
        /Conv3DBackpropInputV2 is wrong in tfjs' wasm/,
      ],
      [
        "the gradient of conv3d's filter",
        (tf) =>
          tf.grad((w) => tf.conv3d(zeros(tf, [1, 3, 3, 3, 1]), w as never, 1, 'valid'))(zeros(tf, [2, 2, 2, 1, 1])),
        /Conv3DBackpropFilterV2 is wrong in tfjs' wasm/,
      ],
      [
        'the gradient of resizing several images',
        (tf) => tf.grad((x) => tf.image.resizeNearestNeighbor(x as never, [6, 6]))(zeros(tf, [2, 3, 3, 1])),
        /ResizeNearestNeighborGrad of several images is wrong/,
      ],
      [
        'einsum',
        (tf) => tf.einsum('ij,jk->ik', zeros(tf, [2, 3]), zeros(tf, [3, 4])),
        /Einsum is missing from tfjs' wasm backend; use the backend tensorflow or cpu/,
      ],
      [
        'the gradient with channels first',
        (tf) =>
          tf.grad((w) => tf.conv2d(zeros(tf, [1, 3, 3, 1]), w as never, 1, 'valid', 'NCHW'))(zeros(tf, [2, 2, 3, 1])),
        /channelsLast|NHWC/,
      ],
    ];
    test.each(refused)('%s', async (_name, run, message) => {
      await engine.tf.setBackend('wasm');
      expect(() => engine.tf.tidy(() => run(engine.tf) as Tensor)).toThrow(message);
    });

    const resized = fc.record({ channels: size(4), side: size(6, 2), scale: size(3) });
    property(
      'resizing one image is not, and right',
      resized,
      ({ channels, side, scale }) => ({
        shapes: [[1, side, side, channels]],
        op: (tf, x) => tf.image.resizeNearestNeighbor(x, [side * scale, side * scale]),
      }),
      8,
    );

    test('a dilated convolution goes to the stock kernel, which is right', async () => {
      const { tf } = engine;
      const run = async (backend: string) => {
        await tf.setBackend(backend);
        return tf.tidy(() => {
          const x = tf.reshape(tf.range(0, 98), [1, 7, 7, 2]);
          const filter = tf.reshape(tf.range(0, 54), [3, 3, 2, 3]);
          return [...tf.conv2d(x as Tensor4D, filter as Tensor4D, 1, 'same', 'NHWC', 2).dataSync()];
        });
      };
      expect(await run('wasm')).toEqual(await run('cpu'));
    });

    test('a segment sum drops ids out of range, as the cpu backend does', async () => {
      const { tf } = engine;
      const run = async (backend: string) => {
        await tf.setBackend(backend);
        return tf.tidy(() => [
          ...tf
            .unsortedSegmentSum(
              tf.tensor2d([
                [1, 2],
                [3, 4],
                [5, 6],
              ]),
              tf.tensor1d([1, -1, 1], 'int32'),
              2,
            )
            .dataSync(),
        ]);
      };
      expect(await run('wasm')).toEqual([0, 0, 6, 8]);
      expect(await run('cpu')).toEqual([0, 0, 6, 8]);
    });
  });

  test('every kernel of ours has been called', () => {
    const ours = engine.tf.getKernelsForBackend('wasm').filter(({ kernelFunc }) => counted.has(kernelFunc));
    expect(ours.map(({ kernelName }) => kernelName).filter((name) => !called.has(name))).toEqual([]);
    expect(ours.length).toBeGreaterThan(15);
    expect(engine.kernels).toContain(variant);
  });
}
