import { existsSync, writeFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import * as z from 'zod';
import { UserError } from '../core/errors.ts';
import { newGameSource } from '../envs/new-game-template.ts';
import { defineCommand } from './flags.ts';
import { shellWord } from './output.ts';

export const newGame = defineCommand({
  name: 'new-game',
  summary: 'write a small game of your own to start from',
  options: z.object({ file: z.string().describe('the file to write, e.g. ./my-game.ts') }),
  positionals: ['file'],
  examples: [['ngplus new-game ./my-game.ts', 'then: ngplus play ./my-game.ts']],
  run({ options: { file }, io }) {
    if (!/\.m?[jt]s$/.test(file)) throw new UserError(`"${file}" is no script; valid: a name that ends in .ts or .js`);
    if (existsSync(file)) throw new UserError(`${file} is there already; choose another name`);
    const id = basename(file, extname(file))
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-');
    const source = newGameSource(id);
    try {
      writeFileSync(file, source, { flag: 'wx' });
    } catch (error) {
      throw new UserError(`can't write ${file}: ${(error as Error).message}`);
    }
    io.stdout.write(
      [
        `wrote ${file}`,
        `  play it:   ngplus play ${shellWord(file)}`,
        `  check it:  ngplus check-game ${shellWord(file)}`,
        `  train it:  ngplus train --game ${shellWord(file)}`,
        '',
      ].join('\n'),
    );
  },
});
