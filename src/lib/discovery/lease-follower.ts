import { leaseKey, type LeaseRecord } from '../model/lease.js';
import type { LeaseEvent, LeaseEventType } from '../model/lease-event.js';
import type { Lease } from '../registry/types.js';
import { elapsedBetween, judgeRenewal, type Span } from './lease-renewal.js';

interface Followed {
  /** As it was last told. */
  readonly told: LeaseRecord;
  /** The sample that renewals are judged from: the first one, or that of the last renewal. */
  readonly sample: LeaseRecord;
  readonly sampled: Span;
}

export interface LeaseFollowerOptions {
  /** So many leases are followed at most. */
  readonly most: number;
  /** Which leases are asked for, the most urgent first. */
  readonly select: (leases: readonly LeaseRecord[]) => readonly LeaseRecord[];
}

/** Tells what changed on leases between one reading and the next. Reads nothing itself. */
export class LeaseFollower {
  readonly #options: LeaseFollowerOptions;
  readonly #followed = new Map<string, Followed>();
  #known: Set<string> | null = null;
  #epoch: string | undefined;
  #unfollowed = 0;

  constructor(options: LeaseFollowerOptions) {
    this.#options = options;
  }

  /** Leases that are followed. */
  get leases(): readonly LeaseRecord[] {
    return [...this.#followed.values()].map(({ told }) => told);
  }

  /** How many leases of the last list were asked for but are not followed, because there are too many. */
  get unfollowed(): number {
    return this.#unfollowed;
  }

  /** How many leases the last list had, whether asked for or not. */
  get known(): number {
    return this.#known?.size ?? 0;
  }

  /**
   * What changed since the last reading, by a list of all leases. The first one changes nothing.
   *
   * @param epoch of the list, see `LeaseListing`; in a new one nothing was renewed yet, however much time is left
   */
  list(leases: readonly LeaseRecord[], span: Span, epoch?: string): readonly LeaseEvent[] {
    const before = this.#known;
    const now = new Map(leases.map((lease) => [leaseKey(lease), lease]));
    if (epoch !== this.#epoch) this.#resample(now, span);
    this.#epoch = epoch;
    const events = this.#compare((key) => now.get(key), span);
    const selected = this.#options.select(leases);
    this.#keepOnly(new Set(selected.map(leaseKey)));
    for (const lease of selected) {
      const key = leaseKey(lease);
      if (this.#followed.has(key) || this.#followed.size >= this.#options.most) continue;
      this.#followed.set(key, { told: lease, sample: lease, sampled: span });
      if (before !== null) events.push({ type: before.has(key) ? 'left' : 'new', lease });
    }
    this.#unfollowed = selected.length - this.#followed.size;
    this.#known = new Set(now.keys());
    return events;
  }

  /** What changed since the last reading, by nothing but the times that the followed leases have left. */
  glance(found: ReadonlyMap<string, Lease>, span: Span): readonly LeaseEvent[] {
    const events = this.#compare((key, { told }) => {
      const lease = found.get(told.id);
      if (lease === undefined) {
        this.#known?.delete(key);
        return undefined;
      }
      const { grantedSeconds, leftSeconds, isOverdue } = lease;
      return { ...told, grantedSeconds, leftSeconds, isOverdue };
    }, span);
    this.#keepOnly(new Set(this.#options.select(this.leases).map(leaseKey)));
    return events;
  }

  #compare(read: (key: string, followed: Followed) => LeaseRecord | undefined, span: Span): LeaseEvent[] {
    const events: LeaseEvent[] = [];
    for (const [key, followed] of this.#followed) {
      const lease = read(key, followed);
      if (lease === undefined) {
        this.#followed.delete(key);
        events.push({ type: 'ended', lease: { ...followed.told, leftSeconds: null, isOverdue: false } });
        continue;
      }
      const event = this.#step(key, followed, lease, span);
      if (event !== null) events.push(event);
    }
    return events;
  }

  #step(key: string, followed: Followed, lease: LeaseRecord, span: Span): LeaseEvent | null {
    const { told, sample, sampled } = followed;
    const verdict = judgeRenewal(sample, lease, elapsedBetween(sampled, span));
    const now = { ...lease, isRenewed: verdict ?? told.isRenewed };
    const type = changeOf(told, now, verdict === true);
    if (verdict === true) this.#followed.set(key, { told: now, sample: lease, sampled: span });
    else if (type !== null) this.#followed.set(key, { ...followed, told: now });
    return type === null ? null : { type, lease: now };
  }

  /** Judges renewals from now on. */
  #resample(now: ReadonlyMap<string, LeaseRecord>, sampled: Span): void {
    for (const [key, { told }] of this.#followed)
      this.#followed.set(key, { told, sample: now.get(key) ?? told, sampled });
  }

  #keepOnly(keys: ReadonlySet<string>): void {
    for (const key of this.#followed.keys()) if (!keys.has(key)) this.#followed.delete(key);
  }
}

/** What is told of a lease; null: nothing that anybody could see. */
function changeOf(before: LeaseRecord, now: LeaseRecord, isRenewed: boolean): LeaseEventType | null {
  // Where the time left is not known, a renewal shows only once: when it is clear that somebody renews it.
  if (isRenewed && (now.leftSeconds !== null || before.isRenewed !== true)) return 'renewed';
  if (stateOf(before) !== stateOf(now)) return 'changed';
  return wholeSeconds(before) === wholeSeconds(now) ? null : 'left';
}

/** What is shown of it beside its time. The order of what hangs on it means nothing. */
function stateOf({ isOverdue, health, knowsBindings, bindings }: LeaseRecord): string {
  const things = bindings.map(({ key, name }) => JSON.stringify([key, name?.service, name?.id])).sort();
  return JSON.stringify([isOverdue, health, knowsBindings, things]);
}

function wholeSeconds({ leftSeconds }: LeaseRecord): number | null {
  return leftSeconds === null ? null : Math.floor(leftSeconds);
}
