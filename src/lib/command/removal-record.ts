import type { LeaseBinding } from '../model/lease.js';
import { bindingName } from '../render/lease-facts.js';
import type { AuditLog } from './audit-log.js';
import type { RemovalResult } from './removal-result.js';

/**
 * Writes down what became of one target, and of what fell with its lease.
 *
 * @param beside what falls and is no target itself; empty: nothing is said of it
 */
export function recordRemoval(
  audit: AuditLog,
  { name, instance, plan, outcome, error }: RemovalResult,
  beside: ReadonlySet<LeaseBinding> = new Set(),
): void {
  const own = { target: name, key: instance?.key ?? null };
  for (const { target, key } of [own, ...fallen(outcome, plan?.falls ?? [], beside)])
    audit.record({
      command: 'deregister',
      target,
      key,
      how: plan?.method ?? 'none',
      agent: plan?.at ?? null,
      outcome,
      error: error?.message ?? null,
    });
}

function fallen(
  outcome: RemovalResult['outcome'],
  falls: readonly LeaseBinding[],
  beside: ReadonlySet<LeaseBinding>,
): readonly { readonly target: string; readonly key: string | null }[] {
  // A failed revoke may have been done all the same.
  if (outcome !== 'removed' && outcome !== 'failed') return [];
  return falls
    .filter((binding) => beside.has(binding))
    .map((binding) => ({ target: bindingName(binding, true), key: binding.key }));
}
