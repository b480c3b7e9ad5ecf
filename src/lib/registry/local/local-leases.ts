import type { Instance, Snapshot } from '../../model/instance.js';
import type { LeaseBinding, LeaseName, LeaseRecord } from '../../model/lease.js';

/** The leases behind a snapshot: one of each run, with every entry that it keeps. */
export function toLeaseRecords({ instances }: Snapshot): readonly LeaseRecord[] {
  const runs = new Map<string, Instance[]>();
  for (const instance of instances) {
    if (instance.lease === null) continue;
    const kept = runs.get(instance.lease.id);
    if (kept === undefined) runs.set(instance.lease.id, [instance]);
    else kept.push(instance);
  }
  return [...runs].map(([id, kept]) => toRecord(id, kept));
}

/** The ids of the leases behind a snapshot, in order of their first entries. */
export function leaseIdsOf({ instances }: Snapshot): readonly string[] {
  return [...new Set(instances.flatMap(({ lease }) => lease?.id ?? []))];
}

/** The lease of one run; null when it keeps nothing. */
export function readLocalLease(snapshot: Snapshot, { id }: LeaseName): LeaseRecord | null {
  return toLeaseRecords(snapshot).find((lease) => lease.id === id) ?? null;
}

function toRecord(id: string, kept: readonly Instance[]): LeaseRecord {
  const lease = kept[0]?.lease ?? null;
  return {
    kind: 'lease',
    id,
    node: null,
    name: null,
    grantedSeconds: lease?.ttlSeconds ?? null,
    leftSeconds: lease?.leftSeconds ?? null,
    isOverdue: false,
    isRenewed: null,
    health: null,
    output: null,
    onEnd: null,
    bindings: kept.map(toBinding),
    knowsBindings: true,
  };
}

function toBinding(instance: Instance): LeaseBinding {
  const { service, id, key, layout } = instance;
  return { kind: 'instance', key, isBinaryKey: false, name: { service, id, node: null }, instance, layout };
}
