import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { isOwnHost, isOwnOrigin } from './access.ts';
import { isLoopback, ownNames } from './lan.ts';
import { refuse } from './page-files.ts';
import { createToken, findToken, welcome } from './token.ts';

export interface EntranceOptions {
  /** The address listened on. */
  readonly host: string;
  /** Further origins by which browsers reach the server: `https://viewer.school.example`, those of a proxy. */
  readonly origins?: readonly string[];
  /** Asked of every request; by default a new one where others than this machine can reach the server. */
  readonly token?: string;
}

/** Decides who comes in. */
export interface Entrance {
  /** What every request has to carry, or null: only this machine can reach the server. */
  readonly token: string | null;
  /** Turns a request away or greets a first visit; true where it is to be served. */
  receive(request: IncomingMessage, response: ServerResponse): boolean;
  /** May this request open a WebSocket? */
  admits(request: IncomingMessage): boolean;
}

const NO_TOKEN =
  'This viewer opens by the address with its token: scan the QR code, or type the address as ngplus has printed it.';

export function createEntrance({ host, origins = [], token }: EntranceOptions): Entrance {
  const isPrivate = isLoopback(host) && origins.length === 0;
  const asked = token ?? (isPrivate ? null : createToken());
  const others = origins.map((origin) => new URL(origin));
  const hosts = others.map((url) => url.host);
  const isKnown = (request: IncomingMessage): boolean => isOwnHost(request, ownNames(host), hosts);
  const carried = (request: IncomingMessage) => (asked === null ? 'cookie' : findToken(request, asked));
  return {
    token: asked,
    receive(request, response) {
      if (!isKnown(request)) return turnAway(response, 'unknown host');
      const way = carried(request);
      if (way === null) return turnAway(response, NO_TOKEN);
      const isFirst = asked !== null && way === 'address' && request.url!.startsWith('/?');
      if (isFirst) welcome(request, response, asked);
      return !isFirst;
    },
    admits: (request) =>
      isKnown(request) &&
      isOwnOrigin(
        request,
        others.map((url) => url.origin),
      ) &&
      carried(request) !== null,
  };
}

function turnAway(response: ServerResponse, reason: string): false {
  refuse(response, 403, reason);
  return false;
}

/** Closes connections of an address beyond this many: nobody takes the places of all others. */
export function limitAddresses(http: Server, most: number): void {
  const open = new Map<string, number>();
  http.on('connection', (socket) => {
    const { remoteAddress = '' } = socket;
    const count = (open.get(remoteAddress) ?? 0) + 1;
    if (count > most) return void socket.destroy();
    open.set(remoteAddress, count);
    socket.once('close', () => {
      const left = open.get(remoteAddress)! - 1;
      if (left === 0) open.delete(remoteAddress);
      else open.set(remoteAddress, left);
    });
  });
}
