import { leaseIdsOf, withLeases } from '../discovery/ttl.js';
import type { Snapshot } from '../model/instance.js';
import type { RegistryHandle } from '../registry/types.js';
import type { Invocation } from './invocation.js';

/** Leases that are asked for, so that a lapsed instance does not count as a healthy one. */
const MOST_LEASES = 1_000;

/** With what is left of leases, where the registry tells and they are not too many. */
export async function judged(
  invocation: Invocation,
  handle: RegistryHandle,
  snapshot: Snapshot,
): Promise<Snapshot> {
  const ids = leaseIdsOf(snapshot);
  if (!handle.capabilities.readableTtl || ids.length === 0) return snapshot;
  if (ids.length > MOST_LEASES) {
    invocation.diagnostics.notify({
      level: 'warning',
      text: `remaining TTLs of ${ids.length} leases were not read: every instance with a lease counts as passing`,
    });
    return snapshot;
  }
  return withLeases(snapshot, await handle.operations.leases(ids, invocation.callOptions()));
}
