// What watching costs the thread that trains, in its own processor time per update: windows with 8 headless clients
// watching and windows without alternate in one run. Linux only (it reads the scheduler's account of each thread).
//   npx tsx bench/watch-cost.ts [--clients 8] [--windows 10] [--seconds 6]
// And what a frame costs the serving process as base64 text and as binary, in a room of so many clients:
//   npx tsx bench/watch-cost.ts --encoding [--frames 2000]
import { fork, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import { train } from '../src/exec/api.ts';
import type { Board, Frame } from '../src/live/protocol.ts';
import { encodeFrameBytes } from '../src/live/protocol.ts';
import { runMatches } from '../src/live/run-matches.ts';
import { startViewer } from '../src/live/server.ts';

const { values: options } = parseArgs({
  options: {
    clients: { type: 'string', default: '8' },
    windows: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '6' },
    frames: { type: 'string', default: '2000' },
    encoding: { type: 'boolean', default: false },
    /** Set by this file for the process that plays the clients: the server's address. */
    connect: { type: 'string' },
  },
});

const waitMs = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1];
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

if (options.connect !== undefined) playClients(options.connect, Number(options.clients));
else if (options.encoding) await compareEncodings(Number(options.frames));
else await measureWatching(Number(options.clients), Number(options.windows), Number(options.seconds));

/** Clients in a process of their own. Told to, they watch everything or leave; asked, they say how many frames came. */
function playClients(url: string, count: number): void {
  let frames = 0;
  let bytes = 0;
  let matches: string[] = [];
  const sockets = Array.from({ length: count }, () => io(url, { transports: ['websocket'] }));
  for (const socket of sockets) {
    socket.on('matches', (list: { id: string }[]) => (matches = list.map(({ id }) => id)));
    socket.on('frame', () => frames++);
    socket.on('frames', (_match: string, texts: string[]) => (frames += texts.length));
    socket.io.engine.on('packet', ({ data }: { data?: unknown }) => {
      if (typeof data === 'string') bytes += data.length;
      else if (data instanceof Uint8Array) bytes += data.length;
    });
  }
  process.on('message', (ask: 'watch' | 'leave' | 'count') => {
    if (ask === 'count') process.send?.({ frames, bytes });
    else for (const socket of sockets) for (const match of matches) socket.emit('ask', { ask, match });
  });
}

function forkClients(url: string, clients: number): ChildProcess {
  return fork(fileURLToPath(import.meta.url), ['--connect', url, '--clients', String(clients)]);
}

function countOf(child: ChildProcess): Promise<{ frames: number; bytes: number }> {
  const answer = new Promise<{ frames: number; bytes: number }>((resolve) =>
    child.once('message', resolve as () => void),
  );
  child.send('count');
  return answer;
}

/** Nanoseconds of processor time that each thread of this process has had. */
function threadTimes(): Map<string, number> {
  return new Map(
    readdirSync('/proc/self/task').map((tid) => [
      tid,
      Number(readFileSync(`/proc/self/task/${tid}/schedstat`, 'utf8').split(' ', 1)[0]),
    ]),
  );
}

interface Window {
  readonly watched: boolean;
  readonly nsPerStep: number;
  readonly frames: number;
  /** Share of the window in which the serving thread was busy. */
  readonly servingBusy: number;
}

async function measureWatching(clients: number, windows: number, seconds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ngplus-watch-cost-'));
  const abort = new AbortController();
  // Steps trained so far, as the training thread last reported them.
  const trained = { step: 0 };
  const before = new Set(threadTimes().keys());
  const training = train({
    env: 'breakout',
    totalTimesteps: 1e9,
    evaluations: 1,
    folder,
    signal: abort.signal,
    progress: ({ step }) => (trained.step = step),
  }).catch(() => undefined);
  while (trained.step === 0) await waitMs(100);
  const trainer = busiestThread(before, await growth(3000));
  const viewer = await startViewer({ port: 0, maxClients: clients, matches: await runMatches(folder) });
  const child = forkClients(viewer.url, clients);
  await waitMs(2000 + 5 * clients);

  console.log(
    `breakout, PPO, one training thread (${trainer}); ${clients} clients, ${windows} windows of ${seconds} s each`,
  );
  const results: Window[] = [];
  for (let i = 0; i < 2 * windows; i++) {
    const watched = i % 2 === 1;
    child.send(watched ? 'watch' : 'leave');
    await waitMs(500);
    results.push(await measureWindow(watched, seconds));
  }
  report(results, clients);
  child.kill();
  await viewer.close();
  abort.abort();
  await training;
  rmSync(folder, { recursive: true });

  async function growth(ms: number): Promise<Map<string, number>> {
    const start = threadTimes();
    await waitMs(ms);
    return new Map([...threadTimes()].map(([tid, time]) => [tid, time - (start.get(tid) ?? 0)]));
  }

  /** From the end of one update to the end of another, so that whole updates are counted. */
  async function measureWindow(watched: boolean, seconds: number): Promise<Window> {
    const { frames } = await countOf(child);
    const busy = performance.eventLoopUtilization();
    const start = await atUpdate();
    await waitMs(seconds * 1000);
    const end = await atUpdate();
    return {
      watched,
      nsPerStep: (end.time - start.time) / (end.step - start.step),
      frames: (await countOf(child)).frames - frames,
      servingBusy: performance.eventLoopUtilization(busy).utilization,
    };
  }

  async function atUpdate(): Promise<{ step: number; time: number }> {
    const { step } = trained;
    while (trained.step === step) await waitMs(1);
    return { step: trained.step, time: threadTimes().get(trainer)! };
  }
}

/** Of the threads that are not in `before`, the one that worked most. */
function busiestThread(before: ReadonlySet<string>, growth: ReadonlyMap<string, number>): string {
  const fresh = [...growth].filter(([tid]) => !before.has(tid));
  return fresh.toSorted(([, a], [, b]) => b - a)[0][0];
}

function report(results: readonly Window[], clients: number): void {
  // Each watched window against the mean of the unwatched ones on its two sides: slow drifts cancel out.
  const costs = results.flatMap((window, i) => {
    const after = results[i + 1];
    return window.watched && after ? [window.nsPerStep / ((results[i - 1].nsPerStep + after.nsPerStep) / 2) - 1] : [];
  });
  for (const watched of [false, true]) {
    const windows = results.filter((window) => window.watched === watched);
    const steps = median(windows.map(({ nsPerStep }) => nsPerStep));
    const busy = median(windows.map(({ servingBusy }) => servingBusy));
    const frames = windows.reduce((sum, window) => sum + window.frames, 0);
    console.log(
      `${watched ? `${clients} watching` : 'nobody watching'}: ${steps.toFixed(0)} ns of training thread a step, ` +
        `serving thread ${percent(busy)} busy, ${frames} frames received`,
    );
  }
  const mean = costs.reduce((a, b) => a + b) / costs.length;
  const error = Math.sqrt(costs.reduce((sum, cost) => sum + (cost - mean) ** 2, 0) / (costs.length - 1) / costs.length);
  console.log(
    `cost of watching for the training thread: median ${percent(median(costs))}, mean ${percent(mean)} ± ${percent(error)} (standard error)`,
  );
  console.log(`by window: ${costs.map(percent).join(', ')}`);
}

/** A seaquest frame as in play: 40 of 1000 bits set. */
function seaquestFrame(): { frame: Frame; board: Board } {
  const cells = new Uint8Array(1000);
  for (let i = 0; i < 40; i++) cells[(i * 613) % 1000] = 1;
  const channels = Array.from({ length: 10 }, (_, i) => ({ name: `c${i}`, roles: ['self'] }));
  const frame: Frame = {
    frame: 1000,
    episode: 3,
    step: 400,
    trainingStep: 84_000,
    action: 2,
    reward: 0,
    episodeReturn: 12,
    terminated: false,
    truncated: false,
    value: 1.5,
    probabilities: [0.1, 0.1, 0.2, 0.2, 0.2, 0.2],
    picture: { kind: 'planes', cells },
  };
  return { frame, board: { kind: 'planes', height: 10, width: 10, channels } };
}

async function compareEncodings(frames: number): Promise<void> {
  const { frame, board } = seaquestFrame();
  const bytes = encodeFrameBytes(frame, board);
  console.log(`a frame of seaquest in play: ${bytes.length} bytes; ${frames} frames each`);
  for (const clients of [8, 100]) {
    const http = createServer();
    const server = new Server(http, { transports: ['websocket'], perMessageDeflate: false });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const child = forkClients(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, clients);
    server.on('connection', (socket) => void socket.join('m'));
    while (server.engine.clientsCount < clients) await waitMs(50);
    await waitMs(500);
    const payloads = { text: () => Buffer.from(bytes).toString('base64'), binary: () => Buffer.from(bytes) };
    const costs: Record<string, number[]> = { text: [], binary: [] };
    const sizes: Record<string, number> = {};
    for (let round = 0; round < 7; round++) {
      for (const [name, payload] of Object.entries(payloads)) {
        const before = await countOf(child);
        const start = process.cpuUsage();
        for (let i = 0; i < frames; i++) {
          server.to('m').emit('frame', 'm', payload());
          if (i % 10 === 9) await new Promise((resolve) => setImmediate(resolve));
        }
        while ((await countOf(child)).frames < before.frames + frames * clients) await waitMs(20);
        const { user, system } = process.cpuUsage(start);
        costs[name].push((user + system) / frames);
        sizes[name] = ((await countOf(child)).bytes - before.bytes) / frames / clients;
      }
    }
    for (const name of Object.keys(payloads)) {
      console.log(
        `${clients} clients, ${name}: ${median(costs[name]).toFixed(1)} µs a frame, ${sizes[name].toFixed(0)} bytes a client`,
      );
    }
    child.kill();
    await server.close();
  }
}
