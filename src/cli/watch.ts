import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { MatchFeed, MatchSource } from '../live/match-source.ts';
import { type Library, openLibrary } from '../live/library.ts';
import { lobbyMatches } from '../live/lobby-matches.ts';
import { checkpointSource, runMatches } from '../live/run-matches.ts';
import { startViewer } from '../live/server.ts';
import { isCheckpoint, readSource } from '../runs/source.ts';
import { defineCommand } from './flags.ts';
import { gameOption, loadModules } from './options.ts';
import { finishedStatus, storedStudy } from './study-session.ts';
import { untilStopped, viewerOptions } from './viewer.ts';

export const watch = defineCommand({
  name: 'watch',
  summary: 'show runs and studies in the browser, also while they train',
  description:
    'A run or a study: each match is played by the newest weights of its run, in the game the run was made with. Any ' +
    'other folder: a lobby of all that is stored beneath it, and of the zoo. Ctrl-C ends it (exit code 0).',
  options: z.object({
    run: z.string().default('runs').describe('a folder of runs, a run, a study, a .safetensors file, or zoo:<game>'),
    ...viewerOptions.shape,
    ...gameOption.shape,
  }),
  positionals: ['run'],
  examples: [
    ['ngplus watch', 'all that is in runs: what trains, what has been trained'],
    ['ngplus watch runs/breakout-1a2b3c4d', 'the newest weights play'],
    ['ngplus watch zoo:breakout', 'a trained agent that comes with ngplus'],
  ],
  async run({ options: { run, port, ...files }, io }) {
    await loadModules(files);
    const library = openLibrary(isCheckpoint(run) ? null : run);
    const status = { caption: `Watching ${run}` };
    const home = isLobby(run) ? 'lobby' : 'live';
    const viewer = await startViewer({ port, matches: await matchesOf(run, library), status, library, home });
    const result = storedStudy(run);
    if (result) viewer.setStatus(finishedStatus(result));
    if (existsSync(join(run, 'report.html'))) viewer.setReport(join(run, 'report.html'));
    io.stdout.write(`watch at ${viewer.url} (Ctrl-C ends)\n`);
    await untilStopped(io, viewer);
  },
});

/** Is it a folder of runs, rather than one of them? What is not there yet can become one. */
function isLobby(run: string): boolean {
  if (isCheckpoint(run) || statSync(run, { throwIfNoEntry: false })?.isDirectory() === false) return false;
  return !['config.json', 'study.json'].some((file) => existsSync(join(run, file)));
}

async function matchesOf(run: string, library: Library): Promise<MatchFeed | MatchSource[]> {
  if (isCheckpoint(run)) return [checkpointSource(run, readSource(run).bytes)];
  return isLobby(run) ? lobbyMatches(library, run) : runMatches(run);
}
