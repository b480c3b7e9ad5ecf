import type { Clock } from '../../time/clock.js';
import { openScope } from '../scope.js';

/** Keys that may have changed, collected until the reader of a watch comes for them. */
export class HintQueue {
  #keys = new Set<string>();
  #wake: () => void = () => undefined;

  push(key: string): void {
    this.#keys.add(key);
    this.#wake();
  }

  take(): ReadonlySet<string> {
    const keys = this.#keys;
    this.#keys = new Set();
    return keys;
  }

  /** Resolves when there is a key, when the time has passed, or when the signal aborts. */
  async wait(waitMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
    if (this.#keys.size > 0 || signal.aborted) return;
    const waiting = openScope(signal);
    this.#wake = () => {
      waiting.end();
    };
    // A timer of Node holds 24 days at most.
    await clock.sleep(Math.min(waitMs, 3_600_000), waiting.signal);
    waiting.end();
    this.#wake = () => undefined;
  }
}
