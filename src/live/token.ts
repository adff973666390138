import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** 128 bits of luck, as they stand in an address. */
export const createToken = (): string => randomBytes(16).toString('base64url');

/** Where a request carries the token: in its address, in its cookie, or nowhere. */
export function findToken(request: IncomingMessage, token: string): 'address' | 'cookie' | null {
  const query = new URLSearchParams((request.url ?? '').split('?')[1]);
  if (isToken(query.get('token'), token)) return 'address';
  return cookies(request, cookieName(request)).some((value) => isToken(value, token)) ? 'cookie' : null;
}

/**
 * Answers the first visit: leaves the token in a cookie that no script and no other site's request can use, and goes
 * on to the address without it. Not by a redirect: after one that began at a link of another site (a class's chat), a
 * strict cookie would not be sent.
 */
export function welcome(request: IncomingMessage, response: ServerResponse, token: string): void {
  response.writeHead(200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
    'Set-Cookie': `${cookieName(request)}=${token}; HttpOnly; SameSite=Strict; Path=/`,
  });
  response.end('<!doctype html><title>New Game+</title><meta http-equiv="refresh" content="0;url=/">');
}

/** Cookies are shared by all ports of a host. */
const cookieName = (request: IncomingMessage): string => `ngplus_${request.socket.localPort}`;

function cookies(request: IncomingMessage, name: string): string[] {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1));
}

/** Takes as long whatever is given, so that nobody learns a token piece by piece. */
const isToken = (given: string | null, token: string): boolean =>
  given !== null && timingSafeEqual(digest(given), digest(token));

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
