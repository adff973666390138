import { describe, expect, it, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { findMethod, methodIds, registerMethod } from '../../src/transfer/index.ts';
import { joinWords } from '../../src/transfer/compose.ts';
import { depthOf } from '../../src/transfer/method.ts';

const STAGES = ['stem', 'trunk/0', 'heads/policy', 'heads/value'];
const SPAN = { totalTimesteps: 1000, stages: STAGES };

/** For each stage, its share of the learning rate at each step. */
const schedule = (id: string, config: Record<string, unknown> = {}, steps = [0, 199, 200, 201, 999]): number[][] => {
  const method = findMethod(id);
  const settled = method.schema.parse(config);
  return STAGES.map((stage) => steps.map((step) => method.scale(settled, stage, step, SPAN)));
};
const words = (id: string, config: Record<string, unknown> = {}): string[] => {
  const method = findMethod(id);
  return STAGES.map((stage) => method.describe(method.schema.parse(config), stage, SPAN));
};
const always = (value: number): number[] => [value, value, value, value, value];

describe('schedules', () => {
  it('full: every stage learns from the first step', () => {
    expect(schedule('full')).toEqual([always(1), always(1), always(1), always(1)]);
    expect(words('full')).toEqual(STAGES.map(() => 'learning rate x 1'));
  });

  it('head-only: the heads learn, the rest never', () => {
    expect(schedule('head-only')).toEqual([always(0), always(0), always(1), always(1)]);
    expect(words('head-only')).toEqual(['frozen', 'frozen', 'learning rate x 1', 'learning rate x 1']);
  });

  it('frozen-then-full: the heads learn, the rest from a fifth of the training on', () => {
    const late = [0, 0, 1, 1, 1];
    expect(schedule('frozen-then-full')).toEqual([late, late, always(1), always(1)]);
    const until = 'frozen until step 200';
    expect(words('frozen-then-full')).toEqual([until, until, 'learning rate x 1', 'learning rate x 1']);
  });

  test.each([
    [0, always(1)],
    [0.201, [0, 0, 0, 1, 1]],
    [1, always(0)],
  ])('frozen-then-full: unfrozen at %f', (unfreezeAt, stem) => {
    expect(schedule('frozen-then-full', { unfreezeAt })[0]).toEqual(stem);
  });

  it('gradual-unfreezing: the trunk at half the time, the stem at the end of it', () => {
    const steps = [0, 149, 150, 299, 300];
    const [stem, trunk] = [
      [0, 0, 0, 0, 1],
      [0, 0, 1, 1, 1],
    ];
    expect(schedule('gradual-unfreezing', { unfrozenBy: 0.3 }, steps)).toEqual([stem, trunk, always(1), always(1)]);
    expect(words('gradual-unfreezing', { unfrozenBy: 0.3 })).toEqual([
      'frozen until step 300',
      'frozen until step 150',
      'learning rate x 1',
      'learning rate x 1',
    ]);
    expect(words('gradual-unfreezing', { unfrozenBy: 0 })).toEqual(words('full'));
  });

  // Howard & Ruder 2018, section 3.2: η of a layer is that of the layer above it, divided by 2.6.
  it('discriminative: each layer slower than the one above it', () => {
    const rates = schedule('discriminative', {}, [0, 999]);
    expect(rates[1]).toEqual([1 / 2.6, 1 / 2.6]);
    expect(rates[0][0]).toBeCloseTo(1 / 6.76, 12);
    expect(rates.slice(2)).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(words('discriminative').slice(0, 2)).toEqual(['learning rate x 0.148', 'learning rate x 0.385']);
  });

  it('a layer has its norm with it', () => {
    const span = { totalTimesteps: 100, stages: ['stem', 'stem/norm', 'trunk/0', 'trunk/0/norm', 'heads/q'] };
    expect(span.stages.map((stage) => depthOf(stage, span))).toEqual([2, 2, 1, 1, 0]);
  });

  it('critic-warmup: the value head learns first, the policy with the rest', () => {
    const late = [0, 1];
    const rates = schedule('critic-warmup', { warmUntil: 0.2 }, [199, 200]);
    expect(rates).toEqual([late, late, late, [1, 1]]);
    expect(words('critic-warmup', { warmUntil: 0.2 })[2]).toBe('frozen until step 200');
  });

  it.each([[['heads/q']], [['heads/advantage', 'heads/value']]])('critic-warmup: %j are the critic', (heads) => {
    const { scale } = findMethod('critic-warmup');
    const span = { totalTimesteps: 100, stages: ['stem', ...heads] };
    expect(span.stages.map((stage) => scale({ warmUntil: 1 }, stage, 0, span))).toEqual([0, ...heads.map(() => 1)]);
  });
});

describe('methods joined', () => {
  it('multiply their shares, join their words and have the options of all', () => {
    const both = 'discriminative+frozen-then-full';
    const config = { rateDecay: 2, unfreezeAt: 0.2 };
    expect(schedule(both, config, [199, 200])).toEqual([
      [0, 0.25],
      [0, 0.5],
      [1, 1],
      [1, 1],
    ]);
    expect(words(both, config)).toEqual([
      'frozen until step 200, learning rate x 0.25',
      'frozen until step 200, learning rate x 0.5',
      'learning rate x 1',
      'learning rate x 1',
    ]);
    expect(words('kickstart+l2-sp+frozen-then-full', { unfreezeAt: 0.2 })).toEqual([
      'frozen until step 200, taught until step 500, what came from the source pulled back by 0.1',
      'frozen until step 200, taught until step 500, what came from the source pulled back by 0.1',
      'learning rate x 1, taught until step 500, what came from the source pulled back by 0.1',
      'learning rate x 1, what came from the source pulled back by 0.1',
    ]);
    expect(joinWords(['learning rate x 0.148', 'frozen until step 200', 'learning rate x 0.1'])).toBe(
      'frozen until step 200, learning rate x 0.0148',
    );
    expect(words('full+head-only').slice(0, 3)).toEqual(['frozen', 'frozen', 'learning rate x 1']);
    expect(findMethod('full+discriminative+critic-warmup').id).toBe('full+discriminative+critic-warmup');
  });

  it('have no two options of one name', () => {
    expect(() => findMethod('discriminative+full+discriminative')).toThrow(
      new UserError("discriminative+full and discriminative can't be joined: both have the option rateDecay"),
    );
  });

  it('are refused where one is unknown, or an id would be read as two', () => {
    expect(() => findMethod('full+discriminating')).toThrow(/unknown method "discriminating"/);
    expect(() => registerMethod({ ...findMethod('full'), id: 'a+b' })).toThrow(
      new UserError('the method id "a+b" must not have a +'),
    );
  });
});

it('finds methods by id, and names those there are', () => {
  for (const id of methodIds()) expect(findMethod(id).id).toBe(id);
  expect(() => findMethod('head')).toThrow(
    /^unknown method "head"; valid: full, head-only, frozen-then-full, .*; several joined by \+$/,
  );
});
