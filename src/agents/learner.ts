import type { Tensor } from '@tensorflow/tfjs';
import { NotFiniteError, UserError } from '../core/errors.ts';
import { type Params, tensorShape } from '../core/tensors.ts';
import type { FusedNet, HeadValues } from '../engine/fused/net.ts';
import type { Engine, Tf } from '../engine/types.ts';
import type { Memory, TensorMap } from '../nets/layers.ts';
import type { PolicyNet } from '../nets/policy-net.ts';
import { Optimizer, type OptimizerState } from './adam.ts';
import { gatherRows } from './arrays.ts';

/**
 * A loss of a minibatch of `B` samples as a function of what the net's heads say of it, twice: as an algorithm is
 * written and read, and as it runs fastest. Both give the same loss, diagnostics and gradients (a test holds it).
 */
export interface Loss {
  /** By tfjs, which derives it: outputs by head, `[B, size]` each. */
  tensors(tf: Tf, outputs: Record<string, Tensor>): { loss: Tensor; diagnostics: Tensor[] };
  /** By hand: outputs by head, `[B, size]` row-major; writes the loss's derivative for each of them to `gradients`. */
  gradients(outputs: HeadValues, gradients: HeadValues): { loss: number; diagnostics: number[] };
}

/** A step that was made. `gradNorm` is the global norm before clipping. */
export interface StepReport {
  readonly loss: number;
  readonly gradNorm: number;
  readonly diagnostics: readonly number[];
}

/** What a net with a carry remembers of the environments that are looked at. */
export interface StepMemory {
  /** `[rows, carrySize]`; a look updates it. */
  readonly carry: Float32Array;
  /** `[rows]`: 1 where an episode begins with this observation. */
  readonly starts: Uint8Array;
}

/** Sequences that a net with a carry learns from: the batch is time-major, `[burnIn + steps, envs]`. */
export interface Sequences {
  readonly steps: number;
  /** Steps before them that only bring the carry up to date (Kapturowski et al. 2019). The loss does not see them. */
  readonly burnIn: number;
  /** `[envs, carrySize]`: what was remembered before the first step. */
  readonly carry: Float32Array;
  /** `[burnIn + steps, envs]` */
  readonly starts: Uint8Array;
}

/** A net that learns, on whatever computes it. */
export interface Learner {
  /** `[store, obsSize]`: observations that minibatches are drawn from; the algorithm writes them. */
  readonly store: Uint8Array | Float32Array;
  /** What the heads say of `rows` observations: `[rows, size]` by head. Overwritten by the next call. */
  outputs(obs: Uint8Array | Float32Array, rows: number, memory?: StepMemory): HeadValues;
  /** What the trunk says of the stored observations `indices`, each an episode's first: `[indices, units]`. */
  features(indices: Int32Array): Float32Array;
  /**
   * One Adam step down the loss of the stored observations `indices`, at `learningRate(tensor)`; 0 leaves a tensor
   * untouched. A net with a carry takes `sequences`. @throws NotFiniteError, with the parameters as they were; UserError
   * where every tensor is frozen
   */
  minimize(
    indices: Int32Array,
    loss: Loss,
    learningRate: (tensor: string) => number,
    maxGradNorm: number,
    sequences?: Sequences,
  ): StepReport;
  /** What else it has to log since it was last asked, by name. */
  metrics?(): Record<string, number>;
  params(): Params;
  /** Writes parameter values; what the optimiser knows of their gradients stays. */
  setParams(params: Params): void;
  save(): OptimizerState;
  load(state: OptimizerState): void;
  dispose(): void;
}

export interface LearnerOptions {
  readonly engine: Engine;
  readonly net: PolicyNet;
  readonly params: Params;
  /** Observations to store, those of a minibatch, and those to look at at once. */
  readonly store: number;
  readonly minibatch: number;
  readonly rows: number;
  /** Threads to share the work among; they change nothing but the time. */
  readonly threads: number;
}

/** A net that only answers, like DQN's target. */
export interface Observer {
  outputs(obs: Uint8Array | Float32Array, rows: number, memory?: StepMemory): HeadValues;
  params(): Params;
  load(params: Params): void;
  dispose(): void;
}

/** For looks at up to `rows` observations, on the path that `createLearner` takes for acting. */
export function createObserver(options: Pick<LearnerOptions, 'engine' | 'net' | 'params' | 'rows'>): Observer {
  const { engine, net, params, rows } = options;
  const fused = engine.fused && net.fused && engine.fused({ spec: net.fused, batch: rows, store: 1, lanes: 1 });
  if (fused) {
    fused.write('param', params);
    return {
      outputs: fused.outputs,
      params: () => fused.read('param'),
      load: (values) => fused.write('param', values),
      dispose: () => fused.dispose(),
    };
  }
  const { tf } = engine;
  const open = (values: Params): TensorMap =>
    Object.fromEntries(net.tensors.map((spec) => [spec.name, tf.tensor(values[spec.name].slice(), tensorShape(spec))]));
  let tensors = open(params);
  let current = params;
  return {
    params: () => current,
    outputs: (obs, count, memory) => tf.tidy(() => forwardStep(tf, net, tensors, obs, count, memory)),
    load(values) {
      tf.dispose(tensors);
      tensors = open(values);
      current = values;
    },
    dispose: () => tf.dispose(tensors),
  };
}

/** The fused path where the engine has it and its kernels cover the net, else tfjs. */
export function createLearner(options: LearnerOptions): Learner {
  const { engine, net, store, minibatch, rows, threads } = options;
  const batch = Math.max(minibatch, rows);
  const fused = engine.fused && net.fused && engine.fused({ spec: net.fused, batch, store, lanes: threads });
  if (!fused) return tfLearner(options, null);
  // TensorFlow learns from large batches fastest; on the few observations of a step it is slower than our kernels.
  return engine.backend === 'wasm' ? fusedLearner(options, fused) : tfLearner(options, fused);
}

/** The clear path. `actor`, where there is one, answers `outputs` in its place. */
function tfLearner({ engine, net, params, store: rows }: LearnerOptions, actor: FusedNet | null): Learner {
  const { tf } = engine;
  const shapes = Object.fromEntries(net.tensors.map((spec) => [spec.name, tensorShape(spec)]));
  const optimizer = new Optimizer(engine, params, shapes);
  const tensors = optimizer.tensors();
  const obsSize = net.obsShape.reduce((a, b) => a * b, 1);
  const planes = net.spec.observation.kind === 'planes';
  const store = planes ? new Uint8Array(rows * obsSize) : new Float32Array(rows * obsSize);
  let actorIsCurrent = false;
  const stored = (indices: Int32Array): Tensor =>
    tf.tensor(gatherRows(store, indices, obsSize, new Float32Array(indices.length * obsSize)), [
      indices.length,
      ...net.obsShape,
    ]);

  return {
    store,
    outputs(obs, count, memory) {
      if (actor === null) return tf.tidy(() => forwardStep(tf, net, tensors, obs, count, memory));
      if (!actorIsCurrent) actor.write('param', optimizer.params());
      actorIsCurrent = true;
      return actor.outputs(obs, count);
    },
    features: (indices) => tf.tidy(() => net.features(tf, tensors, stored(indices)).dataSync() as Float32Array),
    minimize(indices, loss, learningRate, maxGradNorm, sequences) {
      actorIsCurrent = false;
      return tf.tidy(() => {
        let obs = stored(indices);
        let memory: Memory | undefined;
        if (sequences) [memory, obs] = burnIn(tf, net, tensors, obs, sequences);
        let diagnostics: Tensor[] = [];
        const report = optimizer.minimize(
          () => {
            const parts = loss.tensors(tf, net.forward(tf, tensors, obs, memory && { ...memory }));
            diagnostics = parts.diagnostics.map((value) => tf.keep(value));
            return parts.loss;
          },
          learningRate,
          maxGradNorm,
        );
        const values = diagnostics.map((value) => value.dataSync()[0]);
        tf.dispose(diagnostics);
        return { ...report, diagnostics: values };
      });
    },
    params: () => optimizer.params(),
    setParams(values) {
      actorIsCurrent = false;
      optimizer.setParams(values);
    },
    save: () => optimizer.save(),
    load(state) {
      actorIsCurrent = false;
      optimizer.load(state);
    },
    dispose() {
      optimizer.dispose();
      actor?.dispose();
    },
  };
}

/** What the heads say of `rows` observations, on tfjs; updates the memory. To be called within `tf.tidy`. */
function forwardStep(
  tf: Tf,
  net: PolicyNet,
  params: TensorMap,
  obs: Uint8Array | Float32Array,
  rows: number,
  memory?: StepMemory,
): HeadValues {
  const input = tf.tensor(obs instanceof Float32Array ? obs : Float32Array.from(obs), [rows, ...net.obsShape]);
  const tensors = memory && {
    steps: 1,
    starts: tf.tensor2d(Float32Array.from(memory.starts), [1, rows]),
    carry: tf.tensor2d(memory.carry, [rows, net.carrySize]),
  };
  const heads = Object.entries(net.forward(tf, params, input, tensors));
  if (memory && tensors) memory.carry.set(tensors.carry.dataSync());
  return Object.fromEntries(heads.map(([name, head]) => [name, head.dataSync() as Float32Array]));
}

/** Runs the steps that only bring the carry up to date; returns what is remembered then, and the other observations. */
function burnIn(
  tf: Tf,
  net: PolicyNet,
  params: TensorMap,
  obs: Tensor,
  { burnIn: before, steps, carry, starts }: Sequences,
): [Memory, Tensor] {
  const envs = carry.length / net.carrySize;
  const allStarts = tf.tensor2d(Float32Array.from(starts), [before + steps, envs]);
  const memory: Memory = { steps: before, starts: allStarts, carry: tf.tensor2d(carry, [envs, net.carrySize]) };
  if (before === 0) return [{ ...memory, steps }, obs];
  const part = (x: Tensor, from: number, count: number): Tensor =>
    tf.slice(x, [from, ...x.shape.slice(1).map(() => 0)], [count, ...x.shape.slice(1)]);
  const warming: Memory = { ...memory, starts: part(allStarts, 0, before) };
  net.forward(tf, params, part(obs, 0, before * envs), warming);
  return [
    { steps, starts: part(allStarts, before, steps), carry: warming.carry },
    part(obs, before * envs, steps * envs),
  ];
}

/** The same steps on the kernels' flat buffers. */
function fusedLearner({ net, params, minibatch }: LearnerOptions, fused: FusedNet): Learner {
  fused.write('param', params);
  const gradients: HeadValues = Object.fromEntries(
    net.spec.heads.map(({ name }, i) => [name, new Float32Array(minibatch * (net.fused?.heads[i].op.units ?? 0))]),
  );
  return {
    store: fused.store,
    outputs: (obs, rows) => fused.outputs(obs, rows),
    features: (indices) => fused.features(indices),
    minimize(indices, loss, learningRate, maxGradNorm) {
      const { loss: value, diagnostics } = loss.gradients(fused.forward(indices), gradients);
      if (!Number.isFinite(value)) throw new NotFiniteError(`the loss is ${value}`);
      if (net.tensors.every(({ name }) => learningRate(name) === 0)) {
        throw new UserError('every tensor is frozen: nothing would learn');
      }
      const gradNorm = fused.backward(gradients, learningRate);
      if (!Number.isFinite(gradNorm)) throw new NotFiniteError(`the gradient's norm is ${gradNorm}`);
      fused.update(Math.min(1, maxGradNorm / (gradNorm + 1e-6)));
      return { loss: value, gradNorm, diagnostics };
    },
    params: () => fused.read('param'),
    setParams: (values) => fused.write('param', values),
    save: () => ({
      params: fused.read('param'),
      m: fused.read('m'),
      v: fused.read('v'),
      steps: { ...fused.steps },
    }),
    load(state) {
      fused.write('param', state.params);
      fused.write('m', state.m);
      fused.write('v', state.v);
      Object.assign(fused.steps, state.steps);
    },
    dispose: () => fused.dispose(),
  };
}
