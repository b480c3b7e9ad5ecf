import type { Revision } from '../../model/instance.js';
import type { DriverCall } from '../registration-driver.js';

/** What an entry is called; any text, hostile names included. */
export interface EntryName {
  readonly service: string;
  readonly id: string;
}

/** The claim behind an entry. Its id is the run id of the owner. */
export interface StoredLease {
  readonly id: string;
  readonly ttlMs: number;
  /** Wall clock, milliseconds since 1970: all processes that share a store share a clock. */
  readonly expiresAtMs: number;
}

/** An entry as it lies in the store; it may have expired, see `isExpired`. */
export interface StoredEntry extends EntryName {
  readonly state: 'entry';
  /** The file, or its counterpart in memory. */
  readonly key: string;
  /** The entry in sdctl's layout. */
  readonly value: string;
  /** null: it never ends by itself. */
  readonly lease: StoredLease | null;
  readonly revision: Revision;
}

/** Something in an entry's place that is none. */
export interface UnreadableEntry {
  readonly state: 'unreadable';
  readonly key: string;
  readonly service: string | null;
  readonly reason: string;
  readonly sizeBytes: number;
  /** Hex digest of the part that was read. */
  readonly sha256: string;
}

export type Stored = StoredEntry | UnreadableEntry;

/** Everything under one service, or all, at one revision. */
export interface StoreContent {
  readonly stored: readonly Stored[];
  readonly revision: Revision;
}

/** What a decision about one entry does to it. */
export type Edit =
  | { readonly type: 'keep' }
  | { readonly type: 'remove' }
  | {
      readonly type: 'write';
      readonly value: string;
      readonly lease: Omit<StoredLease, 'expiresAtMs'> | null;
    };

export interface Decision<T> {
  readonly edit: Edit;
  readonly answer: T;
}

export interface EditResult<T> {
  readonly answer: T;
  /** What was written; null unless the edit was `write`. */
  readonly written: StoredEntry | null;
}

export type RenewOutcome =
  | { readonly state: 'renewed'; readonly ttlMs: number }
  | { readonly state: 'gone'; readonly why: string }
  | { readonly state: 'taken'; readonly by: Stored };

/** What a watch of a store has seen: everything, or only the keys that may have changed (null: not there any more). */
export type Seen =
  | { readonly type: 'all'; readonly content: StoreContent }
  | {
      readonly type: 'some';
      readonly changed: ReadonlyMap<string, Stored | null>;
      readonly revision: Revision;
    };

/** One watch of a store; it does not know about expiry. */
export interface StoreWatch extends Disposable {
  /**
   * Waits for something to look at. The first answer is always `all`.
   *
   * @param waitMs longest wait in milliseconds; may be Infinity
   * @returns null when the time passed or the watch was aborted
   */
  next(waitMs: number): Promise<Seen | null>;
}

/** Where the embedded registry keeps its entries. Every method rejects with SdctlError. */
export interface Store {
  /** The directory, or `memory`. */
  readonly location: string;
  keyOf(name: EntryName): string;
  /** @param service null: all */
  readAll(service: string | null, call: DriverCall): Promise<StoreContent>;
  /** What lies under a key now; null: nothing. */
  read(key: string): Stored | null;
  /** Reads one entry, asks `decide` and does what it says, in one step that no other writer can come between. */
  edit<T>(
    name: EntryName,
    decide: (current: Stored | null) => Decision<T>,
    call: DriverCall,
  ): Promise<EditResult<T>>;
  /** Prolongs exactly that lease by its TTL; an entry of another lease, or one that has expired, is never touched. */
  renew(name: EntryName, leaseId: string, call: DriverCall): Promise<RenewOutcome>;
  /**
   * Removes those of the keys that have expired, and lets the TTL of those that are ahead (see `isAhead`) count from
   * now, as far as that is possible at once; never rejects.
   */
  reap(keys: readonly string[]): Promise<void>;
  /** @param service null: all */
  watch(service: string | null, signal: AbortSignal): StoreWatch;
}

/** Whether an entry's TTL has passed: it is not a member any more, even if it still lies there. */
export function isExpired(entry: StoredEntry, nowMs: number): boolean {
  return entry.lease !== null && entry.lease.expiresAtMs <= nowMs;
}

/** Clocks of processes that share a store differ by less. */
const SAME_CLOCK_MS = 5_000;

/** Whether it was renewed in the future: the clock was put back since, and the entry would outlive its owner by that. */
export function isAhead(entry: StoredEntry, nowMs: number): boolean {
  return entry.lease !== null && entry.lease.expiresAtMs > nowMs + entry.lease.ttlMs + SAME_CLOCK_MS;
}

/** Milliseconds that are left of a lease; never more than its TTL, whatever was done to the clock. */
export function leftMsOf(lease: StoredLease, nowMs: number): number {
  return Math.min(lease.ttlMs, Math.max(0, lease.expiresAtMs - nowMs));
}

/**
 * The revision after `last`: greater than every one before, and close to microseconds since 1970, so that it does not
 * go back when a store is wiped and begins anew.
 */
export function nextRevision(last: Revision, nowMs: number): Revision {
  const following = BigInt(last) + 1n;
  const byTime = BigInt(Math.floor(nowMs)) * 1_000n;
  return (following > byTime ? following : byTime).toString();
}

/** The later of two revisions of one store. */
export function laterRevision(a: Revision, b: Revision): Revision {
  return BigInt(a) >= BigInt(b) ? a : b;
}
