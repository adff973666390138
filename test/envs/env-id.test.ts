import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { UserError } from '../../src/core/errors.ts';
import type { Game } from '../../src/core/game.ts';
import { envSpec, variantFields, wrapperFields } from '../../src/envs/env-id.ts';
import { findEnv, findGame, games, registerGame } from '../../src/envs/index.ts';
import { newGameSource } from '../../src/envs/new-game-template.ts';
import { tag } from './two-player-games.ts';

describe('an env id', () => {
  it('is canonical: non-default options only, in a fixed order', () => {
    expect(findEnv('breakout?rng=mt19937&sticky=0&brickRows=3&paddleWidth=2&actions=minimal').id).toBe(
      'breakout?paddleWidth=2&sticky=0&actions=minimal&rng=mt19937',
    );
    expect(findEnv('breakout?sticky=0.10&maxSteps=10000').id).toBe('breakout');
    expect(findEnv('asterix?ramping=false&goldChance=.5').id).toBe('asterix?goldChance=0.5&ramping=false');
    expect(findEnv('cartpole?gravity=1e1').id).toBe('cartpole?gravity=10');
  });

  it('gives the settled options', () => {
    expect(findEnv('freeway')).toMatchObject({ sticky: 0.1, actions: 'all', maxSteps: 10_000, rng: 'sfc32' });
    expect(findEnv('cartpole')).toMatchObject({ sticky: 0, maxSteps: 500 });
    expect(findEnv('mountaincar')).toMatchObject({ sticky: 0, maxSteps: 200 });
    expect(findEnv('acrobot')).toMatchObject({ sticky: 0, maxSteps: 500 });
    const spec = findEnv('space-invaders?actions=minimal&maxSteps=0&sticky=0.5');
    expect(spec).toMatchObject({ sticky: 0.5, maxSteps: 0, actionIndices: [0, 1, 3, 5] });
    expect(spec.actionSet.map(({ name }) => name)).toEqual(['noop', 'left', 'right', 'fire']);
    expect(findEnv('breakout?paddleWidth=4').variant).toEqual({
      paddleWidth: 4,
      paddleSpeed: 1,
      brickRows: 3,
      ballPeriod: 1,
    });
  });

  it('has ramping as an option of three games', () => {
    const ramping = games.filter((game) => Object.hasOwn(game.variants.shape, 'ramping')).map(({ id }) => id);
    expect(ramping).toEqual(['asterix', 'seaquest', 'space-invaders']);
  });

  const options = 'paddleWidth, paddleSpeed, brickRows, ballPeriod, sticky, actions, maxSteps, rng, observation';
  it.each([
    ['brekout', 'unknown game "brekout" (did you mean "breakout"?); valid: breakout, asterix,'],
    ['', 'unknown game ""'],
    ['constructor', 'unknown game "constructor"'],
    ['breakout?', undefined],
    [
      'breakout?paddlewidth=2',
      `unknown option of breakout "paddlewidth" (did you mean "paddleWidth"?); valid: ${options}`,
    ],
    ['breakout?ramping=true', 'unknown option of breakout "ramping"'],
    ['breakout?toString=1', 'unknown option of breakout "toString"'],
    ['breakout?paddleWidth=9', 'breakout: "9" is not a valid paddleWidth; valid: whole number from 1 to 5 (default 1)'],
    ['breakout?paddleWidth=2.5', '"2.5" is not a valid paddleWidth'],
    ['breakout?paddleWidth=', '"" is not a valid paddleWidth'],
    ['breakout?paddleWidth', '"" is not a valid paddleWidth'],
    ['breakout?paddleWidth=two', '"two" is not a valid paddleWidth'],
    ['breakout?paddleWidth=2&paddleWidth=3', 'option "paddleWidth" is given twice'],
    ['breakout?sticky=1.5', '"1.5" is not a valid sticky; valid: number from 0 to 1 (default 0.1)'],
    ['breakout?sticky=NaN', '"NaN" is not a valid sticky'],
    ['breakout?maxSteps=-1', '"-1" is not a valid maxSteps; valid: whole number from 0 (default 10000)'],
    ['breakout?actions=some', '"some" is not a valid actions; valid: all, minimal (default all)'],
    ['breakout?observation=all', '"all" is not a valid observation; valid: own, canonical (default own)'],
    ['cartpole?observation=canonical', 'cartpole: observation=canonical is for planes, not for features'],
    [
      'mix?breakout=false&asterix=false&freeway=false&seaquest=false&space-invaders=false',
      'mix: at least one game must be left: breakout, asterix, freeway, seaquest, space-invaders',
    ],
    ['breakout?rng=dice', '"dice" is not a valid rng; valid: sfc32, mt19937 (default sfc32)'],
    ['asterix?ramping=yes', '"yes" is not a valid ramping; valid: true, false (default true)'],
    ['freeway?fastest=4&slowest=2', 'freeway: fastest must not be larger than slowest'],
  ])('%s', (id, message) => {
    if (message === undefined) return expect(findEnv(id).id).toBe('breakout');
    expect(() => findEnv(id)).toThrow(UserError);
    expect(() => findEnv(id)).toThrow(message);
    expect(() => findEnv(id)).not.toThrow('\n');
  });

  it('refuses options given as values', () => {
    expect(() => envSpec(findGame('breakout'), { paddle: 2 })).toThrow('unknown option of breakout "paddle"');
    expect(() => envSpec(findGame('breakout'), { paddleWidth: '2' })).toThrow('"2" is not a valid paddleWidth');
  });
});

it('describes the options from their schemas', () => {
  expect(variantFields(findGame('breakout'))[0]).toEqual({
    name: 'paddleWidth',
    description: 'cells of the paddle; wider is easier',
    default: 1,
    range: 'whole number from 1 to 5',
    type: 'integer',
    minimum: 1,
    maximum: 5,
    values: undefined,
  });
  expect(wrapperFields(findGame('acrobot')).map((field) => [field.name, field.default])).toEqual([
    ['sticky', 0],
    ['actions', 'all'],
    ['maxSteps', 500],
    ['rng', 'sfc32'],
    ['observation', 'own'],
  ]);
});

describe('registerGame', () => {
  it('adds a game', () => {
    registerGame(tag as Game);
    expect(findEnv('tag?length=9').variant).toEqual({ length: 9 });
  });

  it('refuses an id that is taken, and parameters with the name of an option', () => {
    expect(() => registerGame(tag as Game)).toThrow('the game id "tag" is taken; taken: breakout, asterix');
    const variants = z.object({ sticky: z.number().default(1) });
    expect(() => registerGame({ ...(tag as Game), id: 'tag-2', variants })).toThrow(
      'tag-2: the variant parameter "sticky" has the name of an option of every game',
    );
    expect(games.filter(({ id }) => id.startsWith('tag'))).toHaveLength(1);
  });
});

it('refuses ids for a new game that cannot be one', () => {
  for (const id of ['', 'My-Game', 'a game', '../x', 'x?y', "a'b", '1up']) {
    expect(() => newGameSource(id)).toThrow(UserError);
  }
});
