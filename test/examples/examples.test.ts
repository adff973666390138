import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildOnce, ROOT } from '../e2e/build-once.ts';
import { emptyFolder, type Ended, ngplus, start } from '../e2e/processes.ts';

const folder = join(ROOT, 'examples');
const tsx = import.meta.resolve('tsx');
const scripts = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

beforeAll(buildOnce, 180_000);

/** Runs an example with its short settings, in an empty folder. */
const run = (name: string, ...args: string[]): Promise<Ended> =>
  start(process.execPath, ['--import', tsx, join(folder, name), '--quick', ...args], { cwd: emptyFolder() }).ended;

describe('examples', { timeout: 180_000 }, () => {
  it.each(scripts)('%s has at most 60 lines', (name) => {
    expect(readFileSync(join(folder, name), 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(60);
  });

  it('train.ts trains an agent and lets it play beside chance', async () => {
    const { code, stdout, stderr } = await run('train.ts');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^4096 steps in [\d.]+ s, kept in runs\/example-train-quick$/m);
    expect(stdout).toMatch(
      /^greedy play of breakout\?paddleWidth=3: mean return \d+\.\d\d \(95 % interval .*20 episodes/m,
    );
    expect(stdout).toMatch(/^random play of breakout\?paddleWidth=3: mean return \d+\.\d\d/m);
  });

  it('transfer.ts carries layers over, prints the plan and goes on', async () => {
    const { code, stdout, stderr } = await run('transfer.ts');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Transfer plan: breakout?paddleWidth=3 -> breakout (method full, alignment role)');
    expect(stdout).toMatch(/stem\/kernel +3x3x4x8 +copied .* x 0\.5$/m);
    expect(stdout).toMatch(/^step +4096: mean return/m);
  });

  it('study.ts says with an interval whether it was worth it', async () => {
    const { code, stdout, stderr } = await run('study.ts');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const intervals = stdout.match(/jumpstart -?[\d.]+, 95 % interval -?[\d.]+ to -?[\d.]+$/gm);
    expect(intervals).toHaveLength(2);
    expect(stdout).toContain('report: runs/example-study-quick/report.html');
  });

  it('own-game.ts trains on a game of its own', async () => {
    const { code, stdout, stderr } = await run('own-game.ts');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^step 4096: mean return/m);
    expect(stdout).toMatch(/^in a narrower cave: \d+\.\d\d over 20 episodes$/m);
  });

  it('my-game.ts has nothing that check-game minds', async () => {
    const file = join(folder, 'my-game.ts');
    const { code, stdout } = await ngplus(['check-game', file], { cwd: emptyFolder() });
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${file}: ready to play and to train\n` });
  });
});
