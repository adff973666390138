import type { IncomingMessage } from 'node:http';

/*
 * CORS does not protect WebSockets: any page a user visits may open one to this machine, and by DNS rebinding it may
 * even look like one of ours. So every request must name this server as its host, and every WebSocket of a page must
 * come from a page of this server.
 */

const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]'];

/** Is the `Host` header one of ours? Ports are free: a tunnel may lead here from another one. */
export function isOwnHost(request: IncomingMessage, boundHost: string): boolean {
  const host = request.headers.host?.toLowerCase();
  if (host === undefined) return false;
  const name = host.replace(/:\d+$/, '');
  return LOOPBACK_NAMES.includes(name) || name === boundHost.toLowerCase();
}

/** Does it come from a page of this server, or from no page at all (a script, which sends no `Origin`)? */
export function isOwnOrigin(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  return origin === undefined || origin.toLowerCase() === `http://${host?.toLowerCase()}`;
}

/** At most `rate` a second in the long run, `burst` at once. Returns a function that says whether one more may pass. */
export function rateLimit(rate: number, burst: number, now: () => number = () => performance.now()): () => boolean {
  let tokens = burst;
  let last = now();
  return () => {
    const time = now();
    tokens = Math.min(burst, tokens + ((time - last) / 1000) * rate);
    last = time;
    if (tokens < 1) return false;
    tokens--;
    return true;
  };
}
