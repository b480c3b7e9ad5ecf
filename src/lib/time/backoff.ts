/** Uniform in [0, 1); injected, so that tests can fix it. */
export type Random = () => number;

export interface BackoffLimits {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Shared by every retry in sdctl: no pause is longer than one second, so nothing is late by more than that. */
export const defaultBackoff: BackoffLimits = { firstMs: 100, maxMs: 1_000 };

/**
 * Pause before a retry: doubles from `firstMs` up to `maxMs`, then 25 % of it taken off at random,
 * so that many clients do not return in the same moment and none waits longer than `maxMs`.
 *
 * @param failures failures so far, at least 1
 * @returns milliseconds, within [0.75 * step, step]
 */
export function backoffMs(failures: number, random: Random, limits: BackoffLimits = defaultBackoff): number {
  const step = Math.min(limits.maxMs, limits.firstMs * 2 ** Math.min(Math.max(failures, 1) - 1, 20));
  return step * (1 - 0.25 * random());
}
