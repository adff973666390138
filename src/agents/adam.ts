import type { Tensor, Variable } from '@tensorflow/tfjs';
import { NotFiniteError, UserError } from '../core/errors.ts';
import type { Params } from '../core/tensors.ts';
import type { Engine } from '../engine/types.ts';

/** A trainable tensor with its Adam slots. */
interface Slot {
  readonly param: Variable;
  readonly m: Variable;
  readonly v: Variable;
  /** Updates this tensor has had: a frozen one starts its bias correction when it thaws. */
  steps: number;
}

export interface OptimizerState {
  params: Params;
  m: Params;
  v: Params;
  steps: Record<string, number>;
}

/**
 * Adam (Kingma & Ba 2015) with named slots, so that it can be saved, resumed to the last bit, and told a learning rate
 * for each tensor. eps = 1e-5 and clipping by the global norm, as in the PPO baselines (Huang et al. 2022, details 2, 3, 11).
 */
export class Optimizer {
  private readonly engine: Engine;
  private readonly slots: Map<string, Slot>;

  constructor(engine: Engine, params: Params, shapes: Record<string, number[]>) {
    this.engine = engine;
    const { tf } = engine;
    this.slots = new Map(
      Object.entries(params).map(([name, values]) => {
        const shape = shapes[name];
        const make = (data: Float32Array) => tf.tidy(() => tf.variable(tf.tensor(data.slice(), shape)));
        return [name, { param: make(values), m: make(zeros(values)), v: make(zeros(values)), steps: 0 }];
      }),
    );
  }

  /** The parameters as tensors, by name. */
  readonly tensors = (): Record<string, Variable> =>
    Object.fromEntries([...this.slots].map(([name, slot]) => [name, slot.param]));

  /**
   * One step down the gradient of `loss`, at `learningRate(name)` for each tensor; 0 leaves it untouched and its gradient
   * is not even computed. Returns the loss and the gradient's norm before clipping. @throws NotFiniteError, UserError
   * where every tensor is frozen
   */
  minimize(
    loss: () => Tensor,
    learningRate: (name: string) => number,
    maxGradNorm: number,
  ): { loss: number; gradNorm: number } {
    const { tf, adam, globalNorm } = this.engine;
    const trained = [...this.slots].filter(([name]) => learningRate(name) > 0);
    if (trained.length === 0) throw new UserError('every tensor is frozen: nothing would learn');
    const { value, grads } = tf.variableGrads(
      loss as () => never,
      trained.map(([, slot]) => slot.param),
    );
    const byParam = trained.map(([name, slot]) => ({ name, slot, grad: grads[slot.param.name] }));
    const lossValue = value.dataSync()[0];
    const gradNorm = globalNorm(byParam.map(({ grad }) => grad));
    if (Number.isFinite(lossValue) && Number.isFinite(gradNorm)) {
      const gradScale = Math.min(1, maxGradNorm / (gradNorm + 1e-6));
      for (const { name, slot, grad } of byParam) {
        slot.steps++;
        const step = { beta1: 0.9, beta2: 0.999, epsilon: 1e-5, step: slot.steps, gradScale };
        adam(slot.param, grad, slot.m, slot.v, { ...step, learningRate: learningRate(name) });
      }
    }
    value.dispose();
    tf.dispose(grads);
    if (!Number.isFinite(lossValue)) throw new NotFiniteError(`the loss is ${lossValue}`);
    if (!Number.isFinite(gradNorm)) throw new NotFiniteError(`the gradient's norm is ${gradNorm}`);
    return { loss: lossValue, gradNorm };
  }

  params(): Params {
    return this.values((slot) => slot.param);
  }

  /** Writes parameter values and leaves the slots as they are. */
  setParams(values: Params): void {
    const { tf } = this.engine;
    for (const [name, { param }] of this.slots)
      tf.tidy(() => param.assign(tf.tensor(values[name].slice(), param.shape)));
  }

  save(): OptimizerState {
    return {
      params: this.params(),
      m: this.values((slot) => slot.m),
      v: this.values((slot) => slot.v),
      steps: Object.fromEntries([...this.slots].map(([name, slot]) => [name, slot.steps])),
    };
  }

  load(state: OptimizerState): void {
    const { tf } = this.engine;
    this.setParams(state.params);
    for (const [name, slot] of this.slots) {
      tf.tidy(() => {
        slot.m.assign(tf.tensor(state.m[name].slice(), slot.param.shape));
        slot.v.assign(tf.tensor(state.v[name].slice(), slot.param.shape));
      });
      slot.steps = state.steps[name];
    }
  }

  dispose(): void {
    for (const { param, m, v } of this.slots.values()) this.engine.tf.dispose([param, m, v]);
  }

  private values(pick: (slot: Slot) => Variable): Params {
    return Object.fromEntries(
      [...this.slots].map(([name, slot]) => [name, Float32Array.from(pick(slot).dataSync() as Float32Array)]),
    );
  }
}

const zeros = (like: Float32Array): Float32Array => new Float32Array(like.length);
