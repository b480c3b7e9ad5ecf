import { returnOf, type ReturnKind } from '../discovery/comeback.js';
import { instanceKey, type Instance } from '../model/instance.js';
import type { Clock } from '../time/clock.js';

/** An entry that was removed and is there again. */
export interface Return {
  readonly kind: ReturnKind;
  readonly instance: Instance;
  /** From the answer to its removal to the news; 0: the news came first. */
  readonly afterMs: number;
}

/** What was found out about one removed entry. */
export type Verdict =
  | { readonly state: 'gone'; readonly forMs: number }
  | { readonly state: 'back'; readonly back: Return }
  /** The registry could not be asked until the end of the look. */
  | { readonly state: 'unknown'; readonly why: string };

interface Looking {
  readonly removed: Instance;
  readonly removedAtMs: number;
  readonly lookMs: number;
  back: Return | null;
}

/** Which entries were removed, what was there before, and which of them are back. */
export class ComebackLedger {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #known: Set<string>;
  readonly #looking: Looking[] = [];
  readonly #joined: Instance[] = [];

  /** @param known what was there before anything was removed: no return of something else */
  constructor(clock: Pick<Clock, 'monotonicMs'>, known: readonly Instance[]) {
    this.#clock = clock;
    this.#known = new Set(known.map(instanceKey));
  }

  /** More that was there before. */
  learn(instances: readonly Instance[]): void {
    for (const instance of instances) this.#known.add(instanceKey(instance));
  }

  /** An entry is gone from now on. */
  add(removed: Instance, lookMs: number): void {
    const looking: Looking = { removed, removedAtMs: this.#clock.monotonicMs(), lookMs, back: null };
    this.#looking.push(looking);
    // It may have come back before the answer to its removal arrived.
    for (const instance of this.#joined) this.#compare(looking, instance);
  }

  /** An entry stands where none stood a moment ago. */
  join(instance: Instance): void {
    this.#joined.push(instance);
    this.see(instance);
  }

  /** An entry was read. */
  see(instance: Instance): void {
    for (const looking of this.#looking) this.#compare(looking, instance);
  }

  /** Whether an entry would be the return of one that is still looked for. */
  isLikeReturn(instance: Instance): boolean {
    return this.#open().some(({ removed }) => returnOf(removed, instance, this.#known) !== null);
  }

  /** Services of those that are not back. */
  openServices(): readonly string[] {
    return [...new Set(this.#open().map(({ removed }) => removed.service))];
  }

  /** Until the last look is over, in milliseconds; 0: they all are, or have found their entry. */
  leftMs(): number {
    const nowMs = this.#clock.monotonicMs();
    return this.#open().reduce(
      (most, { removedAtMs, lookMs }) => Math.max(most, removedAtMs + lookMs - nowMs),
      0,
    );
  }

  /**
   * What is known by now of each, in the order in which they were added.
   *
   * @param failure why nobody knows about those that were not seen again; null: they were looked for just now
   */
  verdicts(failure: string | null): readonly Verdict[] {
    const nowMs = this.#clock.monotonicMs();
    return this.#looking.map(({ back, removedAtMs }): Verdict => {
      if (back !== null) return { state: 'back', back };
      if (failure !== null) return { state: 'unknown', why: failure };
      return { state: 'gone', forMs: nowMs - removedAtMs };
    });
  }

  #open(): readonly Looking[] {
    return this.#looking.filter(({ back }) => back === null);
  }

  #compare(looking: Looking, instance: Instance): void {
    if (looking.back !== null) return;
    const kind = returnOf(looking.removed, instance, this.#known);
    if (kind === null) return;
    const afterMs = Math.max(0, this.#clock.monotonicMs() - looking.removedAtMs);
    looking.back = { kind, instance, afterMs };
  }
}
