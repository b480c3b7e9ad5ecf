import type { Snapshot } from '../../model/instance.js';
import type { LeaseListing, LeaseRecord } from '../../model/lease.js';
import type { LeaseIds } from '../types.js';
import { keyMark, meaningsOf, readMeanings, type Meanings } from './bound-keys.js';
import { limitsLeft, type CallLimits } from './calls.js';
import type { DeregisterDeps } from './deregister.js';
import { toHexLease } from './ids.js';
import { bindingsOf, toRecord } from './lease-read.js';
import { eachInFlight, isDenied, readLeaseState, type LeaseState } from './leases.js';

/** Keys outside the roots in force that are read to tell what they are. */
const MOST_OUTSIDE = 10_000;
const PROGRESS_EVERY = 500;

const LEASES_DENIED = 'leases without a key that this user may read: etcd does not list all leases to it';

/** What was read, or null with the reason where it was denied. */
interface Sources {
  readonly ids: ReadonlySet<string>;
  readonly snapshot: Snapshot | null;
  readonly hidden: string[];
}

/**
 * Every lease with what hangs on it. One read of the roots tells what most keys are; the lease itself names its keys,
 * wherever they lie.
 *
 * @param known everything below the roots, read just now; null: it has to be read
 * @throws {SdctlError} E_FORBIDDEN when neither leases nor keys may be read
 */
export async function listLeases(
  deps: DeregisterDeps,
  limits: CallLimits,
  known: Snapshot | null,
): Promise<LeaseListing> {
  const left = limitsLeft(deps.clock, limits);
  const { ids, snapshot, hidden } = await readSources(deps, left, known);
  const states = await readStates(deps, ids, left);
  const meanings: Meanings = snapshot === null ? new Map<string, never>() : meaningsOf(snapshot);
  await addOutside(deps, states, meanings, { left, hidden });
  const withHidden = states.filter(({ keys }) => keys === null).length;
  if (withHidden > 0)
    hidden.push(`the keys of ${count(withHidden, 'lease')}: access rules hide some of them`);
  const byLease = snapshot === null ? new Map<string, Meanings>() : groupByLease(snapshot);
  return {
    leases: states.map((state) => toLease(state, meanings, byLease)),
    revision: snapshot?.revision ?? '0',
    takenAtMs: deps.clock.nowMs(),
    hidden,
    epoch: [...new Set(states.map(({ term }) => term))].sort().join(),
  };
}

/** The ids of all leases, in one call; none where this user may not list them, which is said. */
export async function readLeaseIds(
  deps: Pick<DeregisterDeps, 'calls'>,
  limits: CallLimits,
): Promise<LeaseIds> {
  const listed = await orDenied(allIds(deps, limits));
  return 'denied' in listed ? { ids: [], hidden: [LEASES_DENIED] } : { ids: listed.value, hidden: [] };
}

async function readSources(
  deps: DeregisterDeps,
  left: () => CallLimits,
  known: Snapshot | null,
): Promise<Sources> {
  const [listed, read] = await Promise.all([
    orDenied(allIds(deps, left())),
    orDenied(known === null ? readAll(deps, left()) : Promise.resolve(known)),
  ]);
  if ('denied' in listed && 'denied' in read) throw listed.denied;
  const snapshot = 'denied' in read ? null : read.value;
  const hidden: string[] = [];
  if ('denied' in read)
    hidden.push(
      'keys: this user may not read the roots in force, so what hangs on a lease is only known by key',
    );
  else if (read.value.partial) hidden.push('keys outside what the roles of this user grant');
  if ('denied' in listed) hidden.push(LEASES_DENIED);
  const ids = 'denied' in listed ? new Set<string>() : new Set(listed.value);
  if (snapshot !== null) for (const id of leasesIn(snapshot)) ids.add(id);
  return { ids, snapshot, hidden };
}

async function readAll({ reader }: DeregisterDeps, limits: CallLimits): Promise<Snapshot> {
  return (await reader.read(null, limits)).snapshot;
}

async function orDenied<T>(work: Promise<T>): Promise<{ readonly value: T } | { readonly denied: Error }> {
  try {
    return { value: await work };
  } catch (error) {
    if (isDenied(error)) return { denied: error };
    throw error;
  }
}

async function allIds(
  { calls }: Pick<DeregisterDeps, 'calls'>,
  limits: CallLimits,
): Promise<readonly string[]> {
  const { leases } = await calls.run(limits, ({ lease }) => lease.leaseLeases());
  return leases.flatMap(({ ID }) => toHexLease(ID) ?? []);
}

function* leasesIn({ instances, undecoded }: Snapshot): Generator<string> {
  for (const { lease } of instances) if (lease !== null) yield lease.id;
  for (const { leaseId } of undecoded) if (leaseId !== null) yield leaseId;
}

async function readStates(
  { calls }: DeregisterDeps,
  ids: ReadonlySet<string>,
  left: () => CallLimits,
): Promise<readonly LeaseState[]> {
  const states: LeaseState[] = [];
  let asked = 0;
  await eachInFlight(ids, async (id) => {
    const limits = left();
    const state = await readLeaseState(calls, id, left);
    asked += 1;
    if (asked % PROGRESS_EVERY === 0)
      limits.notify?.({ level: 'progress', text: `Reading leases: ${asked} of ${ids.size}` });
    // One that ended since it was listed is none any more.
    if (state !== null) states.push(state);
  });
  return states;
}

/** Reads the keys that lie elsewhere, or are newer than the snapshot. */
async function addOutside(
  { calls, roots }: DeregisterDeps,
  states: readonly LeaseState[],
  meanings: Meanings,
  { left, hidden }: { readonly left: () => CallLimits; readonly hidden: string[] },
): Promise<void> {
  const outside = states.flatMap(({ keys }) => (keys ?? []).filter((key) => !meanings.has(keyMark(key))));
  const read = outside.slice(0, MOST_OUTSIDE);
  const denied = await readMeanings(calls, read, roots, left, meanings);
  if (denied > 0) hidden.push(`what ${count(denied, 'key')} hold: this user may not read them`);
  const rest = outside.length - read.length;
  if (rest > 0)
    left().notify?.({
      level: 'warning',
      text: `${count(rest, 'key')} outside ${roots.prefixes.join(', ')} were not read; --prefix names their root`,
    });
}

function toLease(state: LeaseState, meanings: Meanings, byLease: ReadonlyMap<string, Meanings>): LeaseRecord {
  if (state.keys !== null) return toRecord(state, bindingsOf(state.keys, meanings), true);
  return toRecord(state, [...(byLease.get(state.id)?.values() ?? [])], false);
}

/** What a snapshot itself says of leases; for those whose keys etcd does not name. */
function groupByLease(snapshot: Snapshot): ReadonlyMap<string, Meanings> {
  const leaseOf = new Map<string, string>();
  for (const { key, lease } of snapshot.instances) if (lease !== null) leaseOf.set(`t${key ?? ''}`, lease.id);
  for (const { key, isBinaryKey, leaseId } of snapshot.undecoded)
    if (leaseId !== null) leaseOf.set(`${isBinaryKey ? 'b' : 't'}${key}`, leaseId);
  const groups = new Map<string, Meanings>();
  for (const [mark, binding] of meaningsOf(snapshot)) {
    const id = leaseOf.get(mark);
    if (id === undefined) continue;
    const group: Meanings = groups.get(id) ?? new Map<string, never>();
    group.set(mark, binding);
    groups.set(id, group);
  }
  return groups;
}

function count(number: number, noun: string): string {
  return number === 1 ? `1 ${noun}` : `${number} ${noun}s`;
}
