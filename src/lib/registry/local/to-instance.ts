import { createHash } from 'node:crypto';
import { decodeEntry, type Decoded } from '../../layouts/index.js';
import type { UndecodedEntry } from '../../model/instance.js';
import { leftMsOf, type Stored, type StoredEntry } from './store.js';

const ROOT = { prefix: '/' };

/** An entry as read: nothing in the store is a key that frameworks keep beside their instances. */
export type StoredDecoded = Exclude<Decoded, { state: 'skipped' } | { state: 'other' }>;

/**
 * An entry of the store as the model shows it.
 *
 * @param nowMs wall clock, for the time left
 * @param layout `auto` for all
 */
export function decodeStored(stored: Stored, nowMs: number, layout: string): StoredDecoded {
  if (stored.state === 'unreadable') {
    const { key, service, reason, sizeBytes, sha256 } = stored;
    return undecoded({ key, service, reason, sizeBytes, sha256 });
  }
  const { service, id, key, lease, revision } = stored;
  // The layouts read names from a key in which "/" separates; here names may hold anything, so they are put back.
  const raw = {
    key: Buffer.from('/service/id'),
    value: Buffer.from(stored.value),
    leaseId: lease?.id ?? null,
    revision,
  };
  const decoded = decodeEntry(raw, ROOT, layout);
  if (decoded.state === 'undecoded') return { ...decoded, entry: { ...decoded.entry, key, service } };
  if (decoded.state !== 'instance') {
    const sha256 = createHash('sha256').update(raw.value).digest('hex');
    const reason = 'no layout knows this value';
    return undecoded({ key, service, reason, sizeBytes: raw.value.length, sha256 });
  }
  return {
    state: 'instance',
    instance: { ...decoded.instance, service, id, key, root: null, lease: toLease(stored, nowMs) },
  };
}

function undecoded(entry: Omit<UndecodedEntry, 'isBinaryKey' | 'leaseId'>): StoredDecoded {
  return { state: 'undecoded', entry: { ...entry, isBinaryKey: false, leaseId: null } };
}

function toLease(
  { lease }: StoredEntry,
  nowMs: number,
): { id: string; ttlSeconds: number; leftSeconds: number } | null {
  if (lease === null) return null;
  return {
    id: lease.id,
    ttlSeconds: lease.ttlMs / 1_000,
    leftSeconds: leftMsOf(lease, nowMs) / 1_000,
  };
}
