import type { IEvent } from 'etcd3/lib/rpc.js';
import type { Change, LeftReason } from '../../model/membership.js';
import { belongsTo, keyText, readEntry, type Roots, type Wanted } from './entries.js';
import type { KnownKeys } from './known-keys.js';

/** Whether a lease still lives; null when that could not be found out. */
export type LeaseReader = (leaseId: string) => Promise<boolean | null>;

export interface EventContext {
  readonly roots: Roots;
  readonly wanted: Wanted;
  readonly known: KnownKeys;
  readonly readLease: LeaseReader;
}

/** More deletions at once than this are a mass expiry; asking for each lease would delay the news. */
const MAX_LEASE_READS = 16;

/** Turns etcd's events into changes of the set, in their order. */
export async function readEvents(
  events: readonly IEvent[],
  context: EventContext,
): Promise<readonly Change[]> {
  const steps: (Change | { readonly key: string; readonly leaseId: string | null })[] = [];
  for (const { type, kv } of events) {
    if (type === 'Delete') {
      const key = keyText(kv.key);
      steps.push({ key, leaseId: context.known.remove(key) });
      continue;
    }
    const decoded = readEntry(kv, context.roots);
    if (decoded.state === 'other' || !belongsTo(decoded, context.wanted)) {
      // It may have been ours before it was overwritten.
      const key = keyText(kv.key);
      if (context.known.has(key)) {
        context.known.remove(key);
        steps.push({ type: 'remove', key, reason: 'replaced' });
      }
      continue;
    }
    if (decoded.state === 'instance') {
      const { instance } = decoded;
      context.known.set(instance.key ?? '', instance.lease?.id ?? null, instance.revision);
      steps.push({ type: 'put', instance });
    } else if (decoded.state === 'skipped') {
      context.known.set(decoded.entry.key, null, '');
      steps.push({ type: 'skipped', entry: decoded.entry });
    } else {
      context.known.set(decoded.entry.key, decoded.entry.leaseId, '');
      steps.push({ type: 'undecoded', entry: decoded.entry });
    }
  }
  const reasons = await reasonsOf(
    steps.flatMap((step) => ('type' in step ? [] : [step.leaseId])),
    context.readLease,
  );
  return steps.map((step) =>
    'type' in step ? step : { type: 'remove', key: step.key, reason: reasons.get(step.leaseId) ?? 'unknown' },
  );
}

/** Without a lease somebody deleted it. With one that still lives, too. With one that is gone: expired or revoked, nobody can tell. */
async function reasonsOf(
  leaseIds: readonly (string | null)[],
  readLease: LeaseReader,
): Promise<ReadonlyMap<string | null, LeftReason>> {
  const reasons = new Map<string | null, LeftReason>([[null, 'deleted']]);
  const leased = new Set(leaseIds.filter((id) => id !== null));
  if (leased.size === 0 || leased.size > MAX_LEASE_READS) return reasons;
  await Promise.all(
    [...leased].map(async (id) => {
      if ((await readLease(id)) === true) reasons.set(id, 'deleted');
    }),
  );
  return reasons;
}
