import { afterEach, describe, expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { instantiateKernels } from '../../src/engine/fused/kernels.ts';
import { endLanes, leadLanes, syncOf } from '../../src/engine/fused/lanes.ts';
import { type FusedNet, openNet } from '../../src/engine/fused/net.ts';
import { type FusedOp, type FusedSpec, fusedSteps } from '../../src/engine/fused/ops.ts';
import { type FusedSize, openProgram, planProgram, type Program } from '../../src/engine/fused/program.ts';
import { startThread } from '../../src/engine/thread.ts';
import { kernelVariant } from './kernel-variant.ts';

const dense = (stage: string, units: number) =>
  ({ kind: 'dense', kernel: `${stage}/kernel`, bias: `${stage}/bias`, units }) as const;
const conv = (filters: number): FusedOp => ({
  kind: 'conv2d',
  kernel: 'c/kernel',
  bias: 'c/bias',
  size: 3,
  filters,
  stride: 1,
  padding: 'valid',
});
const spec = (trunk: readonly FusedOp[], kind: 'planes' | 'features' = 'planes'): FusedSpec => ({
  observation: kind === 'planes' ? { kind, height: 10, width: 10, channels: 4 } : { kind, count: 4 },
  trunk,
  heads: [{ name: 'policy', op: dense('heads/policy', 6) }],
});
const CONV: FusedOp[] = [conv(16), { kind: 'relu' }, { kind: 'flatten' }, dense('d', 128), { kind: 'relu' }];

describe('what the fused path covers', () => {
  test('joins activations to the layers before them', () => {
    expect(fusedSteps(spec(CONV))?.map((step) => [step.kind, 'activation' in step && step.activation])).toEqual([
      ['planes-conv', 'relu'],
      ['dense', 'relu'],
    ]);
    const mlp: FusedOp[] = [{ kind: 'scale', factors: [1, 2, 3, 4] }, dense('a', 8), { kind: 'tanh' }, dense('b', 8)];
    expect(fusedSteps(spec(mlp, 'features'))?.map(({ kind }) => kind)).toEqual(['features', 'dense', 'dense']);
  });

  test.each<[string, FusedOp[], 'planes' | 'features']>([
    ['no layer', [], 'planes'],
    ['filters that do not fill four lanes', [conv(6), { kind: 'relu' }], 'planes'],
    ['a convolution behind another layer', [conv(16), { kind: 'relu' }, conv(16)], 'planes'],
    ['a convolution of features', [conv(16)], 'features'],
    ['two activations', [dense('a', 8), { kind: 'relu' }, { kind: 'tanh' }], 'planes'],
    ['an activation first', [{ kind: 'relu' }, dense('a', 8)], 'planes'],
    ['scaled planes', [{ kind: 'scale', factors: [1] }, dense('a', 8)], 'planes'],
    ['scaling in the middle', [dense('a', 4), { kind: 'scale', factors: [1, 1, 1, 1] }], 'features'],
  ])('%s is left to tfjs', (_name, trunk, kind) => {
    expect(fusedSteps(spec(trunk, kind))).toBeNull();
    expect(planProgram({ spec: spec(trunk, kind), batch: 8, store: 8, lanes: 1 })).toBeNull();
  });

  test('more than 4 GB is refused in one line', () => {
    const plan = () => planProgram({ spec: spec(CONV), batch: 1_000_000, store: 8_000_000, lanes: 1 });
    expect(plan).toThrow(UserError);
    expect(plan).toThrow(
      /^minibatches of 1000000 samples from 8000000 stored need \d+\.\d GB; the fused path has 4: take /,
    );
  });
});

describe('threads', () => {
  const size: FusedSize = { spec: spec(CONV), batch: 2048, store: 1, lanes: 2 };
  let end = (): void => {};
  afterEach(() => end());

  /** A net on two threads, and how many chunks this one has gone through so far. */
  async function twoThreads(): Promise<{ net: FusedNet; ownChunks: () => number }> {
    const { module } = await kernelVariant('simd', true);
    const program = planProgram(size) as Program;
    const memory = new WebAssembly.Memory({ initial: program.pages, maximum: program.pages, shared: true });
    const kernels = instantiateKernels(module, memory);
    let count = 0;
    const planesConv: typeof kernels.planesConv = (...args) => {
      count++;
      kernels.planesConv(...args);
    };
    const player = openProgram(program, { ...kernels, planesConv }, memory, 0);
    const sync = syncOf(memory, player);
    const url = new URL('../../src/engine/lane-thread.ts', import.meta.url);
    const thread = startThread(url, { workerData: { size, module, memory, lane: 1 } });
    end = () => endLanes(sync);
    const exited = new Promise((resolve) => thread.once('exit', resolve));
    const net = openNet(program, size, memory, leadLanes(sync, player), () => {
      endLanes(sync);
      return exited;
    });
    return { net, ownChunks: () => count };
  }

  test('take their share of the tasks, and end when told', async () => {
    const { net, ownChunks } = await twoThreads();
    const chunks = 2048 / 32;
    const obs = new Uint8Array(2048 * 400).fill(1);
    let own = chunks;
    for (let tries = 0; own === chunks && tries < 500; tries++) {
      const before = ownChunks();
      net.outputs(obs, 2048);
      own = ownChunks() - before;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(own).toBeGreaterThan(0);
    expect(own).toBeLessThan(chunks);
    expect(await (net.dispose as () => Promise<number>)()).toBe(0);
  });
});
