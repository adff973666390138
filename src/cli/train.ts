import { trainingOptions } from '../runs/config.ts';
import { prepareTraining, runTraining } from '../exec/api.ts';
import { defineCommand } from './flags.ts';
import { envOption, gameOption, learnerOptions, trainingRequest, workOptions } from './options.ts';
import { followRun, reportRun } from './run-progress.ts';

export const train = defineCommand({
  name: 'train',
  summary: 'learn a game from scratch',
  description:
    'Trains an agent and keeps everything in a run folder. Ctrl-C saves; the same command goes on from there.',
  options: async (given) =>
    envOption
      .extend(trainingOptions.shape)
      .extend((await learnerOptions(given, given('env'))).shape)
      .extend(gameOption.shape)
      .extend(workOptions.shape),
  positionals: ['env'],
  examples: [
    ['ngplus train breakout', 'a million steps with the defaults'],
    ['ngplus train "breakout?paddleWidth=2" --total-timesteps 200000 --seed 1', 'a variant, shorter'],
    ['ngplus train --game ./my-game.ts', 'a game of your own'],
  ],
  async run({ options, io }) {
    const { folder, threads, tensorboard, json } = workOptions.parse(options);
    const request = await trainingRequest(options);
    const { task } = await prepareTraining({ ...request, folder: folder || undefined, threads, tensorboard });
    const result = await followRun(io, task, (progress) => runTraining(task, { progress, signal: io.signal }));
    reportRun(io, json, task, result);
  },
});
