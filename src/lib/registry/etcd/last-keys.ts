import type { KeyRange } from './key-range.js';

/** What stands at or behind a key, up to the end of the range: how many keys, and the first of them. */
export type Probe = (from: Buffer) => Promise<{ readonly count: number; readonly first: Buffer | null }>;

/** Each probe halves what is left, so that this is never reached by keys of ordinary length. */
const MAX_PROBES = 1_000;

/**
 * Where the last keys of a range begin, found by counting alone: etcd would read the whole range into its memory to
 * sort it from the end.
 *
 * @param first a key of the range with more than `atMost` keys from it on
 * @returns a key from which on there are between 1 and `atMost` keys; null when that could not be found
 */
export async function lastKeysFrom(
  range: KeyRange,
  first: Buffer,
  atMost: number,
  probe: Probe,
): Promise<Buffer | null> {
  let low = first;
  let high = range.range_end;
  // Longest part that low may share with the last keys: what is behind it is empty.
  let shared = 0;
  for (let probes = 0; probes < MAX_PROBES; probes += 1) {
    const middle = between(low, high, shared);
    if (middle === null) return null;
    const { count, first: next } = await probe(middle);
    if (count > 0 && count <= atMost) return middle;
    if (count === 0) {
      high = middle;
      shared = sharedLength(low, high);
    } else if (next === null || Buffer.compare(next, low) <= 0) return null;
    else low = next;
  }
  return null;
}

/**
 * A key strictly behind `low` and before `high`. While the two part early and `low` is long, it is the end of half of
 * what `low` has beyond that: long common beginnings are passed in a few steps.
 */
function between(low: Buffer, high: Buffer, shared: number): Buffer | null {
  const rest = low.length - shared;
  const isFar = rest > 2 && (high[shared] ?? 256) - (low[shared] ?? 0) <= 1;
  if (isFar) {
    const half = endOf(low.subarray(0, shared + 1 + Math.ceil(rest / 2)));
    if (half !== null && Buffer.compare(half, high) < 0) return half;
  }
  return halfway(low, high, shared);
}

/** The first key behind all that begin with `prefix`. */
function endOf(prefix: Buffer): Buffer | null {
  for (let at = prefix.length - 1; at >= 0; at -= 1) {
    const byte = prefix[at] ?? 0xff;
    if (byte < 0xff) return Buffer.concat([prefix.subarray(0, at), Buffer.from([byte + 1])]);
  }
  return null;
}

/** The middle of two keys read as fractions to the base 256. */
function halfway(low: Buffer, high: Buffer, shared: number): Buffer | null {
  const length = Math.max(low.length, high.length) + 1;
  const digit = (key: Buffer, at: number): number => key[at] ?? 0;
  const sum: number[] = [];
  let carry = 0;
  for (let at = length - 1; at >= shared; at -= 1) {
    const total = digit(low, at) + digit(high, at) + carry;
    sum.unshift(total & 0xff);
    carry = total >> 8;
  }
  const bytes: number[] = [];
  let rest = carry;
  for (const value of sum) {
    const total = rest * 256 + value;
    bytes.push(total >> 1);
    rest = total & 1;
  }
  while (bytes.at(-1) === 0) bytes.pop();
  const middle = Buffer.concat([low.subarray(0, shared), Buffer.from(bytes)]);
  return Buffer.compare(middle, low) > 0 && Buffer.compare(middle, high) < 0 ? middle : null;
}

function sharedLength(a: Buffer, b: Buffer): number {
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a[at] === b[at]) at += 1;
  return at;
}
