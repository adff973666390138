import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { prepareStudy, prepareTransfer } from '../../src/exec/api.ts';
import { loadEngine } from '../../src/engine/index.ts';
import { registerGame } from '../../src/envs/index.ts';
import {
  distill,
  evaluate,
  type EvaluateOptions,
  StoppedError,
  study,
  train,
  transfer,
  UserError,
} from '../../src/index.ts';
import { souring } from '../runs/souring-game.ts';
import { TINY } from '../runs/tiny-run.ts';
import { timeless, tinyStudy } from './tiny-study.ts';

let folder: string;
const inside = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-api-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const request = { ...TINY, env: 'cartpole', seed: 1, totalTimesteps: 512, evaluations: 2 };

describe('from a script', () => {
  it('trains, transfers and evaluates', async () => {
    const steps: number[] = [];
    const source = await train({ ...request, folder: inside('source'), progress: ({ step }) => steps.push(step) });
    expect(source).toMatchObject({ step: 512, updates: 4, folder: inside('source') });
    expect(steps.at(-1)).toBe(512);

    const target = await transfer({
      ...request,
      env: 'acrobot?maxSteps=50',
      source: source.folder,
      folder: inside('target'),
    });
    expect(target.plan).toMatchObject({ source: 'cartpole', target: 'acrobot?maxSteps=50' });
    const { transfer: settled } = JSON.parse(readFileSync(inside('target/config.json'), 'utf8'));
    expect(settled.source).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(settled.sourceInfo).toMatchObject({ env: 'cartpole', step: 512 });

    const greedy = await evaluate({ player: source.folder, episodes: 20, backend: 'wasm' });
    expect(greedy).toMatchObject({ env: 'cartpole', policy: 'greedy', episodes: 20, seed: 0 });
    expect(greedy.info).toMatchObject({ step: 512 });
    expect(greedy.mean).toBeCloseTo(greedy.returns.reduce((a, b) => a + b, 0) / 20, 10);
    expect(greedy.returns).toEqual(greedy.lengths);
    expect(greedy.low).toBeLessThanOrEqual(greedy.mean);
    expect(greedy.high).toBeGreaterThanOrEqual(greedy.mean);
  });

  it('carries a net on to the target, unless that is to have another', async () => {
    const own = { net: 'mlp', netConfig: { units: 24, depth: 1 } };
    const { folder: source } = await train({ ...request, ...own, folder: inside('narrow'), totalTimesteps: 128 });
    const { netConfig: _sizes, ...plain } = { ...request, env: 'acrobot?maxSteps=50', totalTimesteps: 128, source };
    const settled = async (more: object) => (await prepareTransfer({ ...plain, ...more })).task.config;
    expect(await settled({})).toMatchObject({ net: 'mlp', netConfig: { units: 24, depth: 1 } });
    expect(await settled({ netConfig: { depth: 2 } })).toMatchObject({ netConfig: { units: 24, depth: 2 } });
    expect(await settled({ net: 'gru' })).toMatchObject({ net: 'gru', netConfig: { units: 128 } });
  });

  it('gives a net of another algorithm the defaults that its own has', async () => {
    const settled = async (algorithm: string, netConfig?: object) =>
      (await prepareTransfer({ env: 'asterix', source: 'zoo:breakout', algorithm, netConfig: { ...netConfig } })).task
        .config;
    expect((await settled('ppo')).netConfig).toMatchObject({ norm: false });
    expect((await settled('pqn')).netConfig).toMatchObject({ norm: true });
    expect((await settled('pqn', { norm: false })).netConfig).toMatchObject({ norm: false });
  });

  it('refuses to train a game that only this thread knows', async () => {
    registerGame(souring);
    const message = new UserError(
      'the game "souring" is registered in this thread only; training takes its file: game: \'./souring.ts\'',
    );
    await expect(train({ ...request, env: 'souring?good=8', folder: inside('souring') })).rejects.toThrow(message);
    const both = { ...tinyStudy({ targets: ['souring'] }), folder: inside('souring') };
    await expect(study(both)).rejects.toThrow(message);
    expect(existsSync(inside('souring'))).toBe(false);
    expect((await evaluate({ player: 'random', env: 'souring', episodes: 2 })).lengths).toEqual([5, 5]);
  });

  it('fails where what it is to tell of progress fails, and can be asked for again', async () => {
    const wanted = { ...request, folder: inside('told') };
    const failing = train({
      ...wanted,
      progress() {
        throw new Error('a progress bar fell down');
      },
    });
    await expect(failing).rejects.toThrow('a progress bar fell down');
    expect(await train(wanted)).toMatchObject({ step: 512 });
  });

  it('distils teachers into a policy of a mix, with the net of the first', async () => {
    const seen = { ...request, net: 'mlp', netConfig: { units: 12 }, totalTimesteps: 128, evaluations: 1 };
    const teachers = ['breakout', 'freeway'].map((game) => ({ ...seen, env: `${game}?observation=canonical` }));
    const { folder: first } = await train({ ...teachers[0], folder: inside('breakout') });
    const { folder: second } = await train({ ...teachers[1], netConfig: { units: 6 }, folder: inside('freeway') });
    const { env: _, netConfig: _sizes, ...plain } = request;
    const student = await distill({ ...plain, teachers: [second, first], folder: inside('student') });
    expect(student).toMatchObject({ step: 512, folder: inside('student') });
    const config = JSON.parse(readFileSync(inside('student/config.json'), 'utf8'));
    expect(config).toMatchObject({ net: 'mlp', netConfig: { units: 6 }, transfer: null });
    expect(config.teachers.map(({ sourceInfo }: { sourceInfo: { env: string } }) => sourceInfo.env)).toEqual(
      teachers.map(({ env }) => env),
    );
  });

  it('takes any number of threads but none', async () => {
    const wanted = { ...tinyStudy(), folder: inside('threads') };
    for (const threads of [-1, 1.5]) {
      const refused = prepareStudy({ ...wanted, threads });
      await expect(refused).rejects.toThrow('valid: whole number of at least 1, or 0 for one a core');
    }
    const { executor } = await prepareStudy({ ...wanted, threads: 0 });
    expect(executor.slots).toBe(availableParallelism());
  });

  it('gives a finished run again at once', async () => {
    const again = await train({ ...request, folder: inside('source'), progress: () => expect.fail('trained again') });
    expect(again).toMatchObject({ step: 512, updates: 4 });
  });

  it('stops a training by a signal, and resumes it when called again', async () => {
    const abort = new AbortController();
    const longer = { ...request, totalTimesteps: 40 * 128, folder: inside('stopped') };
    const stop = (): void => void setTimeout(() => abort.abort(), 0);
    await expect(train({ ...longer, signal: abort.signal, progress: stop })).rejects.toThrow(StoppedError);
    await expect(train({ ...longer, signal: AbortSignal.abort() })).rejects.toThrow(StoppedError);
    expect(existsSync(inside('stopped/result.json'))).toBe(false);
    expect(existsSync(inside('stopped/resume.safetensors'))).toBe(true);
    expect(await train(longer)).toMatchObject({ step: 40 * 128 });
  });

  it('stops a study by a signal, and resumes it to the result it would have had', async () => {
    const abort = new AbortController();
    const stop = ({ arm }: { arm: string }): void => void (arm === 'transfer' && abort.abort());
    const options = { ...tinyStudy(), threads: 1 };
    const stopped = study({ ...options, folder: inside('parts'), signal: abort.signal, progress: stop });
    await expect(stopped).rejects.toThrow(StoppedError);
    const { folder: _parts, ...resumed } = await study({ ...options, folder: inside('parts') });
    const { folder: _whole, ...whole } = await study({ ...options, threads: 2, folder: inside('whole') });
    expect(timeless(resumed)).toEqual(timeless(whole));
    expect(existsSync(inside('whole/report.html'))).toBe(true);
  });
});

describe('evaluate', () => {
  const play = (options: Partial<EvaluateOptions> = {}) =>
    evaluate({ player: inside('source'), episodes: 10, backend: 'wasm', ...options });

  it('is the same for the same seed; a greedy policy has no luck of its own', async () => {
    expect(await play({ policy: 'sampled', seed: 4 })).toEqual(await play({ policy: 'sampled', seed: 4 }));
    expect((await play({ policy: 'sampled', seed: 4 })).returns).not.toEqual((await play({ seed: 4 })).returns);
    expect((await play({ seed: 4 })).returns).not.toEqual((await play({ seed: 5 })).returns);
  });

  it('plays at random without a checkpoint', async () => {
    const random = await play({ player: 'random', env: 'cartpole', episodes: 200 });
    expect(random).toMatchObject({ player: 'random', policy: 'random', info: null });
    // Uniform random play of CartPole-v1 lasts 22 steps on average.
    expect(Math.abs(random.mean - 22)).toBeLessThan(4);
  });

  it('plays a variant of the game', async () => {
    const heavy = await play({ env: 'cartpole?gravity=30' });
    expect(heavy.env).toBe('cartpole?gravity=30');
  });

  it('leaves no tensors behind', async () => {
    const { tf } = await loadEngine('wasm');
    await play();
    const { numTensors } = tf.memory();
    await play();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  test.each<[options: Record<string, unknown>, message: string]>([
    [{ player: 'nowhere' }, 'there is no checkpoint or run folder "nowhere"'],
    [{ player: 'random' }, 'the random player needs an env'],
    [{ env: 'acrobot' }, "a policy of cartpole can't play acrobot: other observations or actions"],
    [{ env: 'cartpol' }, 'unknown game "cartpol" (did you mean "cartpole"?)'],
    [{ episodes: 0 }, 'episodes: "0" is not valid; valid: whole number from 1 to 100000'],
    [{ policy: 'best' }, 'policy: "best" is not valid; valid: greedy, sampled'],
    [{ episode: 3 }, 'unknown option of evaluate "episode" (did you mean "episodes"?)'],
  ])('refuses %j in one line', async (options, message) => {
    const playing = play(options);
    await expect(playing).rejects.toThrow(UserError);
    await expect(playing).rejects.toThrow(message);
  });
});

describe('bad requests are refused before anything is written', () => {
  const nowhere = (): string => inside('never');
  test.each<[name: string, start: () => Promise<unknown>, message: string]>([
    ['train', () => train({ ...request, env: 'pong', folder: nowhere() }), 'unknown game "pong"'],
    [
      'train',
      () => train({ ...request, totalSteps: 5, folder: nowhere() } as never),
      'unknown option of training "totalSteps"',
    ],
    ['transfer', () => transfer({ ...request, source: 'nowhere', folder: nowhere() }), 'there is no checkpoint'],
    [
      'transfer',
      () => transfer({ ...request, source: inside('source'), reset: ['hats'], folder: nowhere() }),
      'unknown stage "hats"',
    ],
    ['study', () => study({ ...tinyStudy(), targets: [], folder: nowhere() }), 'a study needs a source and a target'],
    ['game', () => train({ ...request, game: 'no-game.ts', folder: nowhere() }), 'there is no game file "no-game.ts"'],
  ])('%s: %#', async (_name, start, message) => {
    const starting = start();
    await expect(starting).rejects.toThrow(UserError);
    await expect(starting).rejects.toThrow(message);
    expect(existsSync(nowhere())).toBe(false);
  });
});
