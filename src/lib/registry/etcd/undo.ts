import { SdctlError } from '../../errors.js';
import type { Instance } from '../../model/instance.js';
import type { Restored, SavedEntry } from '../../model/removal.js';
import { limitsLeft, type CallLimits } from './calls.js';
import type { DeregisterDeps } from './deregister.js';
import { EntryWriter } from './entry-writer.js';
import { toHexLease } from './ids.js';
import { timeToLive } from './leases.js';
import { OwnLease } from './own-lease.js';

/** TTL of an entry whose lease was gone before anybody could ask for its own. */
const UNKNOWN_TTL_SECONDS = 60;
const ABSENT = '0';

/** The key with its value and the TTL of its lease; null when it is not the one that was seen any more. */
export async function saveEntry(
  { calls, clock }: DeregisterDeps,
  instance: Instance,
  limits: CallLimits,
): Promise<SavedEntry | null> {
  const left = limitsLeft(clock, limits);
  const found = await new EntryWriter(calls, instance.key ?? '').read(left());
  if (found?.mod_revision !== instance.revision) return null;
  const leaseId = toHexLease(found.lease);
  const lease = leaseId === null ? null : await timeToLive(calls, leaseId, left());
  return {
    backend: 'etcd',
    service: instance.service,
    id: instance.id,
    keyBase64: found.key.toString('base64'),
    valueBase64: found.value.toString('base64'),
    leaseId,
    grantedSeconds: lease?.grantedSeconds ?? null,
  };
}

/**
 * Writes a key where none is. One that had a lease gets a new one of the same TTL, which nobody renews.
 *
 * @throws {SdctlError} E_USAGE for an entry of another kind of registry
 */
export async function restoreEntry(
  { calls, clock }: DeregisterDeps,
  entry: SavedEntry,
  limits: CallLimits,
): Promise<Restored> {
  if (entry.backend !== 'etcd')
    throw new SdctlError('E_USAGE', `this entry is of ${entry.backend}, not of etcd`);
  const left = limitsLeft(clock, limits);
  const writer = new EntryWriter(calls, Buffer.from(entry.keyBase64, 'base64').toString('utf8'));
  const value = Buffer.from(entry.valueBase64, 'base64');
  const lease =
    entry.leaseId === null
      ? null
      : new OwnLease(calls, (entry.grantedSeconds ?? UNKNOWN_TTL_SECONDS) * 1_000);
  await lease?.ensure(left(), async () => Promise.resolve(1));
  const written = await writer.put(value, lease?.id ?? '0', ABSENT, left());
  // An answer may have been lost: what stands there under our own lease is what we have written.
  const isOurs = written.done || (lease !== null && written.found?.lease === lease.id);
  if (!isOurs) {
    await lease?.revoke(left());
    return { outcome: 'occupied', leaseId: null, endsInSeconds: null, revision: null };
  }
  return {
    outcome: 'restored',
    leaseId: lease?.hexId ?? null,
    endsInSeconds: lease === null ? null : lease.ttlMs / 1_000,
    revision: written.done ? written.revision : (written.found?.mod_revision ?? null),
  };
}
