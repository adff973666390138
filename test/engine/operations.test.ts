// The operations that nets and losses use and that tfjs' own kernels compute: values and gradients on wasm against the
// cpu backend, over random shapes.
import type { Tensor } from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, test } from 'vitest';
import { loadEngine } from '../../src/engine/index.ts';
import type { Engine } from '../../src/engine/types.ts';
import { type Case, expectProperty, flag, size } from './compare.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine('cpu');
  engine = await loadEngine('wasm');
});

const property = <T>(name: string, arbitrary: fc.Arbitrary<T>, make: (drawn: T) => Case, numRuns = 25) =>
  test(name, () => expectProperty(engine, arbitrary, make, numRuns));

const away = (from: number, by: number) => (count: number, draw: () => number) =>
  Float32Array.from({ length: count }, () => from + by + draw() * 2);

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
  const same = (name: string, op: Case['op']) => property(name, shape, (drawn) => ({ shapes: [drawn, drawn], op }), 8);
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
});
