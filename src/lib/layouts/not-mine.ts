import type { DecodeResult } from './types.js';

/** One answer for all, because nearly every layout gives it for nearly every entry. */
export const notMine: DecodeResult = { state: 'not-mine' };
