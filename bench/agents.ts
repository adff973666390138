/**
 * The reference results of docs/results/agents.md: every algorithm with its default recipe on every game, with fresh
 * seeds (1, 2, 3 …; the search of the defaults used 1001 and up). Two trainings at a time on two cores; what is done is
 * not done again, and a stopped training goes on where it was.
 *
 *     npx tsx bench/agents.ts ppo 5000000 1,2,3,4,5 [games]
 *     npx tsx bench/agents.ts report                           writes the tables and pictures from what is there
 *
 * Each training's policy then plays 100 episodes greedily and 100 sampled, cut at 10,000 steps.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { evaluate } from '../src/exec/evaluate.ts';
import { train } from '../src/exec/api.ts';
import { type AgentRow, type CurveFile, writeAgentReport } from './agents-report.ts';
import { answerJob, runJobs } from './jobs.ts';

const RESULTS = fileURLToPath(new URL('../docs/results/', import.meta.url));
const ROWS = `${RESULTS}agents.json`;
const GRID_GAMES = 'asterix,breakout,freeway,seaquest,space-invaders';
/** Points of a curve: the mean return of the training episodes that ended in each part. */
const POINTS = 50;

interface Job {
  readonly algorithm: string;
  readonly game: string;
  readonly frames: number;
  readonly seed: number;
}

interface Outcome {
  readonly row: AgentRow;
  readonly curve: (number | null)[];
}

async function run({ algorithm, game, frames, seed }: Job): Promise<Outcome> {
  const { folder, seconds } = await train({
    env: game,
    algorithm,
    totalTimesteps: frames,
    seed,
    threads: 1,
    evaluations: 1,
    evaluationEpisodes: 10,
    folder: `runs/bench/agents/${algorithm}-${game}-${frames}-${seed}`,
  });
  const play = (policy: 'greedy' | 'sampled') => evaluate({ player: folder, policy, episodes: 100, seed });
  const [greedy, sampled] = [await play('greedy'), await play('sampled')];
  const { net } = JSON.parse(readFileSync(`${folder}/config.json`, 'utf8')) as { net: string };
  return {
    row: {
      game,
      algorithm,
      net,
      frames,
      seed,
      greedyMean: greedy.mean,
      sampledMean: sampled.mean,
      episodes: 100,
      wallSeconds: Math.round(seconds),
    },
    curve: curveOf(`${folder}/metrics.jsonl`, frames),
  };
}

function curveOf(file: string, frames: number): (number | null)[] {
  const sums = Array.from({ length: POINTS }, () => ({ sum: 0, count: 0 }));
  for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
    const { step, episodes, episodeReturn } = JSON.parse(line) as Record<string, number>;
    const point = sums[Math.min(POINTS - 1, Math.floor((POINTS * (step - 1)) / frames))];
    if (!episodes) continue;
    point.sum += episodes * episodeReturn;
    point.count += episodes;
  }
  return sums.map(({ sum, count }) => (count === 0 ? null : Number((sum / count).toFixed(2))));
}

const read = <T>(file: string, otherwise: T): T =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : otherwise;

/** Adds one training's results to the files. */
function keep({ row, curve }: Outcome): void {
  mkdirSync(`${RESULTS}curves`, { recursive: true });
  const rows = [...read<AgentRow[]>(ROWS, []), row].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  writeFileSync(ROWS, `[\n${rows.map((entry) => `  ${JSON.stringify(entry)}`).join(',\n')}\n]\n`);
  const file = `${RESULTS}curves/${row.algorithm}-${row.game}.json`;
  const curves = read<CurveFile>(file, { frames: row.frames, returns: {} });
  curves.returns[row.seed] = curve;
  writeFileSync(file, `${JSON.stringify(curves)}\n`);
}

const orderOf = ({ algorithm, game, frames, seed }: Job): string => [algorithm, game, frames, 1000 + seed].join(' ');

async function runAll(algorithm: string, frames: number, seeds: number[], games: string[]): Promise<void> {
  const done = new Set(read<AgentRow[]>(ROWS, []).map(orderOf));
  const jobs = seeds.flatMap((seed) => games.map((game): Job => ({ algorithm, game, frames, seed })));
  await runJobs(
    import.meta.url,
    jobs.filter((job) => !done.has(orderOf(job))),
    ({ game, seed }, outcome: Outcome) => {
      keep(outcome);
      const { greedyMean, sampledMean, wallSeconds } = outcome.row;
      const scores = `greedy ${greedyMean.toFixed(1)}, sampled ${sampledMean.toFixed(1)}`;
      console.log(`${algorithm} ${game} ${seed}: ${scores}, ${wallSeconds} s`);
    },
  );
}

await answerJob(run);
const [algorithm, frames, seeds, games = GRID_GAMES] = process.argv.slice(2);
if (algorithm !== 'report') await runAll(algorithm, Number(frames), seeds.split(',').map(Number), games.split(','));
writeAgentReport(RESULTS, read<AgentRow[]>(ROWS, []));
