import { setMaxListeners } from 'node:events';
import { abortedError, SdctlError } from '../../errors.js';
import type { Clock } from '../../time/clock.js';
import type { Notice } from '../types.js';

/** One call of a caller: however many requests it takes, they share a signal and an end. */
export interface Call {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly notify: (notice: Notice) => void;
  /** Milliseconds left. @throws {SdctlError} E_TIMEOUT when none are, E_ABORTED after an abort */
  remainingMs(): number;
}

/** Starts the time of a call. */
export function startCall(
  options: {
    readonly signal: AbortSignal;
    readonly timeoutMs?: number;
    readonly notify?: (notice: Notice) => void;
  },
  defaultMs: number,
  clock: Clock,
): Call {
  // Many calls may share one signal, and each request listens to it; Node would call that a leak.
  setMaxListeners(0, options.signal);
  const timeoutMs = options.timeoutMs ?? defaultMs;
  const endMs = clock.monotonicMs() + timeoutMs;
  return {
    signal: options.signal,
    timeoutMs,
    notify: options.notify ?? (() => undefined),
    remainingMs(): number {
      if (options.signal.aborted) throw abortedError(options.signal);
      const leftMs = endMs - clock.monotonicMs();
      if (leftMs > 0) return leftMs;
      throw new SdctlError('E_TIMEOUT', 'Consul did not finish in time', {
        why: `the whole call took longer than ${(timeoutMs / 1_000).toFixed(1)}s`,
        hint: 'allow more time with --timeout',
      });
    },
  };
}
