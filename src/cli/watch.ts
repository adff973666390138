import { z } from 'zod';
import { runMatches } from '../live/run-matches.ts';
import { startViewer } from '../live/server.ts';
import { defineCommand } from './flags.ts';
import { gameOption } from './options.ts';
import { envOf } from './options.ts';
import { untilStopped, viewerOptions } from './viewer.ts';

export const watch = defineCommand({
  name: 'watch',
  summary: 'show the matches of a run or study in the browser, also while it trains',
  options: z.object({
    run: z.string().describe('a run folder or a study folder'),
    ...viewerOptions.shape,
    ...gameOption.shape,
  }),
  positionals: ['run'],
  examples: [['ngplus watch runs/breakout-1a2b3c4d', 'the newest weights play']],
  async run({ options: { run, port, game }, io }) {
    if (game.length > 0) await envOf({ env: '', game });
    const viewer = await startViewer({ port, matches: await runMatches(run), status: { caption: `Watching ${run}` } });
    io.stdout.write(`watch at ${viewer.url} (Ctrl-C ends)\n`);
    await untilStopped(io, viewer);
  },
});
