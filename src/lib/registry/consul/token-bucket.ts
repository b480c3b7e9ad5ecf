import type { Clock } from '../../time/clock.js';

/** Lets a few through at once and then a steady number, so that a registry in turmoil is not asked without end. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #burst: number;
  readonly #everyMs: number;
  #tokens: number;
  #filledMs: number;

  /** @param everyMs time for one more token */
  constructor(clock: Clock, burst: number, everyMs: number) {
    this.#clock = clock;
    this.#burst = burst;
    this.#everyMs = everyMs;
    this.#tokens = burst;
    this.#filledMs = clock.monotonicMs();
  }

  /** Resolves when one may pass, or when the signal aborts. One waiter at a time. */
  async take(signal: AbortSignal): Promise<void> {
    this.#fill();
    while (this.#tokens < 1 && !signal.aborted) {
      await this.#clock.sleep((1 - this.#tokens) * this.#everyMs, signal);
      this.#fill();
    }
    this.#tokens = Math.max(0, this.#tokens - 1);
  }

  #fill(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#filledMs) / this.#everyMs);
    this.#filledMs = nowMs;
  }
}
