import type { Tensor } from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Optimizer } from '../../src/agents/adam.ts';
import { NotFiniteError, UserError } from '../../src/core/errors.ts';
import type { Params } from '../../src/core/tensors.ts';
import { loadEngine } from '../../src/engine/index.ts';
import type { Engine, Tf } from '../../src/engine/types.ts';
import { expectClose } from '../engine/compare.ts';

const PARAMS: Params = { a: Float32Array.of(0.5, -1.25, 2, 0), b: Float32Array.of(1, -1, 3) };
const SHAPES = { a: [2, 2], b: [3] };
/** The gradient of Σ (x − target)² is 2 (x − target). */
const TARGETS: Params = { a: Float32Array.of(0, 1, 2, -3), b: Float32Array.of(0.5, 0, 0) };

type Spoil = (loss: Tensor, a: Tensor, tf: Tf) => Tensor;

describe.each(['cpu', 'wasm'] as const)('the optimiser on %s', (backend) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await loadEngine(backend);
  });

  const make = (params: Params = PARAMS): Optimizer => new Optimizer(engine, params, SHAPES);
  /** One step towards the targets; `spoil` may make the loss another. */
  const step = (optimizer: Optimizer, rate: (name: string) => number, maxGradNorm = 1e9, spoil: Spoil = (x) => x) => {
    const { tf } = engine;
    const tensors = optimizer.tensors();
    return tf.tidy(() =>
      optimizer.minimize(
        () => {
          const terms = Object.entries(tensors).map(([name, tensor]) =>
            tf.sum(tf.square(tf.sub(tensor, tf.tensor(TARGETS[name].slice(), tensor.shape)))),
          );
          return spoil(tf.addN(terms), tensors.a, tf);
        },
        rate,
        maxGradNorm,
      ),
    );
  };

  // import torch   # 2.15.0
  // a, b = torch.tensor([.5, -1.25, 2, 0]), torch.tensor([1., -1, 3]); a.requires_grad_(); b.requires_grad_()
  // ta, tb = torch.tensor([0., 1, 2, -3]), torch.tensor([.5, 0, 0])
  // opt = torch.optim.Adam([{'params': [a], 'lr': 0.1}, {'params': [b], 'lr': 0.01}], eps=1e-5)
  // for _ in range(5):
  //   opt.zero_grad(); loss = ((a - ta)**2).sum() + ((b - tb)**2).sum(); loss.backward()
  //   norm = torch.nn.utils.clip_grad_norm_([a, b], 2.0); opt.step(); print(loss.item(), norm.item())
  // print(a.tolist(), b.tolist())
  const LOSSES = [24.5625, 23.352813720703125, 22.204652786254883, 21.11812973022461, 20.092594146728516];
  const NORMS = [9.912114143371582, 9.664949417114258, 9.424363136291504, 9.190893173217773, 8.96495246887207];
  const A = [0.025069989264011383, -0.7510994076728821, 2.0, -0.49953681230545044];
  const B = [0.9499834775924683, -0.9499409794807434, 2.949915885925293];

  it("gives torch's values, with a learning rate for each tensor and clipping", () => {
    const optimizer = make();
    const steps = LOSSES.map(() => step(optimizer, (name) => (name === 'a' ? 0.1 : 0.01), 2));
    expectClose(
      steps.map(({ loss }) => loss),
      LOSSES,
      1e-6,
    );
    expectClose(
      steps.map(({ gradNorm }) => gradNorm),
      NORMS,
      1e-6,
    );
    const { a, b } = optimizer.params();
    expectClose(a, A, 1e-6);
    expectClose(b, B, 1e-6);
    optimizer.dispose();
  });

  it('leaves a frozen tensor and its slots alone to the last bit, also out of the norm', () => {
    const optimizer = make();
    const { gradNorm } = step(optimizer, (name) => (name === 'b' ? 0 : 0.1));
    expect(gradNorm).toBeCloseTo(Math.hypot(1, -4.5, 0, 6), 4);
    for (let i = 0; i < 5; i++) step(optimizer, (name) => (name === 'b' ? 0 : 0.1), 0.5);
    const { params, m, v, steps } = optimizer.save();
    expect(params.b).toEqual(PARAMS.b);
    expect(params.a).not.toEqual(PARAMS.a);
    expect([m.b, v.b]).toEqual([new Float32Array(3), new Float32Array(3)]);
    expect(steps).toEqual({ a: 6, b: 0 });
    optimizer.dispose();
  });

  it('starts the bias correction of a tensor when it thaws', () => {
    const [late, fresh] = [make(), make()];
    for (let i = 0; i < 3; i++) step(late, (name) => (name === 'a' ? 0.01 : 0));
    step(late, (name) => (name === 'b' ? 0.01 : 0));
    step(fresh, (name) => (name === 'b' ? 0.01 : 0));
    expect(late.params().b).toEqual(fresh.params().b);
    expect(late.params().b).not.toEqual(PARAMS.b);
    late.dispose();
    fresh.dispose();
  });

  it('refuses to train nothing at all', () => {
    const optimizer = make();
    expect(() => step(optimizer, () => 0)).toThrow(new UserError('every tensor is frozen: nothing would learn'));
    optimizer.dispose();
  });

  it('goes on from a saved state to the last bit', () => {
    const [through, first, second] = [make(), make(), make({ a: new Float32Array(4), b: new Float32Array(3) })];
    const rate = (name: string): number => (name === 'a' ? 0.1 : 0.03);
    for (let i = 0; i < 7; i++) step(through, rate, 1);
    for (let i = 0; i < 3; i++) step(first, rate, 1);
    const saved = first.save();
    const copy = structuredClone(saved);
    step(first, rate, 1);
    expect(saved).toEqual(copy);
    second.load(saved);
    for (let i = 0; i < 4; i++) step(second, rate, 1);
    expect(second.save()).toEqual(through.save());
    for (const optimizer of [through, first, second]) optimizer.dispose();
  });

  it.each([
    ['the loss is NaN', (loss, _a, tf) => tf.mul(loss, Number.NaN)],
    ['the loss is Infinity', (loss, _a, tf) => tf.mul(loss, 1e38)],
    ["the gradient's norm is NaN", (loss, a, tf) => tf.add(loss, tf.sum(tf.sqrt(tf.abs(tf.mul(a, 0)))))],
  ] satisfies [string, Spoil][])('keeps parameters and slots where %s', (message, spoil) => {
    const optimizer = make();
    step(optimizer, () => 0.01);
    const before = optimizer.save();
    const tensors = engine.tf.memory().numTensors;
    expect(() => step(optimizer, () => 0.1, 1, spoil)).toThrow(new NotFiniteError(message));
    expect(optimizer.save()).toEqual(before);
    expect(engine.tf.memory().numTensors).toBe(tensors);
    optimizer.dispose();
  });

  it('takes its parameters as copies, and gives copies', () => {
    const own: Params = { a: PARAMS.a.slice(), b: PARAMS.b.slice() };
    const optimizer = make(own);
    const before = optimizer.params();
    step(optimizer, () => 0.1);
    expect(own).toEqual(PARAMS);
    expect(before).toEqual(PARAMS);
    optimizer.dispose();
  });
});
