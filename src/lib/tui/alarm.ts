import type { Clock } from '../time/clock.js';

/**
 * A pause that can be cut short, again and again. One listener for all pauses: signals that are combined anew for each
 * would pile up on the one that lives as long as the view.
 */
export class Alarm {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #pause: AbortController | null = null;

  /** @param signal ends every pause, also those to come */
  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    signal.addEventListener(
      'abort',
      () => {
        this.ring();
      },
      { once: true },
    );
  }

  /** Ends the pause under way; nothing happens without one. */
  ring(): void {
    this.#pause?.abort();
  }

  /** @returns whether the time went by to the end */
  async sleep(ms: number): Promise<boolean> {
    if (this.#signal.aborted) return false;
    const pause = new AbortController();
    this.#pause = pause;
    await this.#clock.sleep(ms, pause.signal);
    if (this.#pause === pause) this.#pause = null;
    return !pause.signal.aborted;
  }
}
