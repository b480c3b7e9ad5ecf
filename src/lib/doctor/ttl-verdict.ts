import { leaseUses } from './lease-uses.js';
import type { Examination, Verdict } from './types.js';

/** Why nothing can be said about TTLs; null: some are known, or there are none. */
export function ttlVerdict(examination: Examination): Verdict | null {
  const uses = leaseUses(examination);
  if (uses.some(({ grantedSeconds }) => grantedSeconds !== null)) return null;
  if (examination.backend === 'consul') {
    const reason =
      uses.length === 0
        ? 'no instance has a TTL check'
        : 'Consul does not tell the TTL of a check, and none of these was written by sdctl';
    return { status: 'skip', reason };
  }
  if (examination.leases !== null) return null;
  return { status: 'unknown', reason: 'the leases could not be read' };
}
