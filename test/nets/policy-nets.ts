import { findEnv } from '../../src/envs/index.ts';
import type { ObservationSpec } from '../../src/core/game.ts';
import type { Rng } from '../../src/core/rng.ts';
import type { Params } from '../../src/core/tensors.ts';
import { findNet, netIds } from '../../src/nets/index.ts';
import type { HeadSpec, PolicyNetSpec } from '../../src/nets/policy-net.ts';

const heads: readonly HeadSpec[] = [
  {
    name: 'policy',
    axis: { kind: 'action', labels: ['noop', 'left', 'right'].map((name) => ({ name, roles: [name] })) },
    gain: 0.01,
  },
  { name: 'value', axis: { kind: 'value', size: 1 }, gain: 1 },
];

/** A board that is not square, so that swapped axes show. */
const oblong: ObservationSpec = {
  kind: 'planes',
  height: 4,
  width: 7,
  channels: ['self', 'threat', 'wall'].map((name) => ({ name, roles: [name] })),
};

const observations: readonly (readonly [string, ObservationSpec])[] = [
  ['breakout', findEnv('breakout').observation],
  ['a board of 4 x 7 x 3', oblong],
  ['cartpole', findEnv('cartpole').observation],
];

/** Every registered net with every kind of observation that it reads. */
const plainCases = netIds().flatMap((net) =>
  observations
    .filter(([, observation]) => findNet(net).reads.includes(observation.kind))
    .map(([name, observation]) => [`${net} on ${name}`, { net, netConfig: {}, observation, heads }] as const),
);

/** Nets with options that change what they compute. */
const variants: readonly (readonly [string, string, Record<string, unknown>])[] = [
  ['fastconv with strides', 'fastconv', { size: 4, stride: 2 }],
  ['conv with norms', 'conv', { norm: true }],
  ['mlp with norms and relu', 'mlp', { norm: true, activation: 'relu' }],
];

export const netCases: readonly (readonly [string, PolicyNetSpec])[] = [
  ...plainCases,
  ...variants.map(([name, net, netConfig]) => [name, { net, netConfig, observation: oblong, heads }] as const),
];

/** Parameters without structure: also biases, which are fresh zeros, get values. */
export function scramble(params: Params, rng: Rng): Params {
  return Object.fromEntries(
    Object.entries(params).map(([name, values]) => [name, values.map((value) => value + 0.2 * (rng.float() - 0.5))]),
  );
}
