import { expect, test } from 'vitest';
import { BusyError, keepNewest } from '../../src/live/kept.ts';

test('what was made is kept for those who ask again, the oldest forgotten', async () => {
  const keep = keepNewest<string>(2, 1);
  const made: string[] = [];
  const ask = (key: string) => keep(key, async () => (made.push(key), key));
  expect(await Promise.all([ask('a'), ask('a'), ask('b')])).toEqual(['a', 'a', 'b']);
  await ask('c');
  await ask('b');
  await ask('a');
  expect(made).toEqual(['a', 'b', 'c', 'a']);
});

test('no more are made at once than may be', async () => {
  const keep = keepNewest<number>(10, 2);
  let [now, most] = [0, 0];
  const make = async (): Promise<number> => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 5));
    return now--;
  };
  await Promise.all(Array.from({ length: 7 }, (_, i) => keep(String(i), make)));
  expect(most).toBe(2);
});

test('what failed is tried again', async () => {
  const keep = keepNewest<number>(2, 1);
  await expect(
    keep('a', async () => {
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  expect(await keep('a', async () => 1)).toBe(1);
});

test('no more wait than may; what is known is there all the same', async () => {
  const keep = keepNewest<string>(10, 1, 2);
  const ask = (key: string) => keep(key, async () => key);
  const asked = ['a', 'b', 'c'].map(ask);
  await expect(ask('d')).rejects.toThrow(BusyError);
  expect(await Promise.all([...asked, ask('b')])).toEqual(['a', 'b', 'c', 'b']);
  expect(await ask('d')).toBe('d');
});
