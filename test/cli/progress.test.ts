import { spawnSync } from 'node:child_process';
import { describe, expect, it, test } from 'vitest';
import { createProgress, formatCount, formatDuration } from '../../src/cli/progress.ts';
import { Screen } from './screen.ts';

function start(screen: Screen, env: Record<string, string> = {}) {
  const clock = { ms: 0 };
  const stream = screen as unknown as NodeJS.WritableStream;
  const progress = createProgress({ stream, env, now: () => clock.ms });
  const job = (name: string, done: number, note?: string) =>
    progress.update({ job: name, label: `job ${name}`, done, total: 1000, note });
  return { clock, progress, job };
}

describe('on a terminal', () => {
  it('shows a line a job with share, rate, time left and note, and clears them at the end', () => {
    const screen = new Screen();
    const { clock, progress, job } = start(screen);
    screen.write('earlier\n');
    job('a', 0);
    clock.ms = 1000;
    job('a', 100, 'return 1.5');
    clock.ms = 2000;
    job('b', 0);
    expect(screen.text).toEqual([
      'earlier',
      'job a ━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  10%  50/s  18s left  return 1.5',
      'job b ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌   0%',
    ]);
    progress.log('a line that stays');
    clock.ms = 3000;
    job('a', 1000);
    expect(screen.text).toEqual(['earlier', 'a line that stays', 'job b ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌   0%']);
    progress.close();
    progress.close();
    expect(screen.text).toEqual(['earlier', 'a line that stays']);
    expect(screen.listenerCount('resize')).toBe(0);
  });

  it('counts nothing for the rate that was found done, however late it is told of', () => {
    const screen = new Screen();
    const { clock, progress } = start(screen);
    const update = (done: number, found: number) =>
      progress.update({ job: 'study', label: 'study', done, found, total: 1000 });
    update(0, 0);
    clock.ms = 10_000;
    update(600, 500);
    expect(screen.text).toEqual(['study ━━━━━━━━━━━━╌╌╌╌╌╌╌╌  60%  10/s  40s left']);
    progress.close();
  });

  it('redraws at most 10 times a second, and shows the latest in the end', async () => {
    const screen = new Screen();
    const { clock, progress, job } = start(screen);
    for (let i = 0; i < 500; i++) {
      clock.ms = 2 * i;
      job('a', i);
    }
    expect(screen.writes).toBeLessThanOrEqual(11);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(screen.text[0]).toContain('49%');
    progress.close();
  });

  it('fits into narrow terminals, and survives being made narrower', () => {
    const screen = new Screen(60);
    const { clock, progress, job } = start(screen);
    screen.write('earlier\n');
    job('a', 0);
    clock.ms = 10_000;
    job('a', 10, 'return 12.25');
    expect(screen.text[1]).toBe('job a   1%  1/s  16m 30s left  return 12.25');
    screen.resize(30);
    expect(screen.text).toEqual(['earlier', 'job a   1%  1/s  16m 30s left']);
    screen.resize(200);
    expect(screen.text[1]).toMatch(/^job a ╌{20} {3}1% {2}1\/s {2}16m 30s left {2}return 12\.25$/);
    progress.close();
    expect(screen.text).toEqual(['earlier']);
  });

  it('counts the jobs that do not fit into its rows', () => {
    const screen = new Screen();
    screen.rows = 5;
    const { clock, progress, job } = start(screen);
    for (let i = 0; i < 6; i++) {
      clock.ms += 200;
      job(String(i), 0);
    }
    expect(screen.text.map((line) => line.slice(0, 10).trim())).toEqual(['job 0 ╌╌╌╌', 'job 1 ╌╌╌╌', 'and 4 more']);
    progress.close();
    expect(screen.text).toEqual([]);
  });

  it('has colours, but not where NO_COLOR is set', () => {
    const written = (env: Record<string, string>): string => {
      const screen = new Screen();
      const { progress, job } = start(screen, env);
      job('a', 500);
      progress.close();
      return screen.written;
    };
    expect(written({})).toContain('\x1b[36m━');
    expect(written({ NO_COLOR: '1' })).not.toContain('\x1b[36m');
  });

  it('leaves nothing behind when the process ends without a close', () => {
    const script = `
import { createProgress } from ${JSON.stringify(new URL('../../src/cli/progress.ts', import.meta.url).href)};
process.stderr.isTTY = true;
createProgress().update({ job: 'a', label: 'a', done: 1, total: 2 });
process.exit(130);`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', script];
    const { stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(status).toBe(130);
    expect(stderr).toMatch(/^a .+\n\r\x1b\[1A\x1b\[J$/);
  });
});

describe('elsewhere', () => {
  it('prints a plain line now and then, and one when a job is finished', () => {
    const screen = new Screen();
    screen.isTTY = false;
    const { clock, progress, job } = start(screen);
    for (let second = 0; second <= 25; second++) {
      clock.ms = 1000 * second;
      job('a', 40 * second);
    }
    progress.log('note');
    progress.close();
    expect(screen.written.split('\n')).toEqual([
      'job a   0%',
      'job a  40%  40/s  15s left',
      'job a  80%  40/s  5s left',
      'job a 100%  40/s',
      'note',
      '',
    ]);
  });

  it('takes a dumb terminal for none', () => {
    const screen = new Screen();
    const { progress, job } = start(screen, { TERM: 'dumb' });
    job('a', 500);
    progress.close();
    expect(screen.written).toBe('job a  50%\n');
  });
});

test.each([
  [0, '0'],
  [0.25, '0.3'],
  [12.34, '12'],
  [999, '999'],
  [1234, '1.2k'],
  [99_960, '100k'],
  [999_949, '1000k'],
  [1_250_000, '1.3M'],
])('%d is shown as %s', (count, text) => {
  expect(formatCount(count)).toBe(text);
});

test.each([
  [7.2, '8s'],
  [60, '1m 00s'],
  [80, '1m 20s'],
  [3599.5, '1h 00m'],
  [7500, '2h 05m'],
])('%d seconds are shown as %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
