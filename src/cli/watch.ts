import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { MatchFeed, MatchSource } from '../live/match-source.ts';
import { checkpointSource, runMatches } from '../live/run-matches.ts';
import { isCheckpoint, readSource } from '../runs/source.ts';
import { defineCommand } from './flags.ts';
import { gameOption, loadModules } from './options.ts';
import { finishedStatus, storedStudy } from './study-session.ts';
import { controlOption, invitation, openShared, sharedViewerOptions, untilStopped } from './viewer.ts';

export const watch = defineCommand({
  name: 'watch',
  summary: 'show the matches of a run or study in the browser, also while it trains',
  description:
    'Each match is played by the newest weights of its run, in the game the run was made with. Ctrl-C ends it (exit ' +
    'code 0).',
  options: z.object({
    run: z.string().describe('a run folder, a study folder, a .safetensors file, or zoo:<game>'),
    ...sharedViewerOptions.shape,
    ...controlOption.shape,
    ...gameOption.shape,
  }),
  positionals: ['run'],
  examples: [
    ['ngplus watch runs/breakout-1a2b3c4d', 'the newest weights play'],
    ['ngplus watch zoo:breakout', 'a trained agent that comes with ngplus'],
    ['ngplus watch runs/demo --lan', 'for a class: phones scan the QR code, and watch'],
  ],
  async run({ options, io }) {
    await loadModules(options);
    const { run, control } = options;
    const viewer = await openShared(options, {
      matches: await matchesOf(run),
      status: { caption: `Watching ${run}` },
      control: control || undefined,
    });
    const result = storedStudy(run);
    if (result) viewer.setStatus(finishedStatus(result));
    if (existsSync(join(run, 'report.html'))) viewer.setReport(join(run, 'report.html'));
    io.stdout.write(`watch at ${viewer.url} (Ctrl-C ends)\n${invitation(io, viewer)}`);
    await untilStopped(io, viewer);
  },
});

async function matchesOf(run: string): Promise<MatchFeed | MatchSource[]> {
  if (!isCheckpoint(run)) return runMatches(run);
  return [checkpointSource(run, readSource(run).bytes)];
}
