import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { ppoHeads } from '../../src/agents/ppo.ts';
import { UserError } from '../../src/core/errors.ts';
import { createRng } from '../../src/core/rng.ts';
import type { Params, TensorSpec } from '../../src/core/tensors.ts';
import { tensorShape, tensorSize } from '../../src/core/tensors.ts';
import { findEnv } from '../../src/envs/index.ts';
import { buildPolicyNet, type PolicyNet } from '../../src/nets/policy-net.ts';
import { type Alignment, alignAxis, ALIGNMENTS } from '../../src/transfer/align.ts';
import { planTransfer, type PlanOptions, transferParams } from '../../src/transfer/plan.ts';
import { scramble } from '../nets/policy-nets.ts';
import { axis, shapeOf, tuples, variation } from './axes.ts';

const netOf = (id: string, netConfig = {}): PolicyNet => {
  const { observation, actionSet } = findEnv(id);
  const net = observation.kind === 'planes' ? 'conv' : 'mlp';
  return buildPolicyNet({ net, netConfig, observation, heads: ppoHeads(actionSet) });
};

const options = (given: Partial<PlanOptions> = {}): PlanOptions => ({
  source: 'a',
  target: 'b',
  method: 'full',
  alignment: 'role',
  reset: [],
  training: () => 'learning rate x 1',
  ...given,
});

const plan = (source: string, target: string, given: Partial<PlanOptions> = {}) =>
  planTransfer(netOf(source).tensors, netOf(target).tensors, options({ source, target, ...given }));

/** `tensor: origin copied/total (reason)` */
const rows = (of: ReturnType<typeof plan>): string[] =>
  of.entries.map((e) => `${e.tensor}: ${e.origin} ${e.copiedValues}/${e.totalValues} (${e.reason})`);
const same = 'same meaning along every axis';

describe('the plan of a real pair', () => {
  it('freeway to asterix: the hen is the player, the cars are the enemies', () => {
    const freeway = plan('freeway', 'asterix');
    expect(rows(freeway)).toEqual([
      'stem/kernel: mapped 432/576 (3 of 4 channels)',
      `stem/bias: copied 16/16 (${same})`,
      `trunk/0/kernel: copied 131072/131072 (${same})`,
      `trunk/0/bias: copied 128/128 (${same})`,
      `heads/policy/kernel: copied 768/768 (${same})`,
      `heads/policy/bias: copied 6/6 (${same})`,
      `heads/value/kernel: copied 128/128 (${same})`,
      `heads/value/bias: copied 1/1 (${same})`,
    ]);
    expect(freeway.matches.slice(0, 4)).toEqual([
      { axis: 'channel', target: 'player', source: 'chicken', rule: 'same role' },
      { axis: 'channel', target: 'enemy', source: 'car', rule: 'same role' },
      { axis: 'channel', target: 'trail', source: 'speed1', rule: 'same role' },
      { axis: 'channel', target: 'gold', source: null, rule: 'fresh' },
    ]);
    expect(freeway.unused).toEqual([]);
    expect(freeway.entries[0]).toMatchObject({ from: 'stem/kernel', shape: [3, 3, 4, 16], stage: 'stem' });
  });

  it('breakout to space-invaders: one trail serves both directions', () => {
    const invaders = plan('breakout', 'space-invaders');
    expect(rows(invaders)[0]).toBe('stem/kernel: mapped 576/864 (4 of 6 channels)');
    expect(invaders.matches.slice(0, 6).map(({ target, source }) => [target, source])).toEqual([
      ['cannon', 'paddle'],
      ['alien', 'brick'],
      ['alien_left', 'trail'],
      ['alien_right', 'trail'],
      ['friendly_bullet', null],
      ['enemy_bullet', null],
    ]);
  });

  it('cartpole to acrobot: an action and a feature more', () => {
    const acrobot = plan('cartpole', 'acrobot');
    const entry = (name: string) => acrobot.entries.find(({ tensor }) => tensor === name);
    expect(entry('heads/policy/kernel')).toMatchObject({ origin: 'mapped', copiedValues: 128, totalValues: 192 });
    expect(entry('heads/policy/kernel')?.reason).toBe('2 of 3 actions');
    expect(entry('trunk/0/kernel')?.origin).toBe('copied');
    expect(acrobot.matches.filter(({ axis }) => axis === 'action')).toEqual([
      { axis: 'action', target: 'left', source: 'left', rule: 'same name' },
      { axis: 'action', target: 'noop', source: null, rule: 'fresh' },
      { axis: 'action', target: 'right', source: 'right', rule: 'same name' },
    ]);
  });

  it('cartpole to mountaincar: fewer features', () => {
    expect(rows(plan('cartpole', 'mountaincar'))[0]).toBe('stem/kernel: mapped 128/128 (the first 2 of 4 features)');
  });

  test.each([
    ['breakout', 'breakout?paddleWidth=2'],
    ['freeway?sticky=0', 'freeway'],
    ['cartpole', 'cartpole?gravity=20&force=5'],
  ])('%s to %s: everything is copied', (source, target) => {
    expect(plan(source, target).entries.every(({ origin }) => origin === 'copied')).toBe(true);
  });

  it('breakout with fewer actions to all of them: the others start fresh', () => {
    const all = plan('breakout?actions=minimal', 'breakout');
    expect(rows(all).slice(4, 6)).toEqual([
      'heads/policy/kernel: mapped 384/768 (3 of 6 actions)',
      'heads/policy/bias: mapped 3/6 (3 of 6 actions)',
    ]);
  });

  it('features to planes, nets of other sizes: nothing, with the reason for every tensor', () => {
    const nothing = plan('cartpole', 'breakout');
    expect(rows(nothing)).toEqual([
      'stem/kernel: fresh 0/576 (the source has features here, not channels)',
      'stem/bias: fresh 0/16 (64 against 16 along the unit axis)',
      'trunk/0/kernel: fresh 0/131072 (unit axis against flat axis)',
      'trunk/0/bias: fresh 0/128 (64 against 128 along the unit axis)',
      'heads/policy/kernel: fresh 0/768 (64 against 128 along the unit axis)',
      'heads/policy/bias: fresh 0/6 (heads/policy/kernel is fresh)',
      'heads/value/kernel: fresh 0/128 (64 against 128 along the unit axis)',
      'heads/value/bias: fresh 0/1 (heads/value/kernel is fresh)',
    ]);
    expect(nothing.unused).toEqual(netOf('cartpole').tensors.map(({ name }) => name));
    expect(nothing.matches.every(({ rule }) => rule === 'fresh')).toBe(true);
  });

  it('features to planes, one net: the trunk, and the actions that both have', () => {
    const { observation, actionSet } = findEnv('breakout');
    const breakout = buildPolicyNet({ net: 'mlp', netConfig: {}, observation, heads: ppoHeads(actionSet) });
    const moved = planTransfer(netOf('cartpole').tensors, breakout.tensors, options());
    expect(rows(moved).slice(0, 6)).toEqual([
      'stem/kernel: fresh 0/25600 (the source has features here, not channels)',
      'stem/bias: fresh 0/64 (stem/kernel is fresh)',
      `trunk/0/kernel: copied 4096/4096 (${same})`,
      `trunk/0/bias: copied 64/64 (${same})`,
      'heads/policy/kernel: mapped 128/384 (2 of 6 actions)',
      'heads/policy/bias: mapped 2/6 (2 of 6 actions)',
    ]);
    expect(moved.matches.filter(({ rule }) => rule !== 'fresh').map(({ target }) => target)).toEqual(['left', 'right']);
  });
});

describe('canonical planes', () => {
  const MINATAR = ['breakout', 'asterix', 'freeway', 'seaquest', 'space-invaders'];
  const seen = (id: string) => `${id}?observation=canonical`;
  const pairs = MINATAR.flatMap((a) => MINATAR.map((b) => [a, b]));

  it.each(pairs)('%s to %s: every tensor is copied whole', (source, target) => {
    const { entries, unused } = plan(seen(source), seen(target));
    expect(entries.map(({ origin }) => origin)).toEqual(entries.map(() => 'copied'));
    expect(unused).toEqual([]);
  });

  it.each(MINATAR)('the mix of all to %s: every tensor but those of the policy head is copied whole', (target) => {
    const { entries } = plan('mix', seen(target));
    for (const { stage, origin } of entries) expect(origin).toBe(stage === 'heads/policy' ? 'mapped' : 'copied');
    const shared = plan('mix?heads=shared', seen(target));
    expect(shared.entries.every(({ origin }) => origin === 'copied')).toBe(true);
  });

  it("take rows from a game's own planes, by every role", () => {
    const matches = plan('space-invaders', seen('freeway')).matches.filter(({ axis }) => axis === 'channel');
    const found = Object.fromEntries(matches.map(({ target, source, rule }) => [target, `${source} (${rule})`]));
    expect(found).toMatchObject({
      self: 'cannon (same role)',
      threat: 'alien (nearest role)',
      target: 'alien (same role)',
      right: 'alien_right (nearest role)',
      pickup: 'null (fresh)',
    });
  });
});

describe("the user's map", () => {
  const matchesOf = (map: string[], given: Partial<PlanOptions> = {}) => {
    const { matches } = plan('breakout', 'space-invaders', { map, ...given });
    return Object.fromEntries(matches.map(({ target, source, rule }) => [target, `${source} (${rule})`]));
  };

  it('comes before roles; one label may feed several', () => {
    expect(matchesOf(['ball=enemy_bullet', 'ball=friendly_bullet', 'none=alien', 'left=right'])).toMatchObject({
      cannon: 'paddle (same role)',
      alien: 'null (mapped by you)',
      alien_left: 'trail (same role)',
      friendly_bullet: 'ball (mapped by you)',
      enemy_bullet: 'ball (mapped by you)',
      left: 'left (same name)',
      right: 'left (mapped by you)',
    });
  });

  it.each([
    ['fresh', 'null (fresh)'],
    ['index', 'ball (same position)'],
  ] as const)('also with alignment "%s"', (alignment, alien) => {
    expect(matchesOf(['brick=cannon'], { alignment })).toMatchObject({ cannon: 'brick (mapped by you)', alien });
  });

  it('is what the parameters follow', () => {
    const [source, target] = [netOf('breakout'), netOf('space-invaders')];
    const params = source.init(1);
    const fresh = target.init(2);
    const planned = plan('breakout', 'space-invaders', { map: ['ball=alien', 'none=fire'] });
    const moved = transferParams(planned, { tensors: source.tensors, params }, target.tensors, fresh);
    // Channel 1 is the ball there, the aliens here; the first cell of a kernel of 16 units.
    const firstCell = (kernel: Float32Array) => kernel.slice(16, 32);
    expect(firstCell(moved['stem/kernel'])).toEqual(firstCell(params['stem/kernel']));
    const policy = moved['heads/policy/kernel'];
    const fire = (values: Float32Array) => values.filter((_, i) => i % 6 === 5);
    expect(fire(policy)).toEqual(fire(fresh['heads/policy/kernel']));
    expect(fire(policy)).not.toEqual(fire(params['heads/policy/kernel']));
  });

  it('does nothing where the labels are not read', () => {
    const reset = matchesOf(['ball=enemy_bullet'], { reset: ['stem'] });
    expect(reset).toMatchObject({ enemy_bullet: 'null (fresh)', cannon: 'null (fresh)', left: 'left (same name)' });
  });

  it.each([
    [['bal=alien'], 'unknown name of the source in the map "bal" (did you mean "ball"?); valid: paddle, ball, trail,'],
    [['ball=gold'], 'unknown name of the target in the map "gold"; valid: cannon, alien, alien_left,'],
    [['ball=fire'], 'the map feeds "fire" from "ball", which is of another kind'],
    [['ball=alien', 'trail=alien'], 'the map feeds "alien" twice: from "ball" and "trail"'],
  ])('refuses %j', (map, message) => {
    expect(() => matchesOf(map)).toThrow(UserError);
    expect(() => matchesOf(map)).toThrow(message);
  });
});

describe('what starts fresh', () => {
  it.each([
    ['heads/value', ['heads/value/kernel', 'heads/value/bias']],
    ['heads', ['heads/policy/kernel', 'heads/policy/bias', 'heads/value/kernel', 'heads/value/bias']],
    ['trunk', ['trunk/0/kernel', 'trunk/0/bias']],
  ])('a reset stage (%s), and the source tensors of it are left unused', (stage, tensors) => {
    const reset = plan('breakout', 'breakout', { reset: [stage] });
    const fresh = reset.entries.filter(({ origin }) => origin === 'fresh');
    expect(fresh.map(({ tensor }) => tensor)).toEqual(tensors);
    for (const entry of fresh) expect(entry).toMatchObject({ from: null, reason: `${entry.stage} is reset` });
    expect(reset.unused).toEqual(tensors);
  });

  it('not a stage whose name only begins alike', () => {
    expect(plan('breakout', 'breakout', { reset: ['head'] }).unused).toEqual([]);
  });

  it('with alignment "fresh", the layers that read or write labels', () => {
    const fresh = plan('breakout', 'breakout', { alignment: 'fresh' });
    expect(rows(fresh)).toEqual([
      'stem/kernel: fresh 0/576 (alignment "fresh" matches no labels)',
      'stem/bias: fresh 0/16 (stem/kernel is fresh)',
      `trunk/0/kernel: copied 131072/131072 (${same})`,
      `trunk/0/bias: copied 128/128 (${same})`,
      'heads/policy/kernel: fresh 0/768 (alignment "fresh" matches no labels)',
      'heads/policy/bias: fresh 0/6 (alignment "fresh" matches no labels)',
      `heads/value/kernel: copied 128/128 (${same})`,
      `heads/value/bias: copied 1/1 (${same})`,
    ]);
    expect(fresh.matches.every(({ source }) => source === null)).toBe(true);
  });

  it('a stage that the source lacks', () => {
    const [shallow, deep] = [netOf('cartpole', { depth: 1 }), netOf('cartpole', { depth: 3 })];
    const deeper = planTransfer(shallow.tensors, deep.tensors, options());
    const fresh = deeper.entries.filter(({ origin }) => origin === 'fresh').map((e) => [e.tensor, e.reason]);
    const reason = 'the source has no such stage';
    expect(fresh).toEqual(['trunk/0/kernel', 'trunk/0/bias', 'trunk/1/kernel', 'trunk/1/bias'].map((t) => [t, reason]));
    const shallower = planTransfer(deep.tensors, shallow.tensors, options());
    expect(shallower.entries.every(({ origin }) => origin === 'copied')).toBe(true);
    expect(shallower.unused).toEqual(fresh.map(([tensor]) => tensor));
  });
});

describe('transferred parameters', () => {
  const numbered = (tensors: readonly Pick<TensorSpec, 'name' | 'axes'>[], sign: 1 | -1): Params => {
    let count = 0;
    const sizeOf = (axes: TensorSpec['axes']): number => shapeOf(axes).reduce((a, b) => a * b, 1);
    const values = (size: number) => Float32Array.from({ length: size }, () => sign * ++count);
    return Object.fromEntries(tensors.map(({ name, axes }) => [name, values(sizeOf(axes))]));
  };

  it('are the source itself on the same game', () => {
    for (const id of ['breakout', 'cartpole', 'seaquest']) {
      const net = netOf(id);
      const params = scramble(net.init(1), createRng(1));
      const source = { tensors: net.tensors, params };
      expect(transferParams(plan(id, id), source, net.tensors, net.init(2))).toEqual(params);
    }
  });

  it('take the rows that the labels say, and leave both sides as they were', () => {
    const [source, target] = [netOf('freeway'), netOf('asterix')];
    const params = numbered(source.tensors, 1);
    const fresh = numbered(target.tensors, -1);
    const before = structuredClone({ params, fresh });
    const moved = transferParams(
      plan('freeway', 'asterix'),
      { tensors: source.tensors, params },
      target.tensors,
      fresh,
    );
    expect({ params, fresh }).toEqual(before);
    expect(moved['trunk/0/kernel']).toEqual(params['trunk/0/kernel']);
    // Channels of freeway: chicken, car, speed1, … (7); of asterix: player, enemy, trail, gold (4).
    const kernel = (tensor: Float32Array, channels: number, y: number, x: number, channel: number, unit: number) =>
      tensor[((y * 3 + x) * channels + channel) * 16 + unit];
    for (const [y, x, , unit] of tuples([3, 3, 1, 16])) {
      for (const channel of [0, 1, 2]) {
        const from = kernel(params['stem/kernel'], 7, y, x, channel, unit);
        expect(kernel(moved['stem/kernel'], 4, y, x, channel, unit)).toBe(from);
      }
      const own = kernel(fresh['stem/kernel'], 4, y, x, 3, unit);
      expect(kernel(moved['stem/kernel'], 4, y, x, 3, unit)).toBe(own);
    }
  });

  // Every value of the source is another positive number, every fresh one another negative: each value tells its origin.
  it('come from the right place, whatever the axes (recomputed index by index)', () => {
    const stage = (name: string) =>
      fc.array(axis, { minLength: 1, maxLength: 3 }).chain((axes) =>
        fc.tuple(...axes.map((one) => fc.oneof(fc.constant(one), variation(one)))).map((others) => ({
          source: { name: `from/${name}`, stage: name, axes },
          target: { name, stage: name, axes: others, init: { kind: 'zeros' } } as TensorSpec,
        })),
      );
    const stages = fc.tuple(stage('stem'), stage('trunk/0'), stage('heads/policy'));
    const check = (pairs: { source: TensorSpec; target: TensorSpec }[], alignment: Alignment): void => {
      const sources = pairs.map(({ source }) => source);
      const targets = pairs.map(({ target }) => target);
      const [params, fresh] = [numbered(sources, 1), numbered(targets, -1)];
      const planned = planTransfer(sources, targets, options({ alignment }));
      const moved = transferParams(planned, { tensors: sources, params }, targets, fresh);
      pairs.forEach(({ source, target }, i) => {
        const entry = planned.entries[i];
        const maps = target.axes.map((to, axis) => alignAxis(source.axes[axis], to, alignment));
        const blocked = maps.some(({ reason }) => reason !== undefined);
        const [from, to] = [tensorShape(source), tensorShape(target)];
        const expected = tuples(to).map((indices, at) => {
          const taken = indices.map((index, axis) => maps[axis].from[index]);
          if (blocked || taken.some((index) => index < 0)) return fresh[target.name][at];
          return params[source.name][taken.reduce((sum, index, axis) => sum * from[axis] + index, 0)];
        });
        expect([...moved[target.name]]).toEqual(expected);
        const copied = expected.filter((value) => value > 0).length;
        expect(entry).toMatchObject({ copiedValues: copied, totalValues: tensorSize(target), shape: to });
        const whole = JSON.stringify(expected) === JSON.stringify([...params[source.name]]);
        expect(entry.origin).toBe(copied === 0 ? 'fresh' : whole ? 'copied' : 'mapped');
        expect(entry.from).toBe(copied === 0 ? null : source.name);
        expect(entry.reason).not.toBe('');
        expect(planned.unused.includes(source.name)).toBe(copied === 0);
      });
    };
    fc.assert(
      fc.property(stages, fc.constantFrom(...ALIGNMENTS), (pairs, alignment) => check(pairs as never, alignment)),
      { numRuns: 300 },
    );
  });
});
