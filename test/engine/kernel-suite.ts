// Every kernel we register with tfjs' wasm backend: values and gradients against the cpu backend, over random shapes,
// sizes of 0 among them; and what is refused.
import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs';
// Loading it registers its own kernels, before ours replace some.
import { version_wasm } from '@tensorflow/tfjs-backend-wasm';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadEngine } from '../../src/engine/index.ts';
import type { KernelVariant } from '../../src/engine/kernel-files.ts';
import { layerNorm, logSoftmax } from '../../src/engine/operations.ts';
import type { Engine, Tf } from '../../src/engine/types.ts';
import { type Case, expectProperty, flag, size } from './compare.ts';

const registered = () => new Map(tf.getKernelsForBackend('wasm').map((kernel) => [kernel.kernelName, kernel]));
/** Those of tfjs, before ours are installed. */
const stock = registered();
let engine: Engine;
/** The kernels we registered that have run since a property began. */
const ran = new Set<string>();
/** Those that the suite has properties or refusals for. */
const tested = new Set<string>();

const ours = () => [...registered()].filter(([name, kernel]) => stock.get(name) !== kernel).map(([name]) => name);

/** Notes in `ran` whenever one of our kernels runs. */
function watchKernels(): void {
  for (const name of ours()) {
    const kernel = tf.getKernel(name, 'wasm');
    tf.unregisterKernel(name, 'wasm');
    tf.registerKernel({
      ...kernel,
      kernelFunc(call) {
        ran.add(name);
        return kernel.kernelFunc(call);
      },
    });
  }
}

/** The tests of some kernels; each property in it must run them all. */
function kernels(names: string[], define: (property: Property) => void): void {
  for (const name of names) tested.add(name);
  describe(names.join(', '), () =>
    define((name, arbitrary, make, numRuns = 25) =>
      test(name, async () => {
        ran.clear();
        await expectProperty(engine, arbitrary, make, numRuns);
        expect([...ran]).toEqual(expect.arrayContaining(names));
      }),
    ),
  );
}

type Property = <T>(name: string, arbitrary: fc.Arbitrary<T>, make: (drawn: T) => Case, numRuns?: number) => void;

/** Something that a kernel refuses, with the message. */
function refusal(kernel: string, what: string, run: (tf: Tf) => unknown, message: RegExp): void {
  tested.add(kernel);
  test(`${kernel} refuses ${what}`, async () => {
    await tf.setBackend('wasm');
    expect(() => tf.tidy(() => run(tf) as Tensor)).toThrow(message);
  });
}

/** Any size up to `max`, sometimes 0. */
const sizeOrZero = (max: number) =>
  fc.oneof({ weight: 15, arbitrary: size(max) }, { weight: 1, arbitrary: size(0, 0) });

export function kernelSuite(variant: KernelVariant): void {
  beforeAll(async () => {
    await loadEngine('cpu');
    engine = await loadEngine('wasm', { plain: variant === 'ngplus-simd@2' });
    watchKernels();
  });

  test(`the kernels are ${variant}, and each that we register is tested`, () => {
    expect(version_wasm).toBe(engine.tf.version_core);
    expect(engine.kernels).toBe(variant);
    expect([...tested].toSorted()).toEqual(ours().toSorted());
  });

  products();
  einsums();
  convolutions();
  depthwiseConvolutions();
  pooling();
  rows();
  refusals();
}

// ---- Matrix products ----

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

function products(): void {
  const transposes = { transposeA: flag, transposeB: flag };
  kernels(['BatchMatMul'], (property) => {
    const sizes = fc.record({ m: sizeOrZero(70), k: sizeOrZero(70), n: sizeOrZero(70), ...transposes });
    property(
      'of matrices, in all transposes',
      sizes,
      (drawn) => ({ shapes: [shapeA(drawn), shapeB(drawn)], op: matMul(drawn) }),
      60,
    );

    const large = fc.record({ m: size(130), k: size(600, 200), n: size(300), ...transposes });
    property(
      'of matrices larger than a block',
      large,
      (drawn) => ({ shapes: [shapeA(drawn), shapeB(drawn)], op: matMul(drawn) }),
      6,
    );

    property(
      'of matrices with many zeros',
      fc.record({ m: size(70), k: size(400), n: size(300), every: size(9, 2), ...transposes }),
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
      .constantFrom('3|3', '2,3|2,3', '|4', '4|', '1|5', '2,1|3', '2,1|1,3', '1,3|2,1', '0|0', '2|')
      .map((pair) => pair.split('|').map((axes) => axes.split(',').filter(Boolean).map(Number)));
    const batched = fc.record({ batches, m: size(12), k: sizeOrZero(12), n: size(12), ...transposes });
    property(
      'over batches that broadcast',
      batched,
      (drawn) => ({
        shapes: [
          [...drawn.batches[0], ...shapeA(drawn)],
          [...drawn.batches[1], ...shapeB(drawn)],
        ],
        op: matMul(drawn),
        // The cpu backend gets some broadcasts wrong, so it is handed inputs that are broadcast already.
        reference: (tf, a: Tensor, b: Tensor) => {
          const batch = tf.broadcast_util.assertAndGetBroadcastShape(drawn.batches[0], drawn.batches[1]);
          const whole = (x: Tensor) => tf.broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
          return matMul(drawn)(tf, whole(a), whole(b));
        },
      }),
      40,
    );
  });

  kernels(['_FusedMatMul'], (property) => {
    const fused = fc.record({
      m: sizeOrZero(20),
      k: sizeOrZero(40),
      n: sizeOrZero(20),
      activation: fc.constantFrom('linear', 'relu', 'elu', 'relu6', 'sigmoid', 'leakyrelu'),
      bias: flag,
      ...transposes,
    });
    property(
      'with bias and activation',
      fused,
      (drawn) => ({
        shapes: [shapeA(drawn), shapeB(drawn), ...(drawn.bias ? [[drawn.n]] : [])],
        op: (tf, a, b, bias) =>
          tf.fused.matMul({
            a,
            b,
            bias,
            transposeA: drawn.transposeA,
            transposeB: drawn.transposeB,
            activation: drawn.activation as 'relu',
            leakyreluAlpha: 0.2,
          }),
      }),
      50,
    );
  });
}

/** The sum over products of broadcast tensors: what einsum means, by operations of which none is ours. */
function slowEinsum(tf: Tf, equation: string, ...tensors: Tensor[]): Tensor {
  const [left, out] = equation.split('->');
  const terms = left.split(',');
  const labels = [...new Set(out + terms.join(''))];
  const spread = tensors.map((tensor, i) => {
    const own = labels.filter((label) => terms[i].includes(label));
    const turned = tf.transpose(
      tensor,
      own.map((label) => terms[i].indexOf(label)),
    );
    const shape = labels.map((label) => (own.includes(label) ? tensor.shape[terms[i].indexOf(label)] : 1));
    return tf.reshape(turned, shape);
  });
  const product = spread.reduce((a, b) => tf.mul(a, b));
  const summed = labels.map((_, axis) => axis).slice(out.length);
  return summed.length === 0 ? product : tf.sum(product, summed);
}

function einsums(): void {
  /** For each label in which terms it stands (1 the first, 2 the second, 4 the output), and its size. */
  const labels = fc.array(fc.record({ where: size(7), size: size(5) }), { minLength: 1, maxLength: 6 });
  const equations = fc.record({ labels, shuffle: fc.array(fc.nat(), { minLength: 30, maxLength: 30 }), single: flag });
  const drawnEquation = ({ labels, shuffle, single }: Drawn<typeof equations>) => {
    const used = labels.map(({ where, size }, i) => ({
      name: String.fromCharCode(97 + i),
      size,
      // The output knows no label that no input has.
      where: single ? where | 1 : where === 4 ? 5 : where,
    }));
    const term = (bit: number) =>
      used
        .filter(({ where }) => where & bit)
        .toSorted((a, b) => shuffle[used.indexOf(a) * 4 + bit] - shuffle[used.indexOf(b) * 4 + bit]);
    const inputs = single ? [term(1)] : [term(1), term(2)];
    const text = (labels: typeof used) => labels.map(({ name }) => name).join('');
    return {
      equation: `${inputs.map(text).join(',')}->${text(term(4))}`,
      shapes: inputs.map((labels) => labels.map(({ size }) => size)),
    };
  };
  kernels(['Einsum'], (property) => {
    property(
      'any labels in any order',
      equations,
      (drawn) => {
        const { equation, shapes } = drawnEquation(drawn);
        return {
          shapes,
          op: (tf, ...inputs) => tf.einsum(equation, ...inputs),
          reference: (tf, ...inputs) => slowEinsum(tf, equation, ...inputs),
        };
      },
      80,
    );

    property('of nothing', fc.tuple(size(2, 0), size(2, 0), size(2, 0)), ([m, k, n]) => ({
      shapes: [
        [m, k],
        [n, k],
      ],
      op: (tf, a, b) => tf.einsum('ij,kj->ki', a, b),
      reference: (tf, a, b) => tf.matMul(b, a, false, true),
    }));

    const heads = fc.record({ batch: size(3), heads: size(3), queries: size(9), keys: size(9), width: size(9) });
    property('attention', heads, ({ batch, heads, queries, keys, width }) => ({
      shapes: [
        [batch, queries, heads, width],
        [batch, keys, heads, width],
        [batch, keys, heads, width],
      ],
      op: (tf, q, k, v) => {
        const weights = tf.softmax(tf.mul(tf.einsum('bqhd,bkhd->bhqk', q, k), width ** -0.5));
        return tf.einsum('bhqk,bkhd->bqhd', weights, v);
      },
      reference: (tf, q, k, v) => {
        const weights = tf.softmax(tf.mul(slowEinsum(tf, 'bqhd,bkhd->bhqk', q, k), width ** -0.5));
        return slowEinsum(tf, 'bhqk,bkhd->bqhd', weights, v);
      },
    }));
  });
}

type Drawn<A> = A extends fc.Arbitrary<infer T> ? T : never;

// ---- Convolutions ----

const explicitPad = fc.tuple(size(3, 0), size(3, 0), size(3, 0), size(3, 0)).map(
  ([top, bottom, left, right]) =>
    [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ] as [[number, number], [number, number], [number, number], [number, number]],
);
const pads = fc.oneof(fc.constantFrom('same' as const, 'valid' as const), explicitPad);
const filters = { filterHeight: size(8), filterWidth: size(8), strideY: size(3), strideX: size(3) };
const images = { batch: sizeOrZero(9), more: fc.tuple(size(6, 0), size(6, 0)), channels: size(9) };

interface Image {
  batch: number;
  filterHeight: number;
  filterWidth: number;
  more: [number, number];
  channels: number;
}
const imageShape = ({ batch, filterHeight, filterWidth, more, channels }: Image) => [
  batch,
  filterHeight + more[0],
  filterWidth + more[1],
  channels,
];

function convolutions(): void {
  const sizes = fc.record({ ...filters, ...images, units: size(18), pad: pads });
  const filter = ({ filterHeight, filterWidth, channels, units }: Drawn<typeof sizes>) => [
    filterHeight,
    filterWidth,
    channels,
    units,
  ];

  kernels(['Conv2D', 'Conv2DBackpropFilter', 'Conv2DBackpropInput'], (property) => {
    property(
      'any filter, stride and padding',
      sizes,
      (drawn) => ({
        shapes: [imageShape(drawn), filter(drawn)],
        op: (tf, x, w) => tf.conv2d(x, w, [drawn.strideY, drawn.strideX], drawn.pad),
      }),
      60,
    );
    property('without channels or units', fc.tuple(size(1, 0), size(3, 2)), ([channels, side]) => ({
      shapes: [
        [2, 4, 4, channels],
        [side, side, channels, 1 - channels],
      ],
      op: (tf, x, w) => tf.conv2d(x, w, 1, 'same'),
    }));
  });

  kernels(['FusedConv2D'], (property) => {
    const activation = fc.constantFrom('linear', 'relu', 'elu', 'leakyrelu');
    property('with bias and activation', fc.record({ sizes, activation }), (drawn) => ({
      shapes: [imageShape(drawn.sizes), filter(drawn.sizes), [drawn.sizes.units]],
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
    }));
  });

  kernels(['Conv2D'], (property) => {
    const lines = fc.record({
      batch: size(4),
      width: size(20, 8),
      channels: size(6),
      units: size(10),
      filter: size(5),
    });
    property('1-d', lines, ({ batch, width, channels, units, filter }) => ({
      shapes: [
        [batch, width, channels],
        [filter, channels, units],
      ],
      op: (tf, x, w) => tf.conv1d(x, w, 1, 'same'),
    }));
  });

  kernels(['Conv2DBackpropInput'], (property) => {
    const transposed = { batch: sizeOrZero(3), side: size(6), channels: size(6), units: size(10) };
    property('transposed', fc.record({ ...transposed, stride: size(3), filter: size(4) }), (drawn) => ({
      shapes: [
        [drawn.batch, drawn.side, drawn.side, drawn.channels],
        [drawn.filter, drawn.filter, drawn.units, drawn.channels],
      ],
      op: (tf, x, w) => {
        const side = drawn.side * drawn.stride;
        return tf.conv2dTranspose(x, w, [drawn.batch, side, side, drawn.units], drawn.stride, 'same');
      },
    }));
  });
}

const depthwise = [
  'DepthwiseConv2dNative',
  'DepthwiseConv2dNativeBackpropFilter',
  'DepthwiseConv2dNativeBackpropInput',
];

function depthwiseConvolutions(): void {
  const sizes = fc.record({ ...filters, ...images, multiplier: size(3), pad: pads });
  const filter = ({ filterHeight, filterWidth, channels, multiplier }: Drawn<typeof sizes>) => [
    filterHeight,
    filterWidth,
    channels,
    multiplier,
  ];
  kernels(depthwise, (property) => {
    property(
      'any filter, stride and padding',
      sizes,
      (drawn) => ({
        shapes: [imageShape(drawn), filter(drawn)],
        op: (tf, x, w) => tf.depthwiseConv2d(x, w, [drawn.strideY, drawn.strideX], drawn.pad),
      }),
      60,
    );
    property(
      'separable',
      fc.record({ side: size(8, 3), channels: size(8), units: size(8) }),
      ({ side, channels, units }) => ({
        shapes: [
          [2, side, side, channels],
          [3, 3, channels, 2],
          [1, 1, 2 * channels, units],
        ],
        op: (tf, x, w, points) => tf.separableConv2d(x, w, points, 1, 'same'),
      }),
      10,
    );
  });
  kernels(['FusedDepthwiseConv2D'], (property) => {
    const activation = fc.constantFrom('linear', 'relu', 'elu', 'relu6');
    property('with bias and activation', fc.record({ sizes, activation }), (drawn) => ({
      shapes: [imageShape(drawn.sizes), filter(drawn.sizes), [drawn.sizes.channels * drawn.sizes.multiplier]],
      op: (tf, x, w, bias) =>
        tf.fused.depthwiseConv2d({
          x,
          filter: w,
          bias,
          strides: [drawn.sizes.strideY, drawn.sizes.strideX],
          pad: drawn.sizes.pad as 'same',
          activation: drawn.activation as 'relu',
        }),
    }));
  });
}

function pooling(): void {
  const windows = fc.record({
    batch: sizeOrZero(3),
    height: size(9, 4),
    width: size(9, 4),
    channels: size(9),
    window: fc.tuple(size(4), size(4)),
    stride: fc.tuple(size(3), size(3)),
    pad: fc.constantFrom('same' as const, 'valid' as const, 0, 1),
  });
  // With a number as padding, tfjs takes the height of window and stride for their width too.
  const isSquare = ([height, width]: [number, number]) => height === width;
  const valid = windows.filter(
    ({ pad, window, stride }) => typeof pad === 'string' || (isSquare(window) && isSquare(stride) && window[0] > pad),
  );
  const shape = ({ batch, height, width, channels }: Drawn<typeof windows>) => [batch, height, width, channels];
  const rounding = (pad: number | 'same' | 'valid') => (typeof pad === 'number' ? ('floor' as const) : undefined);

  kernels(['MaxPool', 'MaxPoolGrad'], (property) => {
    property(
      'negative and equal values among them',
      valid,
      (drawn) => ({
        shapes: [shape(drawn)],
        op: (tf, x) => tf.maxPool(x, drawn.window, drawn.stride, drawn.pad, rounding(drawn.pad)),
        values: (count, draw) => Float32Array.from({ length: count }, () => Math.floor(draw() * 6) - 5),
      }),
      50,
    );
  });

  kernels(['AvgPool', 'AvgPoolGrad'], (property) => {
    property(
      'any window, stride and padding',
      valid,
      (drawn) => {
        const { window, stride, pad } = drawn;
        return {
          shapes: [shape(drawn)],
          op: (tf, x) => tf.avgPool(x, window, stride, pad, rounding(pad)),
          // The cpu backend's gradient is wrong at borders; ours for it too must not vouch for itself.
          reference: (tf, x: Tensor4D) => {
            const ones = tf.ones([...window, drawn.channels, 1]) as Tensor4D;
            const total = (y: Tensor4D) => tf.depthwiseConv2d(y, ones, stride, pad, 'NHWC', 1, rounding(pad));
            return tf.div(total(x), total(tf.onesLike(x)));
          },
        };
      },
      50,
    );
    property('on cpu, at borders', valid, ({ pad, window, stride, ...image }) => ({
      shapes: [[image.batch, image.height, image.width, image.channels]],
      op: (tf, x) => tf.avgPool(x, window, stride, pad, rounding(pad)),
    }));
  });
}

// ---- Rows ----

/** x seen as [batch, outer, size, inner], and of it the rows that the indices name: by slices, whose gradients are not ours. */
function slowGather(tf: Tf, x: Tensor, indices: Tensor, axis: number, batchDims: number): Tensor {
  const volume = (shape: number[]) => tf.util.sizeFromShape(shape);
  const [batch, outer] = [volume(x.shape.slice(0, batchDims)), volume(x.shape.slice(batchDims, axis))];
  const inner = volume(x.shape.slice(axis + 1));
  const count = volume(indices.shape.slice(batchDims));
  const whole = tf.reshape(x, [batch, outer, x.shape[axis], inner]);
  const ids = indices.dataSync();
  const rows = Array.from(ids, (id, i) => tf.slice(whole, [Math.floor(i / count), 0, id, 0], [1, outer, 1, inner]));
  const taken = tf.reshape(tf.concat(rows, 0), [batch, count, outer, inner]);
  return tf.reshape(tf.transpose(taken, [0, 2, 1, 3]), [
    ...x.shape.slice(0, axis),
    ...indices.shape.slice(batchDims),
    ...x.shape.slice(axis + 1),
  ]);
}

function rows(): void {
  const shape = fc.array(sizeOrZero(7), { minLength: 1, maxLength: 4 });
  const matrix = fc.tuple(sizeOrZero(20), size(23));

  kernels(['GatherV2', 'UnsortedSegmentSum'], (property) => {
    const gathered = fc
      .record({
        shape: fc.array(size(6), { minLength: 1, maxLength: 4 }),
        axis: fc.nat(),
        batchDims: fc.nat(),
        more: fc.array(size(4), { maxLength: 2 }),
        factor: size(11),
      })
      .map(({ shape, axis, batchDims, more, factor }) => ({
        shape,
        axis: axis % shape.length,
        batchDims: batchDims % ((axis % shape.length) + 1),
        more,
        factor,
      }));
    property(
      'any axis, repeated indices, batches',
      gathered,
      ({ shape, axis, batchDims, more, factor }) => {
        const indexShape = [...shape.slice(0, batchDims), ...more];
        const indices = (tf: Tf) => {
          const ids = Array.from({ length: tf.util.sizeFromShape(indexShape) }, (_, i) => (i * factor) % shape[axis]);
          return tf.tensor(ids, indexShape, 'int32');
        };
        return {
          shapes: [shape],
          op: (tf, x) => tf.gather(x, indices(tf), axis, batchDims),
          reference: (tf, x) => slowGather(tf, x, indices(tf), axis, batchDims),
        };
      },
      80,
    );
    property(
      'of nothing',
      fc.constantFrom([3, 0], [3, 2]),
      (shape) => ({
        shapes: [shape],
        op: (tf, x) => tf.gather(x, tf.tensor1d(shape[1] === 0 ? [2, 0, 1] : [], 'int32')),
      }),
      4,
    );
  });

  kernels(['UnsortedSegmentSum'], (property) => {
    const segments = fc.record({ ids: fc.array(size(4, 0), { maxLength: 20 }), width: sizeOrZero(9) });
    property('rows in any order', segments, ({ ids, width }) => ({
      shapes: [[ids.length, width]],
      op: (tf, x) => tf.unsortedSegmentSum(x, tf.tensor1d(ids, 'int32'), 5),
    }));
  });

  kernels(['Add'], (property) => {
    const rowsAndRow = fc.tuple(shape, size(3), flag).map(([whole, drop, swap]) => {
      const row = whole.slice(Math.min(drop, whole.length - 1));
      return swap ? [row, whole] : [whole, row];
    });
    property('a row to every row', rowsAndRow, (shapes) => ({ shapes, op: (tf, a, b) => tf.add(a, b) }), 40);
  });

  kernels(['Sum'], (property) => {
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
      'over any axes',
      reduced,
      ({ shape, axes, keepDims }) => ({ shapes: [shape], op: (tf, x) => tf.sum(x, axes, keepDims) }),
      60,
    );
    property(
      'of many rows',
      fc.record({ rows: size(3000, 500), cols: size(37) }),
      ({ rows, cols }) => ({ shapes: [[rows, cols]], op: (tf, x) => tf.sum(x, 0) }),
      6,
    );
  });

  kernels(['Tile'], (property) => {
    const tiled = shape.chain((drawn) =>
      fc.record({
        shape: fc.constant(drawn),
        reps: fc.array(size(3), { minLength: drawn.length, maxLength: drawn.length }),
      }),
    );
    property('along any axes', tiled, ({ shape, reps }) => ({ shapes: [shape], op: (tf, x) => tf.tile(x, reps) }), 40);
  });

  kernels(['Identity'], (property) => {
    property('two names of the same values', shape, (drawn) => ({
      shapes: [drawn],
      op: (tf, x) => tf.add(tf.clone(x), x.clone()),
    }));
  });

  kernels(['ReluGrad'], (property) => {
    property('of any shape', shape, (drawn) => ({ shapes: [drawn], op: (tf, x) => tf.relu(x) }));
  });

  const far = (count: number, draw: () => number) => Float32Array.from({ length: count }, () => draw() * 80 - 40);
  kernels(['SoftmaxGrad'], (property) => {
    property('of any rows', matrix, (drawn) => ({ shapes: [drawn], op: (tf, x) => tf.softmax(x) }));
    property('of far values', matrix, (drawn) => ({ shapes: [drawn], op: (tf, x) => tf.softmax(x), values: far }));
    property('of four axes', fc.tuple(size(3), size(3), size(3), size(9)), (drawn) => ({
      shapes: [drawn],
      op: (tf, x) => tf.softmax(x),
    }));
  });

  kernels(['LogSoftmax', 'LogSoftmaxGrad'], (property) => {
    property('of any rows', matrix, (drawn) => ({ shapes: [drawn], op: logSoftmax }), 40);
    property('of far values', matrix, (drawn) => ({ shapes: [drawn], op: logSoftmax, values: far }));
    property('of four axes', fc.tuple(size(3), size(3), size(3), size(9)), (drawn) => ({
      shapes: [drawn],
      op: logSoftmax,
    }));
    property('log probability of actions, and entropy with some of them illegal', matrix, ([batch, actions]) => ({
      shapes: [[batch, actions]],
      op: (tf, logits) => {
        const illegal = tf.tensor1d(Array.from({ length: actions }, (_, i) => (i % 3 === 1 ? -1e9 : 0)));
        const logProbs = logSoftmax(tf, tf.add(logits, illegal));
        const entropy = tf.sum(tf.mul(tf.exp(logProbs), logProbs), -1);
        return tf.sub(tf.sum(tf.slice(logProbs, [0, 0], [batch, 1]), -1), entropy);
      },
    }));
  });

  kernels(['LayerNorm', 'LayerNormGrad'], (property) => {
    const norm = (tf: Tf, x: Tensor, gain: Tensor, bias: Tensor) => layerNorm(tf, x, gain, bias);
    // A row of one or two values has next to no variance, and its gradient next to no digits.
    const wide = fc.tuple(sizeOrZero(20), size(40, 3));
    property('of any rows', wide, ([batch, width]) => ({ shapes: [[batch, width], [width], [width]], op: norm }), 40);
    property('of four axes', fc.tuple(size(3), size(3), size(3), size(9, 3)), (drawn) => ({
      shapes: [drawn, [drawn[3]], [drawn[3]]],
      op: norm,
    }));
    property(
      'of many rows',
      fc.tuple(size(900, 300), size(70, 3)),
      ([batch, width]) => ({ shapes: [[batch, width], [width], [width]], op: norm }),
      5,
    );
  });
}

// ---- What is refused ----

const zeros = (tf: Tf, shape: number[]) => tf.zeros(shape) as never;

function refusals(): void {
  refusal(
    'Conv3DBackpropInputV2',
    'all, as it is wrong',
    (tf) => tf.grad((x) => tf.conv3d(x as never, zeros(tf, [2, 2, 2, 1, 1]), 1, 'valid'))(zeros(tf, [1, 3, 3, 3, 1])),
    /Conv3DBackpropInputV2 is wrong in tfjs' wasm backend; use the backend tensorflow or cpu/,
  );
  refusal(
    'Conv3DBackpropFilterV2',
    'all, as it is wrong',
    (tf) => tf.grad((w) => tf.conv3d(zeros(tf, [1, 3, 3, 3, 1]), w as never, 1, 'valid'))(zeros(tf, [2, 2, 2, 1, 1])),
    /Conv3DBackpropFilterV2 is wrong in tfjs' wasm/,
  );
  refusal(
    'ResizeNearestNeighborGrad',
    'several images',
    (tf) => tf.grad((x) => tf.image.resizeNearestNeighbor(x as never, [6, 6]))(zeros(tf, [2, 3, 3, 1])),
    /ResizeNearestNeighborGrad of several images is wrong/,
  );
  refusal(
    'Conv2DBackpropFilter',
    'channels first',
    (tf) => tf.grad((w) => tf.conv2d(zeros(tf, [1, 3, 3, 1]), w as never, 1, 'valid', 'NCHW'))(zeros(tf, [2, 2, 3, 1])),
    /channelsLast|NHWC/,
  );
  refusal(
    'Conv2D',
    'a filter larger than the image',
    (tf) => tf.conv2d(zeros(tf, [1, 1, 4, 2]), zeros(tf, [3, 3, 2, 2]), 1, 'valid'),
    /a filter of shape \[3,3,2,2\] does not fit into an image of shape \[1,1,4,2\]/,
  );
  for (const name of ['avgPool', 'maxPool'] as const) {
    refusal(
      name === 'avgPool' ? 'AvgPool' : 'MaxPool',
      'rounding up the size of its output',
      (tf) => tf[name](zeros(tf, [1, 5, 5, 1]), 2, 2, 0, 'ceil'),
      /Pool with this padding or dimRoundingMode is wrong in tfjs' wasm/,
    );
  }
  refusal(
    'MaxPool',
    'a number as padding of a window that is not square',
    (tf) => tf.maxPool(zeros(tf, [1, 5, 8, 1]), [1, 2], 1, 0),
    /MaxPool with this padding or dimRoundingMode is wrong/,
  );
  refusal(
    'GatherV2',
    'an index out of range',
    (tf) => tf.gather(zeros(tf, [3, 2]), tf.tensor1d([1, -1, 3], 'int32')),
    /GatherV2: the index value -1 is not in \[0, 2\]/,
  );
  refusal(
    'GatherV2',
    'batches of booleans',
    (tf) => tf.gather(tf.zeros([2, 3], 'bool'), tf.tensor2d([[1], [2]], [2, 1], 'int32'), 1, 1),
    /GatherV2 of bool in batches is wrong/,
  );
  refusal(
    'Einsum',
    'an output that repeats a label',
    (tf) => tf.einsum('i->ii', zeros(tf, [3])),
    /the output of "i->ii" repeats a label/,
  );
  refusal(
    'LogSoftmax',
    'integers',
    (tf) => logSoftmax(tf, tf.zeros([2, 3], 'int32')),
    /LogSoftmax on the wasm backend takes float32, got int32/,
  );
  refusal(
    'LayerNorm',
    'a gain of another size',
    (tf) => layerNorm(tf, zeros(tf, [2, 3]), zeros(tf, [2]), zeros(tf, [3])),
    /layerNorm: gain \[2\] and bias \[3\] do not fit x \[2,3\]/,
  );

  kernels(['ResizeNearestNeighborGrad'], (property) => {
    property(
      'of one image',
      fc.record({ channels: size(4), side: size(6, 2), scale: size(3) }),
      ({ channels, side, scale }) => ({
        shapes: [[1, side, side, channels]],
        op: (tf, x) => tf.image.resizeNearestNeighbor(x, [side * scale, side * scale]),
      }),
      8,
    );
  });

  describe('kernels without a gradient agree with cpu', () => {
    const agree: Record<string, (tf: Tf) => Tensor> = {
      'a dilated convolution': (tf) =>
        tf.conv2d(
          tf.reshape(tf.range(0, 98), [1, 7, 7, 2]) as Tensor4D,
          tf.reshape(tf.range(0, 54), [3, 3, 2, 3]) as Tensor4D,
          1,
          'same',
          'NHWC',
          2,
        ),
      'a dilated depthwise convolution': (tf) =>
        tf.depthwiseConv2d(
          tf.reshape(tf.range(0, 98), [1, 7, 7, 2]) as Tensor4D,
          tf.reshape(tf.range(0, 36), [3, 3, 2, 2]) as Tensor4D,
          1,
          'same',
          'NHWC',
          2,
        ),
      'gathering integers in batches': (tf) =>
        tf.gather(tf.reshape(tf.range(0, 24, 1, 'int32'), [2, 3, 4]), tf.tensor2d([[2], [1]], [2, 1], 'int32'), 1, 1),
      'a segment sum with ids out of range': (tf) =>
        tf.unsortedSegmentSum(tf.reshape(tf.range(0, 6), [3, 2]), tf.tensor1d([1, -1, 1], 'int32'), 2),
    };
    test.each(Object.keys(agree))('%s', async (name) => {
      const run = async (backend: string) => {
        await tf.setBackend(backend);
        return tf.tidy(() => [...agree[name](tf).dataSync()]);
      };
      expect(await run('wasm')).toEqual(await run('cpu'));
    });
  });
}
