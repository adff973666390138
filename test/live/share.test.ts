import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLibrary } from '../../src/live/library.ts';
import { startViewer, type Viewer } from '../../src/live/server.ts';
import { sharedMatch } from '../../src/live/share.ts';
import type { Recording } from '../../src/live/recording.ts';

let viewer: Viewer;
beforeAll(async () => {
  viewer = await startViewer({ port: 0, library: openLibrary(null) });
});
afterAll(() => viewer.close());

const ask = (lanes: unknown, rest = ''): Promise<Response> =>
  fetch(new URL(`api/share?lanes=${encodeURIComponent(JSON.stringify(lanes))}${rest}`, viewer.url));

test.each([
  [[{ id: '../secret' }], 404, 'unknown agent'],
  [[{ id: 'zoo:breakout', step: 1 }, { id: 'zoo:../zoo/breakout' }], 404, 'unknown agent'],
  [[], 400, 'lanes'],
  [Array.from({ length: 5 }, () => ({ id: 'zoo:breakout' })), 400, 'lanes'],
  [[{ id: 'zoo:breakout', more: 1 }], 400, 'lanes'],
  ['zoo:breakout', 400, 'lanes'],
])('lanes %j are refused', async (lanes, status, reason) => {
  const answer = await ask(lanes);
  expect([answer.status, await answer.text()]).toEqual([status, expect.stringContaining(reason)]);
});

test('what is no JSON is refused', async () => {
  const answer = await fetch(new URL('api/share?lanes=[', viewer.url));
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('no JSON')]);
});

test('a match is named after its lanes', () => {
  const lane = (label: string, env: string) => ({ label, recording: { stage: { env }, seed: 3 } as Recording });
  expect(sharedMatch([lane('scratch', 'breakout')]).title).toBe('scratch: breakout, seed 3');
  const two = [lane('scratch', 'breakout'), lane('transferred', 'breakout')];
  expect(sharedMatch(two).title).toBe('scratch and transferred: breakout, seed 3');
  // Of several games, each lane names its own.
  expect(sharedMatch([...two, lane('other', 'freeway')]).title).toBe('scratch, transferred and other, seed 3');
});
