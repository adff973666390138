import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareArms } from '../../src/stats/compare.ts';
import type { Arm } from '../../src/stats/curve.ts';
import { withHolm } from '../../src/stats/holm.ts';
import { freshPolicy } from './fresh-policy.ts';

const STEPS = [0, 500, 1000];
const SEEDS = 4;

/** What the runs of a group of jobs are to have in their folders. */
interface Group {
  /** Of the job's key, without the run's number. */
  readonly key: string;
  readonly arm: 'source' | 'scratch' | 'transfer';
  readonly env: string;
  readonly gamma: number;
  /** Mean return of run `i` at the last step; from 1 at the start it rises evenly. */
  end(i: number): number;
}

const GROUPS: readonly Group[] = [
  { key: 'source/freeway', arm: 'source', env: 'freeway', gamma: 0.99, end: (i) => 10 + i },
  { key: 'scratch/breakout', arm: 'scratch', env: 'breakout', gamma: 0.99, end: (i) => 5 + 0.1 * i },
  { key: 'scratch/asterix', arm: 'scratch', env: 'asterix', gamma: 0.99, end: (i) => 5 + 0.1 * i },
  { key: 'transfer/freeway->breakout/full', arm: 'transfer', env: 'breakout', gamma: 0.95, end: (i) => 9 + 0.1 * i },
  { key: 'transfer/freeway->asterix/full', arm: 'transfer', env: 'asterix', gamma: 0.99, end: (i) => 5 + 0.1 * i },
];

const idOf = ({ key }: Group, i: number): string => `${key.replaceAll(/[^a-z]+/g, '-')}-${i}`;

const returnsOf = (group: Group, i: number): number[] => STEPS.map((step) => 1 + ((group.end(i) - 1) * step) / 1000);

/**
 * Writes a study as it is stored: freeway carried to breakout, where it clearly helps, and to asterix, where it makes no
 * difference; four seeds an arm, with checkpoints at the first and the last step.
 */
export async function storeStudy(folder: string, { isFinished }: { readonly isFinished: boolean }): Promise<void> {
  const runs = GROUPS.flatMap((group) => Array.from({ length: SEEDS }, (_, i) => ({ group, i })));
  await Promise.all(runs.map(({ group, i }) => storeRun(join(folder, 'jobs', idOf(group, i)), group, i)));
  const jobs = runs.map(({ group, i }) => {
    const { key, arm, env } = group;
    return {
      key: `${key}/${i}`,
      id: idOf(group, i),
      arm,
      env,
      method: arm === 'transfer' ? 'full' : null,
      control: null,
    };
  });
  await writeFile(join(folder, 'study.json'), JSON.stringify({ jobs }));
  if (isFinished) await writeFile(join(folder, 'result.json'), JSON.stringify({ pairs: pairs() }));
}

async function storeRun(folder: string, { arm, env, gamma }: Group, i: number): Promise<void> {
  const group = GROUPS.find((candidate) => candidate.arm === arm && candidate.env === env)!;
  await mkdir(join(folder, 'checkpoints'), { recursive: true });
  const seed = 1000 + i;
  const config = {
    env,
    algorithm: 'ppo',
    algorithmConfig: { gamma, clipCoef: 0.2 },
    seed,
    totalTimesteps: 1000,
    modules: [],
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...config, label: `${arm} ${i + 1}` }));
  const rows = returnsOf(group, i).map((mean, at) => ({ step: STEPS[at], mean }));
  await writeFile(join(folder, 'evaluations.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const metrics = Array.from({ length: 1200 }, (_, update) => ({
    update,
    step: update,
    entropy: 2 - update / 1200,
    valueLoss: 1,
  }));
  await writeFile(join(folder, 'metrics.jsonl'), metrics.map((row) => `${JSON.stringify(row)}\n`).join(''));
  await writeFile(join(folder, 'result.json'), '{}');
  for (const step of [0, 1000]) {
    const name = `${String(step).padStart(12, '0')}.safetensors`;
    await writeFile(join(folder, 'checkpoints', name), policyOf(env, step));
  }
}

const policies = new Map<string, Uint8Array>();

/** Untrained weights, the same for all seeds: to make them takes a while. */
function policyOf(env: string, step: number): Uint8Array {
  const key = `${env} ${step}`;
  const bytes = policies.get(key) ?? freshPolicy(env, step);
  policies.set(key, bytes);
  return bytes;
}

/** What the study found, by the package's own statistics. */
function pairs(): object[] {
  const armOf = (arm: 'scratch' | 'transfer', env: string): Arm => {
    const group = GROUPS.find((candidate) => candidate.arm === arm && candidate.env === env)!;
    const curves = Array.from({ length: SEEDS }, (_, i) => ({
      seed: 1000 + i,
      steps: STEPS,
      returns: returnsOf(group, i),
    }));
    return { label: arm, curves };
  };
  const compared = ['breakout', 'asterix'].map((target) => ({
    source: 'freeway',
    target,
    method: 'full',
    comparison: compareArms({
      scratch: armOf('scratch', target),
      transfer: armOf('transfer', target),
      random: 0.5,
      sourceSteps: 1000,
      resamples: 500,
    }),
  }));
  return withHolm(compared);
}
