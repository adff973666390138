import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type Bus, openBus } from '../live/bus.ts';
import type { MatchFeed, PolicySource } from '../live/match-source.ts';
import type { ViewerStatus } from '../live/protocol.ts';
import { relayedMatches } from '../live/relayed-matches.ts';
import { checkpointSource, runMatches } from '../live/run-matches.ts';
import { openLibrary } from '../live/library.ts';
import { sharedMatches } from '../live/shared-matches.ts';
import { isCheckpoint, readSource } from '../runs/source.ts';
import { defineCommand } from './flags.ts';
import { gameOption, loadModules } from './options.ts';
import { finishedStatus, storedStudy } from './study-session.ts';
import { controlOption, invitation, openShared, sharedViewerOptions, untilStopped } from './viewer.ts';

const REDIS = /^rediss?:\/\//;

export const watch = defineCommand({
  name: 'watch',
  summary: 'show the matches of a run or study in the browser, also while it trains',
  description:
    'Each match is played by the newest weights of its run, in the game the run was made with. Ctrl-C ends it (exit ' +
    'code 0).',
  options: z.object({
    run: z
      .string()
      .describe(
        'a run folder, a study folder, a .safetensors file, zoo:<game>, or redis://host: what another viewer plays',
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
    const library = REDIS.test(run) ? undefined : openLibrary(isCheckpoint(run) ? null : run);
    try {
      const viewer = await openShared(options, { ...show, library, control: control || undefined });
      const result = storedStudy(run);
      if (result) viewer.setStatus(finishedStatus(result));
      if (existsSync(join(run, 'report.html'))) viewer.setReport(join(run, 'report.html'));
      io.stdout.write(`watch at ${viewer.url} (Ctrl-C ends)\n${invitation(io, viewer, options.origin)}`);
      await untilStopped(io, viewer);
    } finally {
      show.bus?.close();
    }
  },
});

interface Shown {
  readonly matches: MatchFeed;
  readonly status: ViewerStatus;
  readonly bus?: Bus;
}

/** What is played there: here, here for other viewers, too (`redis`), or by another one (`run` is its Redis). */
async function showOf(run: string, redis: string): Promise<Shown> {
  if (REDIS.test(run)) {
    const bus = await openBus(run);
    return { bus, matches: await relayedMatches(bus), status: { caption: 'Watching what another viewer plays' } };
  }
  const played = await playedAt(run);
  const status = { caption: `Watching ${run}` };
  if (redis === '') return { matches: played, status };
  const bus = await openBus(redis);
  return { bus, matches: sharedMatches(bus, played), status };
}

async function playedAt(run: string): Promise<MatchFeed<PolicySource>> {
  if (!isCheckpoint(run)) return runMatches(run);
  const source = checkpointSource(run, readSource(run).bytes);
  return { list: async () => [source] };
}
