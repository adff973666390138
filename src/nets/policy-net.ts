import type { Tensor } from '@tensorflow/tfjs';
import type { ObservationSpec } from '../core/game.ts';
import { createRng } from '../core/rng.ts';
import { checkValues } from '../core/schema.ts';
import { type Axis, axisSize, type Params, type TensorSpec } from '../core/tensors.ts';
import { type FusedSpec, fusedObservation } from '../engine/fused/ops.ts';
import type { Tf } from '../engine/types.ts';
import { UserError } from '../core/errors.ts';
import type { ActingRule } from './acting.ts';
import { findNet, netIds } from './index.ts';
import { initParams } from './init.ts';
import { dense, type LayerBuilder, type Memory, scale, sequential, type TensorMap } from './layers.ts';

/** An output of a policy net: what its axis means and the gain of its fresh weights. */
export interface HeadSpec {
  readonly name: string;
  readonly axis: Axis;
  readonly gain: number;
}

/** What defines a policy net: enough to build it again anywhere. Stored in every checkpoint. */
export interface PolicyNetSpec {
  readonly net: string;
  readonly netConfig: Record<string, unknown>;
  readonly observation: ObservationSpec;
  readonly heads: readonly HeadSpec[];
  /** Default: softmax of the head `policy`. */
  readonly acting?: ActingRule;
}

/** Stem and trunk of a net with heads on top. */
export interface PolicyNet {
  readonly spec: PolicyNetSpec;
  readonly tensors: readonly TensorSpec[];
  /** Fresh parameters of this seed. */
  init(seed: number): Params;
  /** Floats that it remembers of each environment from step to step (recurrent state, past frames); 0: feed-forward. */
  readonly carrySize: number;
  /** `obs [batch, ...]` → each head's `[batch, size]`. A net with a carry takes `memory`, and writes to it. */
  forward(tf: Tf, params: TensorMap, obs: Tensor, memory?: Memory): Record<string, Tensor>;
  /** The same up to the trunk's last layer: `[batch, units]`. */
  features(tf: Tf, params: TensorMap, obs: Tensor): Tensor;
  /**
   * One observation → each head's values, in plain TypeScript. The arrays are overwritten by the next call. `carry` is
   * what it remembers of the episode (`[carrySize]`, at its beginning all zeros), and is updated.
   */
  infer(params: Params, obs: ArrayLike<number>, carry?: Float32Array): Record<string, Float32Array>;
  /** One observation → what each stage says of it (after its activation; the heads' values last), copied. */
  inferStages(params: Params, obs: ArrayLike<number>, carry?: Float32Array): Record<string, Float32Array>;
  /** The batch shape of an observation: `[height, width, channels]` or `[n]`. */
  readonly obsShape: readonly number[];
  /** The net as the fused path sees it; null where it has a layer without such a description. */
  readonly fused: FusedSpec | null;
}

/** Builds a policy net. @throws UserError for an unknown net, or one that can't read this kind of observation */
export function buildPolicyNet(spec: PolicyNetSpec): PolicyNet {
  const net = findNet(spec.net);
  if (!net.reads.includes(spec.observation.kind)) {
    const fitting = netIds().filter((id) => findNet(id).reads.includes(spec.observation.kind));
    throw new UserError(`net "${spec.net}" can't read ${spec.observation.kind}; valid: ${fitting.join(', ')}`);
  }
  const input = observationAxes(spec.observation);
  const body = sequential([...inputScaling(spec.observation), ...net.layers(checkValues(net.schema, spec.netConfig))])(
    input,
  );
  const heads = spec.heads.map((head) => ({
    name: head.name,
    layer: dense({ stage: `heads/${head.name}`, output: head.axis, gain: head.gain })(body.output),
  }));
  const tensors = [...body.tensors, ...heads.flatMap((head) => head.layer.tensors)];
  const names = tensors.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new UserError(`net "${spec.net}" has two tensors "${twice}": name its layers' stages apart`);
  const obsShape = input.map(axisSize);
  const floats = new Float32Array(obsShape.reduce((a, b) => a * b, 1));
  return {
    spec,
    tensors,
    obsShape,
    fused: body.fused
      ? {
          observation: fusedObservation(spec.observation),
          trunk: body.fused,
          heads: heads.map(({ name, layer }) => ({ name, op: layer.fused[0] })),
        }
      : null,
    init: (seed) => initParams(tensors, (name) => createRng(seed, 'init', name)),
    carrySize: body.carrySize ?? 0,
    forward(tf, params, obs, memory) {
      const features = body.forward(tf, params, obs, memory);
      return Object.fromEntries(heads.map((h) => [h.name, h.layer.forward(tf, params, features)]));
    },
    features: (tf, params, obs) => body.forward(tf, params, obs),
    infer(params, obs, carry) {
      floats.set(obs);
      const features = body.infer(params, floats, carry);
      return Object.fromEntries(heads.map((h) => [h.name, h.layer.infer(params, features)]));
    },
    inferStages(params, obs, carry) {
      const said: Record<string, Float32Array> = {};
      let stage: string | undefined;
      floats.set(obs);
      const features = body.infer(params, floats, carry, ({ tensors: own }, out) => {
        // Layers without tensors (activations, pooling) belong to the stage before them.
        stage = own.at(-1)?.stage ?? stage;
        if (stage !== undefined) said[stage] = out.slice();
      });
      for (const { name, layer } of heads) said[`heads/${name}`] = layer.infer(params, features).slice();
      return said;
    },
  };
}

function observationAxes(spec: ObservationSpec): Axis[] {
  if (spec.kind === 'features') return [{ kind: 'feature', labels: spec.features }];
  return [
    { kind: 'board-y', size: spec.height },
    { kind: 'board-x', size: spec.width },
    { kind: 'channel', labels: spec.channels },
  ];
}

function inputScaling(spec: ObservationSpec): LayerBuilder[] {
  return spec.kind === 'features' ? [scale(spec.features.map((feature) => 1 / feature.scale))] : [];
}
