import { expect, test } from 'vitest';
import { duelAddress, duelWanted } from '../../web/src/duel-address.ts';
import { nextSeed } from '../../web/src/seeds.ts';

const read = (address: string) => duelWanted(new URLSearchParams(address.split('?')[1]));

test('a duel’s address leads back to it, up to the last seed there is', () => {
  for (const seed of [0, 7, 999_999_999, 1_000_000_000, 4_294_967_295]) {
    expect(read(duelAddress({ id: 'zoo:breakout', seed }))).toEqual({ id: 'zoo:breakout', step: undefined, seed });
  }
  const later = { id: 'runs/a&b', step: 12_000_000_000, seed: 3 };
  expect(read(duelAddress(later))).toEqual(later);
});

test('what is no seed and no step is left out', () => {
  for (const text of ['', '-1', '1.5', '1e3', 'x', '4294967296', '99999999999999999999'])
    expect(read(`#play?id=a&seed=${text}`), text).toEqual({ id: 'a', step: undefined, seed: 0 });
  expect(read('#play?step=99999999999999999999')).toEqual({ id: null, step: undefined, seed: 0 });
});

test('other luck is that of the next seed, after the last that of the first', () => {
  expect([0, 4_294_967_294, 4_294_967_295].map(nextSeed)).toEqual([1, 4_294_967_295, 0]);
});
