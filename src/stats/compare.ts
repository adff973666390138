import { createRng } from '../core/rng.ts';
import { chanceOfWin, interquartileMean } from './aggregate.ts';
import { type Estimate, type Groups, bootstrapTest } from './bootstrap.ts';
import type { Arm, Curve } from './curve.ts';
import { areaUnderCurve, asymptote, initialReturn, mean, meanCurve, sharedSteps, stepsToThreshold } from './curve.ts';
import { seedsNeeded } from './power.ts';
import { censorAt, medianTime, restrictedMean } from './survival.ts';

export interface ComparisonInput {
  readonly scratch: Arm;
  readonly transfer: Arm;
  /** Mean return of the uniform random policy on the target. */
  readonly random: number;
  /** Environment steps that each transferred agent's source agent was trained for. */
  readonly sourceSteps: number;
  readonly resamples?: number;
  readonly seed?: number;
  /** Names the draws that resample scratch: comparisons on one target, of one seed, share them. */
  readonly target?: string;
  /** Names the draws that resample the transferred arm: its own among a study's comparisons. */
  readonly pair?: string;
  /** The metric chosen before the run to decide ('ratio'). */
  readonly primaryMetric?: PrimaryMetric;
  /** Span of returns that counts as the whole scale of the target, chosen before the run; 0 (the default): none. */
  readonly referenceRange?: number;
}

/** What one arm did. Returns are means over runs; steps are environment steps on the target. */
export interface ArmSummary {
  readonly label: string;
  readonly runs: number;
  /** Return at step 0. */
  readonly start: Estimate;
  /** Area under the curve as a mean return. */
  readonly area: Estimate;
  /** Interquartile mean over the runs of the area under the curve. */
  readonly areaIqm: Estimate;
  /** Mean return of the last fifth of the evaluations. */
  readonly asymptote: Estimate;
  /** Steps until the mean curve meets the threshold; null where it does not within the budget. */
  readonly steps: Estimate;
  /** Each run's own time to the threshold; runs that never met it count as censored at the budget. */
  readonly timeToThreshold: {
    readonly reached: number;
    readonly censored: number;
    /** Kaplan–Meier median; null where fewer than half of the runs met it. */
    readonly median: Estimate;
    /** Mean steps without having met it, up to the budget. */
    readonly restrictedMean: Estimate;
  };
}

/** Everything that is compared; what "no effect" and "better" mean for each stands in `METRICS`. */
export interface ComparisonMetrics {
  /** (AUC transfer − R) / (AUC scratch − R); all null where scratch did not clearly gain over random play. */
  readonly ratio: Estimate;
  /** AUC transfer − AUC scratch, in returns. */
  readonly difference: Estimate;
  /** The same divided by `referenceRange`; all null where none is given. */
  readonly scaledDifference: Estimate;
  readonly jumpstart: Estimate;
  readonly asymptote: Estimate;
  /** Steps to the threshold, transfer / scratch, source steps not counted: 0.5 = half as many; null if never met. */
  readonly stepsRatio: Estimate;
  /** The same with the source's steps added to transfer's. */
  readonly stepsRatioWithSource: Estimate;
  /** Transfer − scratch in restricted mean time to the threshold, in steps. */
  readonly timeDifference: Estimate;
  /** Chance that a transferred run has the larger area under the curve than one from scratch. */
  readonly probabilityOfImprovement: Estimate;
}

export type MetricName = keyof ComparisonMetrics;

/** What a study may choose to decide by. */
export const PRIMARY_METRICS = ['ratio', 'difference', 'jumpstart', 'asymptote'] as const;
type PrimaryMetric = (typeof PRIMARY_METRICS)[number];
export type Outcome = 'helped' | 'hurt' | 'unclear';

/** Plain data, ready for JSON. */
export interface Comparison {
  /** Coverage that the intervals aim at. */
  readonly level: number;
  readonly resamples: number;
  readonly seed: number;
  /** Last training step evaluated. */
  readonly budget: number;
  readonly sourceSteps: number;
  readonly random: number;
  readonly threshold: { readonly value: number; readonly share: number };
  /** 0: none was given. */
  readonly referenceRange: number;
  readonly arms: { readonly scratch: ArmSummary; readonly transfer: ArmSummary };
  readonly metrics: ComparisonMetrics;
  /** The metric that decides; where the ratio was to and its denominator is near zero, the difference (scaled if it can be). */
  readonly primary: PrimaryMetric | 'scaledDifference';
  /** Two-sided, of the primary metric, from the same resamples as its interval; null below `FEWEST_RUNS`. */
  readonly p: number | null;
  /** Always `unclear` with fewer than `FEWEST_RUNS` in an arm. */
  readonly outcome: Outcome;
  /** How many seeds an arm a true ratio would take to be told from 1, by the spread that was seen; null where unknown. */
  readonly needed: { readonly ratio: number; readonly power: number; readonly seeds: number } | null;
}

/** How to read each metric. */
const METRICS: { readonly [K in MetricName]: { noEffect: number; better: 'higher' | 'lower' } } = {
  ratio: { noEffect: 1, better: 'higher' },
  difference: { noEffect: 0, better: 'higher' },
  scaledDifference: { noEffect: 0, better: 'higher' },
  jumpstart: { noEffect: 0, better: 'higher' },
  asymptote: { noEffect: 0, better: 'higher' },
  stepsRatio: { noEffect: 1, better: 'lower' },
  stepsRatioWithSource: { noEffect: 1, better: 'lower' },
  timeDifference: { noEffect: 0, better: 'lower' },
  probabilityOfImprovement: { noEffect: 0.5, better: 'higher' },
};

/** Coverage that intervals aim at. */
const LEVEL = 0.95;

/** Runs that each arm needs for a decision: fewer cannot be resampled beyond their own range (docs/statistics.md). */
export const FEWEST_RUNS = 4;

/** The return to be reached lies this share of the way from random play to the asymptote from scratch. */
const THRESHOLD_SHARE = 0.75;

/** The effect that seeds are counted for, and the chance of finding it. */
const CLAIM = { ratio: 1.2, power: 0.8 } as const;

/** Scratch must gain more than this share of the reference range over random play for the ratio to have a meaning. */
const NEAR_ZERO_SHARE = 0.05;

/** Both arms' runs, resampled independently of each other, give every metric its interval. */
export function compareArms(input: ComparisonInput): Comparison {
  const { scratch, transfer, random, sourceSteps } = input;
  const { resamples = 10_000, seed = 0, referenceRange = 0, target = '', pair = '', primaryMetric = 'ratio' } = input;
  const budget = sharedSteps(scratch, transfer).at(-1)!;
  const rules: Rules = { random, sourceSteps, budget };
  const groups = [scratch.curves.map(measureRun), transfer.curves.map(measureRun)];
  const rng = [createRng(seed, 'scratch', target), createRng(seed, 'transfer', pair)];
  const { estimates, pValue } = bootstrapTest(groups, (runs) => measure(runs, rules), { level: LEVEL, resamples, rng });
  const threshold = thresholdOf(groups[0], rules);
  const nearZero = NEAR_ZERO_SHARE * referenceRange;
  const gained = (estimates.scratchArea.low ?? estimates.scratchArea.value!) - random > nearZero;
  const metrics = metricsOf(estimates, gained, referenceRange);
  const fallback = referenceRange > 0 ? 'scaledDifference' : 'difference';
  const primary = primaryMetric === 'ratio' && !gained ? fallback : primaryMetric;
  const runs = Math.min(scratch.curves.length, transfer.curves.length);
  return {
    level: LEVEL,
    resamples,
    seed,
    budget,
    sourceSteps,
    random,
    threshold: { value: threshold, share: THRESHOLD_SHARE },
    referenceRange,
    arms: {
      scratch: summarise('scratch', scratch, estimates, threshold),
      transfer: summarise('transfer', transfer, estimates, threshold),
    },
    metrics,
    primary,
    p:
      runs < FEWEST_RUNS
        ? null
        : pValue(primary === 'scaledDifference' ? 'difference' : primary, METRICS[primary].noEffect),
    outcome: outcomeOf(primary, metrics[primary], runs),
    needed: gained && runs >= FEWEST_RUNS ? claimable(groups, random) : null,
  };
}

function claimable(groups: Groups<Run>, random: number): Comparison['needed'] {
  const gains = groups.map((runs) => runs.map((run) => run.area - random));
  const seeds = seedsNeeded(gains, { ...CLAIM, level: LEVEL });
  return seeds === null ? null : { ...CLAIM, seeds: Math.max(FEWEST_RUNS, seeds) };
}

/** Which side of "no effect" the whole interval lies on; `runs` is the number of runs in the smaller arm. */
export function outcomeOf(metric: MetricName, { low, high }: Estimate, runs: number): Outcome {
  if (runs < FEWEST_RUNS) return 'unclear';
  const { noEffect, better } = METRICS[metric];
  if (low !== null && low > noEffect) return better === 'higher' ? 'helped' : 'hurt';
  if (high !== null && high < noEffect) return better === 'higher' ? 'hurt' : 'helped';
  return 'unclear';
}

interface Rules {
  random: number;
  sourceSteps: number;
  budget: number;
}

/** What is needed of a run again and again while resampling. */
interface Run {
  curve: Curve;
  start: number;
  area: number;
  end: number;
}

function measureRun(curve: Curve): Run {
  return { curve, start: initialReturn(curve), area: areaUnderCurve(curve), end: asymptote(curve) };
}

const meanOf = (runs: readonly Run[], key: 'start' | 'area' | 'end'): number => mean(runs.map((run) => run[key]));

function thresholdOf(scratch: readonly Run[], { random }: Rules): number {
  return random + THRESHOLD_SHARE * (meanOf(scratch, 'end') - random);
}

type ArmMeasure = 'Start' | 'Area' | 'AreaIqm' | 'End' | 'Steps' | 'MedianTime' | 'RestrictedMean';
type Measure = Exclude<MetricName, 'scaledDifference'> | AtLeast | `${'scratch' | 'transfer'}${ArmMeasure}`;
/** Steps ratios that count a mean curve which never met the threshold as if it had at the very end. */
type AtLeast = 'stepsRatioAtLeast' | 'stepsRatioWithSourceAtLeast';

/** Every statistic of one (resampled) pair of arms. The threshold is part of the statistic: it follows scratch. */
function measure([scratch, transfer]: Groups<Run>, rules: Rules): Record<Measure, number> {
  const threshold = thresholdOf(scratch, rules);
  const s = measureArm(scratch, threshold, rules.budget);
  const t = measureArm(transfer, threshold, rules.budget);
  return {
    scratchStart: s.start,
    scratchArea: s.area,
    scratchAreaIqm: s.areaIqm,
    scratchEnd: s.end,
    scratchSteps: s.steps,
    scratchMedianTime: s.medianTime,
    scratchRestrictedMean: s.restrictedMean,
    transferStart: t.start,
    transferArea: t.area,
    transferAreaIqm: t.areaIqm,
    transferEnd: t.end,
    transferSteps: t.steps,
    transferMedianTime: t.medianTime,
    transferRestrictedMean: t.restrictedMean,
    ratio: s.area > rules.random ? (t.area - rules.random) / (s.area - rules.random) : Infinity,
    difference: t.area - s.area,
    jumpstart: t.start - s.start,
    asymptote: t.end - s.end,
    stepsRatio: stepsRatio(t.steps, s.steps),
    stepsRatioWithSource: stepsRatio(t.steps + rules.sourceSteps, s.steps),
    stepsRatioAtLeast: stepsRatio(Math.min(t.steps, rules.budget), s.steps),
    stepsRatioWithSourceAtLeast: stepsRatio(Math.min(t.steps, rules.budget) + rules.sourceSteps, s.steps),
    timeDifference: t.restrictedMean - s.restrictedMean,
    probabilityOfImprovement: chanceOfWin(
      transfer.map((run) => run.area),
      scratch.map((run) => run.area),
    ),
  };
}

function measureArm(runs: readonly Run[], threshold: number, budget: number) {
  const times = runs.map((run) => censorAt(stepsToThreshold(run.curve, threshold), budget));
  return {
    start: meanOf(runs, 'start'),
    area: meanOf(runs, 'area'),
    areaIqm: interquartileMean(runs.map((run) => run.area)),
    end: meanOf(runs, 'end'),
    steps: stepsToThreshold(meanCurve(runs.map((run) => run.curve)), threshold),
    medianTime: medianTime(times),
    restrictedMean: restrictedMean(times, budget),
  };
}

/** Infinity where transfer never got there; equal where neither needed any training. */
function stepsRatio(transfer: number, scratch: number): number {
  if (transfer === Infinity) return Infinity;
  return transfer === scratch ? 1 : transfer / scratch;
}

function metricsOf(estimates: Record<Measure, Estimate>, gained: boolean, referenceRange: number): ComparisonMetrics {
  const { ratio, difference, jumpstart, asymptote: end, stepsRatio: own, stepsRatioWithSource: all } = estimates;
  return {
    ratio: gained ? ratio : UNKNOWN,
    difference,
    scaledDifference: referenceRange > 0 ? over(difference, referenceRange) : UNKNOWN,
    jumpstart,
    asymptote: end,
    // Where transfer never got there, that it took the whole budget at least is known all the same.
    stepsRatio: { ...own, low: estimates.stepsRatioAtLeast.low },
    stepsRatioWithSource: { ...all, low: estimates.stepsRatioWithSourceAtLeast.low },
    timeDifference: estimates.timeDifference,
    probabilityOfImprovement: estimates.probabilityOfImprovement,
  };
}

const UNKNOWN: Estimate = { value: null, low: null, high: null };

function over({ value, low, high }: Estimate, range: number): Estimate {
  const scaled = (part: number | null) => (part === null ? null : part / range);
  return { value: scaled(value), low: scaled(low), high: scaled(high) };
}

function summarise(
  name: 'scratch' | 'transfer',
  { label, curves }: Arm,
  estimates: Record<Measure, Estimate>,
  threshold: number,
): ArmSummary {
  const reached = curves.filter((curve) => stepsToThreshold(curve, threshold) < Infinity).length;
  return {
    label,
    runs: curves.length,
    start: estimates[`${name}Start`],
    area: estimates[`${name}Area`],
    areaIqm: estimates[`${name}AreaIqm`],
    asymptote: estimates[`${name}End`],
    steps: estimates[`${name}Steps`],
    timeToThreshold: {
      reached,
      censored: curves.length - reached,
      median: estimates[`${name}MedianTime`],
      restrictedMean: estimates[`${name}RestrictedMean`],
    },
  };
}
