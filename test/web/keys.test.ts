import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { KEYS } from '../../web/src/keys.ts';
import { views } from '../../web/src/views/index.ts';

test('every view lists its keys', () => {
  expect(Object.keys(KEYS).toSorted()).toEqual([...Object.keys(views), 'shared'].toSorted());
  for (const rows of Object.values(KEYS)) expect(new Set(rows.map(([keys]) => keys)).size).toBe(rows.length);
});

test('what is listed on the page is in the documents', () => {
  const text = readFileSync(new URL('../../docs/viewer.md', import.meta.url), 'utf8');
  const keys = Object.values(KEYS).flatMap((rows) => rows.flatMap(([names]) => names.split(/,? /)));
  const signs = keys.filter((key) => /^(.|Home|End|Tab)$/.test(key));
  expect(signs.length).toBeGreaterThan(20);
  for (const key of signs) expect(text, key).toContain(`\`${key}\``);
});
