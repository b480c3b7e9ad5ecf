/** Time as the library sees it; injected, so that tests can hold it. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. For display and documents only. */
  nowMs(): number;
  /** Monotonic milliseconds; steps of the wall clock do not touch it. For every duration. */
  monotonicMs(): number;
  /** Resolves after `ms`; resolves at once, without error, when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The longest that one timer of Node can wait; a longer one would end at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. A sleep keeps the process alive until it ends or is aborted. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      let timer: NodeJS.Timeout | undefined;
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const wait = (leftMs: number): void => {
        const partMs = Math.min(leftMs, MAX_TIMER_MS);
        timer = setTimeout(() => {
          if (leftMs > partMs) wait(leftMs - partMs);
          else done();
        }, partMs);
      };
      wait(Math.max(0, ms));
      signal?.addEventListener('abort', done, { once: true });
    }),
};

/** RFC 3339 UTC with milliseconds. */
export function toRfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
