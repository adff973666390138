import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { newGameSource } from '../../src/envs/new-game-template.ts';
import { buildOnce, ROOT } from './build-once.ts';
import { emptyFolder, type Ended, start } from './processes.ts';

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

const NODE_24 = 'node@24';
const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH/;

const project = join(emptyFolder(), 'project');
let packed: Packed;
let installed: Ended;
/** Folder of Node 24's `node`, or why there is none. */
let node24: { bin: string } | { missing: string };

const npm = (line: string, cwd: string): Promise<Ended> => start('npm', line.split(' '), { cwd }).ended;

beforeAll(async () => {
  await buildOnce();
  mkdirSync(project);
  // Without scripts: what other tests use at this moment must not be built anew.
  const { code, stdout, stderr } = await npm(`pack --ignore-scripts --json --pack-destination ${project}`, ROOT);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  [packed] = JSON.parse(stdout) as [Packed];
  writeFileSync(join(project, 'package.json'), '{ "name": "my-games", "private": true, "type": "module" }\n');
  writeFileSync(join(project, 'my-game.ts'), newGameSource('my-game'));
  [installed, node24] = await Promise.all([
    npm(`install ./${packed.filename} --prefer-offline --no-audit --no-fund`, project),
    installNode24(),
  ]);
}, 180_000);

async function installNode24(): Promise<typeof node24> {
  const folder = emptyFolder();
  const { code, stderr } = await npm(`install ${NODE_24} --prefix . --prefer-offline --no-audit --no-fund`, folder);
  const bin = join(folder, 'node_modules/node/bin');
  if (code !== 0 && UNREACHABLE.test(stderr)) return { missing: 'no registry to take it from' };
  if (code !== 0) throw new Error(stderr);
  const works =
    existsSync(join(bin, 'node')) && (await start(join(bin, 'node'), ['-v'], { cwd: folder }).ended).code === 0;
  return works ? { bin } : { missing: `${NODE_24} has no binary for this machine` };
}

describe('the package', () => {
  it('holds what is needed to run it, and no more', () => {
    const paths = packed.files.map(({ path }) => path);
    for (const needed of [
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'dist/cli/main.js',
      'dist/index.d.ts',
      'dist/play.js',
    ]) {
      expect(paths).toContain(needed);
    }
    expect(paths).toContain('web/dist/index.html');
    expect(paths).toContain('web/share/dist/share.js');
    expect(paths.some((path) => /^kernels\/build\/.+\.wasm$/.test(path))).toBe(true);
    expect(paths.filter((path) => /\.test\.|(^|\/)(test|bench|examples|node_modules)\//.test(path))).toEqual([]);
    expect(paths.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))).toEqual([]);
    expect(packed.size).toBeLessThan(5_000_000);
  });

  it('installs into an empty project', () => {
    expect(installed).toMatchObject({ code: 0 });
  });

  it('has types that a strict project can use', async () => {
    const compilerOptions = {
      strict: true,
      module: 'nodenext',
      target: 'es2023',
      noEmit: true,
      types: [],
      skipLibCheck: false,
    };
    const typed = `
import { defineGame, evaluate, train, transfer, type Game, z } from 'ngplus';
import { loadPolicy, type Policy } from 'ngplus/play';
import myGame from './my-game.js';

export const variant = defineGame({ ...myGame, id: 'other' }) satisfies Game;
export const coin = defineGame({
  id: 'coin',
  revision: 1,
  summary: 'Call heads or tails.',
  players: 1,
  variants: z.object({ bias: z.number().min(0).max(1).default(0.5).describe('chance of heads') }),
  actions: [{ name: 'heads', roles: ['left'] }, { name: 'tails', roles: ['right'] }],
  observation: () => ({ kind: 'features', features: [{ name: 'last', roles: ['position'], scale: 1 }] }),
  create: (variant) => ({ variant, last: 0 }),
  reset: (state) => void (state.last = 0),
  step(state, actions, rng, rewards) {
    state.last = rng.float() < state.variant.bias ? 0 : 1;
    rewards[0] = actions[0] === state.last ? 1 : 0;
    return false;
  },
  observe: (state, _player, out, offset) => void (out[offset] = state.last),
});
export const policy: Policy = loadPolicy(new Uint8Array());
export const action: number = policy.act([0]);
export const mean: number = (await evaluate({ player: 'random', env: 'breakout' })).mean;
export const step: number = (await train({ env: 'breakout', totalTimesteps: 1 })).step;
export const entries = (await transfer({ env: 'breakout', source: 'run' })).plan.entries;
// @ts-expect-error: no such option
void train({ env: 'breakout', totalTimestep: 1 });
// @ts-expect-error: the state has no such field
coin.observe({ variant: { bias: 1 }, lost: 0 }, 0, new Uint8Array(1), 0);
`;
    writeFileSync(join(project, 'typed.ts'), typed);
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['typed.ts'] }));
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const { stdout } = await start(process.execPath, [tsc, '--pretty', 'false', '-p', project], { cwd: project }).ended;
    // Declarations are checked as well, but those of others (WebGPU's, which tfjs needs) may be at odds with the DOM's.
    const faults = stdout
      .split('\n')
      .filter((line) => /^(typed|my-game)\.ts|^node_modules\/ngplus\/|^error/.test(line));
    expect(faults).toEqual([]);
  });

  it('brings the page of its viewer', async () => {
    const running = start(join(project, 'node_modules/.bin/ngplus'), ['play', 'my-game.ts', '--port', '0'], {
      cwd: project,
    });
    const [, url] = await running.says(/at (http:\S+)/);
    const page = await (await fetch(url)).text();
    const [, module] = /src="\.\/(assets\/[^"]+\.js)"/.exec(page)!;
    expect((await fetch(url + module)).headers.get('content-type')).toContain('javascript');
    running.signal('SIGINT');
    expect((await running.ended).code).toBe(0);
  });

  const script = `
import { readFileSync } from 'node:fs';
import { evaluate, train } from 'ngplus';
import { loadPolicy } from 'ngplus/play';

const settings = { totalTimesteps: 1024, evaluations: 1, evaluationEpisodes: 2 };
const run = await train({ env: 'cartpole', ...settings, folder: process.argv[2] });
const policy = loadPolicy(readFileSync(run.folder + '/' + run.checkpoint));
const { episodes } = await evaluate({ player: run.folder, episodes: 5 });
console.log(run.step, policy.info.env, policy.actions[policy.act([0, 0, 0.2, 1])].name, episodes);
`;
  const TINY = '--total-timesteps 2048 --num-steps 16 --evaluations 1 --evaluation-episodes 2';

  it.each([
    ['this Node', () => ({ bin: dirname(process.execPath) })],
    ['Node 24', () => node24],
  ])("trains a user's own game and runs from a script, on %s", async (name, where) => {
    const node = where();
    if ('missing' in node) return console.warn(`not tested on ${name}: ${node.missing}`);
    const env = { PATH: [node.bin, process.env.PATH].join(delimiter) };
    const folder = `runs/${name.replaceAll(' ', '-')}`;
    const npx = (line: string) => start('npx', ['ngplus', ...line.split(' ')], { cwd: project, env }).ended;

    const training = await npx(`train --game ./my-game.ts ${TINY} --folder ${folder}`);
    expect(training).toMatchObject({ code: 0, stdout: expect.stringMatching(/^my-game: 2\.0k steps in /) });
    const evaluation = await npx(`evaluate ${folder} --game ./my-game.ts --episodes 5`);
    expect(evaluation).toMatchObject({ code: 0, stdout: expect.stringMatching(/^my-game, greedy: mean \d/) });
    const doctor = JSON.parse((await npx('doctor --json -')).stdout);
    expect(doctor.backends).toContainEqual(expect.objectContaining({ name: 'wasm', available: true }));
    if (name === 'Node 24') expect(doctor.node).toMatch(/^v24\./);

    writeFileSync(join(project, 'script.mjs'), script);
    const scripted = await start('node', ['script.mjs', `${folder}-script`], { cwd: project, env }).ended;
    expect(scripted).toMatchObject({ code: 0, stdout: expect.stringMatching(/^1024 cartpole (left|right) 5\n$/) });
  });
});
