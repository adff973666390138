import { createRng } from '../core/rng.ts';
import { chanceOfWin, interquartileMean } from './aggregate.ts';
import { type Estimate, type Groups, bootstrap } from './bootstrap.ts';
import type { Arm, Curve } from './curve.ts';
import { areaUnderCurve, asymptote, initialReturn, mean, meanCurve, sharedSteps, stepsToThreshold } from './curve.ts';
import { censorAt, medianTime, restrictedMean } from './survival.ts';

export interface ComparisonInput {
  readonly scratch: Arm;
  readonly transfer: Arm;
  /** Mean return of the uniform random policy on the target. */
  readonly random: number;
  /** Environment steps that each transferred agent's source agent was trained for. */
  readonly sourceSteps: number;
  /** Coverage of the intervals (0.95). */
  readonly level?: number;
  readonly resamples?: number;
  readonly seed?: number;
  /** The return to be reached lies this share of the way from random play to the asymptote from scratch (0.75). */
  readonly thresholdShare?: number;
  /** Span of returns that counts as the whole scale of the target; fixed before the run (1: plain returns). */
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
  /** The same divided by `referenceRange`. */
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
export type Outcome = 'helped' | 'hurt' | 'unclear';

/** Plain data, ready for JSON. */
export interface Comparison {
  readonly level: number;
  readonly resamples: number;
  readonly seed: number;
  /** Last training step evaluated. */
  readonly budget: number;
  readonly sourceSteps: number;
  readonly random: number;
  readonly threshold: { readonly value: number; readonly share: number };
  readonly referenceRange: number;
  readonly arms: { readonly scratch: ArmSummary; readonly transfer: ArmSummary };
  readonly metrics: ComparisonMetrics;
  /** The metric that decides: the ratio, or the difference where the ratio's denominator is near zero. */
  readonly primary: 'ratio' | 'scaledDifference';
  readonly outcome: Outcome;
}

/** How to read each metric. */
const METRICS: { readonly [K in MetricName]: { label: string; noEffect: number; better: 'higher' | 'lower' } } = {
  ratio: { label: 'ratio of gains over random (AUC)', noEffect: 1, better: 'higher' },
  difference: { label: 'difference in AUC (return)', noEffect: 0, better: 'higher' },
  scaledDifference: { label: 'difference over the reference range', noEffect: 0, better: 'higher' },
  jumpstart: { label: 'jumpstart (return at step 0)', noEffect: 0, better: 'higher' },
  asymptote: { label: 'asymptote (last fifth)', noEffect: 0, better: 'higher' },
  stepsRatio: { label: 'steps to threshold, transfer / scratch', noEffect: 1, better: 'lower' },
  stepsRatioWithSource: { label: '… with source steps counted', noEffect: 1, better: 'lower' },
  timeDifference: { label: 'restricted mean time to threshold', noEffect: 0, better: 'lower' },
  probabilityOfImprovement: { label: 'probability of improvement', noEffect: 0.5, better: 'higher' },
};

/** Scratch must gain more than this share of the reference range over random play for the ratio to have a meaning. */
const NEAR_ZERO_SHARE = 0.05;

/** Both arms' runs, resampled independently of each other, give every metric its interval. */
export function compareArms(input: ComparisonInput): Comparison {
  const { scratch, transfer, random, sourceSteps } = input;
  const { level = 0.95, resamples = 10_000, seed = 0, thresholdShare = 0.75, referenceRange = 1 } = input;
  const budget = sharedSteps(scratch, transfer).at(-1)!;
  const rules: Rules = { random, sourceSteps, budget, thresholdShare, referenceRange };
  const groups = [scratch.curves.map(measureRun), transfer.curves.map(measureRun)];
  const rng = createRng(seed, 'compare');
  const estimates = bootstrap(groups, (runs) => measure(runs, rules), { level, resamples, rng });
  const threshold = thresholdOf(groups[0], rules);
  const nearZero = input.referenceRange === undefined ? 0 : NEAR_ZERO_SHARE * referenceRange;
  const gained = (estimates.scratchArea.low ?? estimates.scratchArea.value!) - random > nearZero;
  const metrics = metricsOf(estimates, gained);
  const primary = gained ? 'ratio' : 'scaledDifference';
  return {
    level,
    resamples,
    seed,
    budget,
    sourceSteps,
    random,
    threshold: { value: threshold, share: thresholdShare },
    referenceRange,
    arms: {
      scratch: summarise('scratch', scratch, estimates, threshold),
      transfer: summarise('transfer', transfer, estimates, threshold),
    },
    metrics,
    primary,
    outcome: outcomeOf(primary, metrics[primary]),
  };
}

/** Which side of "no effect" the whole interval lies on. */
export function outcomeOf(metric: MetricName, { low, high }: Estimate): Outcome {
  const { noEffect, better } = METRICS[metric];
  if (low !== null && low > noEffect) return better === 'higher' ? 'helped' : 'hurt';
  if (high !== null && high < noEffect) return better === 'higher' ? 'hurt' : 'helped';
  return 'unclear';
}

interface Rules {
  random: number;
  sourceSteps: number;
  budget: number;
  thresholdShare: number;
  referenceRange: number;
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

function thresholdOf(scratch: readonly Run[], { random, thresholdShare }: Rules): number {
  return random + thresholdShare * (meanOf(scratch, 'end') - random);
}

type ArmMeasure = 'Start' | 'Area' | 'AreaIqm' | 'End' | 'Steps' | 'MedianTime' | 'RestrictedMean';
type Measure = MetricName | AtLeast | `${'scratch' | 'transfer'}${ArmMeasure}`;
/** Steps ratios that count a mean curve which never met the threshold as if it had at the very end. */
type AtLeast = 'stepsRatioAtLeast' | 'stepsRatioWithSourceAtLeast';

/** Every statistic of one (resampled) pair of arms. The threshold is part of the statistic: it follows scratch. */
function measure([scratch, transfer]: Groups<Run>, rules: Rules): Record<Measure, number> {
  const threshold = thresholdOf(scratch, rules);
  const s = measureArm(scratch, threshold, rules.budget);
  const t = measureArm(transfer, threshold, rules.budget);
  const difference = t.area - s.area;
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
    difference,
    scaledDifference: difference / rules.referenceRange,
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

function metricsOf(estimates: Record<Measure, Estimate>, gained: boolean): ComparisonMetrics {
  const names = Object.keys(METRICS) as MetricName[];
  const metrics = Object.fromEntries(names.map((name) => [name, estimates[name]])) as Record<MetricName, Estimate>;
  return {
    ...metrics,
    ratio: gained ? metrics.ratio : { value: null, low: null, high: null },
    // Where transfer never got there, that it took the whole budget at least is known all the same.
    stepsRatio: { ...metrics.stepsRatio, low: estimates.stepsRatioAtLeast.low },
    stepsRatioWithSource: { ...metrics.stepsRatioWithSource, low: estimates.stepsRatioWithSourceAtLeast.low },
  };
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
