import { describe, expect, it, test } from 'vitest';
import { ppoHeads } from '../../src/agents/ppo.ts';
import { createRng } from '../../src/core/rng.ts';
import type { Params } from '../../src/core/tensors.ts';
import { findEnv } from '../../src/envs/index.ts';
import { buildPolicyNet, type PolicyNet } from '../../src/nets/policy-net.ts';
import { planText } from '../../src/report/plan-text.ts';
import { controlParams } from '../../src/transfer/control.ts';
import { planTransfer, transferParams, WEIGHT_CONTROLS, type WeightControl } from '../../src/transfer/plan.ts';
import { scramble } from '../nets/policy-nets.ts';

const netOf = (id: string): PolicyNet => {
  const { observation, actionSet } = findEnv(id);
  return buildPolicyNet({ net: 'conv', netConfig: { units: 16 }, observation, heads: ppoHeads(actionSet) });
};
const [source, target] = [netOf('freeway'), netOf('asterix')];
const planOf = (control?: WeightControl) =>
  planTransfer(source.tensors, target.tensors, {
    source: 'freeway',
    target: 'asterix',
    method: 'full',
    alignment: 'role',
    control,
    reset: ['heads/value'],
    training: () => 'learning rate x 1',
  });
const plan = planOf();
const fresh = target.init(1);
const transferred = transferParams(
  plan,
  { tensors: source.tensors, params: scramble(source.init(0), createRng(3)) },
  target.tensors,
  fresh,
);
const controlled = (control: WeightControl, seed = 7): Params =>
  controlParams(control, { plan, source: source.tensors, target: target.tensors }, transferred, seed);

const sorted = (values: Iterable<number>): number[] => [...values].sort((a, b) => a - b);
const moments = (values: readonly number[]): [mean: number, deviation: number] => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)];
};
/** Asterix's fourth channel, gold, is not in freeway: every fourth row of the stem's kernel is fresh. */
const isTaken = (i: number): boolean => Math.floor(i / 16) % 4 !== 3;
const stemOf = (params: Params, taken: boolean): number[] =>
  [...params['stem/kernel']].filter((_, i) => isTaken(i) === taken);

describe('the controls of a transfer', () => {
  test.each(WEIGHT_CONTROLS)('%s leaves what is fresh, and what was transferred is not where it was', (control) => {
    const params = controlled(control);
    expect(Object.keys(params)).toEqual(Object.keys(transferred));
    expect(params['heads/value/kernel']).toEqual(fresh['heads/value/kernel']);
    expect(stemOf(params, false)).toEqual(stemOf(fresh, false));
    for (const name of ['stem/bias', 'trunk/0/kernel', 'heads/policy/kernel']) {
      const moved = params[name].filter((value, i) => value !== transferred[name][i]);
      expect(moved.length, name).toBeGreaterThan(0.7 * params[name].length);
    }
  });

  test.each(WEIGHT_CONTROLS)('%s leaves the transferred values themselves alone', (control) => {
    const before = structuredClone(transferred);
    controlled(control);
    expect(transferred).toEqual(before);
  });

  it('shuffled has the same values in each tensor, of the mapped ones too', () => {
    const params = controlled('shuffled');
    for (const name of ['stem/bias', 'trunk/0/kernel', 'heads/policy/kernel', 'heads/policy/bias']) {
      expect(sorted(params[name]), name).toEqual(sorted(transferred[name]));
    }
    expect(sorted(stemOf(params, true))).toEqual(sorted(stemOf(transferred, true)));
  });

  it('random-trunk has other values with the same mean and standard deviation in each tensor', () => {
    const params = controlled('random-trunk');
    const pairs = [
      [params['trunk/0/kernel'], transferred['trunk/0/kernel']],
      [params['stem/bias'], transferred['stem/bias']],
      [stemOf(params, true), stemOf(transferred, true)],
    ];
    for (const [drawn, was] of pairs) {
      const [mean, deviation] = moments([...drawn]);
      const [wantedMean, wantedDeviation] = moments([...was]);
      expect(mean).toBeCloseTo(wantedMean, 6);
      expect(deviation).toBeCloseTo(wantedDeviation, 6);
      const old = new Set(was);
      expect([...drawn].filter((value) => old.has(value)).length).toBeLessThan(0.01 * drawn.length);
    }
    // Two thirds of a normal distribution lie within one standard deviation.
    const [mean, deviation] = moments([...params['trunk/0/kernel']]);
    const near = [...params['trunk/0/kernel']].filter((value) => Math.abs(value - mean) < deviation);
    expect(near.length / params['trunk/0/kernel'].length).toBeCloseTo(0.683, 1);
  });

  it('goes by the seed alone', () => {
    for (const control of WEIGHT_CONTROLS) {
      expect(controlled(control)).toEqual(controlled(control));
      expect(controlled(control, 8)).not.toEqual(controlled(control));
    }
  });

  it('is said in the plan', () => {
    expect(planOf('shuffled')).toMatchObject({ control: 'shuffled' });
    expect(planText(planOf('shuffled'))).toContain('control, shuffled: what is copied is shuffled within each tensor');
    expect(planOf()).not.toHaveProperty('control');
    expect(planText(planOf())).not.toContain('control');
  });
});
