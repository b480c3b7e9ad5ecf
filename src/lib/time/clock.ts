/** Time as the library sees it; injected, so that tests can hold it. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. For display and documents only. */
  nowMs(): number;
  /** Monotonic milliseconds; steps of the wall clock do not touch it. For every duration. */
  monotonicMs(): number;
  /** Resolves after `ms`; resolves at once, without error, when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

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
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(0, ms));
      signal?.addEventListener('abort', done, { once: true });
    }),
};

/** RFC 3339 UTC with milliseconds. */
export function toRfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
