import * as z from 'zod';
import type { Agent } from '../core/agent.ts';
import { createRng } from '../core/rng.ts';
import type { VecEnv } from '../core/vec-env.ts';
import { sampleRow } from '../nets/acting.ts';
import { type AgentContext, defineAlgorithm, type Teacher } from './algorithm.ts';
import { gather, gatherRows } from './arrays.ts';
import { createObserver, type Loss } from './learner.ts';
import { actionHead, type Lesson, lessonOptions, refuseMemory, softmaxRows, withLesson } from './lesson.ts';
import { onPolicyAgent } from './on-policy.ts';
import { ppoHeads, ppoOptions } from './ppo.ts';

const schema = ppoOptions.omit({ clipCoef: true, entCoef: true, vfCoef: true, scaleRewards: true }).extend({
  distillCoef: z.number().positive().max(1000).default(2).describe("weight of the teachers' cross-entropy"),
  distillTemperature: lessonOptions.shape.distillTemperature,
});

type ActorMimicConfig = z.output<typeof schema>;

/**
 * Several teachers, each of a game, become one student: it plays their games in turn by its own policy, and learns to do
 * as the teacher of the game would (Actor-Mimic, Parisotto et al. 2016, its policy regression alone; policy distillation, Rusu
 * et al. 2016). The value head learns the λ-returns of the student's own play, as PPO's does.
 */
export const actorMimic = defineAlgorithm({
  id: 'actor-mimic',
  revision: 1,
  summary: 'several teachers of different games distilled into one policy',
  schema,
  usesLearner: true,
  isTaught: true,
  carries: true,
  numEnvs: (config) => config.numEnvs,
  heads: ppoHeads,
  create: createActorMimic,
});

/**
 * The loss of `B` samples: ½ mean (V − R)² + distillCoef · mean cross-entropy of the lesson. Diagnostics:
 * `[teacherEntropy, valueLoss, distillLoss]`: the cross-entropy can't get below the teachers' own. `returns`: `[B]`.
 */
export function actorMimicLoss(distillCoef: number, lesson: Lesson, returns: Float32Array): Loss {
  const entropy = lesson.probabilities.reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0) / returns.length;
  return withLesson(valueLoss(returns, [entropy]), lesson, returns.length, distillCoef);
}

/** `diagnostics` are handed through. */
const valueLoss = (returns: Float32Array, diagnostics: number[]): Loss => ({
  tensors(tf, { value }) {
    const errors = tf.sub(tf.squeeze(value, [1]), tf.tensor1d(returns));
    return {
      loss: tf.mul(0.5, tf.mean(tf.square(errors))),
      diagnostics: diagnostics.map((diagnostic) => tf.scalar(diagnostic)),
    };
  },
  gradients({ value }, gradients) {
    for (const values of Object.values(gradients)) values.fill(0);
    let squares = 0;
    for (let i = 0; i < returns.length; i++) {
      const error = value[i] - returns[i];
      squares += error * error;
      gradients.value[i] = error / returns.length;
    }
    return { loss: (0.5 * squares) / returns.length, diagnostics };
  },
});

function createActorMimic(context: AgentContext<ActorMimicConfig>): Agent {
  const { env, config, seed, teachers = [] } = context;
  refuseMemory(actorMimic.id, ...teachers.map(({ net }) => net));
  const numActions = env.actions.length;
  const actionRng = createRng(seed, 'actions');
  const probabilities = new Float32Array(config.numEnvs * config.numSteps * numActions);
  const ask = teachers.map((teacher) => lessons(teacher, context));
  return onPolicyAgent(
    // The games that are mixed scale their own rewards.
    { ...context, config: { ...config, scaleRewards: false } },
    {
      id: actorMimic.id,
      lambda: config.gaeLambda,
      actionRng,
      decide({ policy }, e, at) {
        // All environments show what is to be decided on: the teachers look at it once.
        if (e === 0) for (const { teach } of ask) teach(env, probabilities.subarray(at * numActions));
        return sampleRow(policy, e, numActions, env.legal, actionRng).action;
      },
      valueOf: ({ value }, e) => value[e],
      loss({ legal, returns }, indices) {
        const rows = (values: Float32Array | Uint8Array): Float32Array =>
          gatherRows(values, indices, numActions, new Float32Array(indices.length * numActions));
        const lesson = {
          head: 'policy',
          temperature: 1,
          probabilities: rows(probabilities),
          legal: legal && rows(legal),
        };
        return actorMimicLoss(config.distillCoef, lesson, gather(returns, indices));
      },
      diagnostics: ['teacherEntropy', 'valueLoss', 'distillLoss'],
      dispose: () => ask.forEach(({ dispose }) => dispose()),
    },
  );
}

/** What a teacher would do in the environments that play its game. */
function lessons(
  { net, params, actions }: Teacher,
  { engine, env, config }: Pick<AgentContext<ActorMimicConfig>, 'engine' | 'env' | 'config'>,
) {
  const { numEnvs, obsSize } = env;
  const numActions = env.actions.length;
  const { head, temperature } = actionHead(net, config.distillTemperature);
  const observer = createObserver({ engine, net, params, rows: numEnvs });
  const looked = env.obs.slice();
  return {
    /** Writes their rows of `probabilities [numEnvs, actions]`. */
    teach({ obs, legal }: VecEnv, probabilities: Float32Array): void {
      const playing = Int32Array.from(
        [...Array(numEnvs).keys()].filter((e) => legal[e * numActions + actions[0]] === 1),
      );
      if (playing.length === 0) return;
      const seen = gatherRows(obs, playing, obsSize, looked).subarray(0, playing.length * obsSize);
      const wanted = softmaxRows(observer.outputs(seen, playing.length)[head], actions.length, temperature);
      playing.forEach((e, row) => {
        probabilities.fill(0, e * numActions, (e + 1) * numActions);
        actions.forEach((action, a) => (probabilities[e * numActions + action] = wanted[row * actions.length + a]));
      });
    },
    dispose: () => observer.dispose(),
  };
}
