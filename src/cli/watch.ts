import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { runMatches } from '../live/run-matches.ts';
import { startViewer } from '../live/server.ts';
import { defineCommand } from './flags.ts';
import { gameOption, loadModules } from './options.ts';
import { finishedStatus, storedStudy } from './study-session.ts';
import { untilStopped, viewerOptions } from './viewer.ts';

export const watch = defineCommand({
  name: 'watch',
  summary: 'show the matches of a run or study in the browser, also while it trains',
  description:
    'Each match is played by the newest weights of its run, in the game the run was made with. Ctrl-C ends it (exit ' +
    'code 0).',
  options: z.object({
    run: z.string().describe('a run folder or a study folder'),
    ...viewerOptions.shape,
    ...gameOption.shape,
  }),
  positionals: ['run'],
  examples: [['ngplus watch runs/breakout-1a2b3c4d', 'the newest weights play']],
  async run({ options: { run, port, ...files }, io }) {
    await loadModules(files);
    const viewer = await startViewer({ port, matches: await runMatches(run), status: { caption: `Watching ${run}` } });
    const result = storedStudy(run);
    if (result) viewer.setStatus(finishedStatus(result));
    if (existsSync(join(run, 'report.html'))) viewer.setReport(join(run, 'report.html'));
    io.stdout.write(`watch at ${viewer.url} (Ctrl-C ends)\n`);
    await untilStopped(io, viewer);
  },
});
