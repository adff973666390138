import { writeFile } from 'node:fs/promises';
import { statSync } from 'node:fs';
import * as z from 'zod';
import { UserError, unknownValue } from '../core/errors.ts';
import { type Recording, recordEpisode } from '../live/recording.ts';
import { checkpointSource, loadInTurn, runSource } from '../live/run-matches.ts';
import { type SharedLane, sharedFile, sharedMatch } from '../live/share.ts';
import { checkpointFiles, isCheckpoint, readSource } from '../runs/source.ts';
import { defineCommand } from './flags.ts';
import { gameOption, loadModules } from './options.ts';

export const share = defineCommand({
  name: 'share',
  summary: 'store an episode, or several side by side, as one HTML file that plays anywhere',
  description:
    'The file holds the frames and a player of its own: it opens in any browser, without a server and without a network. ' +
    'With several agents they play on one clock, with the same luck.',
  options: z.object({
    agents: z
      .array(z.string())
      .min(1)
      .max(4)
      .describe('a run folder (its newest checkpoint), a .safetensors file or zoo:<game>; up to 4'),
    out: z.string().default('match.html').describe('the file to write'),
    seed: z.int().min(0).max(0xffff_ffff).default(0).describe("seed of the environment's luck and of sampled actions"),
    step: z.int().min(-1).default(-1).describe("training step of the runs' checkpoint; -1: the newest"),
    mode: z.enum(['sampled', 'greedy']).default('sampled').describe('sample actions, or take the most probable'),
    maxSteps: z.int().min(1).max(5000).default(1000).describe('the episode is cut off after this many steps'),
    ...gameOption.shape,
  }),
  positionals: ['agents'],
  examples: [
    ['ngplus share zoo:breakout --out breakout.html', 'a trained agent that comes with ngplus'],
    ['ngplus share runs/scratch runs/transferred --seed 3', 'two runs side by side'],
  ],
  async run({ options: { agents, out, step, seed, mode, maxSteps, ...files }, io }) {
    await loadModules(files);
    const lanes: SharedLane[] = [];
    for (const agent of agents) lanes.push(await laneOf(agent, step, { seed, mode, maxSteps }));
    await writeFile(out, await sharedFile(sharedMatch(lanes))).catch((error: Error) => {
      throw new UserError(`cannot write ${out}: ${error.message}`);
    });
    for (const { label, recording } of lanes) {
      const { episodeReturn, length } = recording;
      io.stdout.write(`${label}: return ${episodeReturn} in ${length} steps\n`);
    }
    io.stdout.write(`${out}: ${Math.round(statSync(out).size / 1000)} kB; open it in a browser\n`);
  },
});

type Options = Pick<Recording, 'seed' | 'mode' | 'maxSteps'>;

async function laneOf(agent: string, step: number, options: Options): Promise<SharedLane> {
  if (isCheckpoint(agent)) {
    const { name, bytes } = readSource(agent);
    return { label: checkpointSource(name, bytes).label, recording: await recordEpisode(bytes, name, options) };
  }
  const file = step < 0 ? agent : checkpointAt(agent, step);
  const { name, bytes } = readSource(file);
  await loadInTurn(agent);
  const run = await runSource(agent);
  return { label: run?.label ?? agent, arm: run?.arm, recording: await recordEpisode(bytes, name, options) };
}

/** The file of a run's checkpoint at this step. */
function checkpointAt(folder: string, step: number): string {
  const files = checkpointFiles(folder);
  const stepOf = (file: string): number => Number(/(\d+)\.safetensors$/.exec(file)?.[1]);
  const found = files.find((file) => stepOf(file) === step);
  if (found === undefined)
    throw unknownValue(
      'checkpoint',
      String(step),
      files.map((file) => String(stepOf(file))),
    );
  return found;
}
