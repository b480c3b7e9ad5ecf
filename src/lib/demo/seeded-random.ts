import { createHash } from 'node:crypto';
import type { Random } from '../time/backoff.js';

/**
 * Numbers in [0, 1) that are the same on every machine for the same seed. For a show, not for secrets.
 *
 * @see Tommy Ettinger's Mulberry32: 32 bits of state, passes gjrand
 */
export function seededRandom(seed: string): Random {
  let state = createHash('sha256').update(seed).digest().readUInt32LE(0);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One of the items; undefined only where there are none. */
export function pickOne<T>(items: readonly T[], random: Random): T | undefined {
  return items[Math.floor(random() * items.length)];
}
