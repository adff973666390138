import { findEnv } from '../../src/envs/index.ts';
import { buildPolicyNet } from '../../src/nets/policy-net.ts';
import { encodeCheckpoint } from '../../src/runs/checkpoint.ts';

/** The checkpoint file of an untrained policy for this environment: of action values, or of probabilities and a value. */
export function freshPolicy(
  env: string,
  step: number,
  seed = 0,
  { net: netId, acting }: { net?: string; acting?: 'values' } = {},
): Uint8Array {
  const { id, observation, actionSet, game } = findEnv(env);
  const action = { kind: 'action', labels: actionSet } as const;
  const net = buildPolicyNet({
    net: netId ?? (observation.kind === 'planes' ? 'conv' : 'mlp'),
    netConfig: {},
    observation,
    ...(acting === 'values'
      ? {
          heads: [{ name: 'q', axis: action, gain: 3 }],
          acting: { kind: 'epsilon-greedy', head: 'q', epsilon: 0.1 },
        }
      : {
          heads: [
            { name: 'policy', axis: action, gain: 3 },
            { name: 'value', axis: { kind: 'value', size: 1 }, gain: 1 },
          ],
        }),
  });
  const info = { env: id, gameRevision: game.revision, algorithm: 'ppo', step, seed };
  return encodeCheckpoint(net, net.init(seed), info);
}
