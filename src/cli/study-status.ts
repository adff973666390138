import * as z from 'zod';
import { readStudyStatus, type StudyStatus } from '../exec/study-status.ts';
import { defineCommand } from './flags.ts';
import { say, writeJson } from './output.ts';
import { formatCount, formatDuration } from './progress.ts';

export const studyStatus = defineCommand({
  name: 'study status',
  summary: 'tell how far a study is, what it costs and how long it takes yet',
  description:
    'Reads what the trainings have saved, so it tells of any study, also of one that is worked on by other machines. ' +
    'A training that has saved nothing for 45 s counts as waiting.',
  options: z.object({
    folder: z.string().describe('folder of the study'),
    store: z.string().default('').describe('where the workers keep its runs, if not in the folder'),
    json: z.string().default('').describe('also write the status as JSON to this file, - for standard output'),
  }),
  positionals: ['folder'],
  examples: [['ngplus study status runs/freeway-out', 'the state of a study']],
  async run({ options: { folder, store, json }, io }) {
    const status = await readStudyStatus(folder, store || undefined);
    say(io, json, statusText(status));
    writeJson(io, json, status);
  },
});

function statusText({ trainings, steps, totalSteps, coreHours, coreHoursInAll, secondsLeft }: StudyStatus): string {
  const running = trainings.filter(({ state }) => state === 'running');
  const count = (state: string): number => trainings.filter((each) => each.state === state).length;
  const isOver = count('finished') === trainings.length;
  const inAll = isOver || coreHoursInAll === null ? '' : `, about ${hours(coreHoursInAll)} in all`;
  const left = isOver
    ? 'none: every training is finished'
    : secondsLeft === null
      ? 'unknown while nothing runs'
      : `about ${formatDuration(secondsLeft)} with ${running.length} at a time`;
  return [
    `trainings  ${count('finished')} of ${trainings.length} finished, ${running.length} running, ${count('waiting')} waiting`,
    `steps      ${formatCount(steps)} of ${formatCount(totalSteps)} (${Math.floor((100 * steps) / totalSteps)}%)`,
    `cost       ${hours(coreHours)} core-hours${inAll}`,
    `time left  ${left}`,
    ...running.map(({ key, step, totalTimesteps }) => `  ${percent(step, totalTimesteps).padStart(4)}  ${key}`),
  ].join('\n');
}

const percent = (part: number, whole: number): string => `${Math.floor((100 * part) / whole)}%`;

/** Two figures that count: `0.013`, `2.5`, `170`. */
const hours = (value: number): string => String(Number(value.toPrecision(2)));
