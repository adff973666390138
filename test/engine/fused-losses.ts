import { createLearner } from '../../src/agents/learner.ts';
import { ppo, ppoLoss, type PpoConfig, ppoHeads } from '../../src/agents/ppo.ts';
import type { Named } from '../../src/core/game.ts';
import { createRng } from '../../src/core/rng.ts';
import type { Engine } from '../../src/engine/types.ts';
import { buildPolicyNet } from '../../src/nets/policy-net.ts';

const named = (count: number): Named[] => Array.from({ length: count }, (_, i) => ({ name: `${i}`, roles: ['self'] }));

/** The PPO losses, in single precision, of some steps of a conv net on fixed random samples. */
export function fusedLosses(engine: Engine, steps: number): number[] {
  const size = 64;
  const net = buildPolicyNet({
    net: 'conv',
    netConfig: {},
    observation: { kind: 'planes', height: 10, width: 10, channels: named(4) },
    heads: ppoHeads(named(6)),
  });
  const rng = createRng(5, 'fused losses');
  const draw = (): Float32Array => Float32Array.from({ length: size }, () => rng.float() - 0.5);
  const learner = createLearner({
    engine,
    net,
    params: net.init(1),
    store: size,
    minibatch: size,
    rows: size,
    threads: 1,
  });
  for (let i = 0; i < learner.store.length; i++) learner.store[i] = Number(rng.float() < 0.1);
  const indices = Int32Array.from({ length: size }, (_, i) => i);
  const actions = Int32Array.from({ length: size }, () => rng.int(0, 6));
  const logProbs = draw().map((value) => value - Math.log(6));
  const loss = ppoLoss(ppo.schema.parse({}) as PpoConfig, {
    actions,
    legal: null,
    logProbs,
    advantages: draw(),
    returns: draw(),
  });
  const losses = Array.from({ length: steps }, () =>
    Math.fround(learner.minimize(indices, loss, () => 1e-3, 0.5).loss),
  );
  learner.dispose();
  return losses;
}
