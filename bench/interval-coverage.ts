/**
 * How often does a 95 % interval of the ratio hold the true ratio, with few seeds an arm? Draws gains over random play
 * from populations with a known ratio and counts: `npx tsx bench/interval-coverage.ts [SIMULATIONS] [RESAMPLES]`.
 * Each cell: coverage in percent, then the median width of the interval. BCa (Efron 1987) stands here for comparison.
 * A second table does the same for whole comparisons of learning curves, with a quarter of the simulations; a third
 * counts false decisions: both arms drawn from one population, how often does the interval miss a ratio of 1, and how
 * often does the comparison say "helped" or "hurt" (half of the simulations)?
 */
import { type Rng, createRng, normal } from '../src/core/rng.ts';
import { type Groups, bootstrap, quantile } from '../src/stats/bootstrap.ts';
import { type ComparisonMetrics, compareArms } from '../src/stats/compare.ts';
import { type Arm, mean } from '../src/stats/curve.ts';
import { normalCdf, normalQuantile } from '../src/stats/distributions.ts';

interface Population {
  readonly mean: number;
  draw(rng: Rng): number;
}

const gaussian = (m: number, sd: number): Population => ({ mean: m, draw: (rng) => m + sd * normal(rng) });
/** Skewed: a few runs do much better. */
const skewed = (m: number, s: number): Population => ({
  mean: m,
  draw: (rng) => m * Math.exp(s * normal(rng) - (s * s) / 2),
});
/** A share of the runs gets stuck at a fifth of what the others reach. */
const stuck = (share: number): Population => ({
  mean: 1 - 0.8 * share,
  draw: (rng) => (rng.float() < share ? 0.2 : 1) * (1 + 0.1 * normal(rng)),
});

const CASES: [name: string, scratch: Population, transfer: Population][] = [
  ['normal, deviations 0.2 and 0.2', gaussian(1, 0.2), gaussian(1, 0.2)],
  ['normal, 0.1 and 0.6, ratio 1.5', gaussian(1, 0.1), gaussian(1.5, 0.6)],
  ['normal, 0.4 and 0.15, ratio 1.5', gaussian(1, 0.4), gaussian(1.5, 0.15)],
  ['log-normal, 0.5 and 0.5', skewed(1, 0.5), skewed(1, 0.5)],
  ['log-normal, 0.2 and 0.6', skewed(1, 0.2), skewed(1, 0.6)],
  ['a fifth of all runs stuck', stuck(0.2), stuck(0.2)],
  ['half of scratch stuck, ratio 1.67', stuck(0.5), gaussian(1, 0.1)],
];

type Interval = readonly [low: number, high: number];
const ratio = ([scratch, transfer]: Groups<number>) => {
  const gain = mean(scratch);
  return { ratio: gain > 0 ? mean(transfer) / gain : Infinity };
};

function ours(method: 'percentile' | 'expanded') {
  return (groups: Groups<number>, resamples: number, rng: Rng): Interval => {
    const { low, high } = bootstrap(groups, ratio, { level: 0.95, resamples, rng, method }).ratio;
    return [low ?? -Infinity, high ?? Infinity];
  };
}

/** Bias-corrected and accelerated (Efron 1987), acceleration by the jackknife over both arms. */
function bca(groups: Groups<number>, resamples: number, rng: Rng): Interval {
  const whole = ratio(groups).ratio;
  const again = () => ratio(groups.map((group) => group.map(() => group[rng.int(0, group.length)]))).ratio;
  const draws = Float64Array.from({ length: resamples }, again).sort();
  const below = draws.filter((draw) => draw < whole).length / resamples;
  const bias = normalQuantile(Math.min(1 - 1 / resamples, Math.max(1 / resamples, below)));
  const influence = groups.flatMap((group, g) => {
    const left = group.map(
      (_, i) => ratio(groups.map((own, h) => (h === g ? own.filter((__, j) => j !== i) : own))).ratio,
    );
    return left.map((value) => mean(left) - value);
  });
  const sum = (power: number) => influence.reduce((total, value) => total + value ** power, 0);
  // Not known where the ratio is infinite without one of the runs.
  const acceleration = Number.isFinite(sum(3)) && sum(2) > 0 ? sum(3) / (6 * sum(2) ** 1.5) : 0;
  const adjusted = (z: number) => normalCdf(bias + (bias + z) / (1 - acceleration * (bias + z)));
  return [quantile(draws, adjusted(-1.96)), quantile(draws, adjusted(1.96))];
}

const METHODS = { percentile: ours('percentile'), BCa: bca, expanded: ours('expanded') };

function coverage(method: keyof typeof METHODS, runs: number, scratch: Population, transfer: Population): string {
  const truth = transfer.mean / scratch.mean;
  const rng = createRng(1, 'coverage', runs);
  const sample = (population: Population) => Array.from({ length: runs }, () => population.draw(rng));
  let held = 0;
  const widths = Array.from({ length: simulations }, (_, i) => {
    const groups = [sample(scratch), sample(transfer)];
    const [low, high] = METHODS[method](groups, resamples, createRng(i, 'resample'));
    if (low <= truth && truth <= high) held++;
    return high - low;
  });
  const middle = widths.sort((a, b) => a - b)[simulations >> 1];
  return `${((100 * held) / simulations).toFixed(1)} (${middle.toFixed(2)})`;
}

/** Whole comparisons of noisy saturating curves, whose tops vary by seed; the truth is that of very many runs. */
const METRICS = [
  'ratio',
  'stepsRatio',
  'jumpstart',
  'asymptote',
  'timeDifference',
  'probabilityOfImprovement',
] as const;
type Metric = (typeof METRICS)[number];

function learningArm(runs: number, pace: number, start: number, rng: Rng): Arm {
  const steps = Array.from({ length: 21 }, (_, i) => i * 10_000);
  const curve = (seed: number) => {
    const [top, own] = [7 * Math.exp(0.2 * normal(rng)), pace * Math.exp(0.2 * normal(rng))];
    const at = (step: number) => start + (top - start) * (1 - Math.exp(-step / own)) + 0.3 * normal(rng);
    return { seed, steps, returns: steps.map(at) };
  };
  return { label: 'arm', curves: Array.from({ length: runs }, (_, seed) => curve(seed)) };
}

function comparison(runs: number, transferPace: number, rng: Rng, seed: number, times: number): ComparisonMetrics {
  const scratch = learningArm(runs, 80_000, 0.5, rng);
  const transfer = learningArm(runs, transferPace, 1, rng);
  return compareArms({ scratch, transfer, random: 0.5, sourceSteps: 0, resamples: times, seed }).metrics;
}

/** Averages over twenty comparisons of 200 runs an arm. */
function trueValues(transferPace: number): Record<Metric, number> {
  const rng = createRng(3, 'truth');
  const large = Array.from({ length: 20 }, () => comparison(200, transferPace, rng, 0, 1));
  const average = (name: Metric) => mean(large.map((metrics) => metrics[name].value!));
  return Object.fromEntries(METRICS.map((name) => [name, average(name)])) as Record<Metric, number>;
}

function curveCoverage(runs: number, transferPace: number, truth: Record<Metric, number>): string[] {
  const rng = createRng(2, 'curves', runs);
  const all = Array.from({ length: simulations / 4 }, (_, i) => comparison(runs, transferPace, rng, i, resamples));
  return METRICS.map((name) => {
    const value = truth[name];
    const held = all.filter(({ [name]: { low, high } }) => (low ?? -Infinity) <= value && value <= (high ?? Infinity));
    return ((100 * held.length) / all.length).toFixed(1);
  });
}

/** Flat curves, normal with a deviation of a fifth of the mean, random play at 0: all that differs is chance. */
function falseDecisions(runs: number): string[] {
  const rng = createRng(4, 'null', runs);
  const curve = (seed: number) => {
    const value = 1 + 0.2 * normal(rng);
    return { seed, steps: [0, 1], returns: [value, value] };
  };
  const arm = (): Arm => ({ label: 'arm', curves: Array.from({ length: runs }, (_, seed) => curve(seed)) });
  const all = Array.from({ length: simulations / 2 }, (_, seed) =>
    compareArms({ scratch: arm(), transfer: arm(), random: 0, sourceSteps: 0, resamples, seed }),
  );
  const misses = all.filter(({ metrics: { ratio } }) => (ratio.low ?? 0) > 1 || (ratio.high ?? Infinity) < 1);
  const decided = all.filter(({ outcome }) => outcome !== 'unclear');
  return [misses, decided].map(({ length }) => ((100 * length) / all.length).toFixed(1));
}

const simulations = Number(process.argv[2] ?? 2000);
const resamples = Number(process.argv[3] ?? 1000);
const methods = Object.keys(METHODS) as (keyof typeof METHODS)[];
console.log(
  `| seeds an arm | gains over random play | ${methods.join(' | ')} |\n|---|---|${methods.map(() => '---|').join('')}`,
);
for (const runs of [2, 3, 4, 5, 10, 30]) {
  for (const [name, scratch, transfer] of CASES) {
    const cells = methods.map((method) => coverage(method, runs, scratch, transfer));
    console.log(`| ${runs} | ${name} | ${cells.join(' | ')} |`);
  }
}

console.log(
  `\n| seeds an arm | learning from scratch takes | ${METRICS.join(' | ')} |\n|---|---|${METRICS.map(() => '---|').join('')}`,
);
for (const [name, pace] of [
  ['twice as long', 40_000],
  ['as long', 80_000],
] as const) {
  const truth = trueValues(pace);
  for (const runs of [5, 10]) console.log(`| ${runs} | ${name} | ${curveCoverage(runs, pace, truth).join(' | ')} |`);
}

console.log('\n| seeds an arm | interval misses 1 | "helped" or "hurt" |\n|---|---|---|');
for (const runs of [2, 3, 4, 5, 10]) console.log(`| ${runs} | ${falseDecisions(runs).join(' | ')} |`);
