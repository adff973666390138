/**
 * How often does a 95 % interval of the ratio hold the true ratio, with few seeds an arm? Draws gains over random play
 * from populations with a known ratio and counts: `npx tsx bench/interval-coverage.ts [SIMULATIONS] [RESAMPLES]`.
 * Each cell: coverage in percent, then the median width of the interval. BCa (Efron 1987) stands here for comparison.
 */
import { type Rng, createRng, normal } from '../src/core/rng.ts';
import { type Groups, bootstrap, quantile } from '../src/stats/bootstrap.ts';
import { mean } from '../src/stats/curve.ts';
import { normalCdf } from '../src/stats/distributions.ts';

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
  const acceleration = sum(3) / (6 * sum(2) ** 1.5);
  const adjusted = (z: number) => normalCdf(bias + (bias + z) / (1 - acceleration * (bias + z)));
  return [quantile(draws, adjusted(-1.96)), quantile(draws, adjusted(1.96))];
}

function normalQuantile(p: number): number {
  let [low, high] = [-9, 9];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return low;
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

const simulations = Number(process.argv[2] ?? 2000);
const resamples = Number(process.argv[3] ?? 1000);
const methods = Object.keys(METHODS) as (keyof typeof METHODS)[];
console.log(
  `| seeds an arm | gains over random play | ${methods.join(' | ')} |\n|---|---|${methods.map(() => '---|').join('')}`,
);
for (const runs of [5, 10, 30]) {
  for (const [name, scratch, transfer] of CASES) {
    const cells = methods.map((method) => coverage(method, runs, scratch, transfer));
    console.log(`| ${runs} | ${name} | ${cells.join(' | ')} |`);
  }
}
