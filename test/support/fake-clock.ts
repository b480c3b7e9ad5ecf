import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../src/lib/time/clock.js';

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

/** Time that passes only when told to. */
export class FakeClock implements Clock {
  #elapsedMs = 0;
  readonly #startMs: number;
  readonly #sleepers = new Set<Sleeper>();
  /** Every pause that was asked for, in order, in milliseconds. */
  readonly sleeps: number[] = [];

  constructor(start = '2024-05-01T10:00:00.000Z') {
    this.#startMs = Date.parse(start);
  }

  /** Nobody waits for time to pass. */
  get isIdle(): boolean {
    return this.#sleepers.size === 0;
  }

  nowMs(): number {
    return this.#startMs + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    this.sleeps.push(ms);
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper = { dueMs: this.#elapsedMs + Math.max(0, ms), wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  /** Lets everything that can run now run, without time passing. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await setImmediate();
  }

  /** Lets time pass, waking sleepers one moment after the other in their order. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#elapsedMs + ms;
    await this.settle();
    for (;;) {
      const next = this.#nextDueMs();
      if (next === null || next > untilMs) break;
      this.#elapsedMs = Math.max(this.#elapsedMs, next);
      for (const sleeper of [...this.#sleepers]) if (sleeper.dueMs <= this.#elapsedMs) sleeper.wake();
      await this.settle();
    }
    this.#elapsedMs = untilMs;
  }

  #nextDueMs(): number | null {
    let next: number | null = null;
    for (const { dueMs } of this.#sleepers) next = next === null ? dueMs : Math.min(next, dueMs);
    return next;
  }
}
