/**
 * Are p-values what they say, and do as many seeds as `seedsNeeded` counts find the effect?
 * `npx tsx bench/p-values.ts [SIMULATIONS] [RESAMPLES]` prints two tables. First: both arms have the same mean gain, in
 * percent of the simulations how often p falls below 0.05, 0.01 and 0.004 (the first of twelve pairs under Holm), where
 * right tests give 5, 1 and 0.4. Second: the ratio is real, in percent how often p falls below 0.05 with the seeds
 * counted for a power of 80 % from the true spreads.
 */
import { type Rng, createRng, normal } from '../src/core/rng.ts';
import { type Groups, bootstrapTest } from '../src/stats/bootstrap.ts';
import { mean } from '../src/stats/curve.ts';
import { seedsNeeded } from '../src/stats/power.ts';
import { markdownTable } from './table.ts';

type Draw = (rng: Rng) => number;

const gaussian =
  (centre: number, cv: number): Draw =>
  (rng) =>
    centre * (1 + cv * normal(rng));
const skewed =
  (s: number): Draw =>
  (rng) =>
    Math.exp(s * normal(rng) - (s * s) / 2);
/** A fifth of the runs gets stuck at a fifth of what the others reach. */
const stuck: Draw = (rng) => (rng.float() < 0.2 ? 0.2 : 1) * (1 + 0.1 * normal(rng));

const NULLS: [name: string, scratch: Draw, transfer: Draw][] = [
  ['normal, deviations 0.2 and 0.2', gaussian(1, 0.2), gaussian(1, 0.2)],
  ['normal, 0.1 and 0.4', gaussian(1, 0.1), gaussian(1, 0.4)],
  ['normal, 0.3 and 0.1', gaussian(1, 0.3), gaussian(1, 0.1)],
  ['log-normal, 0.5 and 0.5', skewed(0.5), skewed(0.5)],
  ['log-normal, 0.2 and 0.6', skewed(0.2), skewed(0.6)],
  ['a fifth of all runs stuck', stuck, stuck],
];

const EFFECTS: [ratio: number, scratch: number, transfer: number][] = [
  [1.2, 0.15, 0.15],
  [1.2, 0.3, 0.3],
  [1.5, 0.2, 0.4],
  [1.5, 0.4, 0.2],
  [2, 0.3, 0.3],
];

const [simulations, resamples] = [process.argv[2] ?? 2000, process.argv[3] ?? 1000].map(Number);

const ratio = ([scratch, transfer]: Groups<number>) => {
  const gain = mean(scratch);
  return { ratio: gain > 0 ? mean(transfer) / gain : Infinity };
};

/** Percent of the simulations whose p-value lies below each limit. */
function below(limits: readonly number[], runs: number, scratch: Draw, transfer: Draw): string[] {
  const rng = createRng(5, 'p-values', runs);
  const sample = (draw: Draw) => Array.from({ length: runs }, () => draw(rng));
  const ps = Array.from({ length: simulations }, (_, i) => {
    const groups = [sample(scratch), sample(transfer)];
    return bootstrapTest(groups, ratio, { level: 0.95, resamples, rng: createRng(i, 'resample') }).pValue('ratio', 1)!;
  });
  return limits.map((limit) => ((100 * ps.filter((p) => p < limit).length) / simulations).toFixed(1));
}

/** Two values with this mean and this deviation relative to it. */
const spread = (centre: number, cv: number) => [1, -1].map((side) => centre * (1 + (side * cv) / Math.SQRT2));

const nulls = [5, 10, 30].flatMap((runs) =>
  NULLS.map(([name, scratch, transfer]) => [
    String(runs),
    name,
    ...below([0.05, 0.01, 0.004], runs, scratch, transfer),
  ]),
);
const effects = EFFECTS.map(([effect, s, t]) => {
  const seeds = seedsNeeded([spread(1, s), spread(effect, t)], { ratio: effect, power: 0.8, level: 0.95 })!;
  return [String(effect), `${s} and ${t}`, String(seeds), ...below([0.05], seeds, gaussian(1, s), gaussian(effect, t))];
});
console.log(markdownTable(['seeds an arm', 'gains over random play', 'p < 0.05', 'p < 0.01', 'p < 0.004'], nulls));
console.log(markdownTable(['true ratio', 'deviations', 'seeds counted', 'found'], effects));
