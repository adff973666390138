import * as z from 'zod';
import { predictOptions, predictSource as rank } from '../exec/predict-source.ts';
import { SIGNALS, type Signals } from '../transfer/predict.ts';
import { defineCommand } from './flags.ts';
import { gameOption, loadModules, namedEnv } from './options.ts';
import { say, writeJson } from './output.ts';

const NAMES = Object.keys(SIGNALS) as (keyof Signals)[];

export const predictSource = defineCommand({
  name: 'predict-source',
  summary: 'order trained agents by how much a target game is likely to gain from them',
  description:
    'By the mean of their ranks over signals that cost no training. How far to trust it: docs/results/understanding.md.',
  options: z.object({
    target: z.string().describe('env id of the target, or a file'),
    sources: z
      .array(z.string())
      .min(1)
      .describe('run folders (their newest checkpoints), .safetensors files, zoo:<game>'),
    ...predictOptions.shape,
    ...gameOption.shape,
    json: z.string().default('').describe('also write the result as JSON to this file, - for standard output'),
  }),
  positionals: ['target', 'sources'],
  examples: [['ngplus predict-source asterix zoo:breakout zoo:freeway zoo:seaquest', 'the likely best first']],
  async run({ options, io }) {
    const { target, sources, json, game, module: modules, ...rest } = options;
    await loadModules({ game, module: modules });
    const spec = await namedEnv(target);
    const ranked = await rank({ ...rest, target: spec.id, sources });
    const width = Math.max(...sources.map((source) => source.length), 'source'.length);
    const line = (source: string, cells: readonly string[]): string =>
      [source.padEnd(width), ...cells.map((cell) => cell.padStart(10))].join('');
    const rows = ranked.map(({ source, score, signals }) =>
      line(
        source,
        [score, ...NAMES.map((name) => signals[name])].map((value) => value.toFixed(2)),
      ),
    );
    say(io, json, [line('source', ['score', ...NAMES]), ...rows].join('\n'));
    writeJson(io, json, { target: spec.id, sources: ranked });
  },
});
