/**
 * The zoo: of each game the PPO policy of the reference results that did best, sampled, copied from its run folder, and
 * its model card (docs/zoo.md, zoo/zoo.json). The scores of the cards are of episodes that the choice did not use.
 *
 *     npx tsx bench/zoo.ts
 */
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { evaluate } from '../src/exec/evaluate.ts';
import { checkpointFiles } from '../src/runs/source.ts';
import type { AgentRow } from './agents-report.ts';

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
/** Of the episodes on the cards; the results used the trainings' seeds. */
const CARD_SEED = 100;

const rows = (JSON.parse(readFileSync(at('docs/results/agents.json'), 'utf8')) as AgentRow[]).filter(
  ({ algorithm }) => algorithm === 'ppo',
);
mkdirSync(at('zoo'), { recursive: true });
const cards = [];
for (const game of new Set(rows.map((row) => row.game))) {
  const best = rows.filter((row) => row.game === game).reduce((a, b) => (b.sampledMean > a.sampledMean ? b : a));
  const { frames, seed, net } = best;
  const folder = at(`runs/bench/agents/ppo-${game}-${frames}-${seed}`);
  const file = at(`zoo/${game}.safetensors`);
  copyFileSync(checkpointFiles(folder).at(-1) as string, file);
  const play = (policy: 'greedy' | 'sampled') => evaluate({ player: file, policy, episodes: 100, seed: CARD_SEED });
  const [greedy, sampled] = [await play('greedy'), await play('sampled')];
  cards.push({
    game,
    algorithm: 'ppo',
    net,
    frames,
    seed,
    greedy: [greedy.mean, greedy.low, greedy.high],
    sampled: [sampled.mean, sampled.low, sampled.high],
    bytes: statSync(file).size,
    train: `ngplus train ${game} --total-timesteps ${frames} --seed ${seed}`,
  });
}
writeFileSync(at('zoo/zoo.json'), `${JSON.stringify(cards, null, 2)}\n`);
const score = ([mean, low, high]: number[]): string => `${mean.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`;
const lines = cards.map(
  ({ game, net, frames, seed, greedy, sampled, bytes, train }) =>
    `| \`zoo:${game}\` | ${net} | ${frames / 1e6}M | ${seed} | ${score(greedy)} | ${score(sampled)} | ${Math.round(bytes / 1000)} kB | \`${train}\` |`,
);
const page = at('docs/zoo.md');
writeFileSync(
  page,
  readFileSync(page, 'utf8').replace(
    /<!-- cards -->[\s\S]*<!-- \/cards -->/,
    `<!-- cards -->\n\n| policy | net | frames | seed | greedy | sampled | size | trained by |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n${lines.join('\n')}\n\n<!-- /cards -->`,
  ),
);
