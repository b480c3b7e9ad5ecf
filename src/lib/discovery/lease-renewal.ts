import { leaseKey, type LeaseRecord } from '../model/lease.js';

/**
 * How much time lay between two samples of one lease, in milliseconds. A list of many leases takes a while itself, so
 * it is only known to lie between the two.
 */
export interface Elapsed {
  readonly leastMs: number;
  readonly mostMs: number;
}

/** What a sample has to tell of a lease. */
export type LeaseSample = Pick<
  LeaseRecord,
  'kind' | 'grantedSeconds' | 'leftSeconds' | 'isOverdue' | 'health'
>;

/** When a question was asked and when its answer had come; monotonic milliseconds. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Seconds that rounding can give and take; whole seconds are rounded down in both samples. */
const ROUNDING = 1.2;
/** Who renews does so every third of the time granted, and is seen once it gained more than rounding can give. */
const SURELY_SEEN = 1 + ROUNDING;

/** The time between two readings. */
export function elapsedBetween(first: Span, second: Span): Elapsed {
  return {
    leastMs: Math.max(0, second.fromMs - first.toMs),
    mostMs: Math.max(0, second.toMs - first.fromMs),
  };
}

/**
 * Whether somebody renews a lease, from two samples of it.
 *
 * @returns null when they do not tell: they lie too close together, or the registry does not say enough
 */
export function judgeRenewal(first: LeaseSample, second: LeaseSample, elapsed: Elapsed): boolean | null {
  if (second.leftSeconds === null) return judgeCheck(first, second, elapsed);
  if (second.isOverdue) return false;
  if (first.leftSeconds === null) return null;
  const [least, most] = [elapsed.leastMs / 1_000, elapsed.mostMs / 1_000];
  const gained = second.leftSeconds - first.leftSeconds;
  // Whole seconds rounded down never rise by themselves.
  if (gained > 0 || gained + least > ROUNDING) return true;
  const granted = second.grantedSeconds;
  if (granted === null) return null;
  // At 0 it may be overdue by less than a second.
  if (least >= granted && second.leftSeconds > 0) return true;
  const isLongEnough = least >= Math.max(granted / 2, granted / 3 + SURELY_SEEN);
  return isLongEnough && gained + most <= ROUNDING ? false : null;
}

/** Consul does not tell the time left: a TTL check that outlived its TTL was renewed. */
function judgeCheck(first: LeaseSample, second: LeaseSample, elapsed: Elapsed): boolean | null {
  if (second.kind !== 'ttl-check') return null;
  if (first.isOverdue && second.isOverdue) return false;
  const granted = second.grantedSeconds;
  const isKept = isAlive(first) && isAlive(second);
  return isKept && granted !== null && elapsed.leastMs >= granted * 1_000 ? true : null;
}

function isAlive({ health }: LeaseSample): boolean {
  return health === 'passing' || health === 'warning';
}

/** The second of two lists, with what both together tell about renewals. Of leases that only it has, nothing is known. */
export function withRenewals(
  first: readonly LeaseRecord[],
  second: readonly LeaseRecord[],
  elapsed: Elapsed,
): readonly LeaseRecord[] {
  const before = new Map(first.map((lease) => [leaseKey(lease), lease]));
  return second.map((lease) => {
    const earlier = before.get(leaseKey(lease));
    return { ...lease, isRenewed: earlier === undefined ? null : judgeRenewal(earlier, lease, elapsed) };
  });
}
