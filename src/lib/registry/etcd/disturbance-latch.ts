import type { Clock } from '../../time/clock.js';
import type { Disturbance } from '../registration-driver.js';

const BREAKS_APART_MS = 1_000;

/** Remembers one disturbance until somebody waits for it. */
export class DisturbanceLatch {
  readonly #clock: Clock;
  #pending: Disturbance | null = null;
  #wake: (() => void) | null = null;
  #lastBreakMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A stream that breaks again at once is not reported again: regular renewals are enough then. */
  set(disturbance: Disturbance): void {
    if (disturbance.type === 'broken') {
      const nowMs = this.#clock.monotonicMs();
      if (nowMs - this.#lastBreakMs < BREAKS_APART_MS) return;
      this.#lastBreakMs = nowMs;
    }
    this.#pending = disturbance;
    this.#wake?.();
  }

  clear(): void {
    this.#pending = null;
  }

  /** Resolves with the next disturbance, each of them once. After an abort it resolves with nothing of interest. */
  async wait(signal: AbortSignal): Promise<Disturbance> {
    if (this.#pending === null && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          signal.removeEventListener('abort', done);
          this.#wake = null;
          resolve();
        };
        this.#wake = done;
        signal.addEventListener('abort', done, { once: true });
      });
    }
    const disturbance = this.#pending ?? { type: 'changed' };
    if (!signal.aborted) this.#pending = null;
    return disturbance;
  }
}
