import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { StoppedError, UserError } from '../../src/core/errors.ts';
import { findEnv, games } from '../../src/envs/index.ts';
import { gameModuleOf, importGame, loadGameModule } from '../../src/runs/game-module.ts';
import { trainRun } from '../../src/runs/run.ts';
import { outcome, tinyConfig } from './tiny-run.ts';

/** A user's game, in a folder that has nothing of the project: `count` fields, the player runs to the last. */
const source = (id: string, more = ''): string => `
import { z, defineGame, type Named } from 'ngplus';
import { actions } from './actions.ts';
${more}
export default defineGame({
  id: '${id}',
  revision: 1,
  summary: 'Run to the right.',
  players: 1,
  variants: z.object({ count: z.int().min(3).max(9).default(5).describe('number of fields') }),
  actions: actions as Named[],
  maxSteps: 20,
  observation: ({ count }) => ({
    kind: 'planes', height: 3, width: count, channels: [{ name: 'me', roles: ['self'] }],
  }),
  create: ({ count }) => ({ count, x: 0 }),
  reset(state) { state.x = 0; },
  step(state, [action], _rng, rewards) {
    state.x = Math.max(0, state.x + action - 1);
    rewards[0] = state.x === state.count - 1 ? 1 : 0;
    return state.x === state.count - 1;
  },
  observe(state, _player, out, offset) {
    out.fill(0, offset, offset + 3 * state.count);
    out[offset + state.count + state.x] = 1;
  },
});
`;
const ACTIONS = `export const actions = ['left', 'noop', 'right'].map((name) => ({ name, roles: [name] }));`;

let folder: string;
const inside = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-game-'));
  writeFileSync(inside('actions.ts'), ACTIONS);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, content: string): string => {
  writeFileSync(inside(name), content);
  return inside(name);
};

describe("a user's game", () => {
  it('is a game like any other, with what it imports', async () => {
    const file = write('runner.ts', source('runner'));
    const game = await loadGameModule(file);
    expect(game.id).toBe('runner');
    expect(games).toContain(game);
    expect(findEnv('runner?count=7').observation).toMatchObject({ height: 3, width: 7 });
    expect(gameModuleOf('runner')).toMatchObject({ path: file, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(gameModuleOf('breakout')).toBeNull();
  });

  it('may be loaded twice, but not after a change', async () => {
    const file = write('twice.ts', source('twice'));
    expect(await loadGameModule(file)).toBe(await loadGameModule(file));
    writeFileSync(file, source('twice').replace('Run to', 'Walk to'));
    await expect(loadGameModule(file)).rejects.toThrow(
      new UserError(`${file} has changed since it was loaded; start again`),
    );
  });

  it('may be plain JavaScript', async () => {
    write('actions.js', ACTIONS);
    const file = write(
      'plain.mjs',
      source('plain').replace(', type Named', '').replace(' as Named[]', '').replace('.ts', '.js'),
    );
    expect((await loadGameModule(file)).id).toBe('plain');
  });

  it('is told by its content and that of what it imports, not by where it lies', async () => {
    const sha = async (file: string): Promise<string> => (await importGame(file)).sha256;
    const here = await sha(write('same.ts', source('same')));
    mkdirSync(inside('a/deeper/place'), { recursive: true });
    copyFileSync(inside('same.ts'), inside('a/deeper/place/other-name.ts'));
    copyFileSync(inside('actions.ts'), inside('a/deeper/place/actions.ts'));
    expect(await sha(inside('a/deeper/place/other-name.ts'))).toBe(here);
    const cwd = process.cwd();
    try {
      process.chdir(inside('a'));
      expect(await sha(inside('same.ts'))).toBe(here);
    } finally {
      process.chdir(cwd);
    }
    writeFileSync(inside('actions.ts'), ACTIONS.replace('noop', 'stay'));
    expect(await sha(inside('same.ts'))).not.toBe(here);
  });

  it('trains, stops and resumes like any other; not once its file has changed', async () => {
    const file = write('trained.ts', source('trained'));
    await loadGameModule(file);
    const request = { env: 'trained', netConfig: { filters: 2, units: 8 }, totalTimesteps: 512, evaluations: 2 };
    const config = await tinyConfig(request);
    expect(config.gameModule?.path).toBe(file);
    await trainRun(inside('through'), config, null);
    let updates = 0;
    const stop = { stopRequested: () => ++updates === 2 };
    await expect(trainRun(inside('parts'), config, null, stop)).rejects.toThrow(StoppedError);
    const other = { ...config, gameModule: { path: file, sha256: 'ab' } };
    await expect(trainRun(inside('other'), other, null)).rejects.toThrow(
      new UserError(`${file} has changed since the run began; bring it back, or start another run`),
    );
    await expect(trainRun(inside('parts'), other, null)).rejects.toThrow('gameModule: there');
    await trainRun(inside('parts'), config, null);
    expect(outcome(inside('parts'))).toEqual(outcome(inside('through')));
  });
});

describe('a file that is no game is refused in one line', () => {
  test.each<[name: string, content: string, message: RegExp]>([
    ['syntax.ts', 'export default {', /syntax\.ts:1:\d+ does not load: Expected identifier but found end of file$/],
    ['throws.ts', "throw new Error('not today\\nor ever');", /throws\.ts does not load: not today$/],
    [
      'import.ts',
      "import './nowhere.ts'; export default 1;",
      /import\.ts:1:\d+ does not load: Could not resolve "\.\/nowhere\.ts"$/,
    ],
    [
      'package.ts',
      "import 'no-such-package'; export default 1;",
      /does not load: Could not resolve "no-such-package"$/,
    ],
    ['nothing.ts', 'export const game = 1;', /nothing\.ts has no game as its default export/],
    ['null.ts', 'export default null;', /null\.ts has no game as its default export/],
    ['number.ts', 'export default 7;', /number\.ts has no game as its default export/],
    ['half.ts', "export default { id: 'half' };", /half\.ts has no game as its default export/],
    ['taken.ts', source('breakout'), /^the game id "breakout" is taken; taken: breakout, /],
    [
      'clash.ts',
      source('clash').replaceAll('count', 'sticky'),
      /"sticky" is an option of every game; all about it: ngplus check-game /,
    ],
    ['data.json', '{}', /data\.json has no game as its default export/],
  ])('%s', async (name, content, message) => {
    const load = loadGameModule(write(name, content));
    await expect(load).rejects.toThrow(UserError);
    await expect(load).rejects.toThrow(message);
    await load.catch((error: Error) => expect(error.message).not.toContain('\n'));
  });

  it('no file', async () => {
    await expect(loadGameModule(inside('none.ts'))).rejects.toThrow(
      new UserError(`there is no game file "${inside('none.ts')}"`),
    );
  });
});

it("the tests' own game loads as a user's file", async () => {
  const file = fileURLToPath(new URL('../learning/catch.ts', import.meta.url));
  expect((await importGame(file)).game.id).toBe('catch');
  expect(readFileSync(file, 'utf8')).toContain('export default catchGame');
});
