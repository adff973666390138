import { findEnv } from '../../src/envs/index.ts';
import { buildPolicyNet } from '../../src/nets/policy-net.ts';
import { encodeCheckpoint } from '../../src/runs/checkpoint.ts';

/** The checkpoint file of an untrained policy for this environment. */
export function freshPolicy(env: string, step: number, seed = 0): Uint8Array {
  const { id, observation, actionSet, game } = findEnv(env);
  const net = buildPolicyNet({
    net: observation.kind === 'planes' ? 'conv' : 'mlp',
    netConfig: {},
    observation,
    heads: [
      { name: 'policy', axis: { kind: 'action', labels: actionSet }, gain: 3 },
      { name: 'value', axis: { kind: 'value', size: 1 }, gain: 1 },
    ],
  });
  const info = { env: id, gameRevision: game.revision, algorithm: 'ppo', step, seed };
  return encodeCheckpoint(net, net.init(seed), info);
}
