import { randomPlayer } from '../agents/random-player.ts';
import { findEnv } from '../envs/index.ts';
import type { RunConfig } from '../runs/config.ts';
import { evaluatePlayer, type Evaluation } from '../runs/evaluate.ts';
import { type Bundle, loadBundle } from '../runs/game-module.ts';
import { type Race, type RaceResult, runRace } from '../runs/race.ts';
import { type RunHooks, type RunResult, trainRun } from '../runs/run.ts';
import { openStore } from '../runs/open-store.ts';
import { readSource } from '../runs/source.ts';
import { raceStored, storedSource, trainStored } from '../runs/stored-run.ts';
import type { SourceCheckpoint } from '../runs/training.ts';
import type { GraphJob } from './graph.ts';

/** A piece of work for any executor: plain data. */
export type Task = TrainTask | RaceTask | RandomTask;

interface Job extends GraphJob {
  /** The users' modules that it needs. */
  readonly modules: readonly Bundle[];
}

/** Trains in a run folder; a transfer takes the newest checkpoint of `source` (a run folder or file). */
export interface TrainTask extends Job {
  readonly kind: 'train';
  readonly folder: string;
  readonly config: RunConfig;
  readonly source: string | null;
  /** Of a distillation: where its teachers' checkpoints are. */
  readonly teachers?: readonly string[];
  readonly tensorboard: boolean;
  /** Threads to share the work of the net among: nothing but the time depends on them. */
  readonly threads: number;
  /** Where other machines can go on with it, instead of `folder`: a place for `openStore`, and so is `source` then. */
  readonly store?: string;
}

/** Races candidates in a folder. */
export interface RaceTask extends Job, Race {
  readonly kind: 'race';
  readonly folder: string;
  /** As of a training. */
  readonly threads: number;
  /** As of a training: the candidates' sources are places for `openStore` then. */
  readonly store?: string;
}

/** Evaluates uniform random play: the zero of the ratio. */
export interface RandomTask extends Job {
  readonly kind: 'random';
  readonly env: string;
  readonly episodes: number;
  readonly seed: number;
}

export type TaskResult = RunResult | RaceResult | Evaluation;

export async function runTask(task: Task, hooks: RunHooks): Promise<TaskResult> {
  for (const bundle of task.modules) await loadBundle(bundle);
  if (task.kind === 'random') {
    return evaluatePlayer(findEnv(task.env), randomPlayer(task.seed), task.episodes, task.seed, hooks.stopRequested);
  }
  if (task.kind === 'race') {
    const wanted = { ...hooks, threads: task.threads };
    if (task.store === undefined) return runRace(task.folder, task, wanted);
    return raceStored(await openStore(task.store), task, storedIn, wanted);
  }
  const { folder, config, store, tensorboard, threads } = task;
  const wanted = { ...hooks, tensorboard, threads, teachers: task.teachers?.map(readSource) };
  if (store === undefined)
    return trainRun(folder, config, task.source === null ? null : readSource(task.source), wanted);
  return trainStored(await openStore(store), config, await storedIn(task.source), wanted);
}

const storedIn = async (place: string | null): Promise<SourceCheckpoint | null> =>
  place === null ? null : storedSource(await openStore(place), place);
