import { factsOf } from '../layouts/facts-of.js';
import type { Instance } from '../model/instance.js';
import { leaseKey, type LeaseRecord } from '../model/lease.js';
import type { Examination } from './types.js';

/** The time left is told in whole seconds. */
const ROUNDING_SECONDS = 1;

/**
 * A test for entries whose process no longer renews them, so that they end by themselves within their TTL: what a
 * restart leaves behind for a moment. Whoever renews every third of the TTL has two thirds left at any time.
 */
export function fadingIn({ leases, settings, backend }: Examination): (instance: Instance) => boolean {
  const known = new Map((leases?.leases ?? []).map((record) => [leaseKey(record), record]));
  const { lateSecondsOf } = settings.thresholds;
  return ({ lease, layout }) => {
    if (lease === null) return false;
    const record = known.get(leaseKey({ kind: 'lease', id: lease.id, node: null }));
    if (record === undefined) return false;
    // A limit in seconds is made for the TTL that the framework asks for by default.
    const isUsual = factsOf(backend, layout)?.defaultTtlSeconds === record.grantedSeconds;
    return isFading(record, isUsual ? lateSecondsOf[layout] : undefined);
  };
}

function isFading(
  { isOverdue, isRenewed, grantedSeconds, leftSeconds }: LeaseRecord,
  own: number | undefined,
): boolean {
  // One that is over and stays is no matter of a moment.
  if (isOverdue) return false;
  if (isRenewed !== null) return !isRenewed;
  if (grantedSeconds === null || leftSeconds === null) return false;
  return leftSeconds < (own ?? (grantedSeconds * 2) / 3) - ROUNDING_SECONDS;
}
