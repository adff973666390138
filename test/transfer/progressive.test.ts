import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Params } from '../../src/core/tensors.ts';
import { findEnv } from '../../src/envs/index.ts';
import { buildPolicyNet, type PolicyNet } from '../../src/nets/policy-net.ts';
import { decodeCheckpoint } from '../../src/runs/checkpoint.ts';
import { resolveTraining, resolveTransfer, type TransferRequest } from '../../src/runs/config.ts';
import { policyNetOf } from '../../src/runs/run-net.ts';
import { trainRun } from '../../src/runs/run.ts';
import { readSource } from '../../src/runs/source.ts';
import { TINY } from '../runs/tiny-run.ts';

const ENGINE = { backend: 'wasm', kernels: 'x' } as const;
const SIZES = { filters: 2, units: 8 };
const COLUMN = ['column/stem/kernel', 'column/stem/bias', 'column/trunk/0/kernel', 'column/trunk/0/bias'];

let folder: string;
const inside = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-progressive-'));
  const training = { ...TINY, env: 'breakout', netConfig: SIZES, seed: 1, totalTimesteps: 256, evaluations: 1 };
  await trainRun(inside('source'), resolveTraining(training, ENGINE), null);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function transferred(request: Partial<TransferRequest>): Promise<{ net: PolicyNet; start: Params; end: Params }> {
  const { info } = decodeCheckpoint(readSource(inside('source')).bytes);
  const training = {
    ...TINY,
    env: 'breakout?paddleWidth=2',
    netConfig: SIZES,
    seed: 2,
    totalTimesteps: 512,
    evaluations: 1,
  };
  const wanted = { ...training, net: 'progressive', method: 'progressive', ...request };
  const config = resolveTransfer(wanted, { id: 'sha256:ab', info }, ENGINE);
  const run = inside(`run-${Object.keys(request).join('-')}`);
  await trainRun(run, config, readSource(inside('source')));
  const at = (step: string): Params =>
    decodeCheckpoint(readFileSync(`${run}/checkpoints/${step.padStart(12, '0')}.safetensors`)).params;
  return { net: policyNetOf(config), start: at('0'), end: at('512') };
}

test('the column is the source, and stays so; everything else learns', async () => {
  const { start, end } = await transferred({});
  const { params } = decodeCheckpoint(readSource(inside('source')).bytes);
  for (const name of COLUMN) {
    expect(start[name], name).toEqual(params[name.replace('column/', '')]);
    expect(end[name], name).toEqual(start[name]);
  }
  for (const name of Object.keys(start).filter((name) => !COLUMN.includes(name))) {
    expect(end[name], name).not.toEqual(start[name]);
  }
  expect(start['stem/kernel']).not.toEqual(params['stem/kernel']);
});

test('the heads read both columns, and begin fresh', async () => {
  const { net, start } = await transferred({ reset: ['none'] });
  expect(start['heads/policy/kernel']).toEqual(net.init(2)['heads/policy/kernel']);
  const obs = new Uint8Array(net.obsShape.reduce((a, b) => a * b, 1)).map((_, i) => (i % 7 === 0 ? 1 : 0));
  const said = [...net.infer(start, obs)['policy']];
  for (const column of [0, 1]) {
    const half = start['heads/policy/kernel'].length / 2;
    const kernel = start['heads/policy/kernel'].map((weight, i) => (i >= half === (column === 1) ? weight : 0));
    expect([...net.infer({ ...start, 'heads/policy/kernel': kernel }, obs)['policy']]).not.toEqual(said);
  }
});

test('a net without a column for the source is refused in a sentence', async () => {
  await expect(transferred({ net: 'fastconv' })).rejects.toThrow(
    'progressive needs a net with a column for the source: --net progressive',
  );
});

test('the net reads planes of any game', () => {
  const { observation } = findEnv('seaquest');
  const net = buildPolicyNet({ net: 'progressive', netConfig: SIZES, observation, heads: [] });
  expect(net.fused).toBeNull();
  expect(Object.keys(net.init(1))).toEqual(
    expect.arrayContaining([...COLUMN, 'lateral/trunk/0/kernel', 'stem/kernel']),
  );
});
