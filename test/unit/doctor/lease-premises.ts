/** Leases and samples of them for the tests of the lease rules. */
import type { Examination, Sample } from '../../../src/lib/doctor/types.js';
import { instanceKey, type Instance } from '../../../src/lib/model/instance.js';
import { leaseKey, type LeaseBinding, type LeaseRecord } from '../../../src/lib/model/lease.js';
import { anInstance } from '../../support/builders.js';
import { aCheck, aLease } from '../lease-samples.js';
import { anExamination } from './premises.js';

/** An instance of kratos on a lease. */
export function leased(id: string, leaseId = `lease-of-${id}`, change: Partial<Instance> = {}): Instance {
  const service = change.service ?? 'order';
  return anInstance({
    id,
    layout: 'kratos',
    key: `/microservices/${service}/${id}`,
    lease: { id: leaseId, ttlSeconds: null, leftSeconds: null },
    ...change,
  });
}

/** What hangs on a lease for these instances. */
export function bound(instances: readonly Instance[]): readonly LeaseBinding[] {
  return instances.map((instance) => {
    const { service, id, node, key, layout } = instance;
    return { kind: 'instance', key, isBinaryKey: false, name: { service, id, node }, instance, layout };
  });
}

/** The lease of some instances, with 14 of 15 s left. */
export function leaseOf(instances: readonly Instance[], change: Partial<LeaseRecord> = {}): LeaseRecord {
  return aLease({ id: instances[0]?.lease?.id ?? '', bindings: bound(instances), ...change });
}

/** The TTL check of an instance of Consul. */
export function checkOf(instance: Instance, change: Partial<LeaseRecord> = {}): LeaseRecord {
  const id = instance.lease?.id ?? '';
  return aCheck({ id, node: instance.node, bindings: bound([instance]), ...change });
}

/** An examination with these leases, without samples. */
export function withLeases(
  instances: readonly Instance[],
  leases: readonly LeaseRecord[],
  change: Partial<Examination> = {},
): Examination {
  const listing = { leases, revision: '100', takenAtMs: 0, hidden: [] };
  return anExamination(instances, { leases: listing, ...change });
}

/** A moment: seconds since the start, the leases that are there, the term. */
export type Moment = readonly [atSeconds: number, leases: readonly LeaseRecord[], term?: string];

/** An examination that has looked several times; what it knows of leases is the first look. */
export function observed(
  instances: readonly Instance[],
  moments: readonly Moment[],
  change: Partial<Examination> = {},
): Examination {
  const samples = moments.map(([atSeconds, leases, term = '7']): Sample => ({
    atMs: 5_000_000 + atSeconds * 1_000,
    leases: new Map(leases.map((lease) => [leaseKey(lease), lease])),
    instances: new Map(instances.map((instance) => [instanceKey(instance), instance])),
    term: change.backend === 'consul' ? null : term,
  }));
  return withLeases(instances, moments[0]?.[1] ?? [], { samples, ...change });
}
