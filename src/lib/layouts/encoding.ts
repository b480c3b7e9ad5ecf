import { formatHostPort, type Endpoint } from '../model/endpoint.js';
import type { RegistrationSpec } from '../registry/types.js';
import type { EncodeResult } from './types.js';

/** Parts of a registration that not every layout can hold. */
export type Part = 'endpoints' | 'metadata' | 'tags' | 'version' | 'weight' | 'zone';

/**
 * What a layout would have to drop; null when it holds everything.
 *
 * @param holds what it can hold; `metadata` also takes a version, a weight and a zone that have no field of their own
 */
export function unheld(layout: string, spec: RegistrationSpec, holds: readonly Part[]): EncodeResult | null {
  const free = holds.includes('metadata');
  const given: Readonly<Record<Part, boolean>> = {
    endpoints: spec.endpoints.length > 1,
    metadata: Object.keys(spec.metadata).some((key) => key !== 'version' && key !== 'zone'),
    tags: spec.tags.length > 0,
    version: spec.version !== null && !free,
    weight: spec.weight !== null && !free,
    zone: spec.zone !== null && !free,
  };
  const words: Readonly<Record<Part, readonly [what: string, flag: string]>> = {
    endpoints: ['one endpoint only', '--endpoint'],
    metadata: ['no metadata', '--meta'],
    tags: ['no tags', '--tag'],
    version: ['no version', '--meta version'],
    weight: ['no weight', '--weight'],
    zone: ['no zone', '--zone'],
  };
  for (const [part, [what, flag]] of Object.entries(words) as [Part, readonly [string, string]][]) {
    if (!given[part] || holds.includes(part)) continue;
    const hint = part === 'endpoints' ? 'name one --endpoint' : `leave out ${flag}`;
    return refused(`${layout} keeps ${what} of an instance`, hint);
  }
  return null;
}

/** What cannot be written, why and what to do instead. */
export function refused(why: string, hint: string): EncodeResult {
  return { ok: false, why, hint };
}

/** The first endpoint, if callers can dial it. */
export function mainEndpoint(spec: RegistrationSpec): Endpoint | null {
  const [first] = spec.endpoints;
  return first?.port == null ? null : first;
}

/** What every writer answers without an address. */
export const noAddress = refused('there is no endpoint with a port', '--endpoint 10.0.4.17:8080');

/** `host:port`, IPv6 in brackets. */
export function addressText(endpoint: Endpoint): string {
  return formatHostPort(endpoint);
}

/** The id of layouts whose id is the address of the instance. */
export function addressId(spec: RegistrationSpec): string | null {
  const endpoint = mainEndpoint(spec);
  return endpoint === null ? null : addressText(endpoint);
}

/**
 * The metadata to write: the user's pairs, and what has no field of its own.
 *
 * @param fields what the layout keeps elsewhere
 */
export function metadataToWrite(
  spec: RegistrationSpec,
  fields: readonly ('version' | 'weight' | 'zone')[],
): [key: string, value: string][] {
  const { version, weight, zone } = spec;
  const own = { version, weight: weight === null ? null : String(weight), zone };
  const pairs = Object.entries(spec.metadata).filter(
    ([key]) => !((key === 'version' || key === 'zone') && own[key] !== null),
  );
  for (const key of ['version', 'weight', 'zone'] as const) {
    const value = own[key];
    if (value !== null && !fields.includes(key)) pairs.push([key, value]);
  }
  return pairs;
}

/** Pairs in the order of Go's maps when they are printed: by the bytes of their keys. */
export function sortedByKey<T>(pairs: readonly (readonly [string, T])[]): Readonly<Record<string, T>> {
  const sorted = [...pairs].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return Object.fromEntries(sorted);
}

/** JSON as Go's encoder writes it: `<`, `>`, `&` and the two line separators as escapes. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Text as Go escapes it in a query: a space is `+`, and only letters, digits and `-_.~` stay as they are. */
export function goQueryEscape(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

/** The reverse of a query escape; null for broken escapes. */
export function queryUnescape(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}

/** Whether a name can be one segment of a key. */
export function isOneSegment(name: string): boolean {
  return name !== '' && !name.includes('/');
}
