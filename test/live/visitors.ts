import { request } from 'node:http';
import { connect as connectTcp, type Socket as TcpSocket } from 'node:net';
import { io, type Socket } from 'socket.io-client';
import type { PolicySource } from '../../src/live/match-source.ts';
import {
  type Ask,
  type ClientEvents,
  decodeFrame,
  type Frame,
  type Hello,
  type MatchInfo,
  type ServerEvents,
  type ViewerStatus,
} from '../../src/live/protocol.ts';
import { startViewer, type Viewer, type ViewerOptions } from '../../src/live/server.ts';
import { freshPolicy } from './fresh-policy.ts';

const viewers: Viewer[] = [];
const sockets: { close(): void }[] = [];

/** Closes all that these functions have opened: after each test. */
export async function leaveAll(): Promise<void> {
  sockets.splice(0).forEach((socket) => socket.close());
  await Promise.all(viewers.splice(0).map((viewer) => viewer.close()));
}

export async function startAt(options: ViewerOptions): Promise<Viewer> {
  const viewer = await startViewer({ port: 0, ...options });
  viewers.push(viewer);
  return viewer;
}

/** An untrained policy that plays. */
export const policy = (id: string, env = 'breakout'): PolicySource => ({
  id,
  label: `${env} ${id}`,
  latest: async (after) => (after < 100 ? { step: 100, bytes: freshPolicy(env, 100) } : null),
});

export interface Client {
  socket: Socket<ServerEvents, ClientEvents>;
  matches: Map<string, MatchInfo>;
  frames: Frame[];
  /** The frames that came in batches, with their ages. */
  batches: { texts: readonly string[]; ages: readonly number[]; at: number }[];
  hello: Hello | null;
  statuses: ViewerStatus[];
  ask(ask: Ask): void;
}

/** A page's side of a viewer. */
export function visit(viewer: Viewer, headers: Record<string, string> = {}, url = viewer.url): Client {
  const socket: Client['socket'] = io(url, {
    transports: ['websocket'],
    reconnection: false,
    extraHeaders: headers,
  });
  sockets.push(socket);
  const client: Client = {
    socket,
    matches: new Map(),
    frames: [],
    batches: [],
    hello: null,
    statuses: [],
    ask: (ask) => socket.emit('ask', ask),
  };
  socket.on('hello', (hello) => (client.hello = hello));
  socket.on('frames', (_id, texts, ages) => client.batches.push({ texts, ages, at: performance.now() }));
  socket.on('matches', (list) => {
    client.matches = new Map(list.map((info) => [info.id, info]));
  });
  socket.on('match', (info) => client.matches.set(info.id, info));
  socket.on('status', (status) => client.statuses.push(status));
  socket.on('frame', (id, text) => client.frames.push(decodeFrame(text, client.matches.get(id)!.stage!.board)));
  return client;
}

/** Does the server let this client in? */
export function isLetIn({ socket }: Client): Promise<boolean> {
  return new Promise((resolve) => {
    socket.on('hello', () => resolve(true)).on('connect_error', () => resolve(false));
  });
}

export const waitMs = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function until(condition: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + 40_000; !condition(); await waitMs(5)) {
    if (performance.now() > end) throw new Error(`never: ${what}`);
  }
}

/** Waits until the server has heard all that this client has asked, and what it sent before has come. */
export const isHeard = ({ socket }: Client): Promise<void> =>
  // A namespace that there is not is refused in turn.
  new Promise((resolve) => socket.io.socket('/nowhere').once('connect_error', () => resolve()));

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** A request with its path as it is, and these headers. */
export const get = (
  viewer: Viewer,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request(
      { port: viewer.port, host: new URL(viewer.url).hostname, path, headers, method },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (body += part));
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
      },
    );
    sent.on('error', reject).end();
  });

/** A client on a bare TCP socket, which can stop reading; counts the frames that have come. */
export async function rawClient(port: number, match: string): Promise<{ tcp: TcpSocket; frames(): number }> {
  const tcp = connectTcp(port, '127.0.0.1');
  sockets.push({ close: () => tcp.destroy() });
  let received = 0;
  let tail = '';
  tcp.setEncoding('latin1').on('data', (text: string) => {
    const searched = tail + text;
    received += searched.split('42["frame"').length - 1;
    tail = searched.slice(-9);
    if (text.includes('"sid"') && text.includes('pingInterval')) tcp.write(textFrame('40'));
    if (text.includes('40{"sid"')) tcp.write(textFrame(`42${JSON.stringify(['ask', { ask: 'watch', match }])}`));
  });
  tcp.write(
    `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\n` +
      'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  return { tcp, frames: () => received };
}

/** A WebSocket text frame of a client, masked with zeros (RFC 6455, 5.2). */
export function textFrame(text: string): Buffer {
  const { length } = text;
  const size = length < 126 ? [0x80 | length] : [0xfe, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([0x81, ...size, 0, 0, 0, 0]), Buffer.from(text, 'latin1')]);
}
