import type { Estimate } from '../stats/bootstrap.ts';
import { type Comparison, type MetricName, type Outcome, outcomeOf } from '../stats/compare.ts';
import { number, percent, steps, tooFewSeeds } from '../stats/verdict.ts';

/** One line of the comparison, as text: what each arm did and the effect with its interval. */
export interface MetricRow {
  readonly label: string;
  readonly scratch: string;
  readonly transfer: string;
  readonly effect: string;
  readonly interval: string;
  /** Missing where nothing is compared. */
  readonly outcome?: Outcome;
  readonly primary?: boolean;
}

const NOTHING = '—';

/** Every metric of a comparison in reading order, for the terminal and the report alike. */
export function metricRows(comparison: Comparison): MetricRow[] {
  const { arms, random, sourceSteps, metrics, primary, referenceRange } = comparison;
  const { scratch: s, transfer: t } = arms;
  const runs = Math.min(s.runs, t.runs);
  const goal = number(comparison.threshold.value);
  const row = (label: string, name: MetricName, format: Format, [scratch, transfer]: readonly string[]): MetricRow => ({
    label,
    scratch,
    transfer,
    effect: format(metrics[name].value),
    interval: intervalText(metrics[name], format),
    outcome: metrics[name].value === null && name === 'ratio' ? undefined : outcomeOf(name, metrics[name], runs),
    primary: name === primary,
  });
  const values = (key: 'start' | 'area' | 'asymptote') => [s[key], t[key]].map(({ value }) => plain(value));
  const gains = [s.area, t.area].map(({ value }) => number(value! - random));
  const total = t.steps.value === null ? null : t.steps.value + sourceSteps;
  return [
    row('gain over random play (AUC)', 'ratio', times, gains),
    row('mean return (AUC)', 'difference', signed, values('area')),
    ...(referenceRange > 0 ? [row('  over the reference range', 'scaledDifference', signed, ['', ''])] : []),
    row('first return (jumpstart)', 'jumpstart', signed, values('start')),
    row('final return (asymptote)', 'asymptote', signed, values('asymptote')),
    row(`steps to return ${goal}`, 'stepsRatio', times, [s.steps.value, t.steps.value].map(count)),
    row('  source steps counted', 'stepsRatioWithSource', times, [s.steps.value, total].map(count)),
    row('restricted mean time to it', 'timeDifference', signedSteps, [
      count(s.timeToThreshold.restrictedMean.value),
      count(t.timeToThreshold.restrictedMean.value),
    ]),
    bare(
      '  Kaplan–Meier median',
      [s, t].map((arm) => count(arm.timeToThreshold.median.value)),
    ),
    bare(
      '  never reached (censored)',
      [s, t].map((arm) => `${arm.timeToThreshold.censored} of ${arm.runs}`),
    ),
    chanceRow(
      row('chance of a better run', 'probabilityOfImprovement', plain, ['', '']),
      metrics.probabilityOfImprovement,
    ),
  ];
}

/** Where all runs of one arm beat all of the other, every resample says so too: such an interval knows nothing. */
const chanceRow = (row: MetricRow, { low, high }: Estimate): MetricRow =>
  low === high ? { ...row, interval: '', outcome: undefined } : row;

const bare = (label: string, [scratch, transfer]: readonly string[]): MetricRow => ({
  label,
  scratch,
  transfer,
  effect: '',
  interval: '',
});

type Format = (value: number | null) => string;
const plain: Format = (value) => (value === null ? NOTHING : number(value));
const count: Format = (value) => (value === null ? NOTHING : steps(value));
const times: Format = (value) => (value === null ? NOTHING : `×${number(value)}`);
const sign = (text: string): string => (text.startsWith('−') || /^0(\.0+)?$/.test(text) ? text : `+${text}`);
const signed: Format = (value) => (value === null ? NOTHING : sign(number(value)));
const signedSteps: Format = (value) =>
  value === null ? NOTHING : value < 0 ? `−${steps(-value)}` : sign(steps(value));

/** `[1.17, 1.61]`; an end that resampling never found is infinite. */
function intervalText({ low, high }: Estimate, format: Format): string {
  if (low === null && high === null) return '';
  const end = (value: number | null, infinite: string) =>
    value === null ? infinite : format(value).replace(/^[×+]/, '');
  return `[${end(low, '−∞')}, ${end(high, '∞')}]`;
}

const WORDS: Record<Outcome, string> = { helped: 'better', hurt: 'worse', unclear: '' };

/** Aligned text that fits 80 columns. With too few seeds to decide, a last line says so. */
export function metricsTable(comparison: Comparison): string {
  const { level } = comparison;
  const head = ['', 'scratch', 'transferred', 'effect', `${percent(level)} interval`, ''];
  const rows = metricRows(comparison).map((row) => [
    row.label,
    row.scratch,
    row.transfer,
    row.effect,
    row.interval,
    row.outcome === undefined ? '' : WORDS[row.outcome],
  ]);
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i].length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === 0 || i >= 4 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd();
  const rule = '─'.repeat(line(widths.map((width) => 'x'.repeat(width))).length);
  const few = tooFewSeeds(comparison);
  return [line(head), rule, ...rows.map(line), ...(few === null ? [] : [few])].join('\n');
}
