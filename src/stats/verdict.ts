import type { Estimate } from './bootstrap.ts';
import { type Comparison, type ComparisonMetrics, FEWEST_RUNS } from './compare.ts';
import { type Corrected, countOutcomes } from './holm.ts';

/** What was transferred, to what and how. */
export interface PairName {
  readonly source: string;
  readonly target: string;
  readonly method: string;
  /** What kind of control it is; missing or null: a real transfer. */
  readonly control?: string | null;
}

/** `freeway → asterix, full`, `freeway → asterix, full (control: shuffled)` */
export const pairName = ({ source, target, method, control }: PairName): string =>
  `${source} → ${target}, ${method}${control ? ` (control: ${control})` : ''}`;

/**
 * The result in plain words: a short paragraph that says first where nothing is decided. With a `pair` it starts with
 * that pair's name, for places where several results stand together.
 */
export function verdict(comparison: Comparison, pair?: PairName): string {
  return pair === undefined ? resultText(comparison) : `${pairName(pair)}: ${resultText(comparison)}`;
}

type StudyPair = Corrected & Pick<PairName, 'control'>;

/** A study of several pairs in words: how many went which way once p-values are corrected for the number of pairs. */
export function studyVerdict(pairs: readonly StudyPair[]): string {
  const transfers = pairs.filter(({ control }) => !control);
  const kinds = [...new Set(pairs.flatMap(({ control }) => control ?? []))];
  const told = kinds.map(
    (kind) =>
      `${kind}: ${tally(
        pairs.filter(({ control }) => control === kind),
        'better',
        'worse',
      )}`,
  );
  const tallied = tally(transfers, 'transfer helped', 'hurt');
  const n = transfers.length;
  const counted = n === 1 ? '1 comparison with learning from scratch' : `${n} comparisons with learning from scratch`;
  return [
    `Of ${counted}${n === 1 ? '' : ', corrected for the number of pairs by Holm’s method'}, ${tallied}.`,
    ...(told.length === 0 ? [] : [`Controls, against learning from scratch as well: ${told.join('; ')}.`]),
  ].join(' ');
}

/** `transfer helped in 1, hurt in 0 and made no clear difference in 2`. */
export function tally(pairs: readonly StudyPair[], helped: string, hurt: string): string {
  const decidable = pairs.filter(({ comparison }) => tooFewSeeds(comparison) === null);
  const counts = countOutcomes(decidable);
  const few = pairs.length - decidable.length;
  const unclear = `made no clear difference in ${counts.unclear}`;
  return `${helped} in ${counts.helped}, ${hurt} in ${counts.hurt} and ${unclear}${few === 0 ? '' : `, ${few} had too few seeds to decide`}`;
}

/** `too few seeds to decide (3; 4 or more are needed)`, or null where there are enough. */
export function tooFewSeeds({ arms }: Comparison): string | null {
  const runs = Math.min(arms.scratch.runs, arms.transfer.runs);
  return runs < FEWEST_RUNS ? `too few seeds to decide (${runs}; ${FEWEST_RUNS} or more are needed)` : null;
}

function resultText(comparison: Comparison): string {
  const { outcome, primary, metrics } = comparison;
  const effect = primary === 'ratio' ? ratioText(comparison) : differenceText(comparison);
  // Without a gain from scratch, the steps to a share of that gain mean nothing.
  const needed = metrics.ratio.value === null ? '' : neededText(comparison);
  const undecided = tooFewSeeds(comparison) ?? 'no clear difference at this length';
  if (outcome === 'unclear')
    return [`${capital(undecided)}: ${effect}`, needed, powerText(comparison)].filter(Boolean).join(' ');
  return `${needed} ${outcome === 'hurt' ? `Transfer hurt: ${effect}` : capital(effect)}`.trim();
}

const capital = (text: string): string => text[0].toUpperCase() + text.slice(1);

/** `About 24 seeds an arm would show a ratio of 1.20.`, where the ratio decides. */
const powerText = ({ needed, primary }: Comparison): string =>
  needed === null || primary !== 'ratio'
    ? ''
    : `About ${needed.seeds} seeds an arm would show a ratio of ${number(needed.ratio)} (${percent(needed.power)} power).`;

/** `over all 200k steps …` with the interval of the ratio. */
function ratioText({ metrics: { ratio }, budget, level }: Comparison): string {
  const gained = `${number(ratio.value!)} times as much return over random play as agents from scratch`;
  return `over all ${steps(budget)} steps transferred agents gained ${gained} (${intervalText(ratio, level)}; 1 = no effect).`;
}

function differenceText(comparison: Comparison): string {
  const { metrics, primary, budget, referenceRange, level } = comparison;
  const estimate = metrics[primary];
  const value = estimate.value!;
  const unit = primary === 'scaledDifference' ? ` times the reference range of ${number(referenceRange)}` : '';
  const gained = `${number(Math.abs(value))}${unit} ${value < 0 ? 'less' : 'more'} return than agents from scratch`;
  const when = { jumpstart: 'before any training on the target', asymptote: `at the end of ${steps(budget)} steps` };
  const at = primary === 'jumpstart' || primary === 'asymptote' ? when[primary] : `over all ${steps(budget)} steps`;
  const why = 'Agents from scratch did not clearly beat random play, so there is no ratio.';
  return (
    `${at} transferred agents had ${gained} ` +
    `(${intervalText(estimate, level)}; 0 = no effect; ${seeds(comparison)}).` +
    (metrics.ratio.value === null ? ` ${why}` : '')
  );
}

/** How many steps each arm needed for the same return. */
function neededText(comparison: Comparison): string {
  const { arms, threshold, budget, metrics, level } = comparison;
  const goal = `return ${number(threshold.value)}`;
  const t = arms.transfer.steps.value;
  const s = arms.scratch.steps.value;
  const scratch =
    s === null ? `agents from scratch not within ${steps(budget)}` : `agents from scratch after ${steps(s)}`;
  if (t === null) {
    const first = `Transferred agents did not reach ${goal} within ${steps(budget)} steps`;
    return `${first}, ${s === null ? 'nor did agents from scratch' : `agents from scratch did after ${steps(s)}`} (${seeds(comparison)}).`;
  }
  if (s === null)
    return `Transferred agents reached ${goal} after ${steps(t)} steps, ${scratch} (${seeds(comparison)}).`;
  const details = [stepsInterval(metrics.stepsRatio, level), seeds(comparison), withSource(comparison)];
  const reached = t === 0 ? 'before any training on the target' : `after ${steps(t)} steps`;
  return `Transferred agents reached ${goal} ${reached}, ${scratch}${fewer(metrics)} (${details.filter(Boolean).join('; ')}).`;
}

const fewer = ({ stepsRatio: { value } }: ComparisonMetrics): string => (value === 0 ? '' : `: ${timesText(value!)}`);

/** `1.9 times fewer`, `1.3 times more`, `as many`. */
function timesText(ratio: number): string {
  const times = number(ratio < 1 ? 1 / ratio : ratio);
  return times === '1' || times === '1.0' ? 'as many' : `${times} times ${ratio < 1 ? 'fewer' : 'more'}`;
}

/** The interval of a steps ratio, each end in words: it may reach from fewer to more, or past the budget. */
function stepsInterval({ low, high }: Estimate, level: number): string {
  if (low === high) return '';
  const end = (ratio: number | null) =>
    ratio === null ? 'never within the budget' : ratio === 0 ? 'no steps at all' : timesText(ratio);
  const [a, b] = [low, high];
  if (a !== null && b !== null && a > 0 && b < 1) return `${percent(level)} interval ${number(1 / b)}–${number(1 / a)}`;
  if (a !== null && b !== null && a > 1) return `${percent(level)} interval ${number(a)}–${number(b)}`;
  return `${percent(level)} interval from ${end(a)} to ${end(b)}`;
}

function withSource({ sourceSteps, metrics }: Comparison): string {
  const { value } = metrics.stepsRatioWithSource;
  if (sourceSteps === 0 || value === null) return '';
  return `with the ${steps(sourceSteps)} source steps counted, ${timesText(value)}`;
}

function seeds({ arms }: Comparison): string {
  const { scratch, transfer } = arms;
  if (scratch.runs === transfer.runs) return `${scratch.runs} ${scratch.runs === 1 ? 'seed' : 'seeds'} an arm`;
  return `${transfer.runs} transferred and ${scratch.runs} scratch seeds`;
}

function intervalText({ low, high }: Estimate, level: number): string {
  if (low === null && high === null) return 'no interval: too few seeds';
  return `${percent(level)} interval ${low === null ? 'unbounded' : number(low)}–${high === null ? 'unbounded' : number(high)}`;
}

/** `95 %` */
export const percent = (level: number): string => `${Math.round(level * 1000) / 10} %`;

/** Three significant digits below 100, whole numbers above. */
export function number(value: number): string {
  const size = Math.abs(value);
  const text = size >= 100 ? value.toFixed(0) : value.toFixed(size >= 10 ? 1 : 2);
  return text.replace(/^-(0(?:\.0+)?)$/, '$1').replace('-', '−');
}

/** `850`, `4.1k`, `61k`, `1.25M`. */
export function steps(count: number): string {
  const trimmed = (value: number) => String(Math.round(value * 100) / 100);
  if (count >= 999_500) return `${trimmed(count / 1e6)}M`;
  if (count >= 9950) return `${Math.round(count / 1000)}k`;
  return count >= 999.5 ? `${Math.round(count / 100) / 10}k` : String(Math.round(count));
}
