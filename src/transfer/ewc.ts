import * as z from 'zod';
import { createLearner, createObserver, type LearnerOptions } from '../agents/learner.ts';
import { actionHead, crossEntropy, refuseMemory, softmaxRows } from '../agents/lesson.ts';
import { netPlayer } from '../agents/net-player.ts';
import { observationArray } from '../core/game.ts';
import { createRng, type Rng } from '../core/rng.ts';
import type { Params } from '../core/tensors.ts';
import { type Actor, defineMethod, isHead } from './method.ts';
import { pulled, times } from './pull.ts';

/** The source's policy is watched in so many environments of its own game, and a sample taken every so many steps. */
const ENVS = 16;
const STRIDE = 8;

/**
 * What came from the source is pulled back to its values there, each as much as the source's policy depends on it: elastic weight
 * consolidation (Kirkpatrick et al. 2017), with the diagonal of the policy's Fisher information on the source's game.
 */
export const ewc = defineMethod({
  id: 'ewc',
  summary: "every layer learns, what the source's policy depends on is pulled back to the source",
  schema: z.object({
    ewcStrength: z
      .number()
      .min(0)
      .max(1e6)
      .default(0.1)
      .describe('strength λ of the pull to the source, for a value of mean importance'),
    ewcSamples: z
      .int()
      .min(16)
      .max(4096)
      .default(1024)
      .describe("steps of the source's game that importance is measured on"),
  }),
  scale: () => 1,
  describe: ({ ewcStrength }) => `what came from the source pulled by importance x ${ewcStrength}`,
  check: (_net, { source }) => refuseMemory('ewc', source().net),
  learner({ ewcStrength, ewcSamples }, inner, { boundary, source, toTarget, options, seed }) {
    const actor = source();
    const seen = watch(actor, options.engine, ewcSamples, seed);
    const fisher = toTarget(diagonalFisher(actor, options.engine, seen, createRng(seed, 'fisher')));
    return pulled(inner, boundary.params, times(fisher, ewcStrength / meanOfTaken(fisher, boundary.taken)));
  },
});

/** What the policy meets in its own play. */
interface Seen {
  /** `[count, obsSize]` */
  readonly observations: Uint8Array | Float32Array;
  /** `[count, actions]`: 1 for legal actions; null where every action was legal. */
  readonly legal: Float32Array | null;
}

function watch(actor: Actor, engine: Engine, count: number, seed: number): Seen {
  const { net, params } = actor;
  const envs = actor.envs(ENVS);
  const { obsSize } = envs;
  const numActions = envs.actions.length;
  const observer = createObserver({ engine, net, params, rows: ENVS });
  const player = netPlayer(net, observer.outputs, 'sampled', `${seed}/fisher`);
  const actions = new Int32Array(ENVS);
  const observations = observationArray(envs.observation, count);
  const legal = new Float32Array(count * numActions);
  for (let step = 0, taken = 0; taken < count; step++) {
    if (step % STRIDE === 0) {
      const rows = Math.min(ENVS, count - taken);
      observations.set(envs.obs.subarray(0, rows * obsSize), taken * obsSize);
      legal.set(envs.legal.subarray(0, rows * numActions), taken * numActions);
      taken += rows;
    }
    player.act(envs, actions);
    envs.step(actions);
  }
  observer.dispose();
  return { observations, legal: legal.includes(0) ? legal : null };
}

type Engine = LearnerOptions['engine'];

/** So small that no parameter moves, but not 0, which would freeze it. */
const STILL = 1e-30;

/**
 * The mean of (∂ log π(a) / ∂ θ)² over observations `[count, obsSize]`, with legal actions drawn from π, up to a factor: Adam's second
 * moment is just that when each minibatch is one sample. It forgets slowly: of more than some thousand samples the last count.
 * Heads that the policy does not act by have none.
 */
export function diagonalFisher(
  { net, params }: Pick<Actor, 'net' | 'params'>,
  engine: Engine,
  { observations, legal }: Seen,
  rng: Rng,
): Params {
  const obsSize = net.obsShape.reduce((product, side) => product * side, 1);
  const count = observations.length / obsSize;
  const { head, temperature } = actionHead(net, 1);
  const learner = createLearner({ engine, net, params, store: count, minibatch: 1, rows: 1, threads: 1 });
  learner.store.set(observations);
  const stages = new Map(net.tensors.map(({ name, stage }) => [name, stage]));
  const rate = (name: string): number => {
    const stage = stages.get(name) as string;
    return isHead(stage) && stage !== `heads/${head}` ? 0 : STILL;
  };
  for (let i = 0; i < count; i++) {
    const scores = learner.outputs(observations.subarray(i * obsSize, (i + 1) * obsSize), 1)[head];
    const own = legal && legal.subarray(i * scores.length, (i + 1) * scores.length);
    const probabilities = oneDrawn(softmaxRows(scores, scores.length, temperature, own), rng);
    learner.minimize(
      Int32Array.of(i),
      crossEntropy({ head, temperature, probabilities, legal: own }, 1),
      rate,
      Infinity,
    );
  }
  const { v } = learner.save();
  learner.dispose();
  return v;
}

/** 1 for one action, drawn by the probabilities, 0 for the others. */
function oneDrawn(probabilities: Float32Array, rng: Rng): Float32Array {
  let left = rng.float();
  const drawn = probabilities.findIndex((probability) => (left -= probability) < 0);
  const out = new Float32Array(probabilities.length);
  out[drawn < 0 ? out.length - 1 : drawn] = 1;
  return out;
}

/** Infinite where there is nothing to take the mean of. */
function meanOfTaken(fisher: Params, taken: Params): number {
  const total = (params: Params): number =>
    Object.values(params).reduce((sum, values) => values.reduce((more, value) => more + value, sum), 0);
  return total(fisher) / total(taken) || Infinity;
}
