import {
  gainedSeconds,
  isSeen,
  ROUNDING_SECONDS,
  secondsBetween,
  silenceSeconds,
  type Point,
  type SeenPoint,
} from './lease-series.js';
import type { Thresholds } from './settings.js';

/**
 * How a lease was renewed too late. `ran-out`: its time was over. `last-moment`: it was about to be. `low`: a renewal
 * was missed. `stopped`: nobody renews it any more. `lapsed`: a check expired and was passed again.
 */
export type LateHow = 'ran-out' | 'last-moment' | 'low' | 'stopped' | 'lapsed';

export interface Lateness {
  readonly how: LateHow;
  /** Seconds left in the last sample that has it, 0 once its time is over; null: the registry does not tell. */
  readonly leftSeconds: number | null;
}

/** Samples that it takes to say anything. */
export const LEAST_SAMPLES = 3;

/**
 * Whether a lease of etcd or the embedded registry was renewed late; null: it was not, or the samples do not tell.
 *
 * @param points one lease in the samples of one leader, in order of time
 * @param lateSeconds with less than this left a renewal was missed
 */
export function lateLease(
  points: readonly Point[],
  lateSeconds: number,
  { lastShare, stoppedShare }: Pick<Thresholds, 'lastShare' | 'stoppedShare'>,
): Lateness | null {
  const kept = keptPart(points);
  const last = kept.seen.at(-1);
  const granted = last?.record.grantedSeconds ?? null;
  if (last === undefined || granted === null || points.length < LEAST_SAMPLES) return null;
  const leftSeconds = last.record.leftSeconds;
  if (kept.ended !== null)
    return hasRunOut(last, kept.ended, lateSeconds) ? { how: 'ran-out', leftSeconds: 0 } : null;
  if (kept.seen.length < LEAST_SAMPLES || kept.isReleased) return null;
  if (last.record.isOverdue) return { how: 'ran-out', leftSeconds: 0 };
  if (isBelow(last, granted * lastShare)) return { how: 'last-moment', leftSeconds };
  const isLow = kept.seen.some((point) => isBelow(point, granted * lastShare));
  if (isLow || kept.seen.filter((point) => isBelow(point, lateSeconds)).length >= 2)
    return { how: 'low', leftSeconds };
  return silentFor(kept.seen, last) >= silenceSeconds(granted, stoppedShare)
    ? { how: 'stopped', leftSeconds }
    : null;
}

/** Whether a TTL check of Consul expired while it was watched; Consul does not tell the time left. */
export function lateCheck(points: readonly Point[]): Lateness | null {
  if (points.length < LEAST_SAMPLES) return null;
  const alive = points.findIndex(isAlive);
  const lapsed = points.findIndex(({ record }, at) => at > alive && record?.isOverdue === true);
  if (alive === -1 || lapsed === -1) return null;
  const isBack = points.slice(lapsed).some(isAlive) && points.at(-1)?.record?.isOverdue !== true;
  return { how: isBack ? 'lapsed' : 'ran-out', leftSeconds: null };
}

function isAlive({ record }: Point): boolean {
  return record !== null && (record.health === 'passing' || record.health === 'warning');
}

interface Kept {
  /** From its first sample on, as long as an instance hangs on it. */
  readonly seen: readonly SeenPoint[];
  /** The first sample without the lease; null: it was there to the end. */
  readonly ended: Point | null;
  /** The instance left it before: whether it is renewed after that says nothing of the instance. */
  readonly isReleased: boolean;
}

function keptPart(points: readonly Point[]): Kept {
  const seen: SeenPoint[] = [];
  for (const point of points) {
    if (!isSeen(point)) {
      if (seen.length > 0) return { seen, ended: point, isReleased: false };
    } else if (keepsInstance(point)) seen.push(point);
    else return { seen, ended: null, isReleased: true };
  }
  return { seen, ended: null, isReleased: false };
}

function keepsInstance({ record: { bindings, knowsBindings } }: SeenPoint): boolean {
  return !knowsBindings || bindings.some(({ kind }) => kind === 'instance');
}

/** The time left is rounded down, so that up to a second more may have been left. */
function isBelow({ record: { leftSeconds } }: SeenPoint, limit: number): boolean {
  return leftSeconds !== null && leftSeconds + 1 <= limit;
}

/** A lease that vanishes was revoked, or has run out: only one that was late already can be said to have run out. */
function hasRunOut(last: SeenPoint, ended: Point, lateSeconds: number): boolean {
  const { leftSeconds } = last.record;
  if (leftSeconds === null || !isBelow(last, lateSeconds)) return false;
  return leftSeconds <= secondsBetween(last, ended) + 1;
}

/** Seconds up to the last sample in which nothing was renewed. */
function silentFor(seen: readonly SeenPoint[], last: SeenPoint): number {
  const renewed = seen.findLastIndex((point) => (gainedSeconds(point, last) ?? Infinity) > ROUNDING_SECONDS);
  const first = seen[renewed + 1] ?? last;
  return secondsBetween(first, last);
}
