/** Addresses as Go's dialer takes them, less what it takes by courtesy: no empty host, no port by name. */
import { isIPv4, isIPv6 } from 'node:net';
import type { ExpectedEndpoint } from './types.js';

/** `net.JoinHostPort`: brackets around a host with a colon. The host alone if there is no port. */
export function joinHostPort({ host, port }: Pick<ExpectedEndpoint, 'host' | 'port'>): string {
  if (port === null) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** What some frameworks write instead, so that an IPv6 address runs into its port. */
export function joinBare({ host, port }: Pick<ExpectedEndpoint, 'host' | 'port'>): string {
  return port === null ? host : `${host}:${port}`;
}

export function isDialable(text: string): boolean {
  const match = /^(?:\[(?<six>[^\]]*)\]|(?<host>[^:]*)):(?<port>\d+)$/.exec(text);
  if (match?.groups === undefined) return false;
  const { six, host = '', port = '' } = match.groups;
  return isPort(port) && (six === undefined ? isHost(host) : isIPv6(six));
}

/** Also an IPv6 address without brackets, read up to its last colon. */
export function isDialableOrBare(text: string): boolean {
  const colon = text.lastIndexOf(':');
  return isDialable(text) || (isIPv6(text.slice(0, colon)) && isPort(text.slice(colon + 1)));
}

/** An IPv4 address or a host name. */
export function isHost(text: string): boolean {
  if (/^[\d.]+$/.test(text)) return isIPv4(text);
  return (
    text.length <= 253 &&
    /^[a-z\d_](?:[a-z\d_-]*[a-z\d_])?(?:\.[a-z\d_](?:[a-z\d_-]*[a-z\d_])?)*\.?$/i.test(text)
  );
}

export function isPort(text: string): boolean {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535;
}

export interface InstanceUrl {
  readonly scheme: string;
  readonly authority: string;
  /** Path, query and fragment, as written. */
  readonly rest: string;
}

/** undefined unless `text` is a URL with a dialable authority. */
export function parseUrl(text: string): InstanceUrl | undefined {
  const match = /^(?<scheme>[a-z][a-z\d+.-]*):\/\/(?<authority>[^/?#]+)(?<rest>(?:[/?#]\S*)?)$/.exec(text);
  if (match?.groups === undefined) return undefined;
  const { scheme = '', authority = '', rest = '' } = match.groups;
  return isDialable(authority) ? { scheme, authority, rest } : undefined;
}
