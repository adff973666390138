import { algorithmSchema, netSchema } from '../../src/agents/algorithm.ts';
import { findAlgorithm } from '../../src/agents/index.ts';
import { NotFiniteError } from '../../src/core/errors.ts';
import { yieldThread } from '../../src/core/yield.ts';
import { loadFusedAlone } from '../../src/engine/fused-engine.ts';
import type { ReadKernels } from '../../src/engine/kernel-files.ts';
import type { Engine } from '../../src/engine/types.ts';
import { findEnv } from '../../src/envs/index.ts';
import { netFor } from '../../src/nets/index.ts';
import type { TrainingConfig } from '../../src/runs/config.ts';
import { policyNetOf } from '../../src/runs/run-net.ts';
import {
  beginningOf,
  checkpointOf,
  createTraining,
  type EvaluationRow,
  isEvaluationDue,
  playEvaluation,
  type SourceCheckpoint,
  type Training,
} from '../../src/runs/training.ts';
import { findMethod } from '../../src/transfer/index.ts';
import type { TransferPlan } from '../../src/transfer/plan.ts';
import { ARM_SEEDS } from '../../src/transfer/study.ts';

/** What is trained: three agents, one after another and then two side by side. Plain data. */
export interface Settings {
  /** Env ids. */
  readonly source: string;
  readonly target: string;
  readonly seed: number;
  /** Env steps of each training. */
  readonly steps: number;
  readonly evaluations: number;
  readonly evaluationEpisodes: number;
  /** Kernels without relaxed SIMD also where the browser has it: the same bits everywhere. */
  readonly plain: boolean;
}

export const ARMS = ['source', 'transferred', 'scratch'] as const;
export type Arm = (typeof ARMS)[number];

/** What is told of an experiment while it runs. Plain data. */
export type News =
  | { readonly news: 'kernels'; readonly kernels: string }
  | {
      readonly news: 'progress';
      readonly arm: Arm;
      readonly step: number;
      readonly evaluations: readonly (readonly [step: number, mean: number])[];
    }
  /** A checkpoint file's bytes; `last`: those of the trained agent. */
  | {
      readonly news: 'weights';
      readonly arm: Arm;
      readonly step: number;
      readonly bytes: Uint8Array<ArrayBuffer>;
      readonly last: boolean;
    }
  | { readonly news: 'plan'; readonly plan: TransferPlan }
  | { readonly news: 'finished' }
  | { readonly news: 'failed'; readonly message: string };

/** A short training suits short rollouts (`ngplus demo` has the same). */
const PPO = { numSteps: 32, numMinibatches: 4 };
/** Weights are told of at least this often, for who watches. */
const WEIGHTS_EVERY_MS = 1000;

/** What trains an arm: the same as the first of its runs in a study of these settings. */
export function configOf(settings: Settings, arm: Arm): TrainingConfig {
  const { source, target, seed, steps, evaluations, evaluationEpisodes } = settings;
  const spec = findEnv(arm === 'source' ? source : target);
  const algorithm = findAlgorithm('ppo');
  const net = netFor('', spec.observation.kind);
  return {
    env: spec.id,
    gameRevision: spec.game.revision,
    algorithm: algorithm.id,
    algorithmConfig: algorithmSchema(algorithm, spec.observation.kind).parse(PPO),
    net: net.id,
    netConfig: netSchema(net, algorithm).parse({}),
    totalTimesteps: steps,
    seed: seed * 10_000 + ARM_SEEDS[arm === 'transferred' ? 'transfer' : arm],
    evaluations,
    evaluationEpisodes,
    transfer: arm === 'transferred' ? fullTransfer(source) : null,
    label: '',
  };
}

/** Every layer moves and learns on; the critic starts anew. */
const fullTransfer = (source: string): TrainingConfig['transfer'] => ({
  source,
  sourceInfo: null,
  method: 'full',
  methodConfig: findMethod('full').schema.parse({}),
  alignment: 'role',
  reset: ['heads/value'],
  stageLearningRates: [],
});

/**
 * Learns the source, moves the layers, and learns the target with and without them, update by update in turn. `mayGoOn`
 * is awaited before each.
 * @throws NotFiniteError where a training diverges
 */
export async function runExperiment(
  settings: Settings,
  read: ReadKernels,
  tell: (news: News) => void,
  mayGoOn: () => Promise<void> = async () => {},
): Promise<void> {
  const engine = await loadFusedAlone(read, { plain: settings.plain });
  tell({ news: 'kernels', kernels: engine.kernels });
  const learn = async (...pupils: Pupil[]): Promise<void> => {
    while (pupils.some(({ isDone }) => !isDone())) {
      for (const pupil of pupils) {
        await mayGoOn();
        await pupil.advance();
        await yieldThread();
      }
    }
    pupils.forEach(({ training }) => training.agent.dispose());
  };
  const source = createPupil('source', settings, engine, null, tell);
  await learn(source);
  const from = { name: settings.source, bytes: source.checkpoint() };
  const transferred = createPupil('transferred', settings, engine, from, tell);
  tell({ news: 'plan', plan: transferred.training.plan! });
  await learn(transferred, createPupil('scratch', settings, engine, null, tell));
  tell({ news: 'finished' });
}

/** An agent that learns, with what there is to tell of it. */
interface Pupil {
  readonly training: Training;
  isDone(): boolean;
  /** The next evaluation where one is due, else the next update; nothing once all is done. */
  advance(): Promise<void>;
  /** The newest weights that were told of. */
  checkpoint(): Uint8Array;
}

function createPupil(
  arm: Arm,
  settings: Settings,
  engine: Engine,
  source: SourceCheckpoint | null,
  tell: (news: News) => void,
): Pupil {
  const config = configOf(settings, arm);
  const net = policyNetOf(config);
  const training = createTraining(config, net, engine, beginningOf(config, net, source, []), { threads: 1 });
  const { agent, env } = training;
  const evaluations: EvaluationRow[] = [];
  let toldMs = -Infinity;
  let newest = new Uint8Array();
  const isDone = (): boolean => agent.step >= config.totalTimesteps && !isEvaluationDue(training, evaluations);
  const tellWeights = (): void => {
    const bytes = checkpointOf(training) as Uint8Array<ArrayBuffer>;
    newest = bytes;
    toldMs = performance.now();
    tell({ news: 'weights', arm, step: agent.step, bytes, last: isDone() });
  };
  env.reset();
  return {
    training,
    isDone,
    checkpoint: () => newest,
    async advance() {
      if (isDone()) return;
      if (isEvaluationDue(training, evaluations)) {
        evaluations.push(await playEvaluation(training, evaluations.length));
        tellWeights();
      } else {
        update(training);
        if (performance.now() - toldMs > WEIGHTS_EVERY_MS) tellWeights();
      }
      const rows = evaluations.map(({ step, mean }) => [step, mean] as const);
      tell({ news: 'progress', arm, step: agent.step, evaluations: rows });
    },
  };
}

/** @throws NotFiniteError naming the env */
function update({ agent, config }: Training): void {
  try {
    agent.update();
  } catch (error) {
    if (!(error instanceof NotFiniteError)) throw error;
    throw new NotFiniteError(`Training on ${config.env} diverged at step ${agent.step}: ${error.message}`);
  }
}
