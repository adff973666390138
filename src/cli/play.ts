import * as z from 'zod';
import { UserError } from '../core/errors.ts';
import { findEnv } from '../envs/index.ts';
import { type LibraryEntry, openLibrary } from '../live/library.ts';
import { defineCommand } from './flags.ts';
import { namedEnv } from './options.ts';
import { invitation, openShared, sharedViewerOptions, untilStopped } from './viewer.ts';

export const play = defineCommand({
  name: 'play',
  summary: 'play a game with the keyboard, before any training or against an agent',
  description:
    'Opens the game in the browser, for anyone there to play by keys or touch, by --lan on phones, too. Against an agent ' +
    'there are two boards with the same luck. Ctrl-C ends it (exit code 0).',
  options: z.object({
    game: z.string().describe('a file with a game of your own, or an env id'),
    against: z.string().default('').describe('who plays the other board: a run folder, or zoo:<game>'),
    seed: z.int().min(0).max(0xffff_ffff).default(0).describe('of the luck that both boards share'),
    ...sharedViewerOptions.shape,
  }),
  positionals: ['game'],
  examples: [
    ['ngplus play ./my-game.ts', 'your own game'],
    ["ngplus play './my-game.ts?basketWidth=3'", 'a variant of it'],
    ['ngplus play "breakout?paddleWidth=2"', 'one of ours'],
    ['ngplus play breakout --against zoo:breakout', 'against a trained agent'],
  ],
  async run({ options, io }) {
    const { game, against, seed } = options;
    const env = (await namedEnv(game)).id;
    const isZoo = against.startsWith('zoo:');
    const library = openLibrary(against === '' || isZoo ? null : against);
    // A run's own folder is its place in the library.
    const opponent = isZoo ? against : '.';
    if (against !== '') checkOpponent(await library.list(), opponent, against, env);
    const viewer = await openShared(options, {
      control: true,
      matches: [{ id: 'you', label: 'You', driver: 'keys', env }],
      status: { caption: `Your turn: ${env}` },
      library,
      seed,
      // Not in the address: what leads from the token to the page would drop it.
      home: against === '' ? 'live' : `play?${new URLSearchParams({ id: opponent, seed: String(seed) })}`,
    });
    io.stdout.write(`play at ${viewer.url} (Ctrl-C ends)\n${invitation(io, viewer, options.origin)}`);
    await untilStopped(io, viewer);
  },
});

/** @throws UserError where there is no such agent, or it has learned another game */
function checkOpponent(entries: readonly LibraryEntry[], id: string, against: string, env: string): void {
  const entry = entries.find((candidate) => candidate.id === id);
  if (entry === undefined || entry.checkpoints.length === 0)
    throw new UserError(`"${against}" is neither a run with a checkpoint nor one of the zoo (zoo:breakout)`);
  if (findEnv(entry.env).id !== env)
    throw new UserError(
      `"${against}" has learned ${entry.env}, not ${env}; play: ngplus play "${entry.env}" --against …`,
    );
}
