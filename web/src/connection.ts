import { io, type Socket } from 'socket.io-client';
import {
  type Ask,
  BATCH_MS,
  type ClientEvents,
  type Hello,
  type MatchInfo,
  PROTOCOL,
  type ServerEvents,
  type ViewerStatus,
} from '../../src/live/protocol.ts';
import { createPlayOut } from './play-out.ts';

export type ConnectionState = 'connecting' | 'connected' | 'lost' | 'outdated';

export interface Listener {
  connection(state: ConnectionState): void;
  hello(hello: Hello): void;
  matches(matches: readonly MatchInfo[]): void;
  match(match: MatchInfo): void;
  status(status: ViewerStatus): void;
  frame(match: string, text: string): void;
}

export interface Connection {
  ask(ask: Ask): void;
  /** By which the server knows this page; undefined while there is no connection. */
  id(): string | undefined;
}

/** Connects to the server that this page came from; comes back by itself after a break. */
export function connect(listener: Listener): Connection {
  const socket: Socket<ServerEvents, ClientEvents> = io({
    transports: ['websocket'],
    reconnectionDelay: 500,
    reconnectionDelayMax: 3000,
  });
  listener.connection('connecting');
  const playOut = createPlayOut(listener.frame);
  let mayAsk = (_ask: Ask): boolean => true;
  socket.on('hello', (hello) => {
    const { protocol, readOnly } = hello;
    listener.hello(hello);
    // The style sheet hides what would not be heard.
    document.body.classList.toggle('read-only', readOnly);
    mayAsk = ({ ask }) => !readOnly || ask === 'watch' || ask === 'leave';
    listener.connection(protocol === PROTOCOL ? 'connected' : 'outdated');
    if (protocol !== PROTOCOL) socket.disconnect();
  });
  socket.on('matches', listener.matches);
  socket.on('match', listener.match);
  socket.on('status', listener.status);
  socket.on('frame', (match, text) => playOut(match, [text], [BATCH_MS]));
  socket.on('frames', playOut);
  socket.on('disconnect', (reason) => reason !== 'io client disconnect' && listener.connection('lost'));
  return {
    ask: (ask) => socket.connected && mayAsk(ask) && socket.emit('ask', ask),
    id: () => socket.id,
  };
}
