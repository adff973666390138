import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FirstLayer } from '../../src/live/first-layer.ts';
import { openLibrary } from '../../src/live/library.ts';
import { openMind, type Thought } from '../../src/live/mind.ts';
import { decodeFrame } from '../../src/live/protocol.ts';
import type { Recording } from '../../src/live/recording.ts';
import { startViewer, type Viewer } from '../../src/live/server.ts';
import { decodeCheckpoint } from '../../src/runs/checkpoint.ts';
import { loadPolicy } from '../../src/play.ts';
import type { TransferPlan } from '../../src/transfer/plan.ts';
import { freshPolicy } from './fresh-policy.ts';
import { makeTinyStudy, TINY_STEPS } from './tiny-library.ts';

const OPTIONS = { seed: 3, mode: 'sampled', maxSteps: 200 } as const;

let root: string;
let viewer: Viewer;
let ids: Awaited<ReturnType<typeof makeTinyStudy>>;
const library = () => openLibrary(root);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ngplus-mind-'));
  ids = await makeTinyStudy(root);
  viewer = await startViewer({ port: 0, root, library: library() });
});
afterAll(async () => {
  await viewer?.close();
  await rm(root, { recursive: true });
});

async function get<T>(path: string): Promise<T> {
  const answer = await fetch(new URL(`api/${path}`, viewer.url));
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status} ${text.trim()}`);
  return JSON.parse(text) as T;
}

describe('saliency', () => {
  test('is what the policy loses without a cell, and nothing where the cell is empty', async () => {
    const query = `id=${ids.transferred}&seed=3&maxSteps=200`;
    const { frames, stage } = await get<Recording>(`recording?${query}`);
    const { bytes } = await library().checkpoint(ids.transferred);
    const policy = loadPolicy(bytes);
    for (const at of [0, 5, frames.length - 2]) {
      const thought = await get<Thought>(`mind?${query}&frame=${at}`);
      const { action, picture, value } = decodeFrame(frames[at], stage.board);
      if (picture.kind !== 'planes') throw new Error('breakout has planes');
      const { cells } = picture;
      const channels = cells.length / 100;
      // The outside source: the policy as any game would use it, on the planes that were recorded.
      const ask = (obs: Uint8Array) => {
        const thought = policy.evaluate(obs);
        return { logProb: Math.log(thought.probabilities[action!]), value: thought.value };
      };
      const whole = ask(cells);
      expect(thought).toMatchObject({ frame: at, action });
      expect(thought.value).toBeCloseTo(value!, 4);
      expect(thought.logProb).toBeCloseTo(whole.logProb, 4);
      const expected = Array.from({ length: 100 }, (_, cell) => {
        const lacking = ask(cells.slice().fill(0, cell * channels, (cell + 1) * channels));
        return [whole.logProb - lacking.logProb, whole.value - lacking.value];
      });
      expected.forEach(([logProb, loss], cell) => {
        expect(thought.saliency.logProb[cell]).toBeCloseTo(logProb, 4);
        expect(thought.saliency.value![cell]).toBeCloseTo(loss, 4);
      });
      const isEmpty = (cell: number) => cells.slice(cell * channels, (cell + 1) * channels).every((bit) => bit === 0);
      expect(expected.every(([logProb], cell) => !isEmpty(cell) || logProb === 0)).toBe(true);
      expect(expected.some(([logProb]) => Math.abs(logProb) > 1e-4)).toBe(true);
    }
  });

  test('is there for features, for action values and for nets that remember', async () => {
    const cartpole = await openMind(freshPolicy('cartpole', 0), 'cartpole', OPTIONS);
    const { saliency } = await cartpole.look(0);
    expect(saliency.logProb.length).toBe(4);
    expect(saliency.logProb.some((change) => change !== 0)).toBe(true);
    await expect(cartpole.look(5000)).rejects.toThrow('no action is chosen at frame 5000');

    const values = await openMind(freshPolicy('breakout', 0, 0, { acting: 'values' }), 'values', OPTIONS);
    const thought = await values.look(3);
    expect(thought.saliency.value!.some((change) => change !== 0)).toBe(true);
    expect(thought.logProb).toBeLessThan(0);

    const recurrent = await openMind(freshPolicy('cartpole', 0, 0, { net: 'gru' }), 'recurrent', OPTIONS);
    // Looking twice is looking at the same: what it remembers is not changed by looking.
    const first = await recurrent.look(5);
    await recurrent.look(2);
    expect(await recurrent.look(5)).toEqual(first);
  });

  test('of a net that remembers a long past lets others work in between', async () => {
    const policy = freshPolicy('freeway', 0, 0, { net: 'gru' });
    const mind = await openMind(policy, 'recurrent', { ...OPTIONS, maxSteps: 2000 });
    const startedMs = performance.now();
    let firstMs = Infinity;
    setTimeout(() => (firstMs = performance.now() - startedMs));
    await mind.look(1999);
    // The past takes longer than all cells of the board.
    expect(firstMs).toBeLessThan((performance.now() - startedMs) / 2);
  });
});

describe('the first layer', () => {
  test('is given by channel, as shares of its greatest weight', async () => {
    const layer = await get<FirstLayer>(`weights?id=${ids.scratch}&step=${TINY_STEPS[1]}`);
    const { params } = decodeCheckpoint((await library().checkpoint(ids.scratch, TINY_STEPS[1])).bytes);
    const kernel = params['stem/kernel'];
    const facts = { trainingStep: 128, tensor: 'stem/kernel', height: 3, width: 3, units: 4, shown: 4 };
    expect(layer).toMatchObject(facts);
    expect(layer.inputs.map(({ name }) => name)).toEqual(['paddle', 'ball', 'trail', 'brick']);
    expect(layer.greatest).toBeCloseTo(Math.max(...kernel.map(Math.abs)), 6);
    // Kernel [y, x, channel, filter]: the ball's weight in row 2, column 1 of filter 3.
    expect(layer.inputs[1].filters[3][2 * 3 + 1] * layer.greatest).toBeCloseTo(
      kernel[((2 * 3 + 1) * 4 + 1) * 4 + 3],
      3,
    );
  });

  test.each(['mlp', 'bert', 'gru', 'vgg'])('of %s has a filter for each input', async (net) => {
    const { firstLayer } = await import('../../src/live/first-layer.ts');
    const layer = firstLayer(decodeCheckpoint(freshPolicy('breakout', 0, 0, { net })))!;
    expect(layer.inputs.length).toBe(4);
    for (const { filters, strength } of layer.inputs) {
      expect(filters.length).toBe(layer.shown);
      expect(filters.every((cells) => cells.length === layer.height * layer.width)).toBe(true);
      expect(strength).toBeGreaterThan(0);
    }
  });
});

describe('the plan', () => {
  test('is that of a transferred run, and null for the others', async () => {
    const plan = await get<TransferPlan>(`plan?id=${ids.transferred}`);
    expect(plan).toMatchObject({ source: 'space-invaders', target: 'breakout', method: 'full' });
    const origins = new Map(plan.entries.map(({ tensor, origin }) => [tensor, origin]));
    expect([origins.get('stem/kernel'), origins.get('trunk/0/kernel')]).toEqual(['mapped', 'copied']);
    expect(await get(`plan?id=${ids.scratch}`)).toBeNull();
    expect(await get('plan?id=zoo:breakout')).toBeNull();
  });
});

describe('what is not there', () => {
  test.each([
    ['mind?id=nobody&frame=0', '404 unknown agent "nobody"'],
    ['mind?id=zoo:breakout&maxSteps=5&frame=9', '404 no action is chosen at frame 9; valid: 0 to 5'],
    ['mind?id=zoo:breakout', '400'],
    ['mind?id=zoo:breakout&frame=-1', '400'],
    ['weights?id=../x', '404 unknown agent'],
    ['weights?id=zoo:breakout&frame=1', '400'],
    ['plan?id=../x', '404 unknown agent'],
    ['plan?id=zoo:breakout&step=1', '400'],
  ])('%s is refused', async (path, reason) => {
    await expect(get(path)).rejects.toThrow(reason);
  });
});
