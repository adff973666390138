import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type Bus, openBus } from '../live/bus.ts';
import { type Library, openLibrary } from '../live/library.ts';
import { lobbyMatches } from '../live/lobby-matches.ts';
import type { MatchFeed, PolicySource } from '../live/match-source.ts';
import type { Viewer } from '../live/server.ts';
import type { ViewerStatus } from '../live/protocol.ts';
import { relayedMatches } from '../live/relayed-matches.ts';
import { checkpointSource, runMatches } from '../live/run-matches.ts';
import { sharedMatches } from '../live/shared-matches.ts';
import { isCheckpoint, readSource } from '../runs/source.ts';
import { defineCommand } from './flags.ts';
import { gameOption, loadModules } from './options.ts';
import { finishedStatus, storedStudy } from './study-session.ts';
import { controlOption, invitation, openShared, sharedViewerOptions, untilStopped } from './viewer.ts';

const REDIS = /^rediss?:\/\//;

export const watch = defineCommand({
  name: 'watch',
  summary: 'show runs and studies in the browser, also while they train',
  description:
    'A run or a study: each match is played by the newest weights of its run, in the game the run was made with. Any ' +
    'other folder: a lobby of all that is stored beneath it, and of the zoo. Ctrl-C ends it (exit code 0).',
  options: z.object({
    run: z
      .string()
      .default('runs')
      .describe(
        'a folder of runs, a run, a study, a .safetensors file, zoo:<game>, or redis://host: what another viewer plays',
      ),
    redis: z
      .string()
      .regex(REDIS)
      .or(z.literal(''))
      .default('')
      .describe('let other viewers show the same matches by this Redis: redis://host:port'),
    ...sharedViewerOptions.shape,
    ...controlOption.shape,
    ...gameOption.shape,
  }),
  positionals: ['run'],
  examples: [
    ['ngplus watch', 'all that is in runs: what trains, what has been trained'],
    ['ngplus watch runs/breakout-1a2b3c4d', 'the newest weights play'],
    ['ngplus watch zoo:breakout', 'a trained agent that comes with ngplus'],
    ['ngplus watch runs/demo --lan', 'for a class: phones scan the QR code, and watch'],
    ['ngplus watch runs/demo --redis redis://10.0.0.5:6379', 'other viewers may show the same matches'],
    ['ngplus watch redis://10.0.0.5:6379 --lan', 'one of those, for the phones around it'],
  ],
  async run({ options, io }) {
    await loadModules(options);
    const { run, control } = options;
    const show = await showOf(run, options.redis);
    let viewer: Viewer | undefined;
    try {
      viewer = await openShared(options, { ...show, control: control || undefined });
      const result = storedStudy(run);
      if (result) viewer.setStatus(finishedStatus(result));
      if (existsSync(join(run, 'report.html'))) viewer.setReport(join(run, 'report.html'));
      io.stdout.write(`watch at ${viewer.url} (Ctrl-C ends)\n${invitation(io, viewer, options.origin)}`);
      await untilStopped(io, viewer);
    } finally {
      await viewer?.close();
      show.bus?.close();
    }
  },
});

interface Shown {
  readonly matches: MatchFeed;
  readonly status: ViewerStatus;
  readonly library?: Library;
  /** The view to begin with. */
  readonly home: string;
  readonly bus?: Bus;
}

/** What is played there: here, here for other viewers, too (`redis`), or by another one (`run` is its Redis). */
async function showOf(run: string, redis: string): Promise<Shown> {
  if (REDIS.test(run)) {
    const bus = await openBus(run);
    const status = { caption: 'Watching what another viewer plays' };
    return { bus, matches: await relayedMatches(bus), status, home: 'live' };
  }
  const library = openLibrary(isCheckpoint(run) ? null : run);
  const played = await playedAt(run, library);
  const show = { status: { caption: `Watching ${run}` }, library, home: isLobby(run) ? 'lobby' : 'live' };
  if (redis === '') return { ...show, matches: played };
  const bus = await openBus(redis);
  return { ...show, bus, matches: sharedMatches(bus, played) };
}

/** Is it a folder of runs, rather than one of them? What is not there yet can become one. */
function isLobby(run: string): boolean {
  if (isCheckpoint(run) || statSync(run, { throwIfNoEntry: false })?.isDirectory() === false) return false;
  return !['config.json', 'study.json'].some((file) => existsSync(join(run, file)));
}

async function playedAt(run: string, library: Library): Promise<MatchFeed<PolicySource>> {
  if (isLobby(run)) return lobbyMatches(library, run);
  if (!isCheckpoint(run)) return runMatches(run);
  const source = checkpointSource(run, readSource(run).bytes);
  return { list: async () => [source] };
}
