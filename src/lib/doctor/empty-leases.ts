import { leaseKey, type LeaseRecord } from '../model/lease.js';
import {
  isSeen,
  pointsOf,
  secondsBetween,
  silenceSeconds,
  steadyRun,
  wasRenewed,
  type SeenPoint,
} from './lease-series.js';
import type { Thresholds } from './settings.js';
import type { Examination } from './types.js';

/** A lease or session that keeps nothing in any sample. */
export interface EmptyLease {
  readonly record: LeaseRecord;
  /** Whether somebody keeps it alive all the same; null: the samples do not tell. */
  readonly isKept: boolean | null;
  /** Over how many seconds it was seen to be empty. */
  readonly seenSeconds: number;
  /** How long it has to be watched until that is known, in seconds. */
  readonly wantedSeconds: number;
}

/** The leases of etcd, or the sessions of Consul, that are there and empty in every sample under one leader. */
export function emptyLeases({ samples, settings }: Examination): readonly EmptyLease[] {
  const run = steadyRun(samples);
  const records = [...(run.at(-1)?.leases.values() ?? [])].filter(isEmpty);
  return records.flatMap((record) => {
    const points = pointsOf(run, leaseKey(record));
    const seen = points.filter(isSeen);
    // One that was not there at the start may be on the way from its grant to its key.
    if (seen.length < points.length || !seen.every((point) => isEmpty(point.record))) return [];
    return judge(record, seen, settings.thresholds) ?? [];
  });
}

function isEmpty({ kind, bindings, knowsBindings }: LeaseRecord): boolean {
  return kind !== 'ttl-check' && knowsBindings && bindings.length === 0;
}

function judge(record: LeaseRecord, seen: readonly SeenPoint[], thresholds: Thresholds): EmptyLease | null {
  const [first, last] = [seen[0], seen.at(-1)];
  if (first === undefined || last === undefined || first === last) return null;
  const seenSeconds = secondsBetween(first, last);
  const wantedSeconds = wantedFor(record, thresholds);
  const isKept =
    record.kind === 'session' ? seenSeconds >= wantedSeconds || null : isRenewed(first, last, wantedSeconds);
  return { record, isKept, seenSeconds, wantedSeconds };
}

function wantedFor(
  { kind, grantedSeconds }: LeaseRecord,
  { stoppedShare, emptySessionSeconds }: Thresholds,
): number {
  if (kind === 'lease') return silenceSeconds(grantedSeconds ?? 0, stoppedShare);
  // Consul ends a session that nobody renews after twice its TTL at most.
  return grantedSeconds === null ? emptySessionSeconds : grantedSeconds * 2;
}

/** One that outlives its TTL was renewed too: it has gained what it lived longer. */
function isRenewed(first: SeenPoint, last: SeenPoint, wantedSeconds: number): boolean | null {
  if (last.record.isOverdue) return false;
  return secondsBetween(first, last) < wantedSeconds ? null : wasRenewed(first, last);
}
