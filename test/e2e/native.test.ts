import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { isCi } from '../../scripts/debian.ts';
import { expectClose } from '../engine/compare.ts';
import { ROOT } from './build-once.ts';
import { emptyFolder, start } from './processes.ts';

const MINUTES = 60_000;
if (!isCi()) console.warn('the native backend is not tested: it takes some minutes and 200 MB; set CI=1 to test it');

// What `npm run setup:native` installs is an optional peer, so it is tried on a copy of the project whose node_modules
// are those of the project, but for the folder that the set-up writes to.
describe.skipIf(!isCi())('the native backend', () => {
  const copy = join(emptyFolder(), 'ngplus');

  beforeAll(async () => {
    for (const part of ['package.json', 'tsconfig.json', 'src', 'scripts', 'kernels']) {
      cpSync(join(ROOT, part), join(copy, part), { recursive: true });
    }
    const [from, to] = [join(ROOT, 'node_modules'), join(copy, 'node_modules')];
    mkdirSync(join(to, '@tensorflow'), { recursive: true });
    for (const name of readdirSync(from)) if (name !== '@tensorflow') symlinkSync(join(from, name), join(to, name));
    for (const name of readdirSync(join(from, '@tensorflow'))) {
      if (name !== 'tfjs-node') symlinkSync(join(from, '@tensorflow', name), join(to, '@tensorflow', name));
    }
    const { code, stdout, stderr } = await start('npm', ['run', 'setup:native'], { cwd: copy }).ended;
    expect({ code, said: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, said: '' });
    expect(stdout).toContain('the tensorflow backend works');
  }, 10 * MINUTES);

  /** Trains by the command line; gives the config that was stored and the log. */
  async function train(...options: string[]) {
    const folder = join(emptyFolder(), 'run');
    const small = ['--total-timesteps', '4096', '--num-envs', '16', '--num-steps', '64', '--evaluations', '2'];
    const args = ['--import', 'tsx', 'src/cli/main.ts', 'train', 'breakout', '--folder', folder, ...small, ...options];
    const { code, stderr } = await start(process.execPath, args, { cwd: copy }).ended;
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    const rows = readFileSync(join(folder, 'metrics.jsonl'), 'utf8').trim().split('\n');
    return {
      config: JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>,
      metrics: rows.map((row) => JSON.parse(row) as Record<string, number>),
    };
  }

  test(
    'trains to the losses of wasm, acting by itself or by our kernels',
    async () => {
      const clear = await train('--backend', 'wasm', '--no-fused');
      for (const how of [['--no-fused'], []]) {
        const native = await train('--backend', 'tensorflow', ...how);
        expect(native.config).toMatchObject({ backend: 'tensorflow', kernels: 'stock', fused: how.length === 0 });
        expect(native.metrics).toHaveLength(4);
        // From the second update on, one action that rounding decides otherwise makes another rollout.
        for (const name of ['policyLoss', 'valueLoss', 'entropy', 'approxKl', 'gradNorm']) {
          expectClose([native.metrics[0][name]], [clear.metrics[0][name]], 1e-4, name);
          expectClose([native.metrics[3][name]], [clear.metrics[3][name]], 0.2, name);
        }
      }
    },
    3 * MINUTES,
  );

  test('is not what auto takes: the fused path of wasm is faster', async () => {
    const { config } = await train('--backend', 'auto');
    expect(config).toMatchObject({ backend: 'wasm', fused: true });
  });
});
