/** The part of a lookup that all clients share: reading a range of keys and giving an answer. */
import { byteOrder } from './go-encode.js';
import type { Failed, Found, FoundInstance, ReaderEntry, SkippedEntry } from './types.js';

/** As etcd answers: by the bytes of the prefix alone, wherever a segment ends, and in the order of keys. */
export function underPrefix(entries: readonly ReaderEntry[], prefix: string): readonly ReaderEntry[] {
  return entries.filter(({ key }) => key.startsWith(prefix)).toSorted((a, b) => byteOrder(a.key, b.key));
}

export function lastSegment(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

/** `<root>/<service>`; without a root there is no leading slash. */
export function targetOf({ root, service }: { readonly root?: string; readonly service: string }): string {
  return root === undefined ? service : `${root}/${service}`;
}

export function found(instances: readonly FoundInstance[], skipped: readonly SkippedEntry[] = []): Found {
  return { outcome: 'found', instances, skipped };
}

export function failed(how: Failed['how'], { key }: ReaderEntry, reason: string): Failed {
  return { outcome: 'failed', how, key, reason };
}

/** A weight kept as text; null unless it is a whole number. */
export function weightOf(text: string | undefined): number | null {
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : null;
}
