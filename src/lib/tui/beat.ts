import { isAborted } from '../errors.js';
import type { Clock } from '../time/clock.js';
import { Alarm } from './alarm.js';
import { toNextSecond } from './second.js';

/** Events are collected for this long before they are painted. */
const PAINT_EVERY_MS = 100;
/** Nothing is waited for but a change. */
const LONG_MS = 60_000;
const WARM_PAUSE_MS = 25;

export interface BeatOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** @param cause `tick`: nothing but the time has changed */
  readonly paint: (cause: 'data' | 'tick') => void;
  /** A second has gone by. */
  readonly onSecond: () => void;
  /** Something to do in the pauses between pictures, in small parts. @returns whether there is more of it */
  readonly warm: () => boolean;
}

/** When pictures are painted that no key has asked for: soon after a change, and with each second. */
export class Beat {
  readonly #options: BeatOptions;
  readonly #alarm: Alarm;
  #isDirty = true;
  #isTicking = false;
  #paintedAtMs = -Infinity;

  constructor(options: BeatOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock, options.signal);
  }

  /** Something is another one than the last picture shows. */
  markDirty(): void {
    this.#isDirty = true;
    this.#alarm.ring();
  }

  /** A picture of everything is about to be painted, whoever asked for it. */
  painting(): void {
    this.#isDirty = false;
    this.#isTicking = false;
    this.#paintedAtMs = this.#options.clock.monotonicMs();
  }

  /** Until the signal aborts. */
  async run(): Promise<void> {
    await Promise.all([this.#paintLoop(), this.#tickLoop(), this.#warmLoop()]);
  }

  async #paintLoop(): Promise<void> {
    const { clock, signal, paint } = this.#options;
    while (!isAborted(signal)) {
      if (!this.#isDirty) {
        await this.#alarm.sleep(LONG_MS);
        continue;
      }
      const leftMs = PAINT_EVERY_MS - (clock.monotonicMs() - this.#paintedAtMs);
      if (leftMs > 0) await clock.sleep(leftMs, signal);
      else paint(this.#isTicking ? 'tick' : 'data');
    }
  }

  /** The clock and the bars go on with the second. */
  async #tickLoop(): Promise<void> {
    const { clock, signal, onSecond } = this.#options;
    while (!isAborted(signal)) {
      await clock.sleep(toNextSecond(clock), signal);
      onSecond();
      this.#isTicking = !this.#isDirty;
      this.markDirty();
    }
  }

  async #warmLoop(): Promise<void> {
    const { clock, signal, warm } = this.#options;
    while (!isAborted(signal)) await clock.sleep(warm() ? WARM_PAUSE_MS : toNextSecond(clock), signal);
  }
}
