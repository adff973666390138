import type { Params } from './tensors.ts';
import type { VecEnv } from './vec-env.ts';

/** Chooses actions for every environment: a policy net, a script, chance. */
export interface Player {
  /** Writes `[env, player]` actions for what the environments show now. */
  act(env: VecEnv, actions: Int32Array): void;
}

/** How much of the learning rate each tensor gets at a training step: 0 is frozen (bit-identical afterwards), 1 is full. */
export type LearningRateScale = (tensor: string, step: number) => number;

/** What one collect + update reports: diagnostics by name, and the episodes that ended in it. */
export interface UpdateReport {
  readonly metrics: Record<string, number>;
  readonly episodeReturns: readonly number[];
  readonly episodeLengths: readonly number[];
}

/** A learner: `init → (collect → update)*`. */
export interface Agent {
  /** Env frames seen so far. */
  readonly step: number;
  /** Updates made so far. */
  readonly updates: number;
  /** Env frames of one update. */
  readonly stepsPerUpdate: number;
  /** Collects experience and learns from it. @throws NotFiniteError, with the last good parameters kept */
  update(): UpdateReport;
  /** A player of the present policy; draws its sampled actions from the named stream. */
  player(mode: 'greedy' | 'sampled', seed: number | string): Player;
  /** Present parameter values, copied. */
  params(): Params;
  /** What scales its inputs and outputs, by name, for the checkpoint: `normalizers/value` multiplies the value head. */
  normalizers(): Params;
  /** Everything that changes while learning (parameters, slots, rngs, env states, counters), as plain data. */
  save(): unknown;
  load(state: unknown): void;
  dispose(): void;
}
