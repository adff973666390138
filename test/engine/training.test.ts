import { createRequire } from 'node:module';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeBatch, referenceNet } from '../../bench/reference-net.ts';
import { loadEngine } from '../../src/engine/index.ts';
import { stockOptimiser } from '../../src/engine/adam.ts';
import type { AdamStep, BackendName, Engine, Tf } from '../../src/engine/types.ts';
import { expectClose } from './compare.ts';

let engine: Engine;
let tf: Tf;
beforeAll(async () => {
  engine = await loadEngine('wasm');
  ({ tf } = engine);
});

const OPTIONS: AdamStep = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-5, step: 1, gradScale: 1 };
const variable = (values: number[] | Float32Array) => tf.tidy(() => tf.variable(tf.tensor1d(values)));

function hasTfjsNode(): boolean {
  try {
    createRequire(import.meta.url).resolve('@tensorflow/tfjs-node');
    return true;
  } catch {
    return false;
  }
}

async function fiveLosses(backend: BackendName): Promise<number[]> {
  const net = referenceNet(await loadEngine(backend), 1e-3);
  const batch = makeBatch(tf, 32);
  return Array.from({ length: 5 }, () => net.update(batch));
}

describe('the reference net', () => {
  test('has the same losses on wasm and cpu over 5 Adam steps', async () => {
    const expected = await fiveLosses('cpu');
    expect(expected[4]).toBeLessThan(expected[0] - 0.1);
    expectClose(await fiveLosses('wasm'), expected, 1e-5);
  });

  test.skipIf(!hasTfjsNode())('has them on tensorflow too, where it is installed', async () => {
    expectClose(await fiveLosses('tensorflow'), await fiveLosses('wasm'), 1e-5);
  });

  test('leaves no tensors and no memory behind', () => {
    const batch = makeBatch(tf, 64);
    const net = referenceNet(engine);
    const heap = () => (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.length;
    net.update(batch);
    net.update(batch);
    const { numTensors, numBytes, numDataBuffers } = tf.memory();
    const heapBytes = heap();
    for (let i = 0; i < 198; i++) net.update(batch);
    expect(tf.memory()).toMatchObject({ numTensors, numBytes, numDataBuffers });
    expect(heap()).toBe(heapBytes);
    net.dispose();
  });
});

describe.each(['kernel', 'tfjs'] as const)('Adam by %s', (which) => {
  const optimiser = () => (which === 'kernel' ? engine : stockOptimiser(tf));

  // import torch
  // p = torch.nn.Parameter(torch.tensor([0.5, -1.25, 2.0, 0.0, 3.5]))
  // opt = torch.optim.Adam([p], lr=0.01, betas=(0.9, 0.999), eps=1e-5)
  // for g in ([0.1, -0.2, 0.3, 0.0, 5.0], [-0.4, 0.01, 0.3, 1e-4, -5.0], [0.05, 0.6, -0.7, 0.0, 0.5]):
  //     p.grad = torch.tensor(g); norm = torch.nn.utils.clip_grad_norm_([p], 0.5); opt.step()
  //     print(norm.item(), p.tolist(), opt.state[p]['exp_avg'].tolist(), opt.state[p]['exp_avg_sq'].tolist())  # 2.15.0
  const STEPS = [
    {
      grad: [0.1, -0.2, 0.3, 0.0, 5.0],
      norm: 5.013980388641357,
      param: [0.49001002311706543, -1.2400050163269043, 1.9900033473968506, 0.0, 3.4900002479553223],
      m: [0.0009972116677090526, -0.001994423335418105, 0.002991634886711836, 0.0, 0.049860578030347824],
      v: [9.944309908860305e-8, 3.977723963544122e-7, 8.949879202191369e-7, 0.0, 0.0002486077428329736],
    },
    {
      grad: [-0.4, 0.01, 0.3, 1e-4, -5.0],
      norm: 5.024947643280029,
      param: [0.49559885263442993, -1.233688235282898, 1.980007290840149, -0.003073783591389656, 3.49051570892334],
      m: [
        -0.0030826495494693518, -0.0016954775201156735, 0.005677576642483473, 9.950349522114266e-7,
        -0.004877235274761915,
      ],
      v: [
        1.68349515661248e-6, 3.9836473320065124e-7, 1.7851782558864215e-6, 9.900945758785709e-14, 0.0004958828212693334,
      ],
    },
    {
      grad: [0.05, 0.6, -0.7, 0.0, 0.5],
      norm: 1.0499999523162842,
      param: [0.4961286783218384, -1.239720106124878, 1.9853730201721191, -0.005172594916075468, 3.4888460636138916],
      m: [
        -0.00039343416574411094, 0.02704547718167305, -0.028223486617207527, 8.955314569902839e-7, 0.019419992342591286,
      ],
      v: [
        2.2487042770080734e-6, 8.203049947042018e-5, 0.00011289431859040633, 9.891044960071843e-14,
        0.0005520762060768902,
      ],
    },
  ];

  test("gives torch's values, clipped by the global norm", () => {
    const { adam, globalNorm } = optimiser();
    const [param, m, v] = [
      variable([0.5, -1.25, 2, 0, 3.5]),
      variable(new Float32Array(5)),
      variable(new Float32Array(5)),
    ];
    STEPS.forEach((expected, i) => {
      const grad = tf.tensor1d(expected.grad);
      const norm = globalNorm([grad]);
      expect(norm).toBeCloseTo(expected.norm, 5);
      adam(param, grad, m, v, { ...OPTIONS, step: i + 1, gradScale: Math.min(1, 0.5 / (norm + 1e-6)) });
      expectClose(param.dataSync(), expected.param, 1e-6, 'param');
      expectClose(
        Array.from(m.dataSync(), (x) => x * 100),
        expected.m.map((x) => x * 100),
        1e-6,
        'm',
      );
      expectClose(
        Array.from(v.dataSync(), (x) => x * 1e5),
        expected.v.map((x) => x * 1e5),
        1e-5,
        'v',
      );
    });
  });

  test('counts every gradient in the global norm', () => {
    const grads = [
      tf.tensor2d([
        [3, 0],
        [0, 4],
      ]),
      tf.scalar(12),
      tf.tensor1d([-2, -2, -2, -2, -2, -2, -2]),
    ];
    expect(optimiser().globalNorm(grads)).toBeCloseTo(Math.sqrt(9 + 16 + 144 + 28), 5);
  });
});

const sines = (size: number) => variable(Float32Array.from({ length: size }, (_, i) => Math.sin(i)));

describe('Adam in place', () => {
  test('agrees with its twin by tfjs operations, whatever the size', () => {
    for (const size of [1, 3, 4, 5, 31, 1000]) {
      const grad = tf.tensor1d(Float32Array.from({ length: size }, (_, i) => Math.cos(i * 7)));
      const [kernel, twin] = [engine, stockOptimiser(tf)].map(({ adam }) => {
        const [param, m, v] = [sines(size), variable(new Float32Array(size)), variable(new Float32Array(size))];
        for (let step = 1; step <= 4; step++) adam(param, grad, m, v, { ...OPTIONS, step, gradScale: 0.3 });
        return param.dataSync();
      });
      expectClose(kernel, twin, 1e-6);
    }
  });

  test('leaves tensors alone that share values with a parameter', () => {
    const initial = tf.tensor2d([
      [1, 2],
      [3, 4],
    ]);
    const param = tf.variable(initial);
    const copies = [initial, param.clone(), param.reshape([4]), tf.variable(param)];
    const [m, v] = [0, 0].map(() => tf.tidy(() => tf.variable(tf.zeros([2, 2]))));
    engine.adam(param, tf.ones([2, 2]), m, v, OPTIONS);
    for (const copy of copies) expect([...copy.dataSync()]).toEqual([1, 2, 3, 4]);
    expectClose(param.dataSync(), [0.99, 1.99, 2.99, 3.99], 1e-5);
  });

  test('gives each moment values of its own, though both began as the same zeros', () => {
    const zeros = tf.tensor1d([0, 0]);
    const [m, v] = [tf.variable(zeros), tf.variable(zeros)];
    engine.adam(variable([1, 1]), tf.tensor1d([2, 2]), m, v, OPTIONS);
    expectClose(m.dataSync(), [0.2, 0.2], 1e-6);
    expectClose(v.dataSync(), [0.004, 0.004], 1e-6);
  });

  test('refuses tensors that do not fit each other', () => {
    const [param, grad, m, v] = [variable([1, 2]), tf.tensor1d([1, 2, 3]), variable([0, 0]), variable([0, 0])];
    expect(() => engine.adam(param, grad, m, v, OPTIONS)).toThrow(
      'adam: [3] float32 does not fit a parameter of shape [2]',
    );
  });
});

test('tensors and kernels outlive growth of the memory', () => {
  const backend = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  const net = referenceNet(engine);
  const batch = makeBatch(tf, 32);
  const first = net.update(batch);
  const kept = tf.tensor1d([1, 2, 3]);
  const before = backend.wasm.HEAPU8.length;
  const large = tf.zeros([before / 4 + 1024]);
  expect(backend.wasm.HEAPU8.length).toBeGreaterThan(before);
  expect([...kept.dataSync()]).toEqual([1, 2, 3]);
  const second = net.update(batch);
  expect(second).toBeLessThan(first);
  tf.dispose([large, kept]);
  net.dispose();
});
