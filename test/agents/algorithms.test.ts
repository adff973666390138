import { beforeAll, describe, expect, it, test } from 'vitest';
import { actorMimic } from '../../src/agents/actor-mimic.ts';
import { dqn } from '../../src/agents/dqn.ts';
import { ppoHeads } from '../../src/agents/ppo.ts';
import { pqn } from '../../src/agents/pqn.ts';
import { UserError } from '../../src/core/errors.ts';
import type { Game } from '../../src/core/game.ts';
import { loadEngine } from '../../src/engine/index.ts';
import type { Engine } from '../../src/engine/types.ts';
import { breakout } from '../../src/envs/breakout.ts';
import { cartpole } from '../../src/envs/cartpole.ts';
import { mix } from '../../src/envs/mix.ts';
import { createVecEnv } from '../../src/envs/vec-env.ts';
import { buildPolicyNet } from '../../src/nets/policy-net.ts';
import { decodeState, encodeState } from '../../src/runs/state-codec.ts';
import { tag } from '../envs/two-player-games.ts';
import catchGame from '../learning/catch.ts';
import { buildLearner, type Options } from './build-agent.ts';

const SMALL_NET = { filters: 4, units: 16 };
const grid: Options = { game: catchGame as Game, netConfig: SMALL_NET };
// The pole falls in some episodes, the time limit cuts the others.
const features: Options = { game: cartpole as Game, envOptions: { maxSteps: 15 }, netConfig: { units: 8 } };
const gru: Options = { ...features, net: 'gru', config: { sequenceLength: 8 } };
const gpt: Options = {
  ...features,
  net: 'gpt',
  netConfig: { units: 8, heads: 2, depth: 2, window: 3 },
  config: { sequenceLength: 4 },
};
const replay = {
  algorithm: dqn,
  config: { epsilonFinal: 0.3, replaySize: 1000, learningStarts: 32, batchSize: 16, targetEvery: 5 },
};
// Each gradient step is slow there: fewer of them.
const sequences = { ...replay, config: { ...replay.config, sequenceLength: 4, burnIn: 2, stepsPerGradient: 16 } };
const mimic: Options = {
  game: mix as Game,
  envOptions: { asterix: false, freeway: false, seaquest: false, maxSteps: 20 },
  netConfig: SMALL_NET,
  algorithm: actorMimic,
  teachers: ({ observation, actionSet }) =>
    [0, 6].map((first) => {
      const heads = ppoHeads(actionSet.slice(first, first + 6));
      const net = buildPolicyNet({ net: 'conv', netConfig: SMALL_NET, observation, heads });
      return { net, params: net.init(first), actions: [0, 1, 2, 3, 4, 5].map((action) => first + action) };
    }),
};
const cases: [string, Options][] = [
  ['PPO on catch, with masks', grid],
  ['PPO on breakout, planes', { game: breakout as Game, netConfig: SMALL_NET }],
  ['PPO on cartpole, features', features],
  ['PPO with a recurrent net', gru],
  ['PPO with a transformer over frames', gpt],
  ['PQN on catch', { ...grid, algorithm: pqn }],
  ['PQN on cartpole', { ...features, algorithm: pqn }],
  ['PQN with a recurrent net', { ...gru, algorithm: pqn }],
  ['Actor-Mimic on a mix of two games', mimic],
  [
    'Actor-Mimic with a recurrent net',
    { ...mimic, net: 'gru', netConfig: { units: 8 }, config: { sequenceLength: 8 } },
  ],
  ['DQN on catch', { ...grid, ...replay }],
  [
    'DQN on cartpole, one step, plain',
    { ...features, ...replay, config: { ...replay.config, nStep: 1, double: false } },
  ],
  [
    'DQN on cartpole, dueling and prioritised',
    { ...features, ...replay, config: { ...replay.config, dueling: true, prioritized: true } },
  ],
  ['DQN with a recurrent net', { ...gru, ...sequences }],
  [
    'DQN with a transformer over frames, prioritised',
    { ...gpt, ...sequences, config: { ...sequences.config, prioritized: true } },
  ],
];
const QUICK = { numEnvs: 2, numSteps: 8, numMinibatches: 1, updateEpochs: 1 };

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine('wasm');
});

/** Updates, and what there is to compare of them. */
const updates = ({ agent }: ReturnType<typeof buildLearner>, count: number) =>
  Array.from({ length: count }, () => agent.update());

describe.each(cases)('%s', (_name, options) => {
  it('is the same to the last bit for the same seed, and another for another', { timeout: 240_000 }, () => {
    const run = (seed: number) => {
      const learner = buildLearner(engine, { ...options, seed });
      const reports = updates(learner, 4);
      const state = learner.agent.save();
      learner.agent.dispose();
      return { reports, state };
    };
    const first = run(1);
    expect(run(1)).toEqual(first);
    expect(run(2).reports).not.toEqual(first.reports);
  });

  it('goes on from a saved state, written and read, as if never interrupted', { timeout: 240_000 }, () => {
    const [through, before, after] = [1, 1, 1].map((seed) => buildLearner(engine, { ...options, seed }));
    const expected = updates(through, 5);
    updates(before, 2);
    const saved = before.agent.save();
    updates(before, 1);
    updates(after, 1);
    after.agent.load(decodeState(encodeState(saved), 'state'));
    expect(after.agent.updates).toBe(2);
    expect(after.agent.step).toBe(2 * after.agent.stepsPerUpdate);
    expect(updates(after, 3)).toEqual(expected.slice(2));
    expect(encodeState(after.agent.save())).toEqual(encodeState(through.agent.save()));
    for (const { agent } of [through, before, after]) agent.dispose();
  });

  it('leaves no tensors behind: as many after update 10 as after update 2', () => {
    const atStart = engine.tf.memory().numTensors;
    const learner = buildLearner(engine, { ...options, config: { ...options.config, ...QUICK } });
    updates(learner, 2);
    const { numTensors, numBytes } = engine.tf.memory();
    updates(learner, 8);
    learner.agent.save();
    learner.agent.params();
    expect(learner.agent.updates).toBe(10);
    expect(engine.tf.memory()).toMatchObject({ numTensors, numBytes });
    learner.agent.dispose();
    expect(engine.tf.memory().numTensors).toBe(atStart);
  });

  it('changes every tensor in an update', () => {
    const learner = buildLearner(engine, options);
    const before = learner.agent.params();
    updates(learner, 2);
    const after = learner.agent.params();
    for (const { name } of learner.net.tensors) expect(after[name], name).not.toEqual(before[name]);
    learner.agent.dispose();
  });

  it('plays alike for the same seed, and greedily always alike', () => {
    const learner = buildLearner(engine, options);
    updates(learner, 2);
    const play = (mode: 'greedy' | 'sampled', seed: number): number[] => {
      const env = createVecEnv(learner.spec, 4, 'play');
      const player = learner.agent.player(mode, seed);
      const actions = new Int32Array(4);
      const chosen: number[] = [];
      env.reset();
      for (let t = 0; t < 30; t++) {
        player.act(env, actions);
        chosen.push(...actions);
        env.step(actions);
      }
      return chosen;
    };
    expect(play('sampled', 1)).toEqual(play('sampled', 1));
    expect(play('sampled', 1)).not.toEqual(play('sampled', 2));
    expect(play('greedy', 1)).toEqual(play('greedy', 2));
    learner.agent.dispose();
  });
});

test.each([pqn, dqn])('$id refuses a game of two players', (algorithm) => {
  const start = () => buildLearner(engine, { game: tag as Game, net: 'mlp', algorithm });
  expect(start).toThrow(new UserError(`${algorithm.id} plays games of one player; tag has 2`));
});
