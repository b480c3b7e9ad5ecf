import { isAborted, SdctlError } from '../../errors.js';
import type { Lease } from '../../registry/types.js';
import type { Clock } from '../../time/clock.js';
import { Alarm } from '../alarm.js';
import type { Book } from '../model/book.js';

/** Where leases can be asked for what they have left. */
export interface LeaseReader {
  leases(
    ids: readonly string[],
    options: { readonly signal: AbortSignal; readonly timeoutMs?: number },
  ): Promise<ReadonlyMap<string, Lease>>;
}

const TICK_MS = 250;
/** Of those nobody looks at: at most twenty a second. */
const BACKGROUND_PER_TICK = 5;
/** Of those on the screen, in one go. */
const VISIBLE_AT_ONCE = 20;
/** A lease on the screen is asked again after a sixth of its time: often enough to see each renewal, and never oftener. */
const SHARE = 6;
const LEAST_MS = 1_000;
const MOST_MS = 5_000;
/** Of those that stand behind what is on the screen an answer counts for little longer than twice this. */
const PREFERRED_MS = 2_500;
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
  readonly onChange: () => void;
}

/** Asks leases for the time they have left: those on the screen first, then those in trouble, then all the others. */
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
    while (!isAborted(signal)) {
      await this.#alarm.sleep(TICK_MS);
      if (isAborted(signal)) return;
      if (!isLive()) continue;
      const ids = [...this.#due(), ...this.#others()];
      if (ids.length > 0) await this.#ask(ids);
    }
  }

  async #ask(ids: readonly string[]): Promise<void> {
    const { reader, book, clock, signal, onChange } = this.#options;
    try {
      const found = await reader.leases(ids, { signal, timeoutMs: CALL_MS });
      const moment = { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
      for (const lease of found.values()) book.readTtl(lease, moment);
      for (const id of ids) {
        if (found.has(id)) this.#silent.delete(id);
        else this.#silent.set(id, moment.monotonicMs);
      }
      onChange();
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
      const askedAtMs = this.#askedAtMs(id);
      if (askedAtMs === null || nowMs - askedAtMs >= this.#pauseMs(id)) due.add(id);
    }
    return [...due];
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

  #others(): readonly string[] {
    const { clock, visible } = this.#options;
    const nowMs = clock.monotonicMs();
    // However often it is woken for what is on the screen.
    if (nowMs - this.#othersAtMs < TICK_MS) return [];
    this.#othersAtMs = nowMs;
    const seen = new Set(visible());
    if (this.#round.length === 0) this.#round = this.#nextRound(nowMs);
    const asked: string[] = [];
    while (asked.length < BACKGROUND_PER_TICK) {
      const id = this.#round.pop();
      if (id === undefined) break;
      const askedAtMs = this.#askedAtMs(id);
      if (!seen.has(id) && (askedAtMs === null || nowMs - askedAtMs >= PREFERRED_MS)) asked.push(id);
    }
    return asked;
  }

  /** The last one is asked first: those that stand behind what is seen, those in trouble, those that were never asked, then the oldest answers. */
  #nextRound(nowMs: number): string[] {
    for (const [id, askedAtMs] of this.#silent)
      if (nowMs - askedAtMs >= FORGOTTEN_MS) this.#silent.delete(id);
    const fresh: string[] = [];
    const old: { readonly id: string; readonly askedAtMs: number }[] = [];
    const troubled: string[] = [];
    const preferred: string[] = [];
    const isTaken = new Set<string>();
    for (const id of this.#options.preferred()) {
      const askedAtMs = this.#askedAtMs(id);
      if (isTaken.has(id) || (askedAtMs !== null && nowMs - askedAtMs < MOST_MS * 2)) continue;
      preferred.push(id);
      isTaken.add(id);
    }
    for (const [id, keys] of this.#options.book.leases()) {
      if (isTaken.has(id)) continue;
      const askedAtMs = this.#askedAtMs(id);
      if (askedAtMs === null) fresh.push(id);
      else if (this.#isTroubled(keys)) troubled.push(id);
      else if (nowMs - askedAtMs >= BACKGROUND_AGE_MS) old.push({ id, askedAtMs });
    }
    old.sort((a, b) => b.askedAtMs - a.askedAtMs);
    // A long round is begun anew now and then, so that trouble is not asked about only once in it.
    // Half of a round is for those that nobody looks at, however many are preferred.
    const others = [...old.map(({ id }) => id), ...fresh.reverse(), ...troubled].slice(-ROUND_LENGTH / 2);
    const first = preferred.slice(0, ROUND_LENGTH - others.length).reverse();
    return [...others, ...first];
  }

  #isTroubled(keys: ReadonlySet<string>): boolean {
    for (const key of keys) {
      const health = this.#options.book.instance(key)?.health;
      if (health === 'warning' || health === 'critical') return true;
    }
    return false;
  }
}

/** Ten seconds' worth. */
const ROUND_LENGTH = 200;
