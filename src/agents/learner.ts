import type { Tensor } from '@tensorflow/tfjs';
import { UserError } from '../core/errors.ts';
import { type Params, tensorShape } from '../core/tensors.ts';
import type { FusedNet, HeadValues } from '../engine/fused/net.ts';
import type { Engine, Tf } from '../engine/types.ts';
import type { PolicyNet } from '../nets/policy-net.ts';
import { Optimizer, type OptimizerState } from './adam.ts';
import { NotFiniteError } from './algorithm.ts';

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

/** A net that learns, on whatever computes it. */
export interface Learner {
  /** `[store, obsSize]`: observations that minibatches are drawn from; the algorithm writes them. */
  readonly store: Uint8Array | Float32Array;
  /** What the heads say of `rows` observations: `[rows, size]` by head. Overwritten by the next call. */
  outputs(obs: Uint8Array | Float32Array, rows: number): HeadValues;
  /**
   * One Adam step down the loss of the stored observations `indices`, at `learningRate(tensor)`; 0 leaves a tensor
   * untouched. @throws NotFiniteError, with the parameters as they were; UserError where every tensor is frozen
   */
  minimize(indices: Int32Array, loss: Loss, learningRate: (tensor: string) => number, maxGradNorm: number): StepReport;
  params(): Params;
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

  function outputs(obs: Uint8Array | Float32Array, count: number): HeadValues {
    return tf.tidy(() => {
      const input = tf.tensor(obs instanceof Float32Array ? obs : Float32Array.from(obs), [count, ...net.obsShape]);
      const heads = Object.entries(net.forward(tf, tensors, input).outputs);
      return Object.fromEntries(heads.map(([name, head]) => [name, head.dataSync() as Float32Array]));
    });
  }

  return {
    store,
    outputs(obs, count) {
      if (actor === null) return outputs(obs, count);
      if (!actorIsCurrent) actor.write('param', optimizer.params());
      actorIsCurrent = true;
      return actor.outputs(obs, count);
    },
    minimize(indices, loss, learningRate, maxGradNorm) {
      actorIsCurrent = false;
      return tf.tidy(() => {
        const batch = new Float32Array(indices.length * obsSize);
        indices.forEach((from, i) => batch.set(store.subarray(from * obsSize, (from + 1) * obsSize), i * obsSize));
        const obs = tf.tensor(batch, [indices.length, ...net.obsShape]);
        let diagnostics: Tensor[] = [];
        const report = optimizer.minimize(
          () => {
            const parts = loss.tensors(tf, net.forward(tf, tensors, obs).outputs);
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

/** The same steps on the kernels' flat buffers. */
function fusedLearner({ net, params, minibatch }: LearnerOptions, fused: FusedNet): Learner {
  fused.write('param', params);
  const gradients: HeadValues = Object.fromEntries(
    net.spec.heads.map(({ name }, i) => [name, new Float32Array(minibatch * (net.fused?.heads[i].op.units ?? 0))]),
  );
  return {
    store: fused.store,
    outputs: (obs, rows) => fused.outputs(obs, rows),
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
