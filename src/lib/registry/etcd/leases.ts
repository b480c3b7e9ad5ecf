import { SdctlError } from '../../errors.js';
import type { Lease } from '../types.js';
import type { Calls, CallLimits } from './calls.js';
import { toWireLease } from './ids.js';

const IN_FLIGHT = 64;

/** TTL of one lease as etcd tells it, in whole seconds rounded down, negative when overdue; null when etcd does not know it. */
export async function timeToLive(
  calls: Calls,
  leaseId: string,
  limits: CallLimits,
): Promise<Pick<LeaseState, 'grantedSeconds' | 'leftSeconds' | 'term'> | null> {
  const answer = await calls.run(limits, ({ lease }) => lease.leaseTimeToLive({ ID: toWireLease(leaseId) }));
  // An unknown lease is no error but TTL -1 and nothing granted.
  if (answer.grantedTTL === '0') return null;
  const { grantedTTL, TTL, header } = answer;
  return { grantedSeconds: Number(grantedTTL), leftSeconds: Number(TTL), term: header.raft_term };
}

/** A lease as etcd tells it, with the keys that hang on it. */
export interface LeaseState {
  readonly id: string;
  readonly grantedSeconds: number;
  /** Negative when overdue. */
  readonly leftSeconds: number;
  /** null: some of them may not be seen by this user. */
  readonly keys: readonly Buffer[] | null;
  /** Of the leader when it was read. */
  readonly term: string;
}

/** One lease with its keys; null when etcd does not know it. */
export async function readLeaseState(
  calls: Calls,
  leaseId: string,
  limits: () => CallLimits,
): Promise<LeaseState | null> {
  try {
    const answer = await calls.run(limits(), ({ lease }) =>
      lease.leaseTimeToLive({ ID: toWireLease(leaseId), keys: true }),
    );
    if (answer.grantedTTL === '0') return null;
    const { grantedTTL, TTL, keys, header } = answer;
    const [grantedSeconds, leftSeconds] = [Number(grantedTTL), Number(TTL)];
    return { id: leaseId, grantedSeconds, leftSeconds, keys, term: header.raft_term };
  } catch (error) {
    if (!isDenied(error)) throw error;
    // From 3.5 on, etcd does not name keys to those who may not read them.
    const bare = await timeToLive(calls, leaseId, limits());
    return bare === null ? null : { id: leaseId, ...bare, keys: null };
  }
}

/** Whether the registry said that this user may not. */
export function isDenied(error: unknown): error is SdctlError {
  return error instanceof SdctlError && error.code === 'E_FORBIDDEN';
}

/** TTLs of many leases, 64 calls in flight. Unknown ids are left out. */
export async function readLeases(
  calls: Calls,
  ids: readonly string[],
  limitsLeft: () => CallLimits,
): Promise<ReadonlyMap<string, Lease>> {
  const found = new Map<string, Lease>();
  await eachInFlight(new Set(ids), async (id) => {
    const lease = await timeToLive(calls, id, limitsLeft());
    if (lease !== null) {
      const { grantedSeconds, leftSeconds } = lease;
      found.set(id, {
        id,
        grantedSeconds,
        leftSeconds: Math.max(0, leftSeconds),
        isOverdue: leftSeconds < 0,
      });
    }
  });
  return found;
}

/** Does something for each of many, 64 at a time: more of them would only wait for each other in the client. */
export async function eachInFlight<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const all = [...items];
  const pending = all.values();
  const worker = async (): Promise<void> => {
    // One iterator for all workers: each takes the next one when it is free.
    for (let next = pending.next(); next.done !== true; next = pending.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, all.length) }, worker));
}
