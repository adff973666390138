import type { Estimate } from '../stats/bootstrap.ts';
import type { Arm } from '../stats/curve.ts';
import type { ReportPair } from './types.ts';

export type Cell = string | number | null;

/** What a comparison came to, without its curves. */
type ComparedPair = Pick<ReportPair, 'source' | 'target' | 'method' | 'control' | 'comparison' | 'holm'>;

/** Every pair in a line: what decided, its p-values, and each metric with its interval. Empty: does not exist. */
export function pairsCsv(pairs: readonly ComparedPair[]): string {
  const metrics = Object.keys(pairs[0].comparison.metrics) as (keyof ReportPair['comparison']['metrics'])[];
  const ends = ({ value, low, high }: Estimate): Cell[] => [value, low, high];
  const names =
    'source,target,method,control,scratchRuns,transferRuns,budget,sourceSteps,random,primary,outcome,p,holm';
  const head = [...names.split(','), 'seedsNeeded', ...metrics.flatMap((name) => [name, `${name}Low`, `${name}High`])];
  const row = ({ source, target, method, control = null, comparison, holm }: ComparedPair): Cell[] => {
    const { arms, budget, sourceSteps, random, primary, outcome, p, needed } = comparison;
    const runs = [arms.scratch.runs, arms.transfer.runs];
    const decision = [primary, outcome, p, holm, needed?.seeds ?? null];
    const effects = metrics.flatMap((name) => ends(comparison.metrics[name]));
    return [source, target, method, control, ...runs, budget, sourceSteps, random, ...decision, ...effects];
  };
  return csv([head, ...pairs.map(row)]);
}

/** Every evaluation in a line. Scratch stands once for each target, without source and method. */
export function curvesCsv(pairs: readonly ReportPair[]): string {
  const scratch = [...new Map(pairs.map((pair) => [pair.target, pair]))].flatMap(([target, pair]) =>
    evaluations([null, target, null, null, 'scratch'], pair.scratch),
  );
  const transferred = pairs.flatMap(({ source, target, method, control = null, transfer }) =>
    evaluations([source, target, method, control, 'transfer'], transfer),
  );
  return csv([['source', 'target', 'method', 'control', 'arm', 'seed', 'step', 'return'], ...scratch, ...transferred]);
}

const evaluations = (names: readonly Cell[], { curves }: Arm): Cell[][] =>
  curves.flatMap(({ seed, steps, returns }) => steps.map((step, i) => [...names, seed, step, returns[i]]));

/** RFC 4180, but for the line ends. */
export const csv = (rows: readonly (readonly Cell[])[]): string =>
  rows.map((row) => `${row.map(quoted).join(',')}\n`).join('');

function quoted(cell: Cell): string {
  const text = String(cell ?? '');
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
