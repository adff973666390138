import { describe, expect, test } from 'vitest';
import { DEMO } from '../../src/cli/demo.ts';
import { resolveTraining, resolveTransfer } from '../../src/runs/config.ts';
import { studyJobs } from '../../src/transfer/study.ts';
import { configOf } from '../../web/demo/experiment.ts';
import { PAIRS } from '../../web/demo/pairs.ts';
import { settingsOf } from '../../web/demo/settings.ts';

const settings = (query = '') => settingsOf(new URLSearchParams(query));

describe('the settings of the demo in the browser', () => {
  test('are by default those of the first seed of the demo on Node', () => {
    const { source, target, seed } = settings();
    expect([[source], [target], seed]).toEqual([DEMO.sources, DEMO.targets, DEMO.seed]);
    const jobs = studyJobs({ ...DEMO, pairs: 'all', methods: ['full'], controls: [], seeds: 1, seed: 0 } as Parameters<
      typeof studyJobs
    >[0]);
    const engine = { backend: 'wasm', kernels: 'any' } as const;
    for (const arm of ['source', 'transferred', 'scratch'] as const) {
      const job = jobs.find((each) => each.arm === (arm === 'transferred' ? 'transfer' : arm))!;
      const request = {
        env: job.env,
        seed: job.seed,
        totalTimesteps: arm === 'source' ? DEMO.sourceTimesteps : DEMO.targetTimesteps,
        evaluations: DEMO.evaluations,
        evaluationEpisodes: DEMO.evaluationEpisodes,
        algorithmConfig: DEMO.algorithmConfig,
      };
      const onNode =
        arm === 'transferred'
          ? resolveTransfer(request, { id: source, info: null }, engine)
          : resolveTraining(request, engine);
      expect(onNode).toMatchObject(configOf(settings(), arm));
    }
  });

  test('are read from the address, and what makes no sense there is left aside', () => {
    expect(settings('pair=3&seed=12&steps=4096&evaluations=2&episodes=5&kernels=simd')).toEqual({
      source: PAIRS[3].source,
      target: PAIRS[3].target,
      seed: 12,
      steps: 4096,
      evaluations: 2,
      evaluationEpisodes: 5,
      plain: true,
    });
    expect(settings('pair=99&seed=-1&steps=0&evaluations=1e9&episodes=x&kernels=fast')).toEqual(settings());
  });

  test.each(PAIRS)('$label can be learned', ({ source, target }) => {
    const pair = { ...settings(), source, target };
    expect(configOf(pair, 'source').env).toBe(source);
    expect(configOf(pair, 'transferred')).toMatchObject({ env: target, transfer: { source } });
  });
});
