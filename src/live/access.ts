import type { IncomingMessage } from 'node:http';

/*
 * CORS does not protect WebSockets: any page a user visits may open one to this machine, and by DNS rebinding it may
 * even look like one of ours. So every request must name this server as its host, and every WebSocket of a page must
 * come from a page of this server. Nor does CORS keep other pages from asking, only from reading the answer: what takes
 * long to answer is not begun for them.
 */

/**
 * Is the `Host` header one of these names, whatever its port (a tunnel may lead here from another one), or one of these
 * hosts as they stand?
 */
export function isOwnHost(request: IncomingMessage, names: readonly string[], hosts: readonly string[] = []): boolean {
  const host = request.headers.host?.toLowerCase();
  if (host === undefined) return false;
  return names.includes(host.replace(/:\d+$/, '')) || hosts.includes(host);
}

/** Does it come from a page of this server, by any of its origins, or from no page at all (a script has no `Origin`)? */
export function isOwnOrigin(request: IncomingMessage, origins: readonly string[]): boolean {
  const { host } = request.headers;
  const origin = request.headers.origin?.toLowerCase();
  return origin === undefined || origin === `http://${host?.toLowerCase()}` || origins.includes(origin);
}

/** Does the browser say that another site's page asks, or that of another port? A script says nothing. */
export function isOfOtherPage(request: IncomingMessage): boolean {
  return ['cross-site', 'same-site'].includes(String(request.headers['sec-fetch-site']));
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
