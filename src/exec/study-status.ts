import { UserError } from '../core/errors.ts';
import { openStore } from '../runs/open-store.ts';
import { readJson } from '../runs/run.ts';
import { standingOf } from '../runs/stored-run.ts';
import { FolderStore } from '../runs/store.ts';
import { stepsOf, type StudyJob } from '../transfer/study.ts';
import { type StudyFile, studyOptions } from './study.ts';

/** A training of a study. */
export interface TrainingStatus {
  readonly key: string;
  readonly env: string;
  readonly state: 'finished' | 'running' | 'waiting';
  readonly step: number;
  readonly totalTimesteps: number;
  /** Seconds of work so far, on one core. */
  readonly seconds: number;
}

export interface StudyStatus {
  readonly trainings: readonly TrainingStatus[];
  readonly steps: number;
  readonly totalSteps: number;
  readonly coreHours: number;
  /** Of the whole study, from what its trainings took so far; null before anything is known. */
  readonly coreHoursInAll: number | null;
  /** With as many at a time as now; null where nothing runs, or nothing is known. */
  readonly secondsLeft: number | null;
}

/** A run saves every ten seconds: one that has not for so long is not under way. */
const QUIET_MS = 45_000;

/**
 * How far the study in a folder is, told from its files alone, wherever and by whomever it is worked on. `store` is where
 * its runs are, if not there. @throws UserError where the folder holds no study
 */
export async function readStudyStatus(folder: string, store = folder, nowMs = Date.now()): Promise<StudyStatus> {
  const files = new FolderStore(folder);
  if (!(await files.get('study.json'))) throw new UserError(`${folder} holds no study (study.json)`);
  const { request, jobs } = await readJson<StudyFile>(files, 'study.json');
  const budget = studyOptions.parse(request);
  const trainings = await Promise.all(
    jobs
      .filter(({ arm }) => arm !== 'random')
      .map(async ({ id, key, arm, control, env }): Promise<TrainingStatus> => {
        const { finished, savedMs, step, seconds } = await standingOf(await openStore(`${store}/jobs/${id}`));
        const state = finished ? 'finished' : nowMs - savedMs < QUIET_MS ? 'running' : 'waiting';
        const totalTimesteps = stepsOf({ arm: arm as StudyJob['arm'], control }, budget);
        return { key, env, state, step, totalTimesteps, seconds };
      }),
  );
  return summary(trainings);
}

function summary(trainings: readonly TrainingStatus[]): StudyStatus {
  const seconds = sum(trainings, (each) => each.seconds);
  const secondsToDo = sum(trainings, (each) => stepsLeft(each) * secondsPerStep(each.env, trainings));
  const running = trainings.filter(({ state }) => state === 'running').length;
  const isKnown = Number.isFinite(secondsToDo);
  return {
    trainings,
    steps: sum(trainings, (each) => Math.min(each.step, each.totalTimesteps)),
    totalSteps: sum(trainings, (each) => each.totalTimesteps),
    coreHours: seconds / 3600,
    coreHoursInAll: isKnown ? (seconds + secondsToDo) / 3600 : null,
    secondsLeft: isKnown && running > 0 ? secondsToDo / running : null,
  };
}

const stepsLeft = ({ state, step, totalTimesteps }: TrainingStatus): number =>
  state === 'finished' ? 0 : Math.max(0, totalTimesteps - step);

/** As it was on this game so far, or else on all; NaN before anything is known. */
function secondsPerStep(env: string, trainings: readonly TrainingStatus[]): number {
  const begun = trainings.filter(({ step }) => step > 0);
  const same = begun.filter((each) => each.env === env);
  const alike = same.length > 0 ? same : begun;
  return sum(alike, ({ seconds }) => seconds) / sum(alike, ({ step }) => step);
}

const sum = <T>(items: readonly T[], value: (item: T) => number): number =>
  items.reduce((total, item) => total + value(item), 0);
