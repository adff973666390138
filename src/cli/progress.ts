import { performance } from 'node:perf_hooks';
import type { WriteStream } from 'node:tty';

/** How far a job is. */
export interface JobProgress {
  /** Tells jobs apart; a job is finished when `done` reaches `total`. */
  readonly job: string;
  readonly label: string;
  readonly done: number;
  readonly total: number;
  /** Of `done`, what was there before and says nothing of the rate; if left out, what the first update says is done. */
  readonly found?: number;
  /** Units a second; measured if left out. */
  readonly rate?: number;
  /** Short words at the end: `return 12.3`. */
  readonly note?: string;
}

export interface Progress {
  update(progress: JobProgress): void;
  /** Prints a line that stays, above the live block. */
  log(line: string): void;
  /** Removes the live block and lets go of the stream. Closing twice is no error. */
  close(): void;
}

export interface ProgressOptions {
  /** Default: standard error, so that standard output stays for results. */
  readonly stream?: ProgressStream;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds, never falling. */
  readonly now?: () => number;
}

type ProgressStream = NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>>;

interface Job extends JobProgress {
  readonly startedMs: number;
  readonly startedAt: number;
  /** When its last plain line was printed. */
  printedMs: number;
}

const REDRAW_MS = 100;
const PLAIN_LINE_MS = 10_000;
const BAR_WIDTH = 20;

/**
 * One display for all jobs: on a terminal a block of lines, a line for each running job, redrawn at most 10 times a
 * second; elsewhere a plain line for each job every 10 seconds and at its end.
 */
export function createProgress(options: ProgressOptions = {}): Progress {
  const { stream = process.stderr, env = process.env, now = () => performance.now() } = options;
  const isLive = stream.isTTY === true && env.TERM !== 'dumb';
  return isLive ? liveProgress(stream, env, now) : plainProgress(stream, now);
}

function plainProgress(stream: ProgressStream, now: () => number): Progress {
  const jobs = new Map<string, Job>();
  return {
    update(progress) {
      const job = track(jobs, progress, now());
      if (!isFinished(job) && now() - job.printedMs < PLAIN_LINE_MS) return;
      job.printedMs = now();
      stream.write(`${jobLine(job, now())}\n`);
      if (isFinished(job)) jobs.delete(job.job);
    },
    log: (line) => void stream.write(`${line}\n`),
    close: () => jobs.clear(),
  };
}

function liveProgress(
  stream: ProgressStream,
  env: Readonly<Record<string, string | undefined>>,
  now: () => number,
): Progress {
  const jobs = new Map<string, Job>();
  let drawn: string[] = [];
  let drawnMs = -Infinity;
  let timer: NodeJS.Timeout | undefined;

  /** Back to the first line of the block (a narrower terminal has wrapped its lines), and clears from there. */
  const erase = (): string => {
    const wrapped = drawn.map((line) => Math.max(1, Math.ceil(line.length / (stream.columns || 80))));
    const rows = wrapped.reduce((sum, count) => sum + count, 0);
    return rows === 0 ? '' : `\r\x1b[${rows}A\x1b[J`;
  };
  const draw = (): void => {
    clearTimeout(timer);
    timer = undefined;
    drawnMs = now();
    const before = erase();
    drawn = blockLines([...jobs.values()], now(), stream.columns || 80, stream.rows || 24);
    stream.write(before + drawn.map((line) => `${env.NO_COLOR ? line : colored(line)}\n`).join(''));
  };
  const close = (): void => {
    clearTimeout(timer);
    stream.off('resize', draw);
    process.off('exit', close);
    stream.write(erase());
    drawn = [];
    jobs.clear();
  };
  stream.on('resize', draw);
  // Whatever ends the process, a Ctrl-C included, leaves no half block behind.
  process.on('exit', close);
  return {
    update(progress) {
      const job = track(jobs, progress, now());
      if (isFinished(job)) jobs.delete(job.job);
      const waitMs = drawnMs + REDRAW_MS - now();
      if (waitMs <= 0) draw();
      else timer ??= setTimeout(draw, waitMs).unref();
    },
    log(line) {
      stream.write(`${erase()}${line}\n`);
      drawn = [];
      draw();
    },
    close,
  };
}

function track(jobs: Map<string, Job>, progress: JobProgress, nowMs: number): Job {
  const before = jobs.get(progress.job);
  const job: Job = {
    ...progress,
    startedMs: before?.startedMs ?? nowMs,
    startedAt: progress.found ?? before?.startedAt ?? progress.done,
    printedMs: before?.printedMs ?? -Infinity,
  };
  jobs.set(progress.job, job);
  return job;
}

const isFinished = ({ done, total }: JobProgress): boolean => done >= total;

/** A line a job, cut to the terminal's width; where there are more jobs than rows, the last line counts the rest. */
function blockLines(jobs: readonly Job[], nowMs: number, columns: number, rows: number): string[] {
  const room = Math.max(1, rows - 2);
  const shown = jobs.length <= room ? jobs : jobs.slice(0, room - 1);
  const lines = shown.map((job) => jobLine(job, nowMs, columns));
  if (shown.length < jobs.length) lines.push(`and ${jobs.length - shown.length} more`);
  return lines.map((line) => fitted(line, columns - 1));
}

/** As much of the line as fits, without half a figure at its end: `evaluated 163` must not be what is left of 1630. */
function fitted(line: string, width: number): string {
  const chars = [...line];
  if (chars.length <= width) return line;
  // With the two characters of a separator that begins where the room ends.
  const near = chars.slice(0, width + 2).join('');
  const end = Math.max(near.lastIndexOf('  '), near.lastIndexOf(', '));
  return end > 0 ? near.slice(0, end) : near.slice(0, width);
}

/** `breakout seed 3 ━━━━━╌╌╌╌╌  51%  6.1k/s  1m 20s left  return 12.3`; without the bar where that is too wide. */
function jobLine(job: Job, nowMs: number, columns = 0): string {
  const { label, done, total, note } = job;
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const rate = job.rate ?? measuredRate(job, nowMs);
  const left = rate > 0 && done < total ? `${formatDuration((total - done) / rate)} left` : '';
  const figures = [
    `${Math.floor(100 * share)}%`.padStart(4),
    rate > 0 ? `${formatCount(rate)}/s` : '',
    left,
    note ?? '',
  ];
  const text = figures.filter((figure) => figure !== '').join('  ');
  const bar = '━'.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '╌');
  const wide = `${label} ${bar} ${text}`;
  return wide.length < columns ? wide : `${label} ${text}`;
}

function measuredRate({ done, startedAt, startedMs }: Job, nowMs: number): number {
  return nowMs > startedMs ? (1000 * (done - startedAt)) / (nowMs - startedMs) : 0;
}

const colored = (line: string): string => line.replace(/━+/, (bar) => `\x1b[36m${bar}\x1b[39m`);

/** `512`, `6.1k`, `2.5M`. */
export function formatCount(count: number): string {
  if (count < 999.5) return count.toFixed(count < 9.95 && count % 1 !== 0 ? 1 : 0);
  const [scaled, unit] = count < 999_950 ? [count / 1000, 'k'] : [count / 1_000_000, 'M'];
  return `${scaled.toFixed(scaled < 99.95 ? 1 : 0)}${unit}`;
}

/** `8s`, `1m 20s`, `2h 05m`. */
export function formatDuration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole}s`;
  const two = (n: number): string => String(n).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h ${two(Math.floor((whole % 3600) / 60))}m`;
}
