import { describe, expect, it } from 'vitest';
import type { Game, ObservationSpec } from '../../src/core/game.ts';
import { canonicalGame } from '../../src/envs/canonical.ts';
import { envSpec, type EnvSpec } from '../../src/envs/env-id.ts';
import { findEnv, findGame, games } from '../../src/envs/index.ts';
import { createVecEnv } from '../../src/envs/vec-env.ts';
import { playRandomly } from './play.ts';
import { tag } from './two-player-games.ts';

type Planes = Extract<ObservationSpec, { kind: 'planes' }>;
const planesOf = (spec: EnvSpec): Planes => spec.observation as Planes;
const planesGames = [...games.filter((game) => envSpec(game).observation.kind === 'planes'), tag as Game];

describe.each(planesGames.map((game) => [game.id, game] as const))('%s on canonical planes', (_id, game) => {
  const [own, canonical] = [envSpec(game), envSpec(game, { observation: 'canonical' })];
  const { channels } = planesOf(own);
  const roles = planesOf(canonical).channels.map(({ name }) => name);

  /** What canonical planes show of the game's own. */
  const expected = (obs: Uint8Array): number[] =>
    Array.from({ length: obs.length / channels.length }, (_, cell) =>
      roles.map((role) =>
        channels.some((channel, c) => channel.roles.includes(role) && obs[cell * channels.length + c] === 1) ? 1 : 0,
      ),
    ).flat();

  /** All that 400 steps of random play show. */
  const history = (spec: EnvSpec, see: (obs: Uint8Array) => number[]) => {
    const env = createVecEnv(spec, 2, 5);
    env.reset();
    const shown = [see(env.obs as Uint8Array)];
    playRandomly(env, 400, () => {
      const isOver = env.terminated.includes(1) || env.truncated.includes(1);
      shown.push([...env.rewards, ...env.terminated, ...see(env.obs as Uint8Array)]);
      if (isOver) shown.push(see(env.finalObs as Uint8Array));
    });
    return shown;
  };

  it('shows a cell where a channel with the role shows it, and plays the same', () => {
    expect(history(canonical, (obs) => [...obs])).toEqual(history(own, expected));
  });
});

it('is the same for all games of one board', () => {
  const ids = ['breakout', 'asterix', 'freeway', 'seaquest', 'space-invaders'];
  const specs = ids.map((id) => findEnv(`${id}?observation=canonical`));
  for (const { observation, actionSet } of specs) {
    expect(observation).toEqual(specs[0].observation);
    expect(actionSet).toEqual(specs[0].actionSet);
    expect(observation).toEqual(findEnv('mix').observation);
  }
  expect(specs[0].id).toBe('breakout?observation=canonical');
});

it('refuses what it cannot show', () => {
  const strange: Game = {
    ...findGame('breakout'),
    observation: () => ({ kind: 'planes', height: 1, width: 1, channels: [{ name: 'fog', roles: ['weather'] }] }),
  };
  expect(() => canonicalGame(strange, {})).toThrow(
    'breakout: the channel "fog" has no role with a canonical plane; those are self, self-part, threat,',
  );
});
