import * as z from 'zod';
import { netIds } from '../nets/index.ts';
import { beginningOf } from '../runs/training.ts';
import { policyNetOf } from '../runs/run-net.ts';
import { transferOptions, trainingOptions } from '../runs/config.ts';
import { prepareGate, prepareTransfer, runGate, runTraining } from '../exec/api.ts';
import { raceOptions } from '../exec/study.ts';
import { findMethod } from '../transfer/index.ts';
import type { TransferPlan } from '../transfer/plan.ts';
import { planText } from '../report/plan-text.ts';
import { readSource } from '../runs/source.ts';
import { defineCommand } from './flags.ts';
import { checkGate, decoded, gameOption, learnerOptions, pick, trainingRequest, workOptions } from './options.ts';
import { say, writeJson } from './output.ts';
import { followRun, gateText, reportGate, reportRun } from './run-progress.ts';

const places = z.object({
  source: z.string().describe('a run folder (its newest checkpoint), a .safetensors file, or zoo:<game>'),
  target: z.string().default('').describe('env id of the target, or a file (default: the game of --game)'),
});

type Places = z.output<typeof places>;

/** As of every training, but for what its default is. */
const net = trainingOptions.shape.net.describe(
  `net: ${netIds().join(', ')} (default: that of the source, where it can read the target)`,
);

const methodOf = (id: string | undefined) => findMethod(id ?? transferOptions.shape.method.parse(undefined));

export const transfer = defineCommand({
  name: 'transfer',
  summary: 'carry the layers of a trained agent to another game and fine-tune them',
  description:
    'Prints the plan (what is copied where, what is fresh and why), then trains with the net of the source, unless another ' +
    'is named. Ctrl-C saves; the same command goes on.',
  options: async (given) => {
    checkGate(given);
    // Help is also asked for without a source.
    const source = given('source');
    const learner = await learnerOptions(given, given('target'), source ? decoded(readSource(source)) : undefined);
    return places
      .extend(transferOptions.shape)
      .extend(methodOf(given('method')).schema.shape)
      .extend({ ...trainingOptions.shape, net })
      .extend(learner.shape)
      .extend(gameOption.shape)
      .extend({
        gate: z
          .boolean()
          .default(false)
          .describe('race it against scratch on one budget, and go on with the better (docs/methods/safe-gate.md)'),
        ...raceOptions.shape,
        plan: z.boolean().default(false).describe('print the plan and stop'),
        ...workOptions.shape,
      });
  },
  positionals: ['source', 'target'],
  examples: [
    ['ngplus transfer runs/freeway-1a2b3c4d asterix', 'every layer learns'],
    ['ngplus transfer runs/freeway-1a2b3c4d asterix --method head-only --plan', 'only look at the plan'],
    ['ngplus transfer zoo:breakout space-invaders --map ball=enemy_bullet', 'what the ball was, bullets are'],
    ['ngplus transfer zoo:asterix space-invaders', 'from a policy that comes with ngplus'],
    ['ngplus transfer zoo:asterix breakout --gate', 'only if it does better than scratch at first'],
    ['ngplus transfer a.safetensors breakout --stage-learning-rates stem=0.1,trunk=0.5', 'a learning rate by stage'],
  ],
  async run({ options, io }) {
    const { folder, threads, tensorboard, json } = workOptions.parse(options);
    const { source, target, gate, plan: onlyPlan } = options as Places & { gate: boolean; plan: boolean };
    const checkpoint = readSource(source);
    const request = {
      ...(await trainingRequest({ ...options, env: target }, decoded(checkpoint).spec)),
      ...pick(options, transferOptions),
      methodConfig: pick(options, methodOf(options.method as string).schema),
      source,
    };
    const wanted = { ...request, folder: folder || undefined, threads, tensorboard };
    const { task } = await prepareTransfer(wanted);
    const race = gate && (await prepareGate({ ...wanted, ...raceOptions.parse(pick(options, raceOptions)) })).task;
    // What the method can't begin with is refused before anything is said.
    const plan = beginningOf(task.config, policyNetOf(task.config), checkpoint, []).plan as TransferPlan;
    say(io, json, planText(plan));
    if (race) say(io, json, gateText(race));
    if (onlyPlan) return writeJson(io, json, { plan });
    if (race) {
      const work = { ...race, config: task.config };
      const result = await followRun(io, work, (progress) => runGate(race, { progress, signal: io.signal }));
      reportGate(io, json, race, result, { plan });
      return;
    }
    const result = await followRun(io, task, (progress) => runTraining(task, { progress, signal: io.signal }));
    reportRun(io, json, task, result, { plan });
  },
});
