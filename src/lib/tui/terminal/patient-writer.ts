import type { Stop, TerminalDevice } from './device.js';

export interface WriterEvents {
  /** The terminal has taken the last of what it had not taken at once; for how long it took nothing at all. */
  onCaughtUp(quietMs: number): void;
  /** It will never take anything again; told once. */
  onLost(error: unknown): void;
}

/** How long a terminal is left alone that takes nothing; shorter at first, because most are only a moment behind. */
const RETRY_MS = 20;
const FIRST_RETRY_MS = 5;

/** Writes to a terminal that may be slow, stopped or gone, without ever waiting for it; keeps one rest at most. */
export class PatientWriter {
  readonly #device: TerminalDevice;
  readonly #events: WriterEvents;
  #rest: Uint8Array = new Uint8Array(0);
  #isLost = false;
  #quietMs = 0;
  #longestQuietMs = 0;
  #stopRetry: Stop | null = null;

  constructor(device: TerminalDevice, events: WriterEvents) {
    this.#device = device;
    this.#events = events;
  }

  /** Something waits to be taken: send nothing. */
  get isBusy(): boolean {
    return this.#rest.length > 0;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** @returns whether the terminal took all of it at once; otherwise `onCaughtUp` tells when it has */
  send(bytes: Uint8Array): boolean {
    if (this.#isLost) return false;
    let isWhole = false;
    try {
      const taken = this.#device.write(bytes);
      isWhole = taken >= bytes.length;
      this.#rest = bytes.subarray(taken);
    } catch (error) {
      this.#lose(error);
      return false;
    }
    this.#longestQuietMs = 0;
    if (!isWhole) this.#retryLater(FIRST_RETRY_MS);
    return isWhole;
  }

  /** Drops what waits. @returns whether there was something, so that the terminal may have half a sequence */
  abandon(): boolean {
    const wasBusy = this.isBusy;
    this.#stopRetry?.();
    this.#stopRetry = null;
    this.#rest = new Uint8Array(0);
    this.#quietMs = 0;
    return wasBusy;
  }

  /** Sends before the process ends or stops: the one write that is waited for, and not for long. */
  sendAtLast(bytes: Uint8Array, patienceMs: number): void {
    let rest = bytes;
    for (let waitedMs = 0; rest.length > 0 && !this.#isLost; waitedMs += RETRY_MS) {
      try {
        rest = rest.subarray(this.#device.write(rest));
      } catch {
        return;
      }
      if (rest.length === 0 || waitedMs >= patienceMs) return;
      this.#device.pause(RETRY_MS);
    }
  }

  #retryLater(ms: number): void {
    this.#stopRetry = this.#device.later(ms, () => {
      this.#stopRetry = null;
      this.#quietMs += ms;
      this.#retry();
    });
  }

  #retry(): void {
    try {
      // As long as it takes something, it may take more.
      for (let taken = -1; this.isBusy && taken !== 0;) {
        taken = this.#device.write(this.#rest);
        this.#rest = this.#rest.subarray(taken);
        if (taken > 0) this.#endQuiet();
      }
    } catch (error) {
      this.#lose(error);
      return;
    }
    if (this.isBusy) this.#retryLater(RETRY_MS);
    else this.#events.onCaughtUp(this.#longestQuietMs);
  }

  #endQuiet(): void {
    this.#longestQuietMs = Math.max(this.#longestQuietMs, this.#quietMs);
    this.#quietMs = 0;
  }

  #lose(error: unknown): void {
    this.#isLost = true;
    this.#rest = new Uint8Array(0);
    this.#events.onLost(error);
  }
}
