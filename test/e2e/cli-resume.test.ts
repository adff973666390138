import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { buildOnce } from './build-once.ts';
import { emptyFolder, ngplus, startNgplus } from './processes.ts';

const cwd = emptyFolder();
/** Ten updates, with an evaluation after every second one. */
const TRAINING =
  'train cartpole --total-timesteps 10240 --evaluations 5 --evaluation-episodes 5 --keep-checkpoints 9 --update-epochs 5';

interface Row {
  stepsPerSecond?: number;
}

/** All that a run has learned and logged; speeds left out. */
function remains(folder: string) {
  const path = join(cwd, folder);
  const checkpoints = readdirSync(join(path, 'checkpoints')).sort();
  const rows = readFileSync(join(path, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  return {
    checkpoints,
    weights: checkpoints.map((name) => readFileSync(join(path, 'checkpoints', name)).toString('base64')),
    metrics: rows.map((row) => ({ ...(JSON.parse(row) as Row), stepsPerSecond: 0 })),
    evaluations: readFileSync(join(path, 'evaluations.jsonl'), 'utf8'),
  };
}

/** Starts the training and sends the signal when the run has left its second checkpoint. */
async function interrupt(folder: string, signal: NodeJS.Signals) {
  const running = startNgplus(`${TRAINING} --folder ${folder}`, { cwd });
  const checkpoints = join(cwd, folder, 'checkpoints');
  while (!existsSync(checkpoints) || readdirSync(checkpoints).length < 2) await sleep(5);
  running.signal(signal);
  return running.ended;
}

let uninterrupted: ReturnType<typeof remains>;
beforeAll(async () => {
  await buildOnce();
  expect((await ngplus(`${TRAINING} --folder whole`, { cwd })).code).toBe(0);
  uninterrupted = remains('whole');
  expect(uninterrupted.weights).toHaveLength(6);
  expect(uninterrupted.metrics).toHaveLength(10);
}, 240_000);

it('a training stopped by Ctrl-C goes on to the very same weights', async () => {
  const { code, stderr } = await interrupt('stopped', 'SIGINT');
  expect(code).toBe(130);
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^ngplus train: stopped/);
  expect(existsSync(join(cwd, 'stopped/resume.safetensors'))).toBe(true);
  const before = readFileSync(join(cwd, 'stopped/metrics.jsonl'), 'utf8');
  expect((await ngplus('runs stopped', { cwd })).stdout).toMatch(/^stopped +cartpole .* of 10\.2k/);

  expect((await ngplus(`${TRAINING} --folder stopped`, { cwd })).code).toBe(0);
  expect(remains('stopped')).toEqual(uninterrupted);
  // It went on from where it was, nothing was done twice: these lines hold the speeds of the first session.
  expect(readFileSync(join(cwd, 'stopped/metrics.jsonl'), 'utf8').startsWith(before)).toBe(true);
});

it('a killed training goes on to the very same weights', async () => {
  expect(await interrupt('killed', 'SIGKILL')).toMatchObject({ code: null });
  expect((await ngplus(`${TRAINING} --folder killed`, { cwd })).code).toBe(0);
  expect(remains('killed')).toEqual(uninterrupted);
});

it('Ctrl-C is heard amid a long evaluation', async () => {
  const lines = [
    'train freeway --evaluation-episodes 2000 --folder long',
    'evaluate random --env freeway --episodes 20000',
  ];
  const running = lines.map((line) => startNgplus(line, { cwd }));
  while (!existsSync(join(cwd, 'long/metrics.jsonl'))) await sleep(20);
  await sleep(1000);
  const askedMs = performance.now();
  for (const { signal } of running) signal('SIGINT');
  const [training, evaluation] = await Promise.all(running.map(({ ended }) => ended));
  expect(performance.now() - askedMs).toBeLessThan(5000);
  expect([training.code, evaluation.code]).toEqual([130, 130]);
  expect(evaluation.stderr).toBe('ngplus evaluate: stopped\n');
  expect(existsSync(join(cwd, 'long/resume.safetensors'))).toBe(true);
});

it('a run in use is left alone', async () => {
  // Long enough to be in use for as long as this takes.
  const line = 'train cartpole --total-timesteps 100000000 --evaluations 1 --evaluation-episodes 2 --folder shared';
  const first = startNgplus(line, { cwd });
  while (!existsSync(join(cwd, 'shared/config.json'))) await sleep(5);
  const second = await ngplus(line, { cwd });
  expect(second.code).toBe(2);
  expect(second.stderr).toMatch(/shared is in use by process \d+; wait for it or stop it\n$/);
  first.signal('SIGINT');
  expect((await first.ended).code).toBe(130);
});

it('a finished run gives its result at once', async () => {
  const before = remains('whole');
  const { code, stdout } = await ngplus(`${TRAINING} --folder whole --json -`, { cwd });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ step: 10_240, updates: 10, folder: 'whole' });
  expect(remains('whole')).toEqual(before);
});

it('a transfer prints its plan and writes it before it trains', async () => {
  const line = 'transfer whole cartpole?gravity=5 --total-timesteps 4096 --evaluations 4 --evaluation-episodes 3';
  const { code, stdout } = await ngplus(`${line} --folder moved --tensorboard`, { cwd });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Transfer plan: cartpole -> cartpole\?gravity=5 \(method full, alignment role\)\n/);
  const plan = JSON.parse(readFileSync(join(cwd, 'moved/transfer.json'), 'utf8'));
  expect(plan.entries.map(({ origin }: { origin: string }) => origin)).toContain('copied');
  expect(readdirSync(join(cwd, 'moved')).some((name) => name.startsWith('events.out.tfevents'))).toBe(true);
  expect((await ngplus('runs moved', { cwd })).stdout).toContain('transfer, full');
});
