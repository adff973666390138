import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { openLibrary } from '../../src/live/library.ts';
import type { Viewer } from '../../src/live/server.ts';
import { get, leaveAll, policy, rawClient, startAt, textFrame, until, visit, waitMs } from './visitors.ts';

afterEach(leaveAll);

const ask = (text: string): string => `42["ask",${text}]`;

/** A frame's head that promises this many bytes and brings none. */
const promise = (bytes: bigint): Buffer => {
  const head = Buffer.alloc(14);
  head.set([0x81, 0xff]);
  head.writeBigUInt64BE(bytes, 2);
  return head;
};

const MESSAGES: readonly (readonly [what: string, bytes: Buffer])[] = [
  ...[
    ask('{"ask":"watch","match":"__proto__"}'),
    ask('{"ask":"watch","match":"constructor"}'),
    ask('{"ask":"watch","match":"a","__proto__":{"polluted":true}}'),
    ask('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
    ask('{"ask":"__proto__","match":"a"}'),
    ask('{"ask":"speed","match":"a","speed":1e400}'),
    ask('{"ask":"speed","match":"a","speed":"8"}'),
    ask('{"ask":"pause","match":["a"],"paused":1}'),
    ask('null'),
    ask('[[[[]]]]'),
    `42${'7'.repeat(30)}["ask",{"ask":"watch","match":"a"}]`,
    '42["__proto__",{}]',
    '42["connect"]',
    '42["disconnecting"]',
    '42[{"toString":1}]',
    '42[1e999]',
    '40/__proto__,{}',
    '40/admin,{"token":{}}',
    '40{"sid":"x"}',
    '41/never,',
    '459007199254740993-["ask"]',
    '451-["ask",{"_placeholder":true,"num":-1}]',
    '451-["ask",{"_placeholder":true,"num":"length"}]',
    '4',
    '1',
    '5probe',
    '\u0000',
  ].map((text): [string, Buffer] => [text, textFrame(text)]),
  ['bytes that are no text', Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe])],
  ['an unmasked frame', Buffer.from([0x81, 2, 0x34, 0x31])],
  ['a frame of a kind that there is not', Buffer.from([0x8f, 0x80, 0, 0, 0, 0])],
  ['a frame with reserved bits', Buffer.from([0xf1, 0x80, 0, 0, 0, 0])],
  ['a binary message of its own', Buffer.from([0x82, 0x82, 0, 0, 0, 0, 4, 2])],
  ['a message that never ends', Buffer.concat(Array.from({ length: 99 }, (_, i) => fragment(i === 0)))],
  ['a promise of 2 GB', promise(2n ** 31n)],
  ['a promise of 8 EB', promise(2n ** 63n - 1n)],
  ['no WebSocket at all', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
];

function fragment(isFirst: boolean): Buffer {
  const frame = Buffer.alloc(6 + 100, '4');
  frame.set([isFirst ? 1 : 0, 0x80 | 100, 0, 0, 0, 0]);
  return frame;
}

/** The match plays on as it did, and newcomers are served. */
async function expectUnharmed(viewer: Viewer): Promise<void> {
  const client = visit(viewer);
  await until(() => client.matches.size === 1, 'matches');
  client.ask({ ask: 'watch', match: 'a' });
  await until(() => client.frames.length > 2, 'frames');
  expect(client.matches.get('a')).toMatchObject({ speed: 1, state: 'playing' });
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
}

test('no message does harm', async () => {
  const viewer = await startAt({ matches: [policy('a')] });
  for (const [what, bytes] of MESSAGES) {
    const { tcp, frames } = await rawClient(viewer.port, 'a');
    await until(() => frames() > 0, `a frame before ${what}`);
    tcp.write(bytes);
  }
  await waitMs(100);
  await expectUnharmed(viewer);
});

test('no row of random bytes does harm', async () => {
  const viewer = await startAt({ matches: [policy('a')] });
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ maxLength: 100 }).map((text) => textFrame(`42${text}`)),
    fc.json({ maxDepth: 4 }).map((json) => textFrame(ask(json).slice(0, 60_000))),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(anything, { maxLength: 5 }), async (messages) => {
      const { tcp, frames } = await rawClient(viewer.port, 'a');
      await until(() => frames() > 0, 'a frame');
      for (const message of messages) tcp.write(message);
      await waitMs(5);
      tcp.destroy();
    }),
    { numRuns: 60, endOnFailure: true },
  );
  await expectUnharmed(viewer);
});

test('addresses that are none lead nowhere', async () => {
  const viewer = await startAt({ matches: [policy('a')], library: openLibrary(null) });
  const paths = [
    '/%',
    '//',
    '//[',
    '/\\',
    '/\\[',
    'http://[',
    '/api/library?%',
    '/api/recording?id=%00&__proto__=1',
    '/api/__proto__',
    '*',
    `/${'x'.repeat(10_000)}`,
    '/__proto__?token=__proto__',
    '/socket.io/?EIO=4&transport=polling',
  ];
  for (const path of [...paths, '/socket.io/?EIO=99&transport=websocket&sid=__proto__']) {
    const { status, body } = await get(viewer, path);
    expect([400, 404]).toContain(status);
    expect(body.length).toBeLessThan(100);
  }
  await expectUnharmed(viewer);
});
