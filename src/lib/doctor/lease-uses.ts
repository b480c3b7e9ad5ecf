import { compareText, instanceKey, type Instance } from '../model/instance.js';
import { leaseKey, type LeaseBinding, type LeaseRecord } from '../model/lease.js';
import type { Examination } from './types.js';

/** What names a lease or a TTL check. */
type LeaseId = Pick<LeaseRecord, 'kind' | 'id' | 'node'>;

/** A lease or a TTL check, with the instances of the snapshot that it keeps. */
export interface LeaseUse {
  /** See `leaseKey`. */
  readonly key: string;
  readonly lease: LeaseId;
  /** As granted, in seconds; null: not known. Consul tells only what sdctl wrote down. */
  readonly grantedSeconds: number | null;
  /** The first of `instances`. */
  readonly first: Instance;
  /** In order of their keys: a registry names what hangs on a lease in another order every time. */
  readonly instances: readonly Instance[];
}

/** Every lease that keeps an instance of the snapshot, once, however many it keeps. */
export function leaseUses(examination: Examination): readonly LeaseUse[] {
  const { snapshot, leases } = examination;
  const records = leases?.leases ?? [];
  const drafts = new Map<string, Draft>();
  for (const instance of snapshot.instances) {
    const lease = claimOf(instance, examination);
    if (lease !== null) add(drafts, lease, instance);
  }
  const byKey = new Map(snapshot.instances.map((instance) => [instanceKey(instance), instance]));
  for (const record of records) {
    for (const binding of record.bindings) {
      const instance = byKey.get(keyOf(binding));
      if (instance !== undefined) add(drafts, record, instance);
    }
  }
  const known = new Map(records.map((record) => [leaseKey(record), record]));
  return [...drafts].flatMap(([key, draft]) => toUse(key, draft, known.get(key) ?? null) ?? []);
}

interface Draft {
  readonly lease: LeaseId;
  readonly instances: Map<string, Instance>;
}

function claimOf({ lease, node }: Instance, { backend }: Examination): LeaseId | null {
  if (lease === null) return null;
  return backend === 'consul'
    ? { kind: 'ttl-check', id: lease.id, node }
    : { kind: 'lease', id: lease.id, node: null };
}

function add(drafts: Map<string, Draft>, lease: LeaseId, instance: Instance): void {
  const key = leaseKey(lease);
  const draft = drafts.get(key) ?? { lease, instances: new Map<string, Instance>() };
  draft.instances.set(instanceKey(instance), instance);
  drafts.set(key, draft);
}

function keyOf({ instance, key, name }: LeaseBinding): string {
  if (instance !== null) return instanceKey(instance);
  return instanceKey({ service: name?.service ?? '', id: name?.id ?? '', node: name?.node ?? null, key });
}

function toUse(key: string, { lease, instances }: Draft, record: LeaseRecord | null): LeaseUse | null {
  const sorted = [...instances].sort(([a], [b]) => compareText(a, b)).map(([, instance]) => instance);
  const [first] = sorted;
  if (first === undefined) return null;
  // Where a listing was read it knows better: an instance of Consul carries the TTL of sdctl's own check alone.
  const grantedSeconds = record === null ? (first.lease?.ttlSeconds ?? null) : record.grantedSeconds;
  return { key, lease, grantedSeconds, first, instances: sorted };
}
