import { expect, test } from 'vitest';
import { actionHeld, type HeldKey, keyPressed, keyReleased } from '../../web/src/held-keys.ts';

const [LEFT, FIRE] = [1, 5];

test('of keys that are down the newest acts, and after it the one before', () => {
  let held: readonly HeldKey[] = [];
  expect(actionHeld(held)).toBeNull();
  held = keyPressed(held, 'ArrowLeft', LEFT);
  held = keyPressed(held, ' ', FIRE);
  expect(actionHeld(held)).toBe(FIRE);
  // A keyboard repeats keys that are down.
  held = keyPressed(held, 'ArrowLeft', LEFT);
  expect(actionHeld(held)).toBe(FIRE);
  held = keyReleased(held, ' ');
  expect(actionHeld(held)).toBe(LEFT);
  expect(actionHeld(keyReleased(held, 'ArrowLeft'))).toBeNull();
});

test('two keys of one action hold it until both are up, and others are none of theirs', () => {
  const held = keyPressed(keyPressed([], 'ArrowLeft', LEFT), 'a', LEFT);
  expect(actionHeld(keyReleased(held, 'a'))).toBe(LEFT);
  expect(actionHeld(keyReleased(held, 'x'))).toBe(LEFT);
  expect(keyReleased(keyReleased(held, 'a'), 'ArrowLeft')).toEqual([]);
});
