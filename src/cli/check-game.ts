import * as z from 'zod';
import { checkGame as findings } from '../envs/check-game.ts';
import { games } from '../envs/index.ts';
import { importGame } from '../runs/game-module.ts';
import { defineCommand, EXIT } from './flags.ts';

export const checkGame = defineCommand({
  name: 'check-game',
  summary: 'tell the author of a game what is wrong with it',
  options: z.object({ file: z.string().describe('file whose default export is the game') }),
  positionals: ['file'],
  async run({ options: { file }, io }) {
    const { game } = await importGame(file);
    const found = findings(game);
    if (games.some(({ id }) => id === game.id)) {
      found.push({
        level: 'error',
        message: `the id "${game.id}" is taken; taken: ${games.map(({ id }) => id).join(', ')}`,
      });
    }
    for (const { level, message } of found) io.stdout.write(`${level}: ${message}\n`);
    const errors = found.filter(({ level }) => level === 'error').length;
    if (errors > 0) {
      io.stderr.write(`${file}: ${errors} error${errors > 1 ? 's' : ''}\n`);
      return EXIT.failed;
    }
    io.stdout.write(`${file}: ready to play and to train\n`);
  },
});
