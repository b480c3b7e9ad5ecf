import { SdctlError } from '../../errors.js';
import type { Instance } from '../../model/instance.js';
import type { RemovalPlan, RemovalWish, Restored, SavedEntry } from '../../model/removal.js';
import type { Clock } from '../../time/clock.js';
import type { DriverCall } from '../registration-driver.js';
import { isExpired, type Decision, type Store, type Stored } from './store.js';

/** How an entry is removed. @throws {SdctlError} E_USAGE for `catalog` */
export function planLocalRemoval(instance: Instance, how: RemovalWish): RemovalPlan {
  if (how === 'catalog')
    throw new SdctlError('E_USAGE', '--how catalog is for Consul', {
      why: 'the embedded registry has no catalog beside its entries',
      hint: '--how auto',
    });
  // A lease keeps one entry here, so its end and the end of the entry are the same.
  return { instance, method: 'delete', at: null, agent: 'none', falls: [], takesMs: 0 };
}

/** The entry as it lies in the store; null when it is another one by now. */
export function saveStored(store: Store, { service, id, revision }: Instance): SavedEntry | null {
  const stored = store.read(store.keyOf({ service, id }));
  if (stored?.state !== 'entry' || stored.revision !== revision) return null;
  return { backend: 'local', service, id, value: stored.value, ttlMs: stored.lease?.ttlMs ?? null };
}

/**
 * Writes an entry where none stands.
 *
 * @throws {SdctlError} E_USAGE for an entry of another kind of registry
 */
export async function restoreStored(
  store: Store,
  entry: SavedEntry,
  clock: Clock,
  call: DriverCall,
): Promise<Restored> {
  if (entry.backend !== 'local')
    throw new SdctlError('E_USAGE', `this entry is of ${entry.backend}, not of an embedded registry`);
  // A run of its own: nobody renews it.
  const lease =
    entry.ttlMs === null ? null : { id: `undo-${clock.nowMs().toString(36)}`, ttlMs: entry.ttlMs };
  const decide = (current: Stored | null): Decision<boolean> =>
    current === null || (current.state === 'entry' && isExpired(current, clock.nowMs()))
      ? { edit: { type: 'write', value: entry.value, lease }, answer: true }
      : { edit: { type: 'keep' }, answer: false };
  const { answer, written } = await store.edit(entry, decide, call);
  return {
    outcome: answer ? 'restored' : 'occupied',
    leaseId: answer ? (lease?.id ?? null) : null,
    endsInSeconds: answer && lease !== null ? lease.ttlMs / 1_000 : null,
    revision: written?.revision ?? null,
  };
}
