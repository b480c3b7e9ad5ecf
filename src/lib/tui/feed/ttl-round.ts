import { isAborted, SdctlError } from '../../errors.js';
import type { Lease } from '../../registry/types.js';
import type { Clock } from '../../time/clock.js';
import { Alarm } from '../alarm.js';
import { toNextSecond } from '../second.js';
import type { Book } from '../model/book.js';

/** Where leases can be asked for what they have left. */
export interface LeaseReader {
  leases(
    ids: readonly string[],
    options: { readonly signal: AbortSignal; readonly timeoutMs?: number },
  ): Promise<ReadonlyMap<string, Lease>>;
}

/** Before the first turn, and between two while more of the screen waits. */
const TICK_MS = 250;
/** Of those nobody looks at: so many in one go, because one waking for all of them costs least. */
const BACKGROUND_AT_ONCE = 20;
/**
 * A second between two goes for up to so many leases. Of many more fewer are asked, down to four a second: a view that
 * rests has to rest, and it would never be done anyway.
 */
const BACKGROUND_SHARE = 2_000;
const BACKGROUND_LEAST_MS = 1_000;
const BACKGROUND_MOST_MS = 5_000;
/** Of those on the screen, in one go. */
const VISIBLE_AT_ONCE = 20;
/** A lease on the screen is asked again after a sixth of its time: often enough to see each renewal, and never oftener. */
const SHARE = 6;
const LEAST_MS = 1_000;
const MOST_MS = 5_000;
/** One of so many is for those that nobody looks at, however many are waited for. */
const OTHERS_OF = 5;
/** An answer that is younger than this, in shares of the pause, is not asked for again. */
const LEAST_URGENCY = 0.5;
/** When everything is known, one that is in no trouble is asked again after this. */
const BACKGROUND_AGE_MS = 30_000;
/** One that did not answer is taken for a new one after this, so that nothing of what is gone is kept. */
const FORGOTTEN_MS = 600_000;
const CALL_MS = 5_000;
const FAILED_PAUSE_MS = 1_000;

export interface TtlRoundOptions {
  readonly reader: LeaseReader;
  readonly book: Book;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Leases of the rows on the screen, in their order. */
  readonly visible: () => readonly string[];
  /** Leases that are asked before all others that are not on the screen. */
  readonly preferred: () => Iterable<string>;
  /** false: nobody answers now anyway. */
  readonly isLive: () => boolean;
}

/** Asks leases for the time they have left: those on the screen first, then those in trouble, those behind the screen and all the others, each their share. */
export class TtlRound {
  readonly #options: TtlRoundOptions;
  /** Leases of the round under way that have not been asked yet. */
  #round: string[] = [];
  #othersAtMs = -Infinity;
  readonly #alarm: Alarm;
  /** Leases that did not answer when they were asked last, with when: they are gone, or are kept from us. */
  readonly #silent = new Map<string, number>();

  constructor(options: TtlRoundOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock, options.signal);
  }

  /** Other rows are on the screen now. */
  hurry(): void {
    this.#alarm.ring();
  }

  /** Runs until the signal aborts. Never rejects for what a registry does. */
  async run(): Promise<void> {
    const { signal, isLive } = this.#options;
    for (let restMs = TICK_MS; !isAborted(signal); restMs = this.#restMs()) {
      await this.#alarm.sleep(restMs);
      if (isAborted(signal)) return;
      if (!isLive()) continue;
      const ids = [...this.#due(), ...this.#others()];
      if (ids.length > 0) await this.#ask(ids);
    }
  }

  /** Until somebody is due. */
  #restMs(): number {
    const { isLive, visible, clock } = this.#options;
    if (!isLive()) return TICK_MS;
    const nowMs = clock.monotonicMs();
    // With the second other leases may hang on the rows of the screen.
    let restMs = Math.min(toNextSecond(clock), this.#othersAtMs + this.#othersEveryMs() - nowMs);
    for (const id of visible()) restMs = Math.min(restMs, this.#dueInMs(id, nowMs));
    return Math.max(TICK_MS, restMs);
  }

  async #ask(ids: readonly string[]): Promise<void> {
    const { reader, book, clock, signal } = this.#options;
    try {
      const found = await reader.leases(ids, { signal, timeoutMs: CALL_MS });
      const moment = { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
      for (const lease of found.values()) book.readTtl(lease, moment);
      for (const id of ids) {
        if (found.has(id)) this.#silent.delete(id);
        else this.#silent.set(id, moment.monotonicMs);
      }
    } catch (error) {
      if (isAborted(signal)) return;
      if (!(error instanceof SdctlError) || error.code === 'E_DEFECT') throw error;
      // The watch says what is wrong; here it is only left alone for a while.
      await clock.sleep(FAILED_PAUSE_MS, signal);
    }
  }

  /** Those on the screen whose answer has become old. */
  #due(): readonly string[] {
    const { visible, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const due = new Set<string>();
    for (const id of visible()) {
      if (due.size >= VISIBLE_AT_ONCE) break;
      if (this.#dueInMs(id, nowMs) <= 0) due.add(id);
    }
    return [...due];
  }

  /** Until one on the screen is asked again. */
  #dueInMs(id: string, nowMs: number): number {
    const askedAtMs = this.#askedAtMs(id);
    return askedAtMs === null ? 0 : askedAtMs + this.#pauseMs(id) - nowMs;
  }

  /** When it was asked last, whether it has answered or not. */
  #askedAtMs(id: string): number | null {
    return this.#silent.get(id) ?? this.#options.book.ttls.askedAtMs(id);
  }

  #pauseMs(id: string): number {
    const granted = this.#options.book.ttls.get(id)?.grantedSeconds ?? null;
    if (granted === null) return MOST_MS;
    return Math.min(MOST_MS, Math.max(LEAST_MS, (granted * 1_000) / SHARE));
  }

  #othersEveryMs(): number {
    const everyMs = (this.#options.book.leases().size / BACKGROUND_SHARE) * 1_000;
    return Math.min(BACKGROUND_MOST_MS, Math.max(BACKGROUND_LEAST_MS, everyMs));
  }

  #others(): readonly string[] {
    const { clock, visible } = this.#options;
    const nowMs = clock.monotonicMs();
    // However often it is woken for what is on the screen.
    if (nowMs - this.#othersAtMs < this.#othersEveryMs()) return [];
    this.#othersAtMs = nowMs;
    const taken = new Set(visible());
    const seen = taken.size;
    take(this.#troubled(nowMs), BACKGROUND_AT_ONCE / 2, taken);
    if (this.#round.length === 0) this.#round = this.#nextRound(nowMs);
    take(this.#round, BACKGROUND_AT_ONCE / OTHERS_OF, taken);
    take(this.#mostUrgent(nowMs), BACKGROUND_AT_ONCE - (taken.size - seen), taken);
    take(this.#round, BACKGROUND_AT_ONCE - (taken.size - seen), taken);
    return [...taken].slice(seen);
  }

  /** Of those that stand behind the screen, the ones whose answers say least; the last one is asked first. */
  #mostUrgent(nowMs: number): string[] {
    const waiting: { readonly id: string; readonly urgency: number }[] = [];
    for (const id of this.#options.preferred()) {
      const urgency = this.#urgency(id, nowMs);
      if (urgency >= LEAST_URGENCY) waiting.push({ id, urgency });
    }
    return waiting.sort((a, b) => a.urgency - b.urgency).map(({ id }) => id);
  }

  /** The age of an answer in shares of the time after which it is asked for again. A long lease changes slowly. */
  #urgency(id: string, nowMs: number): number {
    const askedAtMs = this.#askedAtMs(id);
    if (askedAtMs === null) return Number.MAX_VALUE;
    const granted = this.#options.book.ttls.get(id)?.grantedSeconds ?? null;
    const pauseMs = granted === null ? MOST_MS : Math.max(LEAST_MS, (granted * 1_000) / SHARE);
    return (nowMs - askedAtMs) / pauseMs;
  }

  /** What an old answer says of trouble may have long been over; the oldest one is asked first. */
  #troubled(nowMs: number): string[] {
    const found: { readonly id: string; readonly atMs: number }[] = [];
    for (const [id, keys] of this.#options.book.leases()) {
      const atMs = this.#askedAtMs(id);
      if (atMs !== null && nowMs - atMs >= LEAST_MS && this.#isTroubled(keys)) found.push({ id, atMs });
    }
    return found.sort((a, b) => b.atMs - a.atMs).map(({ id }) => id);
  }

  /** The last one is asked first: those that were never asked, then the oldest answers. */
  #nextRound(nowMs: number): string[] {
    for (const [id, askedAtMs] of this.#silent)
      if (nowMs - askedAtMs >= FORGOTTEN_MS) this.#silent.delete(id);
    const fresh: string[] = [];
    const old: { readonly id: string; readonly urgency: number }[] = [];
    for (const id of this.#options.book.leases().keys()) {
      const askedAtMs = this.#askedAtMs(id);
      if (askedAtMs === null) fresh.push(id);
      else if (nowMs - askedAtMs >= BACKGROUND_AGE_MS) old.push({ id, urgency: this.#urgency(id, nowMs) });
    }
    const due = old.filter(({ urgency }) => urgency >= 1).sort((a, b) => a.urgency - b.urgency);
    // A long round is begun anew now and then: who is due is another question by then.
    return [...due.map(({ id }) => id), ...fresh.reverse()].slice(-ROUND_LENGTH);
  }

  #isTroubled(keys: ReadonlySet<string>): boolean {
    for (const key of keys) {
      const health = this.#options.book.instance(key)?.health;
      if (health === 'warning' || health === 'critical') return true;
    }
    return false;
  }
}

/** Ten goes. */
const ROUND_LENGTH = 200;

/** Takes so many more from the end of a queue. */
function take(queue: string[], most: number, taken: Set<string>): void {
  const end = taken.size + most;
  while (taken.size < end) {
    const id = queue.pop();
    if (id === undefined) return;
    taken.add(id);
  }
}
