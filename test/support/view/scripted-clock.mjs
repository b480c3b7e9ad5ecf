/** A clock that passes only as a test says. */

/** Rounds of the event loop in which what was woken may go on, and wake others. */
const ROUNDS = 6;

export class ScriptedClock {
  #startMs;
  #passedMs = 0;
  /** In the order of their moments; of one moment in the order of their calls. */
  #sleeps = [];

  /** @param startMs wall clock */
  constructor(startMs) {
    this.#startMs = startMs;
  }

  nowMs() {
    return this.#startMs + this.#passedMs;
  }

  /** Not from 0: nothing may take an early moment for none. */
  monotonicMs() {
    return 60_000 + this.#passedMs;
  }

  async sleep(ms, signal) {
    if (signal?.aborted === true) return;
    await new Promise((resolve) => {
      // As a sleep of the real clock does.
      const letGo = keepAlive();
      const sleep = { dueMs: this.#passedMs + Math.max(0, ms) };
      sleep.wake = () => {
        signal?.removeEventListener('abort', sleep.wake);
        this.#sleeps = this.#sleeps.filter((other) => other !== sleep);
        letGo();
        resolve();
      };
      const at = this.#sleeps.findIndex(({ dueMs }) => dueMs > sleep.dueMs);
      this.#sleeps.splice(at === -1 ? this.#sleeps.length : at, 0, sleep);
      signal?.addEventListener('abort', sleep.wake, { once: true });
      // A sleep of no time is a turn of the event loop, as with the real clock.
      if (ms <= 0) setTimeout(sleep.wake, 0);
    });
  }

  /** Lets time pass, from one sleeper to the next; returns when everything that was due has run. */
  async advance(ms) {
    const untilMs = this.#passedMs + ms;
    await settle();
    for (;;) {
      const next = this.#sleeps[0];
      if (next === undefined || next.dueMs > untilMs) break;
      this.#passedMs = Math.max(this.#passedMs, next.dueMs);
      next.wake();
      await settle();
    }
    this.#passedMs = untilMs;
    await settle();
  }

  /** Milliseconds until each sleeper wakes. */
  sleeping() {
    return this.#sleeps.map(({ dueMs }) => dueMs - this.#passedMs);
  }
}

export async function settle() {
  for (let round = 0; round < ROUNDS; round += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Keeps the process running, as an open connection does. @returns how to let go */
export function keepAlive() {
  const timer = setInterval(() => undefined, 60_000);
  return () => clearInterval(timer);
}
