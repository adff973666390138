import * as z from 'zod';
import { actorMimic } from '../agents/actor-mimic.ts';
import { trainingOptions } from '../runs/config.ts';
import { prepareDistillation, runTraining } from '../exec/api.ts';
import { readSource } from '../runs/source.ts';
import { defineCommand } from './flags.ts';
import { decoded, gameOption, learnerOptions, trainingRequest, workOptions } from './options.ts';
import { followRun, reportRun } from './run-progress.ts';

const places = z.object({
  teachers: z
    .array(z.string())
    .describe('run folders (their newest checkpoints) or .safetensors files, one for each game, on canonical planes'),
  env: z.string().default('mix').describe('the mix that is played; games without a teacher are switched off in it'),
});

export const distill = defineCommand({
  name: 'distill',
  summary: 'make one policy of several: a trunk taught by a teacher for each game',
  description:
    'Plays the games of the teachers in turn by what is learned so far, and learns to do as their policies would. The ' +
    'result is a run of the game mix and a source like any other. Ctrl-C saves; the same command goes on.',
  options: async (given) => {
    // Help is also asked for without teachers.
    const first = given('teachers')?.split(',')[0];
    const learner = await learnerOptions(
      (name) => (name === 'algorithm' ? actorMimic.id : given(name)),
      given('env') ?? 'mix',
      first === undefined ? undefined : decoded(readSource(first)),
    );
    return places
      .extend(trainingOptions.omit({ algorithm: true }).shape)
      .extend(learner.shape)
      .extend(gameOption.pick({ module: true }).shape)
      .extend(workOptions.shape);
  },
  positionals: ['teachers'],
  examples: [
    ['ngplus distill runs/breakout runs/asterix --folder runs/mimic', 'both games in one net'],
    ["ngplus transfer runs/mimic 'freeway?observation=canonical' --reset heads", 'and from there to a third'],
  ],
  async run({ options, io }) {
    const { folder, threads, tensorboard, json } = workOptions.parse(options);
    const { teachers } = options as z.output<typeof places>;
    const { algorithm: _, ...request } = await trainingRequest(
      { ...options, algorithm: actorMimic.id, game: [] },
      decoded(readSource(teachers[0])).spec,
    );
    const wanted = { ...request, teachers, folder: folder || undefined, threads, tensorboard };
    const { task } = await prepareDistillation(wanted);
    const result = await followRun(io, task, (progress) => runTraining(task, { progress, signal: io.signal }));
    reportRun(io, json, task, result);
  },
});
