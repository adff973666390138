import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadEngine } from '../../src/engine/index.ts';
import { decodeCheckpoint } from '../../src/runs/checkpoint.ts';
import { resolveTraining, resolveTransfer } from '../../src/runs/config.ts';
import { trainRun } from '../../src/runs/run.ts';
import { readSource } from '../../src/runs/source.ts';

/** 128 env steps an update. */
const TINY = {
  algorithmConfig: { numEnvs: 8, numSteps: 16, numMinibatches: 2, updateEpochs: 2, learningRate: 0.002 },
  netConfig: { filters: 4, units: 16 },
  net: 'conv',
  evaluationEpisodes: 4,
  evaluations: 4,
  backend: 'wasm',
} as const;

const UPDATES = 4;
export const TINY_STEPS = [0, 128, 256, 384, 512];

/**
 * A study as its folder has it, really trained for a moment: one source on space invaders, on breakout one run from
 * scratch and one transferred, of the same seed. Returns their ids in the library of `root`.
 */
export async function makeTinyStudy(root: string): Promise<{ source: string; scratch: string; transferred: string }> {
  const { backend, kernels } = await loadEngine('wasm');
  const engine = { backend, kernels };
  const inside = (name: string): string => join(root, 'study', 'jobs', name);
  await mkdir(join(root, 'study', 'jobs'), { recursive: true });
  const arms = { s0: 'source', b0: 'scratch', t0: 'transfer' };
  const jobs = Object.entries(arms).map(([id, arm]) => ({ id, arm }));
  await writeFile(join(root, 'study', 'study.json'), JSON.stringify({ jobs }));

  const training = { ...TINY, totalTimesteps: UPDATES * 128 };
  await trainRun(inside('s0'), resolveTraining({ ...training, env: 'space-invaders', seed: 1 }, engine), null);
  await trainRun(inside('b0'), resolveTraining({ ...training, env: 'breakout', seed: 2 }, engine), null);
  const source = readSource(inside('s0'));
  const from = { id: 'sha256:ab', info: decodeCheckpoint(source.bytes).info };
  await trainRun(inside('t0'), resolveTransfer({ ...training, env: 'breakout', seed: 2 }, from, engine), source);
  return { source: 'study/jobs/s0', scratch: 'study/jobs/b0', transferred: 'study/jobs/t0' };
}
