import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import {
  hashOf,
  resolveTraining,
  resolveTransfer,
  runId,
  type RunConfig,
  type TrainingRequest,
  type TransferRequest,
} from '../../src/runs/config.ts';
import { stageRate } from '../../src/runs/run-net.ts';

const ENGINE = { backend: 'wasm', kernels: 'ngplus-simd@2' } as const;
const INFO = { env: 'freeway', gameRevision: 1, algorithm: 'ppo', step: 1000, seed: 4 };
const training = (request: Partial<TrainingRequest> = {}): RunConfig =>
  resolveTraining({ env: 'breakout', ...request }, ENGINE);
const transfer = (request: Partial<Omit<TransferRequest, 'source'>> = {}, id = 'sha256:ab'): RunConfig =>
  resolveTransfer({ env: 'breakout', ...request }, { id, info: INFO }, ENGINE);

describe('a resolved config', () => {
  it('settles every default', () => {
    const config = training();
    expect(config).toMatchObject({ ...ENGINE, format: 1, env: 'breakout', algorithm: 'ppo', net: 'fastconv', seed: 0 });
    expect(config.netConfig).toEqual({ filters: 8, size: 3, stride: 1, units: 64, norm: false });
    expect(config.transfer).toBeNull();
    expect(config.modules).toEqual([]);
    expect(Object.keys(config.algorithmConfig)).toContain('learningRate');
    expect(JSON.parse(JSON.stringify(config))).toEqual(config);
  });

  it('takes the net that reads the game, and the canonical env id', () => {
    expect(training({ env: 'cartpole' }).net).toBe('mlp');
    expect(training({ env: 'breakout?sticky=0.1&paddleWidth=2' }).env).toBe('breakout?paddleWidth=2');
  });

  it('counts undefined as left out', () => {
    expect(training({ seed: undefined, netConfig: undefined, label: undefined })).toEqual(training());
  });

  it('holds what a transfer needs', () => {
    expect(transfer({ method: 'frozen-then-full', reset: ['none'] }).transfer).toEqual({
      source: 'sha256:ab',
      sourceInfo: INFO,
      method: 'frozen-then-full',
      methodConfig: { unfreezeAt: 0.2 },
      alignment: 'role',
      reset: [],
      stageLearningRates: [],
    });
    expect(transfer({ map: ['ball=enemy_bullet'] }).transfer?.map).toEqual(['ball=enemy_bullet']);
    expect(() => transfer({ map: ['ball'] })).toThrow('"ball" is not valid; valid: source=target, as in ball=bullet');
  });

  it('gives a transfer without a map the id that it had before there were maps', () => {
    expect(runId(transfer({ map: [] }))).toBe(runId(transfer()));
    expect(runId(transfer({ map: ['none=ball'] }))).not.toBe(runId(transfer()));
  });

  it('gives a transfer without a control the id that it had before there were controls', () => {
    expect(transfer({ control: 'none' })).toEqual(transfer());
    expect(runId(transfer({ control: 'shuffled' }))).not.toBe(runId(transfer()));
  });
});

describe('layer by layer', () => {
  const moved = (request: Partial<TransferRequest>) => {
    const { reset, stageLearningRates } = transfer(request).transfer!;
    return { reset, stageLearningRates };
  };

  it('copies the first stages only', () => {
    expect(moved({ copy: 0, reset: ['none'] }).reset).toEqual(['stem', 'trunk/0', 'heads/policy', 'heads/value']);
    expect(moved({ copy: 2, reset: ['none'] }).reset).toEqual(['heads/policy', 'heads/value']);
    expect(moved({ copy: 4, reset: ['none'] }).reset).toEqual([]);
    expect(moved({ copy: 4 }).reset).toEqual(['heads/value']);
  });

  it('freezes what is copied', () => {
    expect(moved({ copy: 1, freeze: true }).stageLearningRates).toEqual(['stem=0']);
    expect(moved({ freeze: true, reset: ['heads'] }).stageLearningRates).toEqual(['stem=0', 'trunk/0=0']);
    expect(stageRate('stem', transfer({ copy: 1, freeze: true, stageLearningRates: ['stem=0.5'] }).transfer!)).toBe(0);
  });

  it('is the same run as the stages named one by one, and without it the run that it was', () => {
    expect(runId(transfer({ copy: 3 }))).toBe(runId(transfer()));
    expect(runId(transfer({ copy: null, freeze: false }))).toBe(runId(transfer()));
    const named = { reset: ['heads/value', 'heads/policy'], stageLearningRates: ['stem=0', 'trunk/0=0'] };
    expect(runId(transfer({ copy: 2, freeze: true }))).toBe(runId(transfer(named)));
  });

  it('copies no more stages than there are', () => {
    expect(() => transfer({ copy: 5 })).toThrow(
      new UserError('copy: 5 is not valid; the net has 4 stages: stem, trunk/0, heads/policy, heads/value'),
    );
  });
});

describe('the id of a run', () => {
  const base = runId(training());

  it.each<[string, Partial<TrainingRequest>]>([
    ['the env', { env: 'freeway' }],
    ['a variant', { env: 'breakout?paddleWidth=2' }],
    ['the seed', { seed: 1 }],
    ['the length', { totalTimesteps: 7 }],
    ['the evaluations', { evaluations: 3 }],
    ['their episodes', { evaluationEpisodes: 3 }],
    ['the net', { net: 'mlp' }],
    ['its sizes', { netConfig: { units: 65 } }],
    ['an option of the algorithm', { algorithmConfig: { gamma: 0.9 } }],
  ])('changes with %s', (_what, request) => {
    expect(runId(training(request))).not.toBe(base);
  });

  it.each<[string, Partial<RunConfig>]>([
    ['the backend', { backend: 'cpu' }],
    ['the kernels', { kernels: 'other@2' }],
    ['the version', { version: '9.9.9' }],
    ['the revision of the game', { gameRevision: 99 }],
    ['the revision of the algorithm', { algorithmRevision: 99 }],
    ['a module', { modules: [{ path: '/a.ts', sha256: 'ab' }] }],
  ])('changes with %s', (_what, change) => {
    expect(runId({ ...training(), ...change })).not.toBe(base);
  });

  it.each<[string, Partial<TransferRequest>]>([
    ['the method', { method: 'head-only' }],
    ['the alignment', { alignment: 'index' }],
    ['what is reset', { reset: ['heads'] }],
    ['rates by stage', { stageLearningRates: ['stem=0.5'] }],
  ])('of a transfer changes with %s', (_what, request) => {
    expect(runId(transfer(request))).not.toBe(runId(transfer()));
  });

  it('of a transfer changes with its source and the options of its method', () => {
    expect(runId(transfer({}, 'sha256:cd'))).not.toBe(runId(transfer()));
    const thaw = (unfreezeAt: number) => transfer({ method: 'frozen-then-full', methodConfig: { unfreezeAt } });
    expect(runId(thaw(0.1))).not.toBe(runId(thaw(0.3)));
  });

  it('does not change with names, paths and bookkeeping', () => {
    expect(runId(training({ label: 'x', keepCheckpoints: 77 }))).toBe(base);
    const of = (path: string) => runId({ ...training(), modules: [{ path, sha256: 'ab' }] });
    expect(of('/home/a.ts')).toBe(of('/elsewhere/b.ts'));
    const named = transfer();
    const anonymous = { ...named, transfer: { ...named.transfer!, sourceInfo: null } };
    expect(runId(anonymous)).toBe(runId(named));
    expect(base).toMatch(/^[0-9a-f]{16}$/);
  });

  // import hashlib, json; hashlib.sha256(json.dumps({"b": [1, {"z": 0.5, "a": None}], "a": "ü"}, sort_keys=True,
  //   separators=(',', ':'), ensure_ascii=False).encode()).hexdigest()   # Python 3.11
  it('is SHA-256 over JSON with sorted keys', () => {
    expect(hashOf({ b: [1, { z: 0.5, a: null }], a: 'ü' })).toBe(
      'da735a72c2e6566746311c631f0efb1891fb33e3ebb6168cf8bfc21204374f61',
    );
  });

  it('is the same for the same data in any order of keys', () => {
    const shuffled = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffled);
      if (value === null || typeof value !== 'object') return value;
      return Object.fromEntries(
        Object.entries(value)
          .map(([key, part]) => [key, shuffled(part)] as const)
          .toReversed(),
      );
    };
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(hashOf(shuffled(value))).toBe(hashOf(value));
      }),
    );
  });
});

describe('what is unknown or does not fit is refused in one line', () => {
  const refusal = (make: () => unknown): string => {
    try {
      make();
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      expect((error as UserError).message).not.toContain('\n');
      return (error as UserError).message;
    }
    throw new Error('was not refused');
  };

  test.each<[request: Record<string, unknown>, message: string]>([
    [{ env: 'brekout' }, 'unknown game "brekout" (did you mean "breakout"?)'],
    [{ algorithm: 'poo' }, 'unknown algorithm "poo" (did you mean "ppo"?); valid: ppo, pqn, dqn'],
    [
      { net: 'cnv' },
      'unknown net "cnv" (did you mean "conv"?); valid: conv, fastconv, mlp, vgg, resnet, bert, gpt, gru, progressive',
    ],
    [{ env: 'cartpole', net: 'conv' }, 'net "conv" can\'t read features; valid: mlp, gpt, gru'],
    [{ totalTimestep: 5 }, 'unknown option of training "totalTimestep"'],
    [{ totalTimesteps: 0 }, 'totalTimesteps: "0" is not valid; valid: whole number of at least 1'],
    [{ seed: -1 }, 'seed: "-1" is not valid; valid: whole number of at least 0'],
    [{ seed: 1.5 }, 'seed: "1.5" is not valid'],
    [{ backend: 'gpu' }, 'backend: "gpu" is not valid; valid: auto, wasm, tensorflow, cpu'],
    [{ algorithmConfig: { gama: 1 } }, 'unknown option of ppo "gama" (did you mean "gamma"?)'],
    [{ algorithmConfig: { gamma: 2 } }, 'gamma: "2" is not valid; valid: number from 0 to 1'],
    [
      { netConfig: { unit: 8 } },
      'unknown option of fastconv "unit" (did you mean "units"?); valid: filters, size, stride, units',
    ],
    [{ netConfig: { units: 'many' } }, 'units: "many" is not valid; valid: whole number from 1 to 2048'],
  ])('training: %j', (request, message) => {
    expect(refusal(() => training(request))).toContain(message);
  });

  test.each<[request: Record<string, unknown>, message: string]>([
    [{ method: 'ful' }, 'unknown method "ful" (did you mean "full"?); valid: full, head-only, frozen-then-full'],
    [{ methodConfig: { unfreezeAt: 0.1 } }, 'unknown option of full "unfreezeAt"'],
    [{ method: 'frozen-then-full', methodConfig: { unfreezeAt: 2 } }, 'unfreezeAt: "2" is not valid'],
    [{ alignment: 'name' }, 'alignment: "name" is not valid; valid: role, index, fresh'],
    [{ reset: ['head'] }, 'unknown stage "head"; valid: stem, trunk/0, heads/policy, heads/value and their prefixes'],
    [{ env: 'cartpole', reset: ['trunk/1'] }, 'unknown stage "trunk/1"'],
    [{ stageLearningRates: ['steam=0.1'] }, 'unknown stage "steam"'],
    [{ stageLearningRates: ['stem'] }, 'stageLearningRates: "stem" is not valid; valid: stage=share'],
    [{ stageLearningRates: ['stem=-1'] }, 'stageLearningRates: "stem=-1" is not valid; valid: stage=share'],
    [{ stageLearningRates: ['stem=fast'] }, 'stageLearningRates: "stem=fast" is not valid'],
    [{ totalTimestep: 5 }, 'unknown option of training "totalTimestep"'],
  ])('transfer: %j', (request, message) => {
    expect(refusal(() => transfer(request))).toContain(message);
  });
});
