import type { Lease } from '../types.js';
import type { Calls, CallLimits } from './calls.js';
import { toWireLease } from './ids.js';

const IN_FLIGHT = 64;

/** TTL of one lease as etcd tells it, in whole seconds rounded down, negative when overdue; null when etcd does not know it. */
export async function timeToLive(
  calls: Calls,
  leaseId: string,
  limits: CallLimits,
): Promise<{ readonly grantedSeconds: number; readonly leftSeconds: number } | null> {
  const answer = await calls.run(limits, ({ lease }) => lease.leaseTimeToLive({ ID: toWireLease(leaseId) }));
  // An unknown lease is no error but TTL -1 and nothing granted.
  if (answer.grantedTTL === '0') return null;
  return { grantedSeconds: Number(answer.grantedTTL), leftSeconds: Number(answer.TTL) };
}

/** TTLs of many leases, 64 calls in flight. Unknown ids are left out. */
export async function readLeases(
  calls: Calls,
  ids: readonly string[],
  limitsLeft: () => CallLimits,
): Promise<ReadonlyMap<string, Lease>> {
  const found = new Map<string, Lease>();
  const pending = new Set(ids).values();
  const work = async (): Promise<void> => {
    // One iterator for all workers: each takes the next id when it is free.
    for (const id of pending) {
      const lease = await timeToLive(calls, id, limitsLeft());
      if (lease !== null) found.set(id, { id, ...lease, leftSeconds: Math.max(0, lease.leftSeconds) });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  return found;
}
