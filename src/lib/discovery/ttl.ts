import { worstHealth, type Health, type Instance, type Snapshot } from '../model/instance.js';
import type { Lease } from '../registry/types.js';

/** Below this, whole seconds are too coarse to judge a remainder. */
const MIN_JUDGED_SECONDS = 6;

/** The different leases behind a snapshot. */
export function leaseIdsOf(snapshot: Snapshot): string[] {
  return [...new Set(snapshot.instances.flatMap(({ lease }) => (lease === null ? [] : [lease.id])))];
}

/**
 * Fills in what the registry says about leases: granted and remaining seconds, and the health that follows:
 * under a third of the granted TTL is a warning, under a fifth critical, because renewals come every third.
 */
export function withLeases(snapshot: Snapshot, leases: ReadonlyMap<string, Lease>): Snapshot {
  return { ...snapshot, instances: snapshot.instances.map((instance) => withLease(instance, leases)) };
}

function withLease(instance: Instance, leases: ReadonlyMap<string, Lease>): Instance {
  const lease = instance.lease === null ? undefined : leases.get(instance.lease.id);
  if (instance.lease === null || lease === undefined) return instance;
  const { grantedSeconds, leftSeconds } = lease;
  const judged = healthOfRemainder(grantedSeconds, leftSeconds);
  // What the value itself says (critical, maintenance) is never improved by a fresh lease.
  const health =
    instance.health === 'passing' || instance.health === 'warning'
      ? worstHealth([instance.health, judged])
      : instance.health;
  return {
    ...instance,
    health,
    healthReason:
      health === instance.health
        ? instance.healthReason
        : `${leftSeconds ?? 0}s of ${grantedSeconds ?? 0}s left`,
    lease: { ...instance.lease, ttlSeconds: grantedSeconds, leftSeconds },
  };
}

/** Passing when the registry does not say, or the TTL is too short to judge. */
export function healthOfRemainder(grantedSeconds: number | null, leftSeconds: number | null): Health {
  if (grantedSeconds === null || leftSeconds === null || grantedSeconds < MIN_JUDGED_SECONDS)
    return 'passing';
  if (leftSeconds < grantedSeconds / 5) return 'critical';
  return leftSeconds < grantedSeconds / 3 ? 'warning' : 'passing';
}
