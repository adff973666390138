import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { buildOnce } from './build-once.ts';
import { emptyFolder, ngplus } from './processes.ts';

// A folder where no ngplus is installed: nothing above it has one either.
const cwd = emptyFolder();
const TINY = '--total-timesteps 2048 --num-steps 16 --evaluations 2 --evaluation-episodes 5';

/** Runs a command that must succeed and say nothing on standard error but its progress. */
async function run(line: string): Promise<string> {
  const { code, stdout, stderr } = await ngplus(line, { cwd });
  expect({ code, stderr: /failed|error/i.test(stderr) ? stderr : '' }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

beforeAll(buildOnce, 180_000);

it('a new game is scaffolded, checked, listed, trained, evaluated and carried over', async () => {
  expect(await run('new-game ./star-catcher.ts')).toContain('play it:   ngplus play ./star-catcher.ts');
  expect(await run('check-game ./star-catcher.ts')).toBe('./star-catcher.ts: ready to play and to train\n');
  expect(await run('games star-catcher --game ./star-catcher.ts')).toMatch(/^ +basketWidth +cells of the basket/m);
  expect(await run('games --game ./star-catcher.ts')).toMatch(/^star-catcher: /m);

  expect(await run(`train --game ./star-catcher.ts ${TINY} --folder run`)).toMatch(/^star-catcher: 2\.0k steps in /);
  expect(await run('evaluate run --game ./star-catcher.ts --episodes 10')).toMatch(/^star-catcher, greedy: mean /);
  // The run knows where its game is.
  expect(await run('evaluate run --episodes 10')).toMatch(/^star-catcher, greedy: mean /);
  expect(await run('evaluate random --game ./star-catcher.ts --episodes 10')).toMatch(/^star-catcher, random: mean /);
  expect(await run('runs .')).toMatch(/^run +star-catcher +ppo\/fastconv .* finished at 2\.0k/m);

  const variant = 'star-catcher?basketWidth=3';
  expect(await run(`transfer run ${variant} --game ./star-catcher.ts --plan`)).toMatch(/stem\/kernel .* copied /);
  const plan = await run('transfer run breakout --game ./star-catcher.ts --plan');
  expect(plan).toContain('Transfer plan: star-catcher -> breakout');
  expect(plan).toContain('paddle <- basket');
}, 90_000);

it('an author is told what is wrong with a game', async () => {
  await run('new-game faulty.ts');
  const source = readFileSync(join(cwd, 'faulty.ts'), 'utf8');
  writeFileSync(join(cwd, 'faulty.ts'), source.replace('rng.int(0, WIDTH)', 'Math.floor(Math.random() * WIDTH)'));
  const { code, stdout, stderr } = await ngplus('check-game faulty.ts', { cwd });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^error: .*\n/);
  expect(stderr).toMatch(/^faulty\.ts: \d+ errors?\n$/);
});

it('a game that throws is named, with the function that did it', async () => {
  await run('new-game throwing.ts');
  const source = readFileSync(join(cwd, 'throwing.ts'), 'utf8');
  writeFileSync(join(cwd, 'throwing.ts'), source.replace('rewards[0] = 0;', "throw new Error('ouch');"));
  const { code, stdout, stderr } = await ngplus(`train --game throwing.ts ${TINY} --folder throwing`, { cwd });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/ngplus train failed: Error: ouch\n +at \S* ?\(?(file:)?\S+throwing\.ts:\d+:\d+\)?\n/);
  expect((await ngplus('check-game throwing.ts', { cwd })).stdout).toBe('error: the game throws: ouch\n');
});

it('a game may import files beside it, and is a plain script or TypeScript', async () => {
  await run('new-game base.ts');
  writeFileSync(join(cwd, 'names.ts'), 'export const summary: string = "Borrowed rules.";\n');
  const game = `
import { defineGame } from 'ngplus';
import base from './base.ts';
import { summary } from './names.ts';
export default defineGame({ ...base, id: 'borrowed', summary });
`;
  writeFileSync(join(cwd, 'borrowed.mjs'), game);
  expect(await run('check-game borrowed.mjs')).toBe('borrowed.mjs: ready to play and to train\n');
  expect(await run('games borrowed --game borrowed.mjs')).toMatch(/^borrowed: Borrowed rules\./);
});

it('a run keeps its game, whatever becomes of the file', async () => {
  await run('new-game kept.ts');
  await run(`train --game ./kept.ts?basketWidth=3 ${TINY} --folder kept`);
  const source = readFileSync(join(cwd, 'kept.ts'), 'utf8');
  const before = await run('evaluate kept --episodes 10');
  expect(before).toMatch(/^kept\?basketWidth=3, greedy: mean /);
  writeFileSync(join(cwd, 'other.ts'), source.replace('state.missed >= 3', 'state.missed >= 1'));
  rmSync(join(cwd, 'kept.ts'));
  expect(await run('evaluate kept --episodes 10')).toBe(before);
  const other = await ngplus('evaluate kept --episodes 10 --game other.ts', { cwd });
  expect(other.stderr).toMatch(
    /^note: the game kept is that of \S+other\.ts, not the one that kept was trained with\n$/,
  );
  expect(other.stdout).not.toBe(before);
  const [checkpoint] = readdirSync(join(cwd, 'kept/checkpoints')).toReversed();
  copyFileSync(join(cwd, 'kept/checkpoints', checkpoint), join(cwd, 'alone.safetensors'));
  const { code, stderr } = await ngplus('evaluate alone.safetensors', { cwd });
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: 'ngplus evaluate: unknown game "kept": give its file with --game\n',
  });
});

it('a net of your own trains by --module, and is kept with its run', async () => {
  const net = `
import { z, defineNet, flatten, dense, relu } from 'ngplus';
export const thin = defineNet({
  id: 'thin', summary: 'One layer.', reads: ['planes', 'features'],
  schema: z.object({ width: z.int().min(1).default(6).describe('units') }),
  layers: ({ width }) => [flatten(), dense({ stage: 'stem', output: { kind: 'unit', size: width } }), relu()],
});
`;
  writeFileSync(join(cwd, 'thin.ts'), net);
  await run(`train breakout --module thin.ts --net thin --width 5 ${TINY} --folder thin`);
  rmSync(join(cwd, 'thin.ts'));
  expect(await run('evaluate thin --episodes 5')).toMatch(/^breakout, greedy: mean /);
});

it('a run of a game that has changed since is not mixed up with the new one', async () => {
  await run('new-game moving.ts');
  await run(`train moving.ts ${TINY} --folder moving`);
  const source = readFileSync(join(cwd, 'moving.ts'), 'utf8');
  writeFileSync(join(cwd, 'moving.ts'), source.replace('state.missed >= 3', 'state.missed >= 2'));
  const { code, stderr } = await ngplus(`train --game moving.ts ${TINY} --folder moving`, { cwd });
  expect(code).toBe(2);
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/moving holds another run \(.*; choose another folder$/);
});
