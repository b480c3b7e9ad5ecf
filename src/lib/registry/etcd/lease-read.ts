import type { LeaseBinding, LeaseName, LeaseRecord } from '../../model/lease.js';
import {
  bindingMark,
  keyMark,
  meaningsOf,
  readMeanings,
  unreadBinding,
  type Meanings,
} from './bound-keys.js';
import { limitsLeft, type CallLimits } from './calls.js';
import type { DeregisterDeps } from './deregister.js';
import { toWireLease } from './ids.js';
import { isDenied, readLeaseState, type LeaseState } from './leases.js';
import { isLeaseNotFound } from './map-error.js';

/** One lease with every key that hangs on it, each read; null when etcd does not know it. */
export async function readLease(
  deps: DeregisterDeps,
  { id }: LeaseName,
  limits: CallLimits,
): Promise<LeaseRecord | null> {
  const { calls, clock, roots } = deps;
  const left = limitsLeft(clock, limits);
  const state = await readLeaseState(calls, id, left);
  if (state === null) return null;
  if (state.keys === null) return toRecord(state, await readableBindings(deps, id, left()), false);
  const meanings: Meanings = new Map();
  await readMeanings(calls, state.keys, roots, left, meanings);
  return toRecord(state, bindingsOf(state.keys, meanings), true);
}

/** Where etcd does not name the keys: those of the roots that can be read. */
async function readableBindings(
  { reader }: DeregisterDeps,
  id: string,
  limits: CallLimits,
): Promise<readonly LeaseBinding[]> {
  try {
    const { snapshot } = await reader.read(null, limits);
    const ofLease = {
      ...snapshot,
      instances: snapshot.instances.filter(({ lease }) => lease?.id === id),
      undecoded: snapshot.undecoded.filter(({ leaseId }) => leaseId === id),
      skipped: [],
    };
    return [...meaningsOf(ofLease).values()];
  } catch (error) {
    if (isDenied(error)) return [];
    throw error;
  }
}

/** The record of a lease that etcd knows. */
export function toRecord(
  { id, grantedSeconds, leftSeconds }: LeaseState,
  bindings: readonly LeaseBinding[],
  knowsBindings: boolean,
): LeaseRecord {
  return {
    kind: 'lease',
    id,
    node: null,
    name: null,
    grantedSeconds,
    leftSeconds: Math.max(0, leftSeconds),
    isOverdue: leftSeconds < 0,
    ...(leftSeconds < 0 ? { overdueSeconds: -leftSeconds } : {}),
    isRenewed: null,
    health: null,
    output: null,
    onEnd: null,
    bindings,
    knowsBindings,
  };
}

/** The bindings of some keys, in order; one that nobody has read is named by its key alone. */
export function bindingsOf(keys: readonly Buffer[], meanings: Meanings): readonly LeaseBinding[] {
  // etcd names them in another order every time.
  return [...keys]
    .sort((a, b) => a.compare(b))
    .map((key) => meanings.get(keyMark(key)) ?? unreadBinding(key));
}

/**
 * Ends a lease, after one more look at what hangs on it: a revoke cannot be made conditional.
 *
 * @throws {SdctlError} as `Calls.run`
 */
export async function revokeLease(
  { calls, clock }: DeregisterDeps,
  seen: LeaseRecord,
  limits: CallLimits,
): Promise<'revoked' | 'absent' | 'changed'> {
  const left = limitsLeft(clock, limits);
  const now = await readLeaseState(calls, seen.id, left);
  if (now === null) return 'absent';
  // Keys that are hidden by now: one that this user may not read was attached meanwhile.
  if (seen.knowsBindings && (now.keys === null || !sameKeys(seen.bindings, now.keys))) return 'changed';
  await calls.run(left(), async ({ lease }) => {
    try {
      await lease.leaseRevoke({ ID: toWireLease(seen.id) });
    } catch (error) {
      // It was there a moment ago: an attempt of ours whose answer was lost has ended it.
      if (!isLeaseNotFound(error)) throw error;
    }
  });
  return 'revoked';
}

function sameKeys(seen: readonly LeaseBinding[], now: readonly Buffer[]): boolean {
  const before = new Set(seen.map(bindingMark));
  return before.size === now.length && now.every((key) => before.has(keyMark(key)));
}
