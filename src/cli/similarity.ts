import * as z from 'zod';
import { similarity as compareNets, similarityOptions } from '../exec/similarity.ts';
import { defineCommand } from './flags.ts';
import { gameOption, loadModules } from './options.ts';
import { say, writeJson } from './output.ts';

const policy = 'a run folder (its newest checkpoint), a .safetensors file, or zoo:<game>';

export const similarity = defineCommand({
  name: 'similarity',
  summary: 'how alike two trained nets see the same observations, stage by stage',
  description:
    'Linear CKA (Kornblith et al. 2019) of what each stage says: 1 is the same up to a rotation, towards 0 is nothing in ' +
    'common. Both look at the same observations, of random play and of play by a. See docs/results/understanding.md.',
  options: z.object({
    a: z.string().describe(policy),
    b: z.string().describe('the other, as the first'),
    env: z.string().default('').describe('env id of what they look at (default: the one that a was trained on)'),
    ...similarityOptions.shape,
    ...gameOption.shape,
    json: z.string().default('').describe('also write the result as JSON to this file, - for standard output'),
  }),
  positionals: ['a', 'b'],
  examples: [
    ['ngplus similarity runs/breakout-1a2b3c4d runs/breakout-5e6f7a8b', 'before and after fine-tuning'],
    ['ngplus similarity zoo:freeway zoo:asterix --env asterix', 'freeway’s net looks at asterix, matched by roles'],
  ],
  async run({ options, io }) {
    const { env, json, game, module: modules, ...rest } = options;
    await loadModules({ game, module: modules });
    const result = await compareNets({ ...rest, env: env || undefined });
    const cell = (value: number | null): string => (value === null ? '—' : value.toFixed(3)).padStart(11);
    const width = Math.max(...result.stages.map(({ stage }) => stage.length), 'stage'.length);
    const head = `${'stage'.padEnd(width)}${'random play'.padStart(13)}${'play of a'.padStart(13)}`;
    const rows = result.stages.map(({ stage, random, a }) => `${stage.padEnd(width)}  ${cell(random)}  ${cell(a)}`);
    say(io, json, [`linear CKA on ${result.observations} observations of ${result.env}`, head, ...rows].join('\n'));
    writeJson(io, json, result);
  },
});
