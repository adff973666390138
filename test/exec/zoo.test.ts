import { readFileSync, statSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { randomPlayer } from '../../src/agents/random-player.ts';
import { findEnv, games } from '../../src/envs/index.ts';
import { prepareTransfer } from '../../src/exec/api.ts';
import { evaluate } from '../../src/exec/evaluate.ts';
import { checkpointSource } from '../../src/live/run-matches.ts';
import { loadPolicy } from '../../src/play.ts';
import { evaluatePlayer } from '../../src/runs/evaluate.ts';
import { readSource, zooGames } from '../../src/runs/source.ts';

interface Card {
  readonly game: string;
  readonly frames: number;
  readonly seed: number;
  readonly sampled: [mean: number, low: number, high: number];
  readonly bytes: number;
}
const cards = JSON.parse(readFileSync('zoo/zoo.json', 'utf8')) as Card[];

describe('the zoo', () => {
  it('has a policy and a card for every game that is not a mix of others, 10 MB together', () => {
    const own = games.filter(({ remembers }) => !remembers);
    const ids = own.map(({ id }) => id).sort();
    expect(zooGames()).toEqual(ids);
    expect(cards.map(({ game }) => game).sort()).toEqual(ids);
    const sizes = ids.map((id) => statSync(`zoo/${id}.safetensors`).size);
    expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThan(10_000_000);
  });

  test.each(cards)('$game plays as its card says', async ({ game, frames, seed, sampled }) => {
    const episodes = 20;
    const { mean, info } = await evaluate({ player: `zoo:${game}`, policy: 'sampled', episodes, seed: 7 });
    expect(info).toMatchObject({ env: game, seed });
    expect(info?.step).toBeGreaterThanOrEqual(frames);
    // Twenty episodes say little: within half of the card's score, and on its side of chance.
    const spec = findEnv(game);
    const random = (await evaluatePlayer(spec, randomPlayer(1), episodes, 7)).mean;
    expect(Math.abs(mean - sampled[0])).toBeLessThan(0.5 * Math.abs(sampled[0] - random));
  });

  it('names the policies that there are', () => {
    expect(() => readSource('zoo:brekout')).toThrow(
      /unknown policy of the zoo "brekout" \(did you mean "breakout"\?\)/,
    );
  });

  it('can be the source of a transfer, be watched, and play in a game', async () => {
    const { task } = await prepareTransfer({ source: 'zoo:asterix', env: 'space-invaders' });
    expect(task.config).toMatchObject({ net: 'fastconv', transfer: { sourceInfo: { env: 'asterix' } } });
    const { name, bytes } = readSource('zoo:breakout');
    const match = checkpointSource(name, bytes);
    expect(await match.latest(-1)).toMatchObject({ bytes });
    expect(await match.latest(1e9)).toBeNull();
    expect(loadPolicy(bytes).info.env).toBe('breakout');
  });
});
