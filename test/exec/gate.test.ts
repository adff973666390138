import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { runCommand } from '../../src/cli/flags.ts';
import { prepareGate, prepareTraining, prepareTransfer } from '../../src/exec/api.ts';
import { runId } from '../../src/runs/config.ts';
import { readSource } from '../../src/runs/source.ts';
import { trainRun } from '../../src/runs/run.ts';
import { TINY, tinyConfig } from '../runs/tiny-run.ts';

let folder: string;
const inside = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-gate-cli-'));
  await trainRun(inside('source'), await tinyConfig({ seed: 1, totalTimesteps: 512, evaluations: 1 }), null);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function ngplus(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const sink = (take: (text: string) => void): Writable =>
    new Writable({ write: (chunk, _, done) => (take(String(chunk)), done()) });
  const streams = { stdout: sink((text) => (stdout += text)), stderr: sink((text) => (stderr += text)) };
  const io = { ...streams, env: {}, signal: new AbortController().signal };
  const code = await runCommand({ name: 'ngplus', version: '0', summary: '', commands }, argv, io);
  return { code, stdout, stderr };
}

it('a gate races the transfer that was asked for against the same training from scratch', async () => {
  const options = { ...TINY, env: 'cartpole?force=20', seed: 3, totalTimesteps: 2048, source: inside('source') };
  const { task } = await prepareGate({ ...options, gateShare: 0.25, gateRungs: 0 });
  const [scratch, transfer] = task.candidates.map(({ config }) => runId(config));
  const { source: _source, ...training } = options;
  expect(scratch).toBe((await prepareTraining(training)).task.id);
  expect(transfer).toBe((await prepareTransfer(options)).task.id);
  expect(task.rules).toEqual({ budget: 2048, share: 0.25, rungs: 0 });
});

it('on the command line it says who goes on and where that is', async () => {
  const sizes = '--num-envs 8 --num-steps 16 --num-minibatches 2 --evaluation-episodes 4 --total-timesteps 2048';
  const words = ['transfer', inside('source'), 'cartpole?force=20', '--gate', ...sizes.split(' ')];
  const given = ['--folder', inside('gate'), '--json', inside('gate.json'), '--backend', 'wasm'];
  const { code, stdout } = await ngplus(...words, ...given);
  expect(code).toBe(0);
  const { winner, folder: kept, plan, step } = JSON.parse(readFileSync(inside('gate.json'), 'utf8'));
  expect(stdout).toContain('Transfer plan:');
  expect(stdout).toMatch(
    new RegExp(`^${['scratch', 'transfer'][winner]} goes on: .*: scratch [\\d.]+, transfer [\\d.]+$`, 'm'),
  );
  expect(kept).toBe(inside(`gate/candidates/${winner}`));
  expect(readSource(kept).bytes.length).toBeGreaterThan(0);
  expect(plan.source).toBe('cartpole');
  expect(step).toBeGreaterThanOrEqual(2048);
  expect(existsSync(join(kept, 'metrics.jsonl'))).toBe(true);
  // The same again is read back; another one needs another folder.
  expect((await ngplus(...words, ...given)).stdout).toBe(stdout);
  const other = await ngplus(...words, ...given, '--gate-share', '0.3');
  expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('holds another race') });
  expect((await ngplus(...words, ...given, '--tensorboard')).stderr).toContain('a gate writes no TensorBoard files');
}, 60_000);
