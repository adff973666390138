import { describe, expect, it, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { findMethod, methodIds } from '../../src/transfer/index.ts';

const SPAN = { totalTimesteps: 1000 };
const STAGES = ['stem', 'trunk/0', 'heads/policy', 'heads/value'];

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
});

it('finds methods by id, and names those there are', () => {
  for (const id of methodIds()) expect(findMethod(id).id).toBe(id);
  expect(() => findMethod('head')).toThrow(
    new UserError('unknown method "head"; valid: full, head-only, frozen-then-full'),
  );
});
