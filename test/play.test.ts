import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build, type Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { ppoHeads } from '../src/agents/ppo.ts';
import type { Player } from '../src/core/agent.ts';
import { UserError } from '../src/core/errors.ts';
import type { Game } from '../src/core/game.ts';
import { findEnv, games, registerGame } from '../src/envs/index.ts';
import { evaluate } from '../src/exec/evaluate.ts';
import { buildPolicyNet } from '../src/nets/policy-net.ts';
import { loadPolicy, type Policy } from '../src/play.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../src/runs/checkpoint.ts';
import { evaluatePlayer } from '../src/runs/evaluate.ts';
import { encodeSafetensors } from '../src/runs/safetensors.ts';
import catchGame from './learning/catch.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-play-'));
  if (!games.includes(catchGame as Game)) registerGame(catchGame as Game);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A policy that has not learnt, but whose choices depend on what it sees: weights are large, biases none. */
function checkpointOf(env: string, seed = 1): Uint8Array {
  const { id, observation, actionSet, game } = findEnv(env);
  const net = buildPolicyNet({
    net: observation.kind === 'planes' ? 'conv' : 'mlp',
    netConfig: {},
    observation,
    heads: ppoHeads(actionSet),
  });
  const larger = (values: Float32Array): Float32Array => values.map((value) => 20 * value);
  const params = Object.fromEntries(Object.entries(net.init(seed)).map(([name, values]) => [name, larger(values)]));
  return encodeCheckpoint(net, params, { env: id, gameRevision: game.revision, algorithm: 'ppo', step: 7, seed: 1 });
}

/** Plays in a vec env with `act` alone, one environment after another. */
const playerOf = (policy: Policy, seen: Set<number>): Player => ({
  act(env, actions) {
    const count = env.actions.length;
    for (let e = 0; e < env.numEnvs; e++) {
      const obs = env.obs.subarray(e * env.obsSize, (e + 1) * env.obsSize);
      actions[e] = policy.act(obs, env.legal.subarray(e * count, (e + 1) * count));
      seen.add(actions[e]);
    }
  },
});

describe('loadPolicy(checkpoint).act', () => {
  // Seeds whose policies choose several actions.
  test.each([
    ['breakout', 3],
    ['asterix', 4],
    ['space-invaders', 4],
    ['seaquest', 4],
    ['cartpole', 4],
    ['acrobot?maxSteps=60', 4],
    ['catch', 4],
  ])('plays %s as evaluate does, state by state', async (env, seed) => {
    const bytes = checkpointOf(env, seed);
    const file = join(folder, `${env.split('?')[0]}.safetensors`);
    writeFileSync(file, bytes);
    const expected = await evaluate({ player: file, episodes: 30, seed: 3, backend: 'wasm' });
    const seen = new Set<number>();
    const played = await evaluatePlayer(findEnv(env), playerOf(loadPolicy(bytes), seen), 30, 3);
    expect(played.returns).toEqual(expected.returns);
    expect(played.lengths).toEqual(expected.lengths);
    expect(played.lengths.reduce((a, b) => a + b, 0)).toBeGreaterThan(200);
    expect(seen.size).toBeGreaterThan(1);
  });

  it('says what it reads, what it may do and where it comes from', () => {
    const policy = loadPolicy(checkpointOf('breakout?actions=minimal'));
    expect(policy.info).toMatchObject({ env: 'breakout?actions=minimal', step: 7 });
    expect(policy.actions.map(({ name }) => name)).toEqual(['noop', 'left', 'right']);
    expect(policy.observation).toMatchObject({ kind: 'planes', height: 10, width: 10 });
  });

  it('reads bytes however they come', () => {
    const bytes = checkpointOf('cartpole');
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const obs = [0.1, -0.2, 0.05, 0.3];
    const expected = { ...loadPolicy(bytes).evaluate(obs) };
    for (const form of [bytes.slice().buffer, shifted.subarray(3), Buffer.from(bytes)]) {
      expect(loadPolicy(form).evaluate(Float32Array.from(obs))).toEqual(expected);
    }
  });

  it('keeps to what is legal', () => {
    const policy = loadPolicy(checkpointOf('breakout'));
    const obs = new Uint8Array(400);
    const all = structuredClone(policy.evaluate(obs));
    expect(all.probabilities.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
    expect(all.probabilities[all.action]).toBe(Math.max(...all.probabilities));
    for (let only = 0; only < 6; only++) {
      const legal = Array.from({ length: 6 }, (_, i) => (i === only ? 1 : 0));
      expect(policy.act(obs, legal)).toBe(only);
      expect([...policy.evaluate(obs, legal).probabilities]).toEqual(legal);
    }
    const without = Array.from({ length: 6 }, (_, i) => (i === all.action ? 0 : 1));
    const rest = policy.evaluate(obs, without);
    expect(rest.probabilities[all.action]).toBe(0);
    // The others keep their ratios.
    const share = 1 - all.probabilities[all.action];
    rest.probabilities.forEach((p, i) => i !== all.action && expect(p).toBeCloseTo(all.probabilities[i] / share, 5));
    expect(rest.value).toBe(all.value);
    expect(() => policy.act(obs, new Uint8Array(6))).toThrow(new UserError('no action is legal'));
  });

  it('gives the value in the units of the rewards', () => {
    const bytes = checkpointOf('cartpole');
    const { info, spec, params } = decodeCheckpoint(bytes);
    const scaled = encodeCheckpoint(buildPolicyNet(spec), params, info, { 'normalizers/value': Float32Array.of(4) });
    const obs = [0.1, 0, -0.1, 0.2];
    const [plain, times] = [bytes, scaled].map((content) => loadPolicy(content).evaluate(obs).value);
    expect(times).toBeCloseTo(4 * plain, 6);
    expect(plain).not.toBe(0);
  });

  it('refuses observations of another length', () => {
    const policy = loadPolicy(checkpointOf('cartpole'));
    expect(() => policy.act([1, 2, 3])).toThrow(new UserError('observation has 3 values; cartpole has 4'));
  });

  it('refuses what is not a whole checkpoint, naming it', () => {
    const bytes = checkpointOf('cartpole');
    const flipped = bytes.slice();
    flipped[bytes.length - 9] ^= 1;
    const foreign = encodeSafetensors({ weight: { shape: [1], data: Float32Array.of(1) } });
    for (const bad of [
      bytes.subarray(0, 0),
      bytes.subarray(0, 500),
      bytes.subarray(0, bytes.length - 4),
      flipped,
      foreign,
    ]) {
      expect(() => loadPolicy(bad, 'my-policy')).toThrow(UserError);
      expect(() => loadPolicy(bad, 'my-policy')).toThrow(/^my-policy[^\n]+$/);
    }
  });
});

describe('the module ngplus/play', () => {
  let metafile: Metafile;
  let text: string;
  beforeAll(async () => {
    const result = await build({
      entryPoints: [fileURLToPath(new URL('../src/play.ts', import.meta.url))],
      bundle: true,
      write: false,
      metafile: true,
      format: 'iife',
      globalName: 'play',
      platform: 'browser',
      logLevel: 'silent',
    });
    metafile = result.metafile;
    text = result.outputFiles[0].text;
  });

  it('imports neither tfjs nor Node modules', () => {
    const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
    expect(imports.length).toBeGreaterThan(10);
    expect(imports.filter(({ path }) => /tensorflow|^node:/.test(path))).toEqual([]);
    expect(imports.filter(({ external }) => external)).toEqual([]);
    expect(Object.values(metafile.outputs).flatMap((output) => output.imports)).toEqual([]);
  });

  it('plays where there is nothing but the language and TextDecoder', () => {
    const bytes = checkpointOf('breakout');
    const bare = createContext({ TextDecoder, bytes });
    const code = `${text}; const policy = play.loadPolicy(bytes); policy.act(new Uint8Array(400).fill(1, 0, 90));`;
    const expected = loadPolicy(bytes).act(new Uint8Array(400).fill(1, 0, 90));
    expect(runInContext(code, bare)).toBe(expected);
  });
});
