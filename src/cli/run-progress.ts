import type { FinishedRun } from '../exec/api.ts';
import type { RaceTask, TrainTask } from '../exec/task.ts';
import { candidateFolder, type RaceResult } from '../runs/race.ts';
import type { RunProgress } from '../runs/run.ts';
import { rungsOf } from '../transfer/race.ts';
import type { CommandIo } from './flags.ts';
import { say, shellWord, writeJson } from './output.ts';
import { createProgress, type Progress, formatCount, formatDuration } from './progress.ts';

/** Shows the progress of one training while `work` does it. */
export async function followRun<T>(
  io: CommandIo,
  task: Pick<TrainTask, 'id' | 'config' | 'folder'>,
  work: (progress: (progress: RunProgress) => void) => Promise<T>,
): Promise<T> {
  const progress = createProgress({ stream: io.stderr, env: io.env });
  const { config, folder } = task;
  progress.log(
    `${config.env}: ${config.algorithm} on ${config.backend} (${config.kernels}), seed ${config.seed}, in ${folder}`,
  );
  const hear = sayWhenStopped(io, progress);
  try {
    return await work((now) => progress.update({ job: task.id, label: config.env, ...progressOf(now) }));
  } finally {
    hear.end();
    progress.close();
  }
}

/** Answers Ctrl-C at once, until its `end`: what is under way may take a moment to save. */
export function sayWhenStopped({ signal }: CommandIo, progress: Progress): { end(): void } {
  const say = (): void => progress.log('stopping: saving what there is (once more ends at once)');
  if (!signal.aborted) signal.addEventListener('abort', say, { once: true });
  return { end: () => signal.removeEventListener('abort', say) };
}

/** A training's state as a progress line. */
export function progressOf({ phase, step, totalTimesteps, trainingReturn, evaluations }: RunProgress) {
  const evaluation = evaluations.at(-1);
  const notes = [
    trainingReturn === null ? '' : `return ${trainingReturn.toFixed(2)}`,
    evaluation ? `evaluated ${evaluation.mean.toFixed(2)}` : '',
    phase === 'evaluating' ? 'evaluating' : '',
  ];
  // Steps can be done while the last evaluation is not.
  const done = phase === 'finished' ? totalTimesteps : Math.min(step, totalTimesteps - 1);
  return { done, total: totalTimesteps, note: notes.filter((note) => note !== '').join(', ') };
}

/** The result of a training, for people and as JSON. */
export function reportRun(io: CommandIo, json: string, task: TrainTask, result: FinishedRun, more: object = {}): void {
  const { step, seconds, evaluations, trainingReturn, folder } = result;
  const last = evaluations[evaluations.length - 1];
  say(
    io,
    json,
    [
      `${task.config.env}: ${formatCount(step)} steps in ${formatDuration(seconds)} (${formatCount(step / seconds)}/s)`,
      `evaluated return ${evaluations[0].mean.toFixed(2)} at step 0, ${last.mean.toFixed(2)} at the end` +
        ` (training episodes, last 100: ${trainingReturn?.toFixed(2) ?? 'none ended'})`,
      `kept in ${folder}; watch it with: ngplus watch ${shellWord(folder)}`,
    ].join('\n'),
  );
  writeJson(io, json, { config: task.config, ...result, ...more });
}

/** How scratch and a transfer will race. */
export function gateText({ rules, candidates }: Pick<RaceTask, 'rules' | 'candidates'>): string {
  const rungs = rungsOf(candidates.length, rules);
  const { until } = rungs[rungs.length - 1];
  const inRungs = rungs.length === 1 ? '1 rung' : `${rungs.length} rungs`;
  return (
    `Gate: scratch and the transfer race over ${formatCount(until)} steps each in ${inRungs} ` +
    `(${Math.round(1000 * rules.share) / 10}% of ${formatCount(rules.budget)}), ` +
    `then the better goes on to ${formatCount(rules.budget - until)}`
  );
}

/** The result of a race of scratch (candidate 0) and a transfer, for people and as JSON. */
export function reportGate(io: CommandIo, json: string, task: RaceTask, result: RaceResult, more: object): void {
  const { winner, step, seconds, phases, evaluations } = result;
  const names = ['scratch', 'transfer'];
  const scores = phases[0].map(
    ({ candidate, score }) => `${names[candidate]} ${score?.toFixed(2) ?? 'none, it diverged'}`,
  );
  const folder = candidateFolder(task.folder, winner);
  say(
    io,
    json,
    [
      `${names[winner]} goes on: rewards for each training episode of the first rung: ${scores.join(', ')}`,
      `${formatCount(step)} steps of both in ${formatDuration(seconds)}, evaluated return ${evaluations.at(-1)?.mean.toFixed(2)}`,
      `kept in ${folder}; watch it with: ngplus watch ${shellWord(folder)}`,
    ].join('\n'),
  );
  writeJson(io, json, { ...result, folder, ...more });
}
