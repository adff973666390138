import { io, type Socket } from 'socket.io-client';
import {
  type Ask,
  BATCH_MS,
  type ClientEvents,
  type MatchInfo,
  PROTOCOL,
  type ServerEvents,
  type ViewerStatus,
} from '../../src/live/protocol.ts';

export type ConnectionState = 'connecting' | 'connected' | 'lost' | 'outdated';

export interface Listener {
  connection(state: ConnectionState): void;
  title(title: string): void;
  matches(matches: readonly MatchInfo[]): void;
  match(match: MatchInfo): void;
  status(status: ViewerStatus): void;
  frame(match: string, text: string): void;
}

export interface Connection {
  ask(ask: Ask): void;
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
  socket.on('hello', ({ protocol, title, readOnly }) => {
    listener.title(title);
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
  return { ask: (ask) => socket.connected && mayAsk(ask) && socket.emit('ask', ask) };
}

/**
 * Shows the frames of batches in their own time, each as long after it was played as a batch may wait. What is still to
 * be shown when the next one comes is shown at once, so that order is kept however late one was.
 */
function createPlayOut(show: (match: string, text: string) => void) {
  const waiting = new Map<string, { readonly text: string; readonly timer: number }[]>();
  const showNext = (match: string): void => show(match, waiting.get(match)!.shift()!.text);
  return (match: string, texts: readonly string[], ages: readonly number[]): void => {
    for (const { text, timer } of waiting.get(match) ?? []) {
      clearTimeout(timer);
      show(match, text);
    }
    waiting.set(match, []);
    texts.forEach((text, i) => {
      const delayMs = BATCH_MS - ages[i];
      if (delayMs <= 0) return show(match, text);
      waiting.get(match)!.push({ text, timer: window.setTimeout(showNext, delayMs, match) });
    });
  };
}
