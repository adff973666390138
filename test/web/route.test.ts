import { expect, test } from 'vitest';
import { routeOf } from '../../web/src/route.ts';

const read = (text: string) => {
  const route = routeOf(text);
  return route && [route.id, Object.fromEntries(route.query)];
};

test('a view is named alone or with what it is to show', () => {
  expect(read('lobby')).toEqual(['lobby', {}]);
  expect(read('play?id=zoo%3Abreakout&seed=4')).toEqual(['play', { id: 'zoo:breakout', seed: '4' }]);
});

test('what is no view is no route', () => {
  for (const text of ['', '?id=a', 'nowhere?id=a', 'constructor']) expect(read(text), text).toBeNull();
});
