import type { Curve } from '../stats/curve.ts';

/** How a race shares out a budget of env steps, which all candidates are charged to together. */
export interface RaceRules {
  readonly budget: number;
  /** Of the budget, for racing; what is left is the winner's. */
  readonly share: number;
  /** Rounds after each of which the worst candidates leave; 0: as many as it takes to halve them each time. */
  readonly rungs: number;
}

/** A round of a race: every candidate that is left trains until it has done `until` steps in all. */
export interface Rung {
  readonly candidates: number;
  readonly until: number;
}

/**
 * The rounds of successive halving (Karnin, Koren & Somekh 2013, "Almost optimal exploration in multi-armed bandits";
 * Jamieson & Talwalkar 2016): each has an equal part of the race's share, divided equally among the candidates that are
 * left. From one round to the next their number falls by a constant factor, rounded up; behind the last one is left.
 */
export function rungsOf(candidates: number, { budget, share, rungs }: RaceRules): Rung[] {
  const count = rungs || Math.max(1, Math.ceil(Math.log2(candidates)));
  let until = 0;
  return Array.from({ length: count }, (_, i) => {
    const left = leftAfter(candidates, i, count);
    until += (share * budget) / count / left;
    return { candidates: left, until: Math.round(until) };
  });
}

/** Candidates after `rung` of `rungs`. Powers that are whole are not always so in floating point. */
const leftAfter = (candidates: number, rung: number, rungs: number): number =>
  Math.ceil(candidates ** (1 - rung / rungs) - 1e-9);

/** A candidate where it stopped at the end of a rung, or, the winner, of the race. */
export interface Pause {
  readonly candidate: number;
  /** Its own env steps so far. */
  readonly step: number;
  /** What it collected in training in this rung, for each episode (see `rewardPerEpisode`): it decides; null: it diverged. */
  readonly score: number | null;
  /** Mean return of an evaluation here, which decides nothing. */
  readonly evaluation: number;
}

/**
 * Rewards collected in a rung, divided by the episodes they were collected in, those still under way at its end included: in a
 * short rung the episodes that end are mostly the failures. `running` are the returns so far of episodes under way.
 */
export function rewardPerEpisode(
  ended: { readonly count: number; readonly returns: number },
  runningBefore: readonly number[],
  runningAfter: readonly number[],
): number {
  return (ended.returns + sum(runningAfter) - sum(runningBefore)) / (ended.count + runningAfter.length);
}

/** The `keep` best of a rung, best first: by score, of equal ones the earlier candidate. None that diverged is among them. */
export function best(pauses: readonly Pause[], keep: number): number[] {
  return pauses
    .flatMap(({ candidate, score }) => (score === null ? [] : [{ candidate, score }]))
    .toSorted((a, b) => b.score - a.score || a.candidate - b.candidate)
    .slice(0, keep)
    .map(({ candidate }) => candidate);
}

/** The candidates of the next rung; behind the last, the winner alone. */
export const survivors = (pauses: readonly Pause[], rungs: readonly Rung[], rung: number): number[] =>
  best(pauses, rungs[rung + 1]?.candidates ?? 1);

/** Steps that the winner may do in all: what the others have done is charged, too. */
export function winnersSteps(winner: number, phases: readonly (readonly Pause[])[], { budget }: RaceRules): number {
  const last = new Map(phases.flat().map(({ candidate, step }) => [candidate, step]));
  last.delete(winner);
  return budget - sum([...last.values()]);
}

/**
 * What the race would have given at each step charged so far: the evaluations of the candidate that led at the end of the
 * rung before, in the first rung of candidate 0. `phases` are the pauses of the rungs and, last, the winner's; `curves`
 * the candidates' own evaluations. Steps never fall: at the end of a rung the lead may change.
 */
export function raceCurve(seed: number, phases: readonly (readonly Pause[])[], curves: readonly Curve[]): Curve {
  const points: [step: number, value: number][] = [];
  const own = curves.map(() => 0);
  const values = curves.map(({ returns }) => returns[0]);
  let charged = 0;
  let leader = 0;
  for (const pauses of phases) {
    const spent = sum(pauses.map(({ candidate, step }) => step - own[candidate]));
    const { step: end } = pauses.find(({ candidate }) => candidate === leader)!;
    const start = own[leader];
    const { steps, returns } = curves[leader];
    points.push([charged, values[leader]]);
    steps.forEach((step, i) => {
      if (step > start && step < end) points.push([charged + (spent * (step - start)) / (end - start), returns[i]]);
    });
    charged += spent;
    for (const { candidate, step, evaluation } of pauses) {
      own[candidate] = step;
      values[candidate] = evaluation;
    }
    points.push([charged, values[leader]]);
    [leader] = best(pauses, 1);
  }
  return { seed, steps: points.map(([step]) => step), returns: points.map(([, value]) => value) };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
