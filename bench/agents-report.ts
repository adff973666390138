// Tables and pictures of docs/results/agents.md, from agents.json and the curves beside it.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRng } from '../src/core/rng.ts';
import { aggregateScores } from '../src/stats/aggregate.ts';
import { mean } from '../src/stats/curve.ts';
import { linesChart } from './lines-chart.ts';

export interface AgentRow {
  readonly game: string;
  readonly algorithm: string;
  readonly net: string;
  readonly frames: number;
  readonly seed: number;
  readonly greedyMean: number;
  readonly sampledMean: number;
  readonly episodes: number;
  readonly wallSeconds: number;
}

/** Mean training returns of equal parts of a training, by seed; null where no episode ended. */
export interface CurveFile {
  readonly frames: number;
  readonly returns: Record<string, (number | null)[]>;
}

/** The replication's PPO (../FINDINGS of the project's start): conv16-fc128, 5M frames, greedy, three seeds. */
const REPLICATION: Record<string, number> = {
  asterix: 31.5,
  breakout: 25.9,
  freeway: 61.3,
  seaquest: 24.5,
  'space-invaders': 277,
};

/** Mean over seeds, with a 95 % bootstrap interval from four seeds on. */
function interval(values: number[]): string {
  const text = mean(values).toFixed(1);
  if (values.length < 4) return text;
  const { low, high } = aggregateScores(
    values.map((value) => [value]),
    { rng: createRng(0, 'agents'), resamples: 5000 },
  ).mean;
  return `${text} (${low?.toFixed(1)} to ${high?.toFixed(1)})`;
}

function groupsOf(rows: readonly AgentRow[]): AgentRow[][] {
  const groups = new Map<string, AgentRow[]>();
  for (const row of rows) {
    const key = [row.algorithm, row.game, row.frames].join(' ');
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()];
}

const million = (frames: number): string => `${frames / 1e6}M`;

interface Tried {
  readonly algorithm: string;
  readonly game: string;
  readonly frames: number;
  readonly candidate: Record<string, unknown>;
  readonly final: number;
  readonly greedy?: number;
}

/** The search's log as a table: the training return in the end, and the greedy mean where it was measured. */
function searchTable(log: string): string {
  const tried = log
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Tried);
  const games = [...new Set(tried.map(({ game }) => game))].sort();
  const keyOf = ({ algorithm, frames, candidate }: Tried): string =>
    [algorithm, million(frames), `\`${JSON.stringify(candidate).replaceAll('"', '').slice(1, -1)}\``].join(' | ');
  const cell = (there: readonly Tried[]): string => {
    if (there.length === 0) return '';
    const greedy = there.flatMap((row) => row.greedy ?? []);
    const values = [there.map(({ final }) => final), greedy].filter(({ length }) => length > 0);
    const seeds = there.length > 1 ? ` (${there.length} seeds)` : '';
    return `${values.map((each) => mean(each).toFixed(1)).join(' / ')}${seeds}`;
  };
  const lines = [...new Set(tried.map(keyOf))].sort().map((key) => {
    const cells = games.map((game) => cell(tried.filter((row) => row.game === game && keyOf(row) === key)));
    return `| ${[key, ...cells].join(' | ')} |`;
  });
  const head = ['algorithm', 'frames', 'candidate', ...games];
  return [`| ${head.join(' | ')} |`, `| ${head.map(() => '---').join(' | ')} |`, ...lines].join('\n');
}

const fill = (text: string, marker: string, content: string): string =>
  text.replace(
    new RegExp(`<!-- ${marker} -->[\\s\\S]*<!-- /${marker} -->`),
    `<!-- ${marker} -->\n\n${content}\n\n<!-- /${marker} -->`,
  );

/** Fills the tables of agents.md, and draws a picture for each game. */
export function writeAgentReport(folder: string, rows: readonly AgentRow[]): void {
  const lines = groupsOf(rows).map((group) => {
    const [{ game, algorithm, net, frames }] = group;
    const target = algorithm === 'ppo' && REPLICATION[game] ? String(REPLICATION[game]) : '';
    const cells = [
      game,
      algorithm,
      net,
      million(frames),
      group.length,
      interval(group.map((row) => row.greedyMean)),
      interval(group.map((row) => row.sampledMean)),
      target,
      group.map((row) => row.greedyMean.toFixed(1)).join(' '),
      Math.round(mean(group.map((row) => row.wallSeconds))),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const head = [
    'game',
    'algorithm',
    'net',
    'frames',
    'seeds',
    'greedy',
    'sampled',
    'replication',
    'greedy by seed',
    'seconds',
  ];
  const table = [`| ${head.join(' | ')} |`, `| ${head.map(() => '---').join(' | ')} |`, ...lines].join('\n');
  const file = `${folder}agents.md`;
  const text = readFileSync(file, 'utf8');
  const log = readFileSync(new URL('search-log.jsonl', import.meta.url), 'utf8');
  writeFileSync(file, fill(fill(text, 'table', table), 'search', searchTable(log)));
  for (const game of new Set(rows.map((row) => row.game))) {
    const algorithms = [...new Set(rows.filter((row) => row.game === game).map((row) => row.algorithm))];
    const series = algorithms.map((algorithm) => {
      const { frames, returns } = JSON.parse(
        readFileSync(`${folder}curves/${algorithm}-${game}.json`, 'utf8'),
      ) as CurveFile;
      return { name: algorithm, frames, runs: Object.values(returns) };
    });
    writeFileSync(`${folder}curves/${game}.svg`, linesChart(game, series));
  }
}
