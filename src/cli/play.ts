import * as z from 'zod';
import { defineCommand } from './flags.ts';
import { namedEnv } from './options.ts';
import { invitation, openShared, sharedViewerOptions, untilStopped } from './viewer.ts';

export const play = defineCommand({
  name: 'play',
  summary: 'play a game with the keyboard, before any training',
  description:
    'Opens the game in the browser, for anyone there to play, by --lan on phones, too. Ctrl-C ends it (exit code 0).',
  options: z.object({
    game: z.string().describe('a file with a game of your own, or an env id'),
    ...sharedViewerOptions.shape,
  }),
  positionals: ['game'],
  examples: [
    ['ngplus play ./my-game.ts', 'your own game'],
    ["ngplus play './my-game.ts?basketWidth=3'", 'a variant of it'],
    ['ngplus play "breakout?paddleWidth=2"', 'one of ours'],
  ],
  async run({ options, io }) {
    const env = (await namedEnv(options.game)).id;
    const viewer = await openShared(options, {
      control: true,
      matches: [{ id: 'you', label: 'You', driver: 'keys', env }],
      status: { caption: `Your turn: ${env}` },
    });
    io.stdout.write(`play at ${viewer.url} (Ctrl-C ends)\n${invitation(io, viewer, options.origin)}`);
    await untilStopped(io, viewer);
  },
});
