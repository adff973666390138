import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Server, Socket } from 'socket.io';
import { UserError } from '../core/errors.ts';
import { rateLimit } from './access.ts';
import { serveApi } from './api/index.ts';
import { createBroadcast, cutOffStuck } from './batching.ts';
import { createDuels } from './duels.ts';
import { createEntrance, limitAddresses } from './entrance.ts';
import { Exhibition } from './exhibition.ts';
import { isLoopback, reachableHost } from './lan.ts';
import type { Library } from './library.ts';
import type { ExhibitionOptions, Match } from './match.ts';
import type { MatchFeed, MatchSource } from './match-source.ts';
import { readAsk } from './messages.ts';
import { listFiles, PAGE_FOLDER, refuse, serveFile } from './page-files.ts';
import {
  type Ask,
  type ClientEvents,
  type MatchInfo,
  PROTOCOL,
  type ServerEvents,
  type ViewerStatus,
} from './protocol.ts';

export interface ViewerOptions {
  /** The first port tried; a taken one moves to the next. 0 takes any free one. */
  readonly port?: number;
  /** The address to listen on. */
  readonly host?: string;
  /** Further origins by which browsers reach it, those of a proxy. */
  readonly origins?: readonly string[];
  /** What who comes has to know; by default a new one where others than this machine can reach the server. */
  readonly token?: string;
  /** May who watches pause, change the speed and press keys? By default where no token is needed. */
  readonly control?: boolean;
  readonly title?: string;
  /** What to show: a list, or a feed that is asked every two seconds while somebody looks. */
  readonly matches?: readonly MatchSource[] | MatchFeed;
  readonly status?: ViewerStatus;
  /** What the page can look up and replay. */
  readonly library?: Library;
  /** The page's view that is shown first, maybe with what it shows: `play?id=…&seed=…`. */
  readonly home?: string;
  /** The folder of the built page. */
  readonly root?: string;
  /** Seed of the exhibitions' luck. */
  readonly seed?: number;
  /** Steps a second of every match at speed 1. */
  readonly stepsPerSecond?: number;
  /** Connections beyond this many are refused. */
  readonly maxClients?: number;
  /** Connections of one address beyond this many are closed. */
  readonly connectionsPerAddress?: number;
}

export interface Viewer {
  /** With the token, where one is needed. */
  readonly url: string;
  readonly needsToken: boolean;
  readonly port: number;
  addMatch(source: MatchSource): void;
  removeMatch(id: string): void;
  setStatus(status: ViewerStatus): void;
  /** Serves this HTML file as `/report` and tells the page. */
  setReport(file: string): void;
  close(): Promise<void>;
}

/** GAME on a phone's keys. */
const DEFAULT_PORT = 4263;
const PORTS_TRIED = 50;
/** On this machine alone, and where others come. */
const MAX_CLIENTS = 256;
const MAX_GUESTS = 2000;
/** A phone's page holds one connection open, and for a moment six more. */
const CONNECTIONS_PER_ADDRESS = 64;
const FEED_MS = 2000;
const STATUS_MS = 250;
/** Key presses of a human come by the dozen; nobody asks for more than this. */
const ASKS_PER_SECOND = 40;
const ASKS_AT_ONCE = 80;
/** A client that goes on for this many asks above the limit, or that sends this many it must not, is cut off. */
const PATIENCE = 100;

type LiveServer = Server<ClientEvents, ServerEvents>;
type LiveSocket = Socket<ClientEvents, ServerEvents>;

/** Serves the page and its matches. @throws UserError where no port is free, or nobody could reach the host */
export async function startViewer(options: ViewerOptions = {}): Promise<Viewer> {
  const { host = '127.0.0.1', title = 'New Game+', seed = 0 } = options;
  const entrance = createEntrance({ host, origins: options.origins, token: options.token });
  const urlHost = reachableHost(host);
  const { control = entrance.token === null } = options;
  const { maxClients = entrance.token === null ? MAX_CLIENTS : MAX_GUESTS } = options;
  const folder = options.root ?? PAGE_FOLDER;
  let files = await listFiles(folder);
  const matches = new Map<string, Match>();
  let status: ViewerStatus = options.status ?? { caption: title };
  let report: string | undefined;

  const http = createServer((request, response) => {
    if (entrance.receive(request, response)) serve(request, response).catch((error) => giveUp(response, error));
  });
  // What comes from this machine may all come by one proxy.
  limitAddresses(http, options.connectionsPerAddress ?? (isLoopback(host) ? Infinity : CONNECTIONS_PER_ADDRESS));
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // The page may have been built anew since.
    if (request.url === '/') files = await listFiles(folder);
    if (options.library && (await serveApi(request, response, options.library))) return;
    await serveFile(request, response, files, report);
  }
  function giveUp(response: ServerResponse, error: unknown): void {
    warn(error);
    if (response.headersSent) response.destroy();
    else refuse(response, 500, 'this could not be answered');
  }
  let warned = '';
  /** Says in a line what went wrong and must not end the process; not again while it is the same. */
  function warn(error: unknown): void {
    const line = `ngplus viewer: ${String(error).replace(/\s*\n\s*/g, ' ')}`;
    if (line !== warned) console.warn(line);
    warned = line;
  }
  // Only who serves pages should wait for it to load.
  const { Server: SocketServer } = await import('socket.io');
  const io: LiveServer = new SocketServer(http, {
    serveClient: false,
    transports: ['websocket'],
    perMessageDeflate: false,
    maxHttpBufferSize: 32_768,
    pingInterval: 10_000,
    pingTimeout: 10_000,
    allowRequest: (request, answer) => {
      answer(null, entrance.admits(request) && io.engine.clientsCount < maxClients);
    },
  });

  const broadcast = createBroadcast(io);
  const list = () => [...matches.values()].map((exhibition) => exhibition.info());
  const countWatchers = (id: string) => matches.get(id)?.setWatchers(io.sockets.adapter.rooms.get(id)?.size ?? 0);

  function add(source: MatchSource): void {
    if (matches.has(source.id)) throw new Error(`a match "${source.id}" is there already`);
    const told: ExhibitionOptions = {
      seed,
      stepsPerSecond: options.stepsPerSecond,
      onFrame: (text, stands) => broadcast.frame(source.id, text, stands),
      // One that changes while it is made is told of when it is in the list.
      onChange: () => {
        const info = matches.get(source.id)?.info();
        if (info !== undefined) io.emit('match', info);
      },
    };
    matches.set(source.id, 'open' in source ? source.open(told) : new Exhibition(source, told));
  }

  function remove(id: string): void {
    matches.get(id)?.close();
    matches.delete(id);
    broadcast.forget(id);
    io.socketsLeave(id);
  }

  io.on('connection', (socket) => {
    guard(socket, (ask) => mayObey(ask.ask) && obey(ask, socket));
    const { library, home = 'live' } = options;
    socket.emit('hello', { protocol: PROTOCOL, title, readOnly: !control, hasLibrary: library !== undefined, home });
    socket.emit('status', status);
    socket.emit('matches', list());
    socket.on('disconnect', () => duels.end(socket.id));
    refresh().catch(warn);
  });
  io.sockets.adapter.on('join-room', countWatchers);
  io.sockets.adapter.on('leave-room', (id: string, client: string) => {
    countWatchers(id);
    // Who no longer watches plays no longer.
    matches.get(id)?.handBack(client);
  });

  const duels = createDuels(options.library, { stepsPerSecond: options.stepsPerSecond });

  const mayChange = rateLimit(ASKS_PER_SECOND, ASKS_AT_ONCE);
  /** What changes a match is told to everybody: all clients together may ask for it no faster than one. */
  function mayObey(ask: Ask['ask']): boolean {
    if (ask === 'watch' || ask === 'leave') return true;
    return control && (ask === 'press' || mayChange());
  }

  function obey(ask: Ask, socket: LiveSocket): void {
    const page = {
      id: socket.id,
      tellMatch: (info: MatchInfo) => socket.emit('match', info),
      tellFrame: (match: string, text: string) => socket.emit('frame', match, text),
    };
    if (duels.obey(ask, page)) return;
    const exhibition = matches.get(ask.match);
    if (exhibition === undefined) return;
    switch (ask.ask) {
      case 'watch': {
        const last = exhibition.lastFrame();
        // Where a batch is on its way, it would bring what was before.
        if (last !== null && !broadcast.isPending(ask.match)) socket.emit('frame', ask.match, last);
        void socket.join(ask.match);
        return;
      }
      case 'leave':
        void socket.leave(ask.match);
        return;
      case 'next':
        return exhibition.next();
      case 'pause':
        return exhibition.setPaused(ask.paused);
      case 'speed':
        return exhibition.setSpeed(ask.speed);
      case 'press':
        return exhibition.press(ask.action, socket.id);
      case 'take':
        return void (socket.rooms.has(ask.match) && exhibition.take(socket.id));
      case 'hand-back':
        return exhibition.handBack(socket.id);
    }
  }

  let statusTimer: NodeJS.Timeout | undefined;
  /** Progress may come a hundred times a second; pages are told four times. */
  function tellStatus(): void {
    statusTimer ??= setTimeout(() => {
      statusTimer = undefined;
      io.emit('status', status);
    }, STATUS_MS);
  }

  const feed = isFeed(options.matches) ? options.matches : null;
  let refreshing: Promise<void> | null = null;
  /** Takes in what the feed has now. */
  function refresh(): Promise<void> {
    refreshing ??= readFeed().finally(() => (refreshing = null));
    return refreshing;
  }
  async function readFeed(): Promise<void> {
    if (feed === null) return;
    const sources = await feed.list();
    const gone = [...matches.keys()].filter((id) => !sources.some((source) => source.id === id));
    const fresh = sources.filter((source) => !matches.has(source.id));
    gone.forEach(remove);
    fresh.forEach(add);
    if (gone.length + fresh.length > 0) io.emit('matches', list());
    const told = { ...status, ...(await feed.status?.()) };
    if (JSON.stringify(told) === JSON.stringify(status)) return;
    status = told;
    tellStatus();
  }
  const feedTimer = setInterval(() => {
    cutOffStuck(io);
    if (io.engine.clientsCount > 0 || feed?.isWanted?.()) refresh().catch(warn);
  }, FEED_MS);
  feedTimer.unref();

  if (!isFeed(options.matches)) options.matches?.forEach(add);
  await refresh();
  const port = await listen(http, host, options.port ?? DEFAULT_PORT);

  return {
    port,
    url: `http://${urlHost}:${port}/${entrance.token === null ? '' : `?token=${entrance.token}`}`,
    needsToken: entrance.token !== null,
    addMatch(source) {
      add(source);
      io.emit('matches', list());
    },
    removeMatch(id) {
      remove(id);
      io.emit('matches', list());
    },
    setStatus(next) {
      status = report === undefined ? next : { ...next, report: '/report' };
      tellStatus();
    },
    setReport(file) {
      report = file;
      status = { ...status, report: '/report' };
      tellStatus();
    },
    async close() {
      clearInterval(feedTimer);
      clearTimeout(statusTimer);
      duels.close();
      [...matches.keys()].forEach(remove);
      await io.close();
    },
  };
}

const isFeed = (matches: ViewerOptions['matches']): matches is MatchFeed => matches !== undefined && 'list' in matches;

/** Hands on what a client may ask, no faster than it may; cuts off who keeps sending anything else. */
function guard(socket: LiveSocket, obey: (ask: Ask) => void): void {
  const mayAsk = rateLimit(ASKS_PER_SECOND, ASKS_AT_ONCE);
  let strikes = 0;
  socket.use(([event, ...args]) => {
    const ask = mayAsk() ? readAsk(event, args) : null;
    if (ask !== null) obey(ask);
    else if (++strikes >= PATIENCE) socket.disconnect(true);
  });
}

/** Listens on the first free port from `first` on. */
async function listen(http: HttpServer, host: string, first: number): Promise<number> {
  const last = first === 0 ? 0 : Math.min(65_535, first + PORTS_TRIED - 1);
  for (let port = first; port <= last; port++) {
    if (await tryListen(http, host, port)) return (http.address() as AddressInfo).port;
  }
  throw new UserError(`no free port from ${first} to ${last} on ${host}; give another one with --port`);
}

function tryListen(http: HttpServer, host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      http.off('listening', onListening);
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(new UserError(`can't listen on ${host}: ${error.message}`));
    };
    const onListening = (): void => {
      http.off('error', onError);
      resolve(true);
    };
    http.once('error', onError).once('listening', onListening).listen(port, host);
  });
}
