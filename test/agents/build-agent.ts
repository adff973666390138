import { algorithmSchema } from '../../src/agents/algorithm.ts';
import { ppo } from '../../src/agents/ppo.ts';
import type { Agent, LearningRateScale } from '../../src/core/agent.ts';
import type { Algorithm, Teacher } from '../../src/agents/algorithm.ts';
import type { Game } from '../../src/core/game.ts';
import type { VecEnv } from '../../src/core/vec-env.ts';
import type { Engine } from '../../src/engine/types.ts';
import { envSpec, type EnvSpec } from '../../src/envs/env-id.ts';
import { createVecEnv } from '../../src/envs/vec-env.ts';
import { buildPolicyNet, type PolicyNet } from '../../src/nets/policy-net.ts';

export interface Options {
  readonly game: Game;
  readonly envOptions?: Record<string, unknown>;
  /** Default: PPO. Options that it does not have are left out. */
  readonly algorithm?: unknown;
  readonly config?: Record<string, unknown>;
  /** By default the one that fits the observation. */
  readonly net?: string;
  readonly netConfig?: Record<string, unknown>;
  readonly seed?: number;
  readonly totalTimesteps?: number;
  readonly learningRateScale?: LearningRateScale;
  /** For an algorithm that is taught: the teachers on this environment. */
  readonly teachers?: (spec: EnvSpec) => readonly Teacher[];
  /** Wraps the environment that the agent learns in. */
  readonly wrap?: (env: VecEnv) => VecEnv;
}

export interface Learner {
  readonly agent: Agent;
  readonly net: PolicyNet;
  readonly spec: EnvSpec;
}

/** Enough of a training to be quick: 8 environments x 16 steps. */
const SMALL = { numEnvs: 8, numSteps: 16, numMinibatches: 4, updateEpochs: 2 };

/** A learner on a game, with the net that fits its observation. */
export function buildLearner(engine: Engine, options: Options): Learner {
  const { game, envOptions, config, netConfig = {}, seed = 1, totalTimesteps = 10_000 } = options;
  const { learningRateScale = () => 1, wrap = (env) => env, teachers } = options;
  const spec = envSpec(game, envOptions);
  const algorithm = (options.algorithm ?? ppo) as Algorithm;
  const schema = algorithmSchema(algorithm, spec.observation.kind);
  const given = Object.entries({ ...SMALL, ...config }).filter(([name]) => name in schema.shape);
  const settled = schema.parse(Object.fromEntries(given));
  const net = buildPolicyNet({
    net: options.net ?? (spec.observation.kind === 'planes' ? 'conv' : 'mlp'),
    netConfig,
    observation: spec.observation,
    heads: algorithm.heads(spec.actionSet, settled),
    ...(algorithm.acting && { acting: algorithm.acting(settled) }),
  });
  const env = createVecEnv(spec, algorithm.numEnvs(settled), seed);
  env.reset();
  const context = { engine, env: wrap(env), net, params: net.init(seed), config: settled, seed };
  const schedule = { totalTimesteps, learningRateScale };
  return { agent: algorithm.create({ ...context, ...schedule, teachers: teachers?.(spec) }), net, spec };
}
