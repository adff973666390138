/** What a row came to. `ratio` is the median over pairs of neighbouring windows, ours divided by the peer's. */
export interface Result {
  readonly name: string;
  readonly ours: number;
  readonly oursRange: readonly [number, number];
  /** Null where no peer was run. */
  readonly peer: number | null;
  readonly peerRange: readonly [number, number] | null;
  readonly peerName: string;
  readonly ratio: number | null;
  readonly ratioRange: readonly [number, number] | null;
  /** What the ratio is to reach: at least for rates, at most where less is better. */
  readonly target: number | null;
  readonly atMost: boolean;
  readonly unit: string;
  readonly cores: number;
}

/** A curve of how cost grows. `share` is of the processor's measured peak, for the multiplications a dense net needs. */
export interface Curve {
  readonly name: string;
  readonly size: string;
  readonly points: readonly { readonly at: number; readonly rate: number; readonly share: number | null }[];
}

export interface Report {
  readonly command: string;
  readonly date: string;
  readonly machine: string;
  readonly versions: string;
  readonly windows: number;
  readonly seconds: number;
  /** Multiply-adds a second of the innermost loop on one core. */
  readonly peak: number | null;
  readonly rows: readonly Result[];
  readonly curves: readonly Curve[];
  /** Rows that could not be run, and why. */
  readonly left: readonly string[];
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

export const rangeOf = (values: readonly number[]): [number, number] => [Math.min(...values), Math.max(...values)];

/** `12.3k`, `1.23M`: three digits. */
export function short(value: number): string {
  const [scaled, suffix] = value >= 1e9 ? [value / 1e9, 'G'] : value >= 1e6 ? [value / 1e6, 'M'] : [value / 1e3, 'k'];
  if (value < 1000) return trim(value);
  return `${trim(scaled)}${suffix}`;
}

const trim = (value: number): string => value.toPrecision(3).replace(/e\+\d+$/, '');

export const reached = ({ ratio, target, atMost }: Result): boolean | null =>
  ratio === null || target === null ? null : atMost ? ratio <= target : ratio >= target;

const HEADINGS = ['what', 'cores', 'ours', 'peer', 'ratio', 'target', 'reached'];

/** The cells of a row, as table and page show them. */
export function cells(row: Result): string[] {
  const { name, cores, ours, oursRange, peer, peerRange, peerName, ratio, ratioRange, target, atMost, unit } = row;
  const ranged = (value: number, [low, high]: readonly [number, number]): string =>
    `${short(value)} (${short(low)}–${short(high)})`;
  const held = reached(row);
  return [
    name,
    String(cores),
    `${ranged(ours, oursRange)} ${unit}`,
    peer === null || peerRange === null ? '–' : `${ranged(peer, peerRange)} ${peerName}`,
    ratio === null || ratioRange === null
      ? '–'
      : `${ratio.toFixed(2)} (${ratioRange[0].toFixed(2)}–${ratioRange[1].toFixed(2)})`,
    target === null ? '–' : `${atMost ? '≤' : '≥'} ${target}`,
    held === null ? '–' : held ? 'yes' : 'no',
  ];
}

/** A table for the terminal. */
export function textTable(rows: readonly Result[]): string {
  const lines = [HEADINGS, ...rows.map(cells)];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export const markdownTable = (headings: readonly string[], lines: readonly (readonly string[])[]): string =>
  [headings, headings.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n');

/** docs/performance.md */
export function markdown(report: Report): string {
  const { command, date, machine, versions, windows, seconds, peak, rows, curves, left } = report;
  const parts = [
    '# Performance',
    `Written by \`${command}\` on ${date}. ${machine}; ${versions}. Each row: ${windows} windows of ${seconds} s of either side, ` +
      'in turn; medians, with the lowest and highest in brackets. The ratio is the median over pairs of neighbouring ' +
      'windows, so that what else the machine does cancels out. The figures of another day differ; the ratios are what counts.',
    markdownTable(HEADINGS, rows.map(cells)),
    ...(left.length > 0 ? [`Not run: ${left.join('; ')}.`] : []),
  ];
  if (curves.length > 0) {
    parts.push('## How cost grows');
    if (peak !== null) {
      parts.push(
        `Env steps a second with learning. The innermost loop of the kernels makes ${short(peak)} multiply-adds a second ` +
          'on one core here: the peak of 128-bit SIMD. "Share" is the part of it that the multiply-adds of the net, counted ' +
          'as if it were dense, come to: where most inputs are zero and skipped it can pass 100 %.',
      );
    }
    for (const { name, size, points } of curves) {
      parts.push(`### ${name}`);
      const lines = points.map(({ at, rate, share }) => [
        String(at),
        short(rate),
        share === null ? '–' : `${Math.round(100 * share)} %`,
      ]);
      parts.push(markdownTable([size, 'steps/s', 'share of the peak'], lines));
    }
    parts.push(BOUNDS);
  }
  return `${parts.join('\n\n')}\n`;
}

const BOUNDS = `### What bounds it
- **Arithmetic**, nearly everywhere: rates fall as the multiply-adds grow, and the share stays above 100 %, which is what is
  skipped: cells that are not set in the first layer, and zeros behind the ReLUs. Wider layers skip more.
- **Memory** for thousands of environments: a minibatch is then tens of thousands of samples, whose activations fit no cache.
- **Dispatch** costs little even for few environments: a kernel call handles 32 samples, or 32 rows of weights.
- **Processes**: cores, and what else runs on the machine; trainings side by side share nothing.`;
