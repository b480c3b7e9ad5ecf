import { SdctlError } from '../errors.js';
import type { Clock } from '../time/clock.js';
import { formatDuration } from '../time/duration.js';

/** The time that several calls have together. Calls are ended by its signal; what ends them is told apart afterwards. */
export class TimeBudget implements Disposable {
  readonly #over = new AbortController();
  readonly #done = new AbortController();
  /** Ends with the caller's signal, or when the time is up. */
  readonly signal: AbortSignal;

  /** @param totalMs for everything together */
  constructor(
    clock: Clock,
    caller: AbortSignal,
    readonly totalMs: number,
  ) {
    this.signal = AbortSignal.any([caller, this.#over.signal]);
    void clock.sleep(totalMs, this.#done.signal).then(() => {
      if (!this.#done.signal.aborted) this.#over.abort();
    });
  }

  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /** Whether a call failed because nothing was left for it. */
  ended(error: unknown): boolean {
    return error instanceof SdctlError && error.code === 'E_ABORTED' && this.isOver;
  }

  toString(): string {
    return formatDuration(this.totalMs);
  }

  [Symbol.dispose](): void {
    this.#done.abort();
  }
}
