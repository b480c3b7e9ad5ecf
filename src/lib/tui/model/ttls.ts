import type { Lease } from '../../registry/types.js';
import type { TtlView } from './rows.js';

/** What one lease has said so far. */
interface Reading {
  readonly lease: Lease;
  /** Monotonic milliseconds of the answer. */
  readonly atMs: number;
  /** The same by the wall clock. */
  readonly wallMs: number;
  /** Wall clock milliseconds of renewals that were seen, oldest first. */
  readonly renewals: readonly number[];
  /** From two answers; null: only one, or too close together. */
  readonly isRenewed: boolean | null;
  /** Monotonic milliseconds of the first answer that said that its time is over; null: it is not. */
  readonly overdueSinceMs: number | null;
}

const NONE: readonly number[] = [];
/** So many renewals of one lease are remembered. */
const MOST_RENEWALS = 16;
/** An answer is good for less than the third of its time after which a lease is renewed. */
const FRESH_SHARE = 0.3;
/** Where nobody knows for how long it was granted. */
const FRESH_MS = 6_000;
/** Times are whole seconds on some registries, so a smaller step back up is rounding. */
const ROUNDING_MS = 1_500;

/** What is known of the time that leases have left, and when it was asked. */
export class Ttls {
  readonly #readings = new Map<string, Reading>();
  #frozenAtMs: number | null = null;

  get size(): number {
    return this.#readings.size;
  }

  get(leaseId: string): Lease | null {
    return this.#readings.get(leaseId)?.lease ?? null;
  }

  /** Monotonic milliseconds of the last answer; null: none yet. */
  askedAtMs(leaseId: string): number | null {
    return this.#readings.get(leaseId)?.atMs ?? null;
  }

  /** Seconds for which its time has been over, at least; null: it is not. */
  overdueSeconds(leaseId: string, nowMs: number): number | null {
    const sinceMs = this.#readings.get(leaseId)?.overdueSinceMs ?? null;
    return sinceMs === null ? null : (nowMs - sinceMs) / 1_000;
  }

  isRenewed(leaseId: string): boolean | null {
    return this.#readings.get(leaseId)?.isRenewed ?? null;
  }

  /** Wall clock milliseconds of renewals that were seen, oldest first. */
  renewals(leaseId: string): readonly number[] {
    const reading = this.#readings.get(leaseId);
    if (reading === undefined) return [];
    if (reading.renewals.length > 0) return reading.renewals;
    const last = renewedAtMs(reading.lease, reading.wallMs);
    return last === null ? [] : [last];
  }

  /** Takes an answer. */
  read(lease: Lease, atMs: number, wallMs: number): void {
    const before = this.#readings.get(lease.id);
    const isRenewed = before === undefined ? null : wasRenewed(before, lease, atMs);
    const renewals = renewalsAfter(before, lease, isRenewed === true, wallMs);
    this.#readings.set(lease.id, {
      lease,
      atMs,
      wallMs,
      renewals,
      isRenewed: isRenewed ?? before?.isRenewed ?? null,
      overdueSinceMs: lease.isOverdue ? (before?.overdueSinceMs ?? atMs) : null,
    });
  }

  forget(leaseId: string): void {
    this.#readings.delete(leaseId);
  }

  clear(): void {
    this.#readings.clear();
  }

  /** Whether an answer is young enough that something follows from it. */
  isKnown(leaseId: string, nowMs: number): boolean {
    const reading = this.#readings.get(leaseId);
    return reading !== undefined && this.#elapsedMs(reading, nowMs) <= freshMsOf(reading.lease);
  }

  /** Seconds that are probably left; null: not known. As `view` has it, for orders over many. */
  leftSeconds(leaseId: string, nowMs: number): number | null {
    const reading = this.#readings.get(leaseId);
    const left = reading?.lease.leftSeconds ?? null;
    if (reading === undefined || left === null) return null;
    const elapsedMs = this.#elapsedMs(reading, nowMs);
    return elapsedMs > freshMsOf(reading.lease) ? null : Math.max(0, left - elapsedMs / 1_000);
  }

  /** While nobody answers, no time is counted down: what is shown is what was known. @param atMs null: go on */
  freeze(atMs: number | null): void {
    this.#frozenAtMs = atMs;
  }

  /**
   * What is probably left now. Of an old answer nothing follows: the lease was renewed since, or is gone. Then it is as if
   * it had never been asked.
   */
  view(leaseId: string, nowMs: number): TtlView {
    const reading = this.#readings.get(leaseId);
    const nothing = { leaseId, grantedSeconds: null, leftSeconds: null, askedAtMs: null };
    if (reading === undefined) return nothing;
    const { lease, atMs } = reading;
    const elapsedMs = this.#elapsedMs(reading, nowMs);
    if (elapsedMs > freshMsOf(lease)) return { ...nothing, grantedSeconds: lease.grantedSeconds };
    const leftSeconds =
      lease.leftSeconds === null ? null : Math.max(0, lease.leftSeconds - elapsedMs / 1_000);
    return { leaseId, grantedSeconds: lease.grantedSeconds, leftSeconds, askedAtMs: atMs };
  }

  #elapsedMs({ atMs }: Reading, nowMs: number): number {
    return Math.max(0, (this.#frozenAtMs ?? nowMs) - atMs);
  }
}

function freshMsOf({ grantedSeconds }: Lease): number {
  return grantedSeconds === null ? FRESH_MS : grantedSeconds * 1_000 * FRESH_SHARE;
}

function wasRenewed({ lease: before, atMs: beforeMs }: Reading, now: Lease, atMs: number): boolean | null {
  if (before.leftSeconds === null || now.leftSeconds === null) return null;
  const expectedMs = before.leftSeconds * 1_000 - (atMs - beforeMs);
  if (now.leftSeconds * 1_000 > expectedMs + ROUNDING_MS) return true;
  // Nothing is known until it is overdue for a renewal: half of its time has gone by.
  const granted = now.grantedSeconds;
  return granted !== null && now.leftSeconds < granted / 2 ? false : null;
}

/** The moment of the last renewal follows from what is left of the whole. */
function renewedAtMs({ grantedSeconds, leftSeconds }: Lease, wallMs: number): number | null {
  if (grantedSeconds === null || leftSeconds === null) return null;
  return wallMs - Math.max(0, grantedSeconds - leftSeconds) * 1_000;
}

function renewalsAfter(
  before: Reading | undefined,
  lease: Lease,
  isRenewed: boolean,
  wallMs: number,
): readonly number[] {
  // Most leases of a large registry are asked once: until a second one is seen, the first renewal follows from the answer.
  if (before === undefined || !isRenewed) return before?.renewals ?? NONE;
  const known = before.renewals.length > 0 ? before.renewals : [renewedAtMs(before.lease, before.wallMs)];
  const earlier = known.filter((one) => one !== null);
  const atMs = renewedAtMs(lease, wallMs);
  const last = earlier.at(-1);
  if (atMs === null || (last !== undefined && atMs - last < ROUNDING_MS)) return before.renewals;
  return [...earlier.slice(1 - MOST_RENEWALS), atMs];
}
