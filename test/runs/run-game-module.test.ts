import { createHash } from 'node:crypto';
import {
  existsSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { StoppedError, UserError } from '../../src/core/errors.ts';
import { findEnv, games } from '../../src/envs/index.ts';
import { train, transfer } from '../../src/exec/api.ts';
import { evaluate } from '../../src/exec/evaluate.ts';
import { threadExecutor } from '../../src/exec/threads.ts';
import type { RunConfig } from '../../src/runs/config.ts';
import {
  type Bundle,
  bundleKey,
  importGame,
  isGameFile,
  loadGameModule,
  loadGameOfRun,
  loadModule,
  modulesOf,
} from '../../src/runs/game-module.ts';
import { trainRun } from '../../src/runs/run.ts';
import { outcome, TINY, tinyConfig } from './tiny-run.ts';

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
    const { game } = await loadGameModule(file);
    expect(game.id).toBe('runner');
    expect(games).toContain(game);
    expect(findEnv('runner?count=7').observation).toMatchObject({ height: 3, width: 7 });
    expect(modulesOf({ game: 'runner' })).toEqual([{ path: file, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
    expect(modulesOf({ game: 'breakout', net: 'conv' })).toEqual([]);
  });

  it('may be loaded twice, but not after a change', async () => {
    const file = write('twice.ts', source('twice'));
    expect((await loadGameModule(file)).game).toBe((await loadGameModule(file)).game);
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

  it('opens the variant that is named behind its file', async () => {
    const file = write('varied.ts', source('varied'));
    expect((await loadGameModule(`${file}?count=7`)).id).toBe('varied?count=7');
    expect((await loadGameModule(file)).id).toBe('varied');
    await expect(loadGameModule(`${file}?cuont=7`)).rejects.toThrow('unknown option of varied "cuont"');
    expect([`${file}?count=7`, './gone.ts?count=7', file, 'varied?count=7'].map(isGameFile)).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it('trains, stops and resumes from what its run keeps, and is refused where that was changed', async () => {
    const file = write('trained.ts', source('trained'));
    await loadGameModule(file);
    const request = { env: 'trained', netConfig: { filters: 2, units: 8 }, totalTimesteps: 512, evaluations: 2 };
    const config = await tinyConfig(request);
    expect(config.modules).toMatchObject([{ path: file }]);
    await trainRun(inside('through'), config, null);
    let updates = 0;
    const stop = { stopRequested: () => ++updates === 2 };
    await expect(trainRun(inside('parts'), config, null, stop)).rejects.toThrow(StoppedError);
    const other = { ...config, modules: [{ path: file, sha256: 'ab'.repeat(32) }] };
    await expect(trainRun(inside('parts'), other, null)).rejects.toThrow('holds another run (modules: there');
    const bundle = inside('parts/module-abababab.mjs');
    copyFileSync(inside(`parts/${bundleKey(config.modules[0])}`), bundle);
    mkdirSync(inside('other'));
    renameSync(bundle, inside('other/module-abababab.mjs'));
    await expect(trainRun(inside('other'), other, null)).rejects.toThrow(
      new UserError(`${inside('other/module-abababab.mjs')} is not what the run began with; bring it back`),
    );
    // A process of its own, which has never seen the file.
    rmSync(file);
    const executor = threadExecutor(1);
    const modules: Bundle[] = [];
    const task = {
      kind: 'train',
      id: 'a',
      parents: [],
      source: null,
      tensorboard: false,
      threads: 1,
      modules,
      config,
    } as const;
    await executor.run({ ...task, folder: inside('parts') }, () => {}).finally(() => executor.close());
    expect(outcome(inside('parts'))).toEqual(outcome(inside('through')));
  });

  it('that is given stands in for the one that a run keeps, which is said', async () => {
    await loadGameModule(write('before.ts', source('before')));
    const request = { env: 'before', netConfig: { filters: 2, units: 8 }, totalTimesteps: 128, evaluations: 1 };
    const config = await tinyConfig(request);
    await trainRun(inside('run'), config, null);
    expect(await loadGameOfRun(inside('run'))).toEqual([]);
    expect(await loadGameOfRun(`${inside('run')}/checkpoints/000000000128.safetensors`)).toEqual([]);
    // As another file's game would have left it.
    const kept = readFileSync(inside(`run/${bundleKey(config.modules[0])}`), 'utf8').replace('right.', 'far right.');
    const sha256 = createHash('sha256')
      .update(kept.slice(0, kept.lastIndexOf('//# source')))
      .digest('hex');
    const modules = [{ path: '/elsewhere/before.ts', sha256 }];
    writeFileSync(inside(`run/${bundleKey(modules[0])}`), kept);
    writeFileSync(inside('run/config.json'), JSON.stringify({ ...config, modules }));
    expect(await loadGameOfRun(inside('run'))).toEqual([
      `the game before is that of ${inside('before.ts')}, not the one that ${inside('run')} was trained with`,
    ]);
  });
});

describe("a user's net, algorithm and method", () => {
  const module = `
import { z, defineNet, defineMethod, flatten, dense, relu, sequential } from 'ngplus';
export const thin = defineNet({
  id: 'thin', summary: 'One layer.', reads: ['planes', 'features'],
  schema: z.object({ width: z.int().min(1).default(6).describe('units') }),
  layers: ({ width }) => [
    sequential([flatten(), dense({ stage: 'stem', output: { kind: 'unit', size: width } }), relu()]),
  ],
});
export default defineMethod({
  id: 'half', summary: 'Half the learning rate.', schema: z.object({}),
  scale: () => 0.5, describe: () => 'learning rate x 0.5',
});
`;

  it('train and transfer on a thread, by a module that the run keeps', async () => {
    const file = write('thin.ts', module);
    const common = { env: 'cartpole', net: 'thin', totalTimesteps: 128, evaluations: 1, evaluationEpisodes: 2 };
    const tiny = { ...common, algorithmConfig: TINY.algorithmConfig, backend: 'wasm' as const, modules: [file] };
    const { folder: trained } = await train({ ...tiny, folder: inside('trained') });
    const carried = await transfer({ ...tiny, source: trained, method: 'half', folder: inside('carried') });
    expect(carried.plan.entries.map(({ training }) => training)).toContain('learning rate x 0.5');
    const config = JSON.parse(readFileSync(inside('carried/config.json'), 'utf8')) as RunConfig;
    expect(config.modules).toMatchObject([{ path: file }]);
    expect(readdirSync(inside('carried'))).toContain(bundleKey(config.modules[0]));
    expect((await evaluate({ player: trained, episodes: 3 })).notes).toEqual([]);
    expect(modulesOf({ method: 'full+half' })).toEqual(config.modules);
  });

  it('so does an algorithm', async () => {
    const file = write(
      'idle.ts',
      `
import { z, defineAlgorithm } from 'ngplus';
export const idle = defineAlgorithm({
  id: 'idle', revision: 1, summary: 'Waits.', schema: z.object({ patience: z.int().default(3).describe('steps') }),
  numEnvs: () => 1,
  heads: (actions) => [{ name: 'policy', axis: { kind: 'action', labels: actions }, gain: 1 }],
  create: ({ env, params, config }) => ({
    step: 0, updates: 0, stepsPerUpdate: config.patience,
    update() {
      for (let i = 0; i < config.patience; i++) env.step(new Int32Array(1));
      this.step += config.patience;
      this.updates++;
      return { metrics: {}, episodeReturns: [], episodeLengths: [] };
    },
    player: () => ({ act: (_env, actions) => actions.fill(0) }),
    params: () => params, normalizers: () => ({}), save: () => ({}), load() {}, dispose() {},
  }),
});`,
    );
    const request = { env: 'cartpole', algorithm: 'idle', algorithmConfig: { patience: 5 }, totalTimesteps: 20 };
    const folder = inside('idle');
    const result = await train({
      ...request,
      backend: 'wasm',
      evaluations: 1,
      evaluationEpisodes: 2,
      modules: [file],
      folder,
    });
    expect(result).toMatchObject({ step: 20, updates: 4 });
    // It does not say that it can train nets that remember.
    await expect(train({ ...request, net: 'gru', modules: [file], folder: inside('idle-gru') })).rejects.toThrow(
      'idle can\'t train "gru" on features: that net remembers earlier steps; algorithms that can: ppo, pqn, dqn',
    );
    // Nor does it learn by a learner, so that a method could add to it.
    const own = { ...request, evaluations: 1, evaluationEpisodes: 2, backend: 'wasm' as const, modules: [file] };
    await expect(transfer({ ...own, source: folder, method: 'l2-sp', folder: inside('pulled') })).rejects.toThrow(
      'idle takes nothing of a method but its schedule: it learns without agentLearner',
    );
    expect(existsSync(inside('pulled/config.json'))).toBe(false);
    await transfer({ ...own, source: folder, method: 'discriminative', folder: inside('slowed') });
  });

  it('may not take the id of another', async () => {
    const load = (id: string) =>
      loadModule(write(`${id}.ts`, module.replace("'thin'", `'${id}'`).replace("'half'", `'m-${id}'`)));
    await expect(load('mlp')).rejects.toThrow(
      new UserError(
        'the net id "mlp" is taken; taken: conv, fastconv, mlp, vgg, resnet, bert, gpt, gru, progressive, thin',
      ),
    );
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
    ['nothing.ts', 'export const game = 1;', /nothing\.ts exports no game, net, algorithm or method/],
    ['null.ts', 'export default null;', /null\.ts exports no game, net, algorithm or method/],
    ['number.ts', 'export default 7;', /number\.ts exports no game, net, algorithm or method/],
    ['half.ts', "export default { id: 'half' };", /half\.ts exports no game, net, algorithm or method/],
    ['taken.ts', source('breakout'), /^the game id "breakout" is taken; taken: breakout, /],
    [
      'clash.ts',
      source('clash').replaceAll('count', 'sticky'),
      /"sticky" is an option of every game; all about it: ngplus check-game /,
    ],
    ['data.json', '{}', /data\.json exports no game, net, algorithm or method/],
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
