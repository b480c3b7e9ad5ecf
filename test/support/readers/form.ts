/** Complaints that several layouts share. Each function returns a list, empty if all is well. */
import { isDeepStrictEqual } from 'node:util';
import { byteOrder, encodings, type Dialect } from './go-encode.js';
import { rawKeys } from './raw-json.js';
import type { ExpectedEndpoint, ExpectedForm, ReaderEntry } from './types.js';

export function same(what: string, actual: unknown, expected: unknown): string[] {
  if (isDeepStrictEqual(actual, expected)) return [];
  return [`${what} is ${JSON.stringify(actual)}, must be ${JSON.stringify(expected)}`];
}

/** As `same`, for what may have been left out of the expectation. */
export function sameIfGiven(what: string, actual: unknown, expected: unknown): string[] {
  return expected === undefined ? [] : same(what, actual, expected);
}

export function isTrue(fact: boolean, complaint: string): string[] {
  return fact ? [] : [complaint];
}

export function keyIs({ key }: ReaderEntry, expected: string): string[] {
  return same('key', key, expected);
}

/** A lease of etcd, in decimal; 0 stands for none. */
export function leased({ lease }: ReaderEntry): string[] {
  if (lease === null) return ['the key has no lease'];
  return isTrue(/^[1-9]\d*$/.test(lease), `lease is ${lease}, must be a decimal number above 0`);
}

/** The one endpoint of a layout that holds one. */
export function onlyEndpoint({ endpoints }: ExpectedForm): ExpectedEndpoint {
  const [first, ...others] = endpoints;
  if (first === undefined || others.length > 0)
    throw new RangeError('this layout holds exactly one endpoint');
  return first;
}

/** Exactly these fields in this order, which is that of the fields in the framework's struct. */
export function fieldsAre(what: string, raw: string, expected: readonly string[]): string[] {
  return same(`fields of ${what}`, rawKeys(raw), expected);
}

/** Whether `raw`, all of it, is what the encoder writes; says nothing about the order of members. */
export function dialectIs(what: string, raw: string, dialect: Dialect): string[] {
  const written = encodings(raw, dialect);
  return isTrue(written.includes(raw), `${what} is ${raw}, the encoder writes ${written[0] ?? ''}`);
}

/** A nil map is null; another one is sorted, if this encoder sorts, and names no key twice. */
export function mapIsWritten(what: string, raw: string, dialect: Dialect): string[] {
  if (raw === 'null') return [];
  const keys = rawKeys(raw);
  if (keys === undefined) return [`${what} is no map: ${raw}`];
  return [
    ...isTrue(keys.length > 0, `${what} is empty and not null`),
    ...isTrue(new Set(keys).size === keys.length, `${what} repeats a key`),
    ...(dialect.sortsMaps ? same(`order of ${what}`, keys, keys.toSorted(byteOrder)) : []),
  ];
}
