import { parseEndpoint, type Endpoint } from '../model/endpoint.js';

const PLAIN_HOST_PORT = /^([A-Za-z0-9._-]+):([1-9]\d{0,4})$/;

/** `host:port` alone: no scheme, a port that can be one, IPv6 in brackets. null for anything else. */
export function hostPort(text: string): Endpoint | null {
  // Nearly all are of this form.
  const [, host, digits] = PLAIN_HOST_PORT.exec(text) ?? [];
  const port = Number(digits);
  if (host !== undefined && port <= 65_535) return { protocol: null, address: host, port };
  if (text.includes('://')) return null;
  const endpoint = parseEndpoint(text);
  return endpoint?.port == null || endpoint.address === '' ? null : endpoint;
}

/** Splits at the last colon, also where an IPv6 address lacks its brackets; null unless a port follows. */
export function hostPortAtLastColon(text: string): Endpoint | null {
  const good = hostPort(text);
  if (good !== null) return good;
  const cut = text.lastIndexOf(':');
  const address = text.slice(0, Math.max(0, cut));
  if (!address.includes(':') || /[[\]]/.test(address)) return null;
  return hostPort(`[${address}]${text.slice(cut)}`);
}

const URL_FORM = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(?:[^/?#@\s]*@)?([^/?#\s]+)([^]*)$/;

/** A URL taken apart. */
export interface UrlParts {
  readonly endpoint: Endpoint;
  /** What stands behind the address: path and query, or nothing. */
  readonly rest: string;
}

/** As `parseUrl`, also with spaces behind the address: a URL that has been unescaped as a whole. */
export function parseUnescapedUrl(text: string): UrlParts | null {
  const parts = URL_FORM.exec(text);
  if (parts === null) return null;
  const [, scheme = '', authority = '', rest = ''] = parts;
  const place = hostPortAtLastColon(authority) ?? parseEndpoint(authority);
  if (place === null) return null;
  return { endpoint: { ...place, protocol: scheme.toLowerCase() }, rest };
}

/** Reads `scheme://[user@]host[:port][/path][?query]`; the user is left out. null for what is no URL with a host. */
export function parseUrl(text: string): UrlParts | null {
  return /\s/.test(text) ? null : parseUnescapedUrl(text);
}

/** Reads an address that a framework wrote into a field of its own: with or without a port, else as it stands. */
export function looseAddress(text: string): Endpoint | null {
  if (text === '') return null;
  return hostPortAtLastColon(text) ?? parseUrlless(text) ?? { protocol: null, address: text, port: null };
}

function parseUrlless(text: string): Endpoint | null {
  return text.includes('://') ? null : parseEndpoint(text);
}

/** A port number as JSON has it; null for what is none. */
export function portOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535 ? value : null;
}

/** A host as JSON has it, IPv6 without brackets; null for what is none. */
export function hostOf(value: unknown): string | null {
  if (typeof value !== 'string' || value === '') return null;
  return /^\[[^[\]]+\]$/.test(value) ? value.slice(1, -1) : value;
}
