import type { LeaseRecord } from '../model/lease.js';
import type { Sample } from './types.js';

/** What one sample tells of one lease. */
export interface Point {
  /** Monotonic milliseconds. */
  readonly atMs: number;
  /** null: it is not there. */
  readonly record: LeaseRecord | null;
}

/** A sample in which the lease is there. */
export interface SeenPoint extends Point {
  readonly record: LeaseRecord;
}

/** Seconds that rounding gives and takes between two samples: the time left is told in whole seconds, rounded down. */
export const ROUNDING_SECONDS = 1.2;

/**
 * The longest run of samples under one leader. A new one gives every lease its whole TTL again, and renewals wait while
 * it is elected; so the samples on both sides of a change are left out.
 */
export function steadyRun(samples: readonly Sample[]): readonly Sample[] {
  let longest: readonly Sample[] = [];
  let start = 0;
  for (let end = 1; end <= samples.length; end += 1) {
    if (end < samples.length && samples[end]?.term === samples[start]?.term) continue;
    const run = samples.slice(start === 0 ? 0 : start + 1, end === samples.length ? end : end - 1);
    if (run.length >= longest.length) longest = run;
    start = end;
  }
  return longest;
}

/** One lease in every sample. @param key see `leaseKey` */
export function pointsOf(run: readonly Sample[], key: string): readonly Point[] {
  return run.map(({ atMs, leases }) => ({ atMs, record: leases.get(key) ?? null }));
}

/** Whether a sample has the lease. */
export function isSeen(point: Point): point is SeenPoint {
  return point.record !== null;
}

/** Seconds between two samples. */
export function secondsBetween(first: Point, last: Point): number {
  return (last.atMs - first.atMs) / 1_000;
}

/** Seconds that renewals have added between two samples, give or take the rounding; null: the registry does not tell. */
export function gainedSeconds(first: SeenPoint, last: SeenPoint): number | null {
  const { leftSeconds: before } = first.record;
  const { leftSeconds: after } = last.record;
  return before === null || after === null ? null : after - before + secondsBetween(first, last);
}

/** Whether somebody has renewed it between two samples, beyond what rounding can give. */
export function wasRenewed(first: SeenPoint, last: SeenPoint): boolean {
  return (gainedSeconds(first, last) ?? 0) > ROUNDING_SECONDS;
}

/**
 * How long no renewal must be seen before it is sure that there was none, in seconds: whoever renews every third of the
 * TTL has been seen by then, rounding included.
 *
 * @param share of the TTL, at least
 */
export function silenceSeconds(grantedSeconds: number, share: number): number {
  return Math.max(grantedSeconds * share, grantedSeconds / 3 + 1 + ROUNDING_SECONDS);
}
