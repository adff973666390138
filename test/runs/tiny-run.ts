import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadEngine } from '../../src/engine/index.ts';
import { resolveTraining, type RunConfig, type TrainingRequest } from '../../src/runs/config.ts';
import { type MetricsRow, readMetrics } from '../../src/runs/metrics-log.ts';
import type { RunHooks, RunResult } from '../../src/runs/run.ts';

/** 128 env steps an update, with a net of a few hundred values. */
export const TINY = {
  algorithmConfig: { numEnvs: 8, numSteps: 16, numMinibatches: 2, updateEpochs: 2 },
  netConfig: { units: 16 },
  evaluationEpisodes: 4,
  backend: 'wasm',
} as const;

/** A training that takes about a second: 24 updates, an evaluation after every fourth. */
export async function tinyConfig(request: Partial<TrainingRequest> = {}): Promise<RunConfig> {
  const { backend, kernels } = await loadEngine('wasm');
  const defaults = { ...TINY, env: 'cartpole', totalTimesteps: 24 * 128, evaluations: 6 };
  return resolveTraining({ ...defaults, ...request }, { backend, kernels });
}

/** Stops a run after as many updates (one more where it resumes right before one). */
export function stopAfter(updates: number, more: RunHooks = {}): RunHooks {
  const steps = new Set<number>();
  return { ...more, progress: ({ step }) => void steps.add(step), stopRequested: () => steps.size > updates };
}

/** What a run leaves, but for what clocks say: equal for equal runs. */
export function outcome(folder: string) {
  const text = (key: string): string => readFileSync(join(folder, key), 'utf8');
  const { seconds: _seconds, ...result } = JSON.parse(text('result.json')) as RunResult;
  return {
    result,
    weights: readFileSync(join(folder, result.checkpoint)),
    checkpoints: readdirSync(join(folder, 'checkpoints')).sort(),
    evaluations: text('evaluations.jsonl'),
    metrics: timeless(readMetrics(join(folder, 'metrics.jsonl'))),
    // Temporary files and locks of killed writers are gone, and so is the state to resume from.
    files: readdirSync(folder).sort(),
  };
}

export const timeless = (rows: readonly MetricsRow[]): MetricsRow[] =>
  rows.map(({ stepsPerSecond: _speed, ...row }) => row);
