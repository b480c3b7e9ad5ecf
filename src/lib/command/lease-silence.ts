import { isAborted } from '../errors.js';
import type { Clock } from '../time/clock.js';
import { formatDuration } from '../time/duration.js';

export interface SilenceOptions {
  readonly clock: Clock;
  /** So long it waits before it says that no answer comes, in milliseconds. */
  readonly patienceMs: number;
  /** Nothing is said any more once it has aborted. */
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** The time without news of a registry: that it began is said once, and so is that it is over. */
export class Silence {
  readonly #options: SilenceOptions;
  readonly #startedMs: number;
  readonly #stopped = new AbortController();
  #isSaid = false;

  constructor(options: SilenceOptions) {
    const { clock, patienceMs, signal } = options;
    this.#options = options;
    this.#startedMs = clock.monotonicMs();
    void clock.sleep(patienceMs, this.#stopped.signal).then(() => {
      if (!isAborted(this.#stopped.signal) && !isAborted(signal))
        this.because(`no answer for ${formatDuration(patienceMs)}; waiting`);
    });
  }

  /** @param why already safe */
  because(why: string): void {
    if (!this.#isSaid) this.#options.say(`stale: ${why}`);
    this.#isSaid = true;
  }

  /** An answer has come. */
  end(): void {
    this.stop();
    const { clock, say } = this.#options;
    if (this.#isSaid) say(`reading again after ${formatDuration(clock.monotonicMs() - this.#startedMs)}`);
  }

  /** Nobody waits any more. */
  stop(): void {
    this.#stopped.abort();
  }
}
