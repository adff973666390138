import { hostname, networkInterfaces } from 'node:os';
import { UserError } from '../core/errors.ts';

/** Every address of this machine: what a viewer for phones and classes listens on. */
export const EVERY_ADDRESS = '0.0.0.0';

type Interfaces = ReturnType<typeof networkInterfaces>;

/** Can only programs of this machine reach a server that listens on this host? */
export const isLoopback = (host: string): boolean =>
  host.toLowerCase() === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

/** The first IPv4 address by which others reach this machine. @throws UserError where it has none */
export function lanAddress(interfaces: Interfaces = networkInterfaces()): string {
  const found = addresses(interfaces).find(({ family, internal }) => family === 'IPv4' && !internal);
  if (found === undefined) throw new UserError('this machine is in no network: nobody else could reach the viewer');
  return found.address;
}

/** What the URLs of a server that listens on `host` name. @throws UserError where nobody could reach it */
export function reachableHost(host: string): string {
  const address = isEveryAddress(host) ? lanAddress() : host;
  return bracketed(address);
}

/**
 * The names by which requests may call a server that listens on `host`, without ports: those of this machine, and none
 * that anybody else could bend to it.
 */
export function ownNames(host: string, interfaces: Interfaces = networkInterfaces()): readonly string[] {
  const names = isEveryAddress(host)
    ? [...addresses(interfaces).map(({ address }) => address), hostname(), `${hostname()}.local`]
    : [host];
  return ['127.0.0.1', 'localhost', '::1', ...names].map((name) => bracketed(name.toLowerCase()));
}

const isEveryAddress = (host: string): boolean => host === EVERY_ADDRESS || host === '::';

const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address);

const addresses = (interfaces: Interfaces) => Object.values(interfaces).flatMap((list) => list ?? []);
