import * as z from 'zod';
import { evaluate as evaluatePolicy, evaluateOptions } from '../exec/evaluate.ts';
import { defineCommand } from './flags.ts';
import { gameOption } from './options.ts';
import { say, writeJson } from './output.ts';

export const evaluate = defineCommand({
  name: 'evaluate',
  summary: 'play whole episodes with a trained agent, a script or chance, and say what it got',
  options: z.object({
    player: z
      .string()
      .describe('a run folder (its newest checkpoint), a .safetensors file, zoo:<game>, scripted or random'),
    env: z.string().default('').describe('env id (default: the one it was trained on)'),
    ...evaluateOptions.shape,
    ...gameOption.shape,
    replays: z.string().default('').describe('also record the episodes to this file (JSON), to be played again'),
    json: z.string().default('').describe('also write the result as JSON to this file, - for standard output'),
  }),
  positionals: ['player'],
  examples: [
    ['ngplus evaluate runs/breakout-1a2b3c4d', 'greedy, 100 episodes'],
    ['ngplus evaluate zoo:breakout --policy sampled', 'a trained agent that comes with ngplus'],
    ['ngplus evaluate random --env breakout --episodes 1000', 'the baseline'],
  ],
  async run({ options, io }) {
    const { env, json, module: modules, replays, ...rest } = options;
    const asked = { ...rest, modules, env: env || undefined, record: replays !== '', signal: io.signal };
    const { replay, ...result } = await evaluatePolicy(asked);
    for (const note of result.notes) io.stderr.write(`note: ${note}\n`);
    const f = (value: number): string => value.toFixed(2);
    say(
      io,
      json,
      `${result.env}, ${result.policy}: mean ${f(result.mean)} (95 % interval ${f(result.low)} to ${f(result.high)}), ` +
        `median ${f(result.median)}, IQM ${f(result.iqm)} over ${result.episodes} episodes, seed ${result.seed}`,
    );
    writeJson(io, replays, replay);
    writeJson(io, json, result);
  },
});
