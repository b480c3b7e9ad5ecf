import { createHash } from 'node:crypto';
import type { Found, RuleFacts } from '../model/finding.js';

/**
 * What names a finding in baselines and reports, the same in every run: over the rule, the registry and the subject.
 * Leases are left out, because the same entry has another one after a restart.
 *
 * @returns 16 hex digits
 */
export function fingerprintOf({ id }: RuleFacts, { subject, identity }: Found, registry: string): string {
  const { service, instance, node, key, server, address } = subject;
  const parts = identity ?? [service, instance, node, key, server, address];
  return createHash('sha256')
    .update(JSON.stringify([id, registry, parts]))
    .digest('hex')
    .slice(0, 16);
}
