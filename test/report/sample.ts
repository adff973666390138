import type { ReportPair, StudyReport } from '../../src/report/types.ts';
import { compareArms } from '../../src/stats/compare.ts';
import { withHolm } from '../../src/stats/holm.ts';
import { type Shape, learningArm } from '../stats/arms.ts';

const plan: ReportPair['plan'] = {
  alignment: 'role',
  entries: [
    entry(
      'stem/conv/kernel',
      [3, 3, 6, 16],
      'mapped',
      720,
      'channels: player, speed trails and cars by role; gold is new',
      'learning rate x 0.3',
    ),
    entry('stem/conv/bias', [16], 'copied', 16, 'same meaning along every axis', 'learning rate x 0.3'),
    entry('trunk/0/kernel', [1024, 128], 'copied', 131072, 'same meaning along every axis', 'frozen until step 20000'),
    entry('trunk/0/bias', [128], 'copied', 128, 'same meaning along every axis', 'frozen until step 20000'),
    entry('heads/policy/kernel', [128, 6], 'fresh', 0, 'heads/policy is reset', 'learning rate x 1'),
    entry('heads/policy/bias', [6], 'fresh', 0, 'heads/policy is reset', 'learning rate x 1'),
    entry('heads/value/kernel', [128, 1], 'fresh', 0, 'heads/value is reset', 'learning rate x 1'),
    entry('heads/value/bias', [1], 'fresh', 0, 'heads/value is reset', 'learning rate x 1'),
  ],
  matches: [
    { axis: 'channel', target: 'player', source: 'chicken', rule: 'same role' },
    { axis: 'channel', target: 'enemy', source: 'car', rule: 'same role' },
    { axis: 'channel', target: 'trail', source: 'speed1', rule: 'nearest role' },
    { axis: 'channel', target: 'gold', source: null, rule: 'fresh' },
    { axis: 'action', target: 'up', source: 'up', rule: 'same name' },
    { axis: 'action', target: 'fire', source: null, rule: 'fresh' },
  ],
  unused: ['stem/conv/old'],
};

function entry(
  tensor: string,
  shape: number[],
  origin: 'copied' | 'mapped' | 'fresh',
  copiedValues: number,
  reason: string,
  training: string,
) {
  return { tensor, shape, origin, copiedValues, totalValues: shape.reduce((a, b) => a * b), reason, training };
}

export function samplePair(
  source: string,
  target: string,
  shape: Partial<Shape> = {},
  method = 'full',
  control?: string,
): ReportPair {
  const base = { start: 0.5, top: 7, pace: 100_000 };
  const scratch = learningArm('from scratch', { ...base, seeds: shape.seeds });
  const transfer = learningArm(`from ${source}`, { ...base, ...shape });
  const comparison = compareArms({ scratch, transfer, random: 0.5, sourceSteps: 300_000, resamples: 2000 });
  return { source, target, method, control, scratch, transfer, random: 0.5, comparison, holm: comparison.p, plan };
}

export function sampleStudy(pairs: readonly ReportPair[]): StudyReport {
  return {
    title: pairs.length === 1 ? `Does ${pairs[0].source} help to learn ${pairs[0].target}?` : 'MinAtar, all pairs',
    description: 'Fine-tuning a trained agent on another game, beside agents that learn it from scratch.',
    version: '0.1.0',
    backend: 'wasm',
    kernels: 'ngplus-simd@2',
    pairs: withHolm(pairs),
    seeds: {
      source: [1000, 1001, 1002, 1003, 1004],
      scratch: [2000, 2001, 2002, 2003, 2004],
      transfer: [3000, 3001, 3002, 3003, 3004],
    },
    chosen: 'The pair was chosen on seeds 90000 to 90009, which this study does not use.',
    settings: {
      algorithm: 'ppo',
      algorithmConfig: { learningRate: 0.005, gamma: 0.99, gaeLambda: 0.95, clipCoef: 0.2, numEnvs: 64, numSteps: 128 },
      net: 'conv',
      methods: ['full'],
      sourceTimesteps: 300_000,
      targetTimesteps: 200_000,
    },
    commands: ['npm ci', 'npx ngplus study --sources freeway --targets asterix --methods full --seeds 5'],
    steps: 3_500_000,
    seconds: 141,
  };
}
