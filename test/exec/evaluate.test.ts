import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, test } from 'vitest';
import { ppoHeads } from '../../src/agents/ppo.ts';
import { scriptedGames, scriptedPlayer } from '../../src/agents/scripted-player.ts';
import { randomPlayer } from '../../src/agents/random-player.ts';
import { UserError } from '../../src/core/errors.ts';
import type { Game } from '../../src/core/game.ts';
import { findEnv, games, registerGame } from '../../src/envs/index.ts';
import { evaluate } from '../../src/exec/evaluate.ts';
import { buildPolicyNet } from '../../src/nets/policy-net.ts';
import { encodeCheckpoint } from '../../src/runs/checkpoint.ts';
import { evaluatePlayer } from '../../src/runs/evaluate.ts';
import { parseReplay, playReplay, type Replay } from '../../src/runs/replay.ts';
import { nim } from '../envs/two-player-games.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-evaluate-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(scriptedGames())('the script of %s plays far better than chance', async (id) => {
  const spec = findEnv(id);
  const [scripted, random] = [
    await evaluatePlayer(spec, scriptedPlayer(spec), 50, 3),
    await evaluatePlayer(spec, randomPlayer(1), 50, 3),
  ];
  // Random play never ends mountaincar, whose returns are negative: at −200.
  const least = random.mean < 0 ? random.mean * 0.7 : random.mean * 5;
  expect(scripted.mean).toBeGreaterThan(least);
});

it('has a script for every game that is not a mix of others, and refuses others by name', () => {
  const own = games.filter(({ remembers }) => !remembers);
  expect(scriptedGames().sort()).toEqual(own.map(({ id }) => id).sort());
  expect(() => scriptedPlayer({ id: 'chess' })).toThrow(
    new UserError(`there is no script for "chess"; valid: ${scriptedGames().join(', ')}`),
  );
});

test('a script refuses planes that it does not know', async () => {
  const playing = evaluate({ player: 'scripted', env: 'breakout?observation=canonical', episodes: 1 });
  await expect(playing).rejects.toThrow('unknown channel in a script "paddle"; valid: self, self-part, threat,');
});

test('scripted and random players are evaluated by name', async () => {
  const scripted = await evaluate({ player: 'scripted', env: 'cartpole', episodes: 20 });
  expect(scripted).toMatchObject({ policy: 'scripted', env: 'cartpole', episodes: 20, info: null });
  expect(scripted.mean).toBeGreaterThan(400);
  expect(scripted.returns).toHaveLength(20);
  await expect(evaluate({ player: 'scripted' })).rejects.toThrow('the scripted player needs an env: --env breakout');
});

test.each(['breakout', 'cartpole'])('a replay of %s plays every episode again', async (env) => {
  const { replay, returns, lengths } = await evaluate({ player: 'random', env, episodes: 5, seed: 4, record: true });
  const again = parseReplay(JSON.stringify(replay), 'file');
  expect(again.episodes.map((episode) => episode.return)).toEqual(returns);
  let steps = 0;
  playReplay(again, () => steps++);
  expect(steps).toBe(Math.max(...lengths));
});

test('a replay that plays out otherwise, or is none, is refused', async () => {
  const { replay } = await evaluate({ player: 'random', env: 'breakout', episodes: 2, record: true });
  const [first, ...others] = (replay as Replay).episodes;
  const changed = { ...(replay as Replay), episodes: [{ ...first, return: first.return + 1 }, ...others] };
  expect(() => playReplay(changed)).toThrow(
    'the replay plays out differently: it was changed, or the rules of breakout were, and not its revision, 1',
  );
  const later = { ...changed, gameRevision: 2 };
  expect(() => playReplay(later)).toThrow(/differently: recorded with revision 2 of breakout, this is 1$/);
  registerGame(nim as Game);
  await expect(evaluate({ player: 'random', env: 'nim', record: true })).rejects.toThrow(
    new UserError("nim can't be recorded: a replay is of one player, not 2"),
  );
  expect(() => parseReplay('{}', 'x.json')).toThrow(new UserError('x.json is not a replay (format ngplus-replay/1)'));
});

test('a policy of a mix plays one of its games by the rows of that game', async () => {
  const [both, one] = ['', '&breakout=false'].map(
    (more) => `mix?freeway=false&seaquest=false&space-invaders=false${more}`,
  );
  const netOf = (env: string) => {
    const { observation, actionSet } = findEnv(env);
    return buildPolicyNet({ net: 'mlp', netConfig: { units: 16 }, observation, heads: ppoHeads(actionSet) });
  };
  const params = netOf(both).init(1);
  params['heads/policy/kernel'] = params['heads/policy/kernel'].map((value) => 1000 * value);
  const cut = {
    ...params,
    'heads/policy/kernel': params['heads/policy/kernel'].filter((_, i) => i % 12 >= 6),
    'heads/policy/bias': params['heads/policy/bias'].slice(6),
  };
  const save = (name: string, env: string, values: typeof params): string => {
    const file = join(folder, `${name}.safetensors`);
    const info = { env, gameRevision: 1, algorithm: 'ppo', step: 0, seed: 1 };
    writeFileSync(file, encodeCheckpoint(netOf(env), values, info));
    return file;
  };
  const [whole, alone] = [save('both', both, params), save('one', one, cut)];
  const played = { env: one, episodes: 10, backend: 'wasm' } as const;
  const [got, wanted] = [await evaluate({ ...played, player: whole }), await evaluate({ ...played, player: alone })];
  expect(got.lengths).toEqual(wanted.lengths);
  expect(got.returns).toEqual(wanted.returns);
  await expect(evaluate({ ...played, player: alone, env: both })).rejects.toThrow(/can't play .*other observations or/);
});
