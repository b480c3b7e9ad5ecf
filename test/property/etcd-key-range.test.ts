import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  intersection,
  joined,
  prefixRange,
  without,
  withoutAll,
  type KeyRange,
} from '../../src/lib/registry/etcd/key-range.js';

// Keys are compared here as hex digits, which stand in the order of the bytes.
const OPEN = '00';
const BYTES = ['00', '01', 'fe', 'ff'];
const bounds = [...BYTES, ...BYTES.flatMap((first) => BYTES.map((second) => first + second))];
/** All keys of one to three bytes, so that a key stands directly behind every bound. */
const universe = [...bounds, ...bounds.filter(isLong).flatMap((two) => BYTES.map((last) => two + last))];

function isLong(key: string): boolean {
  return key.length === 4;
}

function keysIn({ key, range_end: end }: KeyRange): readonly string[] {
  const [from, to] = [key.toString('hex'), end.toString('hex')];
  return universe.filter((one) => one >= from && (to === OPEN || one < to));
}

function keysInAny(ranges: readonly KeyRange[]): ReadonlySet<string> {
  return new Set(ranges.flatMap(keysIn));
}

const range: fc.Arbitrary<KeyRange> = fc
  .tuple(fc.constantFrom(...bounds), fc.constantFrom(OPEN, ...bounds))
  .filter(([from, to]) => to === OPEN || from < to)
  .map(([from, to]) => ({ key: Buffer.from(from, 'hex'), range_end: Buffer.from(to, 'hex') }));
const ranges = fc.array(range, { maxLength: 6 });
const runs = { numRuns: 2_000 };

/** None is empty, none begins before the one before it has ended. */
function expectInOrder(parts: readonly KeyRange[]): void {
  for (const [index, part] of parts.entries()) {
    expect(keysIn(part)).not.toEqual([]);
    const next = parts[index + 1];
    if (next === undefined) continue;
    expect(part.range_end.toString('hex')).not.toBe(OPEN);
    expect(Buffer.compare(part.range_end, next.key)).toBeLessThanOrEqual(0);
  }
}

describe('a range of keys', () => {
  it('without another one holds exactly the rest, in one or two parts in order', () => {
    fc.assert(
      fc.property(range, range, (whole, hole) => {
        const left = without(whole, hole);
        const removed = new Set(keysIn(hole));
        expect(keysInAny(left)).toEqual(new Set(keysIn(whole).filter((key) => !removed.has(key))));
        expect(left.length).toBeLessThanOrEqual(2);
        expectInOrder(left);
      }),
      runs,
    );
  });

  it('without several others holds exactly the rest, whatever their order', () => {
    fc.assert(
      fc.property(range, ranges, (whole, holes) => {
        const left = withoutAll(whole, holes);
        const removed = keysInAny(holes);
        expect(keysInAny(left)).toEqual(new Set(keysIn(whole).filter((key) => !removed.has(key))));
        expectInOrder(left);
        expect(withoutAll(whole, [...holes].reverse())).toEqual(left);
      }),
      runs,
    );
  });

  it('shares with another one what both hold, and null is nothing', () => {
    fc.assert(
      fc.property(range, range, (a, b) => {
        const shared = intersection(a, b);
        const other = new Set(keysIn(b));
        const expected = keysIn(a).filter((key) => other.has(key));
        expect(shared === null ? [] : keysIn(shared)).toEqual(expected);
        expect(shared === null).toBe(expected.length === 0);
        expect(intersection(b, a)).toEqual(shared);
      }),
      runs,
    );
  });

  it('is parted by a hole into what is left and what is shared', () => {
    fc.assert(
      fc.property(range, range, (whole, hole) => {
        const shared = intersection(whole, hole);
        const parts = [...without(whole, hole), ...(shared === null ? [] : [shared])];
        expect(joined(parts)).toEqual([whole]);
      }),
      runs,
    );
  });
});

describe('joined ranges', () => {
  it('hold the same keys, in order, with a gap between any two', () => {
    fc.assert(
      fc.property(ranges, (several) => {
        const result = joined(several);
        expect(keysInAny(result)).toEqual(keysInAny(several));
        expectInOrder(result);
        for (const [index, { key }] of result.slice(1).entries())
          expect(result[index]?.range_end.equals(key)).toBe(false);
      }),
      runs,
    );
  });

  it('do not depend on the order, stay as they are, and change nothing that was given', () => {
    fc.assert(
      fc.property(ranges, (several) => {
        const given = [...several];
        const result = joined(several);
        expect(several).toEqual(given);
        expect(joined([...several].reverse())).toEqual(result);
        expect(joined(result)).toEqual(result);
      }),
      runs,
    );
  });
});

describe('the range of a prefix', () => {
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', '/', '\0', '\u{7f}', '\u{ff}', '\u{ffff}', '\u{10ffff}') }),
    fc.string({ unit: 'grapheme' }),
  );
  const bytes = fc.uint8Array({ maxLength: 3 }).map((tail) => Buffer.from(tail));
  const isIn = (key: Buffer, { key: from, range_end: end }: KeyRange): boolean =>
    Buffer.compare(key, from) >= 0 && (end.toString('hex') === OPEN || Buffer.compare(key, end) < 0);

  it('holds exactly the keys that begin with it', () => {
    fc.assert(
      fc.property(text, fc.nat(), bytes, (prefix, cut, tail) => {
        const whole = Buffer.from(prefix);
        // Shares all of the prefix, or only a part of it.
        for (const head of [whole, whole.subarray(0, cut % (whole.length + 1))]) {
          const key = Buffer.concat([head, tail]);
          if (key.length === 0) continue;
          const begins = key.subarray(0, whole.length).equals(whole);
          expect(isIn(key, prefixRange(prefix))).toBe(begins);
        }
      }),
      runs,
    );
  });

  it('is the whole store for an empty one', () => {
    expect(keysIn(prefixRange(''))).toEqual(universe);
  });
});
