import { decodeEntry, type Decoded } from '../../layouts/index.js';
import { leftMsOf, type Stored, type StoredEntry } from './store.js';

const ROOT = { prefix: '/' };

/**
 * An entry of the store as the model shows it.
 *
 * @param nowMs wall clock, for the time left
 * @param layout `auto` for all
 */
export function decodeStored(stored: Stored, nowMs: number, layout: string): Decoded {
  if (stored.state === 'unreadable') {
    const { key, service, reason, sizeBytes, sha256 } = stored;
    return { state: 'undecoded', entry: { key, service, reason, sizeBytes, sha256, leaseId: null } };
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
  return {
    state: 'instance',
    instance: { ...decoded.instance, service, id, key, lease: toLease(stored, nowMs) },
  };
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
