/**
 * New Game+: transfer of game-playing policies.
 *
 *     import { train, transfer, study, evaluate } from 'ngplus';
 */
export * from './game.ts';
export { StoppedError } from './core/errors.ts';
export type { VecEnv } from './core/vec-env.ts';
export type { Agent, Player } from './core/agent.ts';
export { findEnv, games, registerGame } from './envs/index.ts';
export { createVecEnv } from './envs/vec-env.ts';
export { predictSource, type PredictOptions } from './exec/predict-source.ts';
export { similarity, type SimilarityOptions, type SimilarityResult } from './exec/similarity.ts';
export { evaluate, type EvaluateOptions, type EvaluateResult } from './exec/evaluate.ts';
export {
  distill,
  type DistillOptions,
  type FinishedRun,
  study,
  type StudyFileOptions,
  type StudyOptions,
  train,
  type TrainOptions,
  transfer,
  type TransferOptions,
} from './exec/api.ts';
export type { StudyResult } from './exec/study.ts';
export { planText } from './report/plan-text.ts';
export { studyVerdict, verdict } from './stats/verdict.ts';
export { loadPolicy, type Policy } from './play.ts';
export { parseReplay, playReplay, type Replay } from './runs/replay.ts';
