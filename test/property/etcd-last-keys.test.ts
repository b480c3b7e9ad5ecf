import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { after, prefixRange } from '../../src/lib/registry/etcd/key-range.js';
import { lastKeysFrom } from '../../src/lib/registry/etcd/last-keys.js';
import { FakeKv } from '../support/fake-kv.js';

const TREE = '/calico/';
const limits = { signal: new AbortController().signal, timeoutMs: 1_000 };

interface Found {
  /** How many keys stand at or behind the answer; null: there was none. */
  readonly left: number | null;
  readonly probes: readonly Buffer[];
}

/**
 * Looks for the last keys of a tree in a store that holds others too.
 *
 * @param isBehind begin right behind the first key, as after a page, in place of at it
 */
async function find(keys: readonly Buffer[], atMost: number, isBehind = false): Promise<Found> {
  const neighbours = ['/calicn/1', '/calico', '/calico0', '/calico01', 'z'].map((key) => Buffer.from(key));
  const kv = new FakeKv([...keys, ...neighbours].map((key) => [key, '']));
  const range = prefixRange(TREE);
  const probes: Buffer[] = [];
  const ask = async (key: Buffer): Promise<{ readonly count: number; readonly first: Buffer | null }> => {
    const { count, kvs } = await kv.calls.run(limits, (clients) =>
      clients.kv.range({ key, range_end: range.range_end, limit: 1, keys_only: true }),
    );
    return { count: Number(count), first: kvs[0]?.key ?? null };
  };
  const first = (await ask(range.key)).first ?? range.key;
  const begin = isBehind ? after(first) : first;
  const from = await lastKeysFrom(range, begin, atMost, (key) => {
    probes.push(key);
    return ask(key);
  });
  for (const probe of probes) {
    expect(Buffer.compare(probe, begin)).toBe(1);
    expect(Buffer.compare(probe, range.range_end)).toBe(-1);
  }
  // Nothing is asked twice: each probe leaves less than the one before it.
  expect(new Set(probes.map((probe) => probe.toString('hex'))).size).toBe(probes.length);
  return { left: from === null ? null : (await ask(from)).count, probes };
}

function below(tails: Iterable<string | Uint8Array>): Buffer[] {
  return [...tails].map((tail) => Buffer.concat([Buffer.from(TREE), Buffer.from(tail)]));
}

function numbered<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Looks random, and is the same in every run. */
function digest(index: number): string {
  return createHash('sha256').update(String(index)).digest('hex');
}

const padded = (index: number, digits: number): string => String(index).padStart(digits, '0');
const bytesOf = (text: string): Buffer => Buffer.from(text, 'hex');

/** Each probe makes etcd count up to the whole tree. */
const MOST_PROBES = 60;
/** What one search may cost where the last keys cannot be found. */
const LIMIT = 450;

describe('the last 200 of many keys are found in few probes', () => {
  const digits = (index: number): string => Buffer.from(String(index)).toString('hex');

  it.each<[name: string, tails: readonly (string | Uint8Array)[]]>([
    ['numbers', numbered(5_000, String)],
    ['padded numbers', numbered(5_000, (index) => padded(index, 12))],
    ['100,000 padded numbers', numbered(100_000, (index) => padded(index, 52))],
    ['60 bytes, most of them shared', numbered(5_000, (index) => 'x'.repeat(40) + padded(index, 12))],
    ['1,000 bytes, most of them shared', numbered(5_000, (index) => 'x'.repeat(980) + padded(index, 12))],
    ['shared bytes, then digests', numbered(5_000, (index) => 'x'.repeat(28) + digest(index).slice(0, 24))],
    ['an address pool', numbered(5_000, (index) => `ipam/v2/handle/k8s-pod-network.${digest(index)}`)],
    ['digests', numbered(5_000, digest)],
    ['random bytes', numbered(5_000, (index) => bytesOf(digest(index)))],
    ['pods', numbered(5_000, (index) => `ns-${index % 7}/web-${index % 13}-${digest(index).slice(0, 8)}`)],
    ['0xff bytes, then numbers', numbered(5_000, (index) => bytesOf('ff'.repeat(50) + digits(index)))],
    ['zero bytes, then numbers', numbered(5_000, (index) => bytesOf('00'.repeat(50) + digits(index)))],
    ['two heaps', ['a', 'b'].flatMap((heap) => numbered(5_000, (index) => `${heap.repeat(50)}${index}`))],
    [
      'some far below',
      [...numbered(5_000, String), ...numbered(300, (index) => `z/${'y'.repeat(300)}${index}`)],
    ],
    ['one far behind', [...numbered(5_000, String), '\u{ffff}'.repeat(20)]],
    ['one more than asked for', numbered(201, (index) => padded(index, 52))],
  ])('%s', async (_name, tails) => {
    const { left, probes } = await find(below(tails), 200);
    expect(probes.length).toBeLessThanOrEqual(MOST_PROBES);
    expect(left).toBeGreaterThanOrEqual(100);
    expect(left).toBeLessThanOrEqual(200);
  });
});

describe('the last keys', () => {
  const alphabet = fc.constantFrom(0x00, 0x01, 0x2f, 0x61, 0xfe, 0xff);
  const tail = fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc.array(alphabet, { maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
    fc.nat(9_999).map((number) => Buffer.from(padded(number, 30))),
    // Keys that are the beginnings of each other.
    fc.nat(40).map((count) => Buffer.from('ab/'.repeat(count))),
    fc
      .tuple(fc.constantFrom('00', '61', 'ff'), fc.nat(40))
      .map(([byte, count]) => bytesOf(byte.repeat(count))),
  );
  const shared = fc.oneof(fc.constant(Buffer.alloc(0)), fc.uint8Array({ maxLength: 60 }));
  const anyKeys = fc
    .tuple(
      shared,
      fc.uniqueArray(tail, {
        selector: (one) => Buffer.from(one).toString('hex'),
        minLength: 4,
        maxLength: 80,
      }),
    )
    .map(([head, tails]) => below(tails.map((one) => Buffer.concat([head, one]))));

  it('are at most so many and at least half as many where they are found, whatever the keys are', async () => {
    await fc.assert(
      fc.asyncProperty(anyKeys, fc.nat(), fc.boolean(), async (keys, number, isBehind) => {
        const atMost = 1 + (number % (keys.length - 2));
        const { left, probes } = await find(keys, atMost, isBehind);
        expect(left === null || (left >= atMost / 2 && left <= atMost)).toBe(true);
        expect(probes.length).toBeLessThanOrEqual(LIMIT);
      }),
      { numRuns: 500 },
    );
  });

  it('are always found where keys are text of ordinary length', async () => {
    const unit = fc.constantFrom('a', 'b', '/', '0', '9', '-', 'é');
    const texts = fc.tuple(
      fc.string({ unit: 'grapheme-ascii', maxLength: 40 }),
      fc.uniqueArray(fc.string({ unit, minLength: 1, maxLength: 30 }), { minLength: 4, maxLength: 80 }),
    );
    await fc.assert(
      fc.asyncProperty(texts, fc.nat(), fc.boolean(), async ([head, tails], number, isBehind) => {
        const atMost = 1 + (number % (tails.length - 2));
        const { left } = await find(below(tails.map((one) => head + one)), atMost, isBehind);
        expect(left).toBeGreaterThanOrEqual(atMost / 2);
        expect(left).toBeLessThanOrEqual(atMost);
      }),
      { numRuns: 500 },
    );
  });

  it.each<[name: string, tails: readonly (string | Uint8Array)[]]>([
    ['that are each the beginning of the next', numbered(1_500, (index) => 'a'.repeat(index + 1))],
    ['with a pattern that grows', numbered(500, (index) => 'ab/'.repeat(index + 1))],
    ['that end in more and more zero bytes', numbered(500, (index) => Buffer.alloc(index + 1))],
    ['that end in more and more 0xff bytes', numbered(500, (index) => Buffer.alloc(index + 1, 0xff))],
  ])('are looked for only so long among keys %s', async (_name, tails) => {
    const { left, probes } = await find(below(tails), 200);
    expect(left === null || (left >= 100 && left <= 200)).toBe(true);
    expect(probes.length).toBeLessThanOrEqual(LIMIT);
  });

  describe('that cannot be found at all', () => {
    // A search that goes round and round without a probe would never let the test fail by itself.
    beforeEach(() => {
      const compare = Buffer.compare.bind(Buffer);
      let compared = 0;
      vi.spyOn(Buffer, 'compare').mockImplementation((a, b) => {
        compared += 1;
        if (compared > 100_000) throw new Error('the search does not end');
        return compare(a, b);
      });
    });
    afterEach(() => void vi.restoreAllMocks());

    const keys = below(numbered(1_000, (index) => padded(index, 12)));

    it.each([0, 1, 2, 5, 10])('end the search: they vanish after %i probes', async (after) => {
      let probes = 0;
      await lastKeysFrom(prefixRange(TREE), Buffer.from(TREE), 200, (key) => {
        probes += 1;
        const rest = probes > after ? [] : keys.slice(keys.findIndex((one) => one.compare(key) >= 0));
        return Promise.resolve({ count: rest.length, first: rest[0] ?? null });
      });
      expect(probes).toBeLessThanOrEqual(LIMIT);
    });

    it('end the search: they go to the end of the store', async () => {
      let probes = 0;
      const range = { key: Buffer.from(TREE), range_end: Buffer.from([0]) };
      await lastKeysFrom(range, range.key, 200, () => {
        probes += 1;
        return Promise.resolve({ count: 1_000, first: null });
      });
      expect(probes).toBeLessThanOrEqual(LIMIT);
    });
  });
});
