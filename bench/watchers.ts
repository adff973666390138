// A crowd on one match: real clients of socket.io in processes of their own, some of which stop to read (half of those
// answer pings all the same, as only a hostile one does). Tells the serving process's memory and lag, and what arrives.
//   npx tsx bench/watchers.ts [--clients 1000] [--slow 50] [--speed 8] [--seconds 60]
import { type ChildProcess, fork } from 'node:child_process';
import { connect } from 'node:net';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { io } from 'socket.io-client';
import { checkpointSource } from '../src/live/run-matches.ts';
import type { ViewerStatus } from '../src/live/protocol.ts';
import { startViewer } from '../src/live/server.ts';
import { readSource } from '../src/runs/source.ts';

const { values: options } = parseArgs({
  options: {
    clients: { type: 'string', default: '1000' },
    slow: { type: 'string', default: '50' },
    speed: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '60' },
    /** Set by this file for the processes that play clients: the server's port, and whether they read. */
    connect: { type: 'string' },
    deaf: { type: 'boolean', default: false },
  },
});

const MATCH = 'zoo:breakout';
const PROCESSES = 2;

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MB`;

/** A short WebSocket text frame of a client, masked with zeros (RFC 6455, 5.2). */
const textFrame = (text: string): Buffer =>
  Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);

if (options.connect === undefined) await measure();
else if (options.deaf) playDeaf(Number(options.connect), Number(options.clients));
else playClients(Number(options.connect), Number(options.clients));

interface Count {
  readonly messages: number;
  readonly frames: number;
  readonly connected: number;
}

/** Clients that watch; asked, they say what has come. */
function playClients(port: number, count: number): void {
  let [messages, frames] = [0, 0];
  const sockets = Array.from({ length: count }, () => io(`http://127.0.0.1:${port}`, { transports: ['websocket'] }));
  for (const socket of sockets) {
    socket.once('matches', () => socket.emit('ask', { ask: 'watch', match: MATCH }));
    socket.on('frame', () => [messages++, frames++]);
    socket.on('frames', (_match: string, texts: string[]) => {
      messages++;
      frames += texts.length;
    });
  }
  process.on('message', (ask: { speed?: number }) => {
    if (ask.speed) sockets[0].emit('ask', { ask: 'speed', match: MATCH, speed: ask.speed });
    else process.send!({ messages, frames, connected: sockets.filter(({ connected }) => connected).length });
  });
}

/** Clients that watch and then read no more; every other one answers pings that it has not read. */
function playDeaf(port: number, count: number): void {
  const open = new Set<number>();
  for (let i = 0; i < count; i++) {
    const tcp = connect(port, '127.0.0.1', () => open.add(i));
    tcp.once('close', () => open.delete(i)).on('error', () => {});
    tcp.write(
      `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\n` +
        'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    tcp.once('data', async () => {
      tcp.write(textFrame('40'));
      await sleep(1000);
      tcp.pause();
      tcp.write(textFrame(`42["ask",{"ask":"watch","match":"${MATCH}"}]`));
      if (i % 2 === 0) setInterval(() => open.has(i) && tcp.write(textFrame('3')), 5000);
    });
  }
  // A paused socket learns of its end only by writing: the server's own count is what is told.
  process.on('message', () => process.send!({ messages: 0, frames: 0, connected: open.size }));
}

/** Progress as a training of ten arms tells it, about 7 kB. */
function statusAt(step: number): ViewerStatus {
  const points = Array.from({ length: 40 }, (_, i) => [i * 1000, i + (step % 10), i / 2, i * 2] as const);
  return {
    caption: `Learning breakout, step ${step}`,
    curves: Array.from({ length: 10 }, (_, i) => ({ label: `arm ${i}`, arm: 'scratch', points })),
  };
}

async function measure(): Promise<void> {
  const [clients, slow, speed, seconds] = [options.clients, options.slow, options.speed, options.seconds].map(Number);
  const viewer = await startViewer({
    port: 0,
    maxClients: clients + slow,
    matches: [checkpointSource(MATCH, readSource(MATCH).bytes)],
  });
  const start = (count: number, ...more: string[]): ChildProcess =>
    fork(fileURLToPath(import.meta.url), ['--connect', String(viewer.port), '--clients', String(count), ...more]);
  await sleep(1000);
  const before = process.memoryUsage();
  console.log(`nobody: ${megabytes(before.rss)} resident, ${megabytes(before.heapUsed)} of it objects`);

  const crowd = Array.from({ length: PROCESSES }, () => start((clients - slow) / PROCESSES));
  const deaf = start(slow, '--deaf');
  const count = async (): Promise<Count> => {
    const counts = await Promise.all(crowd.map(countOf));
    const sum = (name: keyof Count): number => counts.reduce((total, each) => total + each[name], 0);
    return { messages: sum('messages'), frames: sum('frames'), connected: sum('connected') };
  };
  while ((await count()).connected < clients - slow) await sleep(200);
  crowd[0].send({ speed });
  await sleep(2000);
  let step = 0;
  const telling = setInterval(() => viewer.setStatus(statusAt(step++)), 100);

  const lag = monitorEventLoopDelay({ resolution: 5 });
  lag.enable();
  let [busy, then, last] = [performance.eventLoopUtilization(), performance.now(), await count()];
  for (let second = 10; second <= seconds; second += 10) {
    await sleep(10_000);
    const [now, counted, { rss, heapUsed }] = [performance.now(), await count(), process.memoryUsage()];
    const rate = (name: keyof Count): string =>
      ((((counted[name] - last[name]) / counted.connected) * 1000) / (now - then)).toFixed(2);
    const { utilization } = performance.eventLoopUtilization(busy);
    console.log(
      `after ${second} s: ${megabytes(rss)} resident, ${megabytes(heapUsed)} objects; ${counted.connected} read ` +
        `${rate('messages')} messages and ${rate('frames')} frames a second each; serving thread ` +
        `${(100 * utilization).toFixed(0)} % busy, late by ${(lag.percentile(50) / 1e6 - 5).toFixed(1)} ms (median), ` +
        `${(lag.percentile(99) / 1e6 - 5).toFixed(0)} ms (99 %), ${(lag.max / 1e6 - 5).toFixed(0)} ms (at most)`,
    );
    [busy, then, last] = [performance.eventLoopUtilization(), now, counted];
    lag.reset();
  }
  clearInterval(telling);
  for (const child of [...crowd, deaf]) child.kill();
  await viewer.close();
}

function countOf(child: ChildProcess): Promise<Count> {
  const answer = new Promise<Count>((resolve) => child.once('message', resolve as () => void));
  child.send({});
  return answer;
}
