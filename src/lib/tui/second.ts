import type { Clock } from '../time/clock.js';

export const SECOND_MS = 1_000;
/** A timer that ends a little early must not make a second second of it. */
const LEAST_MS = 50;

/**
 * Milliseconds to the next full second of the wall clock. Whatever goes on with the second goes by this: then the process
 * wakes once for all of it.
 */
export function toNextSecond(clock: Clock): number {
  const leftMs = SECOND_MS - (clock.nowMs() % SECOND_MS);
  return leftMs < LEAST_MS ? leftMs + SECOND_MS : leftMs;
}
