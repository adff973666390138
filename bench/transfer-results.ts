/**
 * The results of finished studies as rows and tables: puts them in docs/results/transfer.json, in place of rows of the same
 * studies, and prints the tables of docs/results/transfer.md: against scratch, then against the controls, and who won the
 * races. The studies are run first, from their files:
 *
 *     npx ngplus study --file studies/variants.yaml --folder runs/variants
 *     npx tsx bench/transfer-results.ts runs/variants …
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PairResult, StudyFile, StudyResult } from '../src/exec/study.ts';
import type { RaceResult } from '../src/runs/race.ts';
import { outcomeAfterHolm } from '../src/stats/holm.ts';
import { geometricMean } from './geometric-mean.ts';

const RESULT = fileURLToPath(new URL('../docs/results/transfer.json', import.meta.url));

interface Row {
  readonly study: string;
  readonly source: string;
  readonly target: string;
  readonly method: string;
  readonly control: string | null;
  readonly seeds: number;
  /** Steps on the target. */
  readonly frames: number;
  /**
   * Gain over random play, area under the curve, over that of scratch, with its 95 % interval; null where scratch did not
   * clearly gain, so that there is none. Then the difference decides.
   */
  readonly ratio: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** First and final return, transfer less scratch. */
  readonly jumpstart: number | null;
  readonly asymptote: number | null;
  /** The p-value after Holm's correction. */
  readonly holm: number | null;
  readonly outcome: 'helped' | 'hurt' | 'unclear';
}

const rounded = (value: number | null): number | null => (value === null ? null : Number(value.toPrecision(5)));

type Compared = Pick<PairResult, 'source' | 'target' | 'method' | 'comparison' | 'holm'> & Pick<Row, 'control'>;

function rowOf(study: string, pair: Compared): Row {
  const { source, target, method, control, comparison, holm } = pair;
  const { ratio, jumpstart, asymptote } = comparison.metrics;
  return {
    study,
    source,
    target,
    method,
    control,
    seeds: comparison.arms.transfer.runs,
    frames: comparison.budget,
    ratio: rounded(ratio.value),
    low: rounded(ratio.low),
    high: rounded(ratio.high),
    jumpstart: rounded(jumpstart.value),
    asymptote: rounded(asymptote.value),
    holm: rounded(holm),
    outcome: outcomeAfterHolm({ comparison, holm }),
  };
}

const number = (value: number | null): string => (value === null ? '—' : value.toFixed(2));
/** `breakout` of `breakout?observation=canonical`: all of a study's envs are seen so, or none. */
const short = (env: string): string => env.replace(/([?&])observation=canonical&?/, '$1').replace(/[?&]$/, '');
const MARKS = { helped: '▲', hurt: '▼', unclear: '' };
const cell = ({ ratio, low, high, outcome }: Row): string =>
  `${ratio === null ? 'no ratio' : `${number(ratio)} [${number(low)}, ${number(high)}]`} ${MARKS[outcome]}`.trim();

/** One line for each pair and method, a column for each kind of control that was made for pairs. */
function pairTable(rows: readonly Row[]): string {
  const kinds = [...new Set(rows.map(({ control, method }) => control ?? method))].filter(
    (kind) => !['same-game', 'scratch-long', 'gate-scratch'].includes(kind),
  );
  const pairs = [
    ...new Set(rows.filter(({ source, target }) => source !== target).map((row) => `${row.source}→${row.target}`)),
  ];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const body = pairs.map((pair) => {
    const here = rows.filter((row) => `${row.source}→${row.target}` === pair);
    const cells = kinds.map((kind) => here.find(({ control, method }) => (control ?? method) === kind));
    return line([pair.split('→').map(short).join(' → '), ...cells.map((row) => (row ? cell(row) : ''))]);
  });
  return [line(['pair', ...kinds]), line(['---', ...kinds.map(() => '---')]), ...body].join('\n');
}

/** One line for each target: the ceiling and what the source's steps are worth on the target. */
function targetTable(rows: readonly Row[]): string {
  const kinds = ['same-game', 'scratch-long', 'gate-scratch'].filter((kind) =>
    rows.some((row) => row.control === kind),
  );
  const targets = [...new Set(rows.map(({ target }) => target))];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const body = targets.map((target) => {
    const cells = kinds.map((kind) => rows.find((row) => row.target === target && row.control === kind));
    return line([short(target), ...cells.map((row) => (row ? cell(row) : ''))]);
  });
  return kinds.length === 0
    ? ''
    : [line(['target', ...kinds]), line(['---', ...kinds.map(() => '---')]), ...body].join('\n');
}

function meanRatio(rows: readonly Row[]): string {
  const { value, count } = geometricMean(rows.map(({ ratio }) => ratio));
  return `geometric mean of ${count} ratios ${value.toFixed(2)}`;
}

/** `variants: full: 9 helped, 1 hurt, 0 unclear`, for every method and control. */
function counts(study: string, rows: readonly Row[]): string {
  const kinds = [...new Set(rows.map(({ control, method }) => control ?? method))];
  return kinds
    .map((kind) => {
      const here = rows.filter(({ control, method }) => (control ?? method) === kind);
      const of = (outcome: Row['outcome']): number => here.filter((row) => row.outcome === outcome).length;
      const outcomes = `${of('helped')} helped, ${of('hurt')} hurt, ${of('unclear')} unclear of ${here.length}`;
      return `${study}: ${kind}: ${outcomes}; ${meanRatio(here)}`;
    })
    .join('\n');
}

/** How many races of each pair a transfer has won; '' where none were held. */
function raceTable(folder: string): string {
  const { jobs } = JSON.parse(readFileSync(join(folder, 'study.json'), 'utf8')) as StudyFile;
  const won = new Map<string, number[]>();
  for (const { arm, control, key, id } of jobs) {
    if (arm !== 'race' || control !== null) continue;
    const { winner } = JSON.parse(readFileSync(join(folder, 'jobs', id, 'result.json'), 'utf8')) as RaceResult;
    const pair = key.split('/').slice(1, -2).join('/');
    won.set(pair, [...(won.get(pair) ?? []), Number(winner > 0)]);
  }
  if (won.size === 0) return '';
  const sum = (wins: readonly number[]): number => wins.reduce((a, b) => a + b, 0);
  const all = [...won.values()].flat();
  const body = [...won].map(([pair, wins]) => `| ${pair.split('->').map(short).join(' → ')} | ${sum(wins)} |`);
  const head = [`| pair | races won by the transfer, of ${all.length / won.size} |`, '| --- | --- |'];
  return `\n\n${[...head, ...body, `| all | ${sum(all)} of ${all.length} |`].join('\n')}`;
}

const folders = process.argv.slice(2);
if (folders.length === 0)
  throw new Error('give the folders of finished studies: npx tsx bench/transfer-results.ts runs/variants …');
const studies = folders.map((folder) => {
  const result = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as StudyResult;
  const file = result.registration?.file;
  const name = basename(file ?? folder).replace(/\.(ya?ml|json)$/, '');
  const against = (result.againstControls ?? []).map((row) =>
    rowOf(name, { ...row, control: `against ${row.control}` }),
  );
  return { name, rows: result.pairs.map((pair) => rowOf(name, pair)), against, races: raceTable(folder) };
});
const known = JSON.parse(readFileSync(RESULT, 'utf8')) as Row[];
const others = known.filter(({ study }) => studies.every(({ name }) => name !== study));
writeFileSync(RESULT, `${JSON.stringify([...others, ...studies.flatMap(({ rows }) => rows)], null, 2)}\n`);
for (const { name, rows, against, races } of studies) {
  const compared = against.length === 0 ? '' : `\n\n${counts(name, against)}\n\n${pairTable(against)}`;
  console.log(`\n## ${name}\n${counts(name, rows)}\n\n${pairTable(rows)}\n\n${targetTable(rows)}${compared}${races}`);
}
