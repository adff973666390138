import { expect, test } from 'vitest';
import type { Stage } from '../../src/live/protocol.ts';
import { matchName } from '../../web/src/match-name.ts';

test('matches of the same label are told apart by their games', () => {
  const match = (label: string, env?: string) => ({ label, stage: env === undefined ? null : ({ env } as Stage) });
  const matches = [
    match('scratch 1', 'asterix'),
    match('scratch 1', 'freeway'),
    match('scratch 1'),
    match('a', 'freeway'),
  ];
  expect(matches.map((each) => matchName(each, matches))).toEqual([
    'scratch 1, asterix',
    'scratch 1, freeway',
    'scratch 1',
    'a',
  ]);
});
