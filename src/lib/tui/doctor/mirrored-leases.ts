import type { Premises } from '../../doctor/examine.js';
import type { Instance, Snapshot } from '../../model/instance.js';
import { leaseKey, type LeaseBinding, type LeaseListing, type LeaseRecord } from '../../model/lease.js';
import type { LeaseReading } from './protocol.js';

/** The leases of a run, as rules look at them. */
export interface MirroredLeases {
  readonly listing: LeaseListing;
  /** By `leaseKey`. */
  readonly byKey: ReadonlyMap<string, LeaseRecord>;
}

/**
 * The list of leases that the view's readings add up to. null: not all of them are known, and rules must not take some
 * for all; so it always is on Consul, whose checks and sessions are no leases.
 */
export function toLeaseListing(
  backend: Premises['backend'],
  snapshot: Snapshot,
  readings: ReadonlyMap<string, LeaseReading>,
): MirroredLeases | null {
  if (backend === 'consul' || ![...readings.values()].every(isKnown)) return null;
  const kept = new Map<string, LeaseBinding[]>();
  for (const instance of snapshot.instances) {
    if (instance.lease === null) continue;
    const { id } = instance.lease;
    if (!readings.has(id)) return null;
    const bindings = kept.get(id);
    if (bindings === undefined) kept.set(id, [toBinding(instance)]);
    else bindings.push(toBinding(instance));
  }
  if (snapshot.undecoded.some(({ leaseId }) => leaseId !== null && !readings.has(leaseId))) return null;
  const leases = [...readings.values()].map((reading) => toRecord(reading, kept.get(reading.id) ?? []));
  return {
    listing: { leases, revision: snapshot.revision, takenAtMs: snapshot.takenAtMs, hidden: [] },
    byKey: new Map(leases.map((lease) => [leaseKey(lease), lease])),
  };
}

/** Of one that is overdue it has to be known for how long: for a moment every lease is. */
function isKnown({ grantedSeconds, leftSeconds, isOverdue, overdueSeconds }: LeaseReading): boolean {
  return grantedSeconds !== null && leftSeconds !== null && (!isOverdue || overdueSeconds !== undefined);
}

function toRecord(reading: LeaseReading, bindings: readonly LeaseBinding[]): LeaseRecord {
  const { id, grantedSeconds, leftSeconds, isOverdue, overdueSeconds } = reading;
  return {
    kind: 'lease',
    id,
    node: null,
    name: null,
    grantedSeconds,
    leftSeconds,
    isOverdue,
    ...(overdueSeconds === undefined ? {} : { overdueSeconds }),
    isRenewed: null,
    health: null,
    output: null,
    onEnd: null,
    bindings,
    // Keys that are no instances may hang on it, too.
    knowsBindings: false,
  };
}

function toBinding(instance: Instance): LeaseBinding {
  const { service, id, node, key, layout } = instance;
  return { kind: 'instance', key, isBinaryKey: false, name: { service, id, node }, instance, layout };
}
