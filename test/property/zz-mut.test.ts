import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Decoded } from '../../src/lib/layouts/index.js';
import { keyText } from '../../src/lib/registry/etcd/entries.js';
import { prefixRange } from '../../src/lib/registry/etcd/key-range.js';
import { readRange } from '../../src/lib/registry/etcd/pages.js';
import { StretchSink } from '/tmp/sd/mut-stretch-sink.ts';
import type { TreeLook } from '../../src/lib/registry/etcd/tree-check.js';
import { anInstance } from '../support/builders.js';
import { FakeClock } from '../support/fake-clock.js';
import { FakeKv } from '../support/fake-kv.js';

const limits = { signal: new AbortController().signal, timeoutMs: 1_000 };

interface Tree {
  readonly name: string;
  readonly size: number;
  /** Positions of the entries that can be read; negative: from the end. */
  readonly readable?: readonly number[];
}

type Entry = readonly [key: string | Buffer, value: string];

function entriesOf({ name, size, readable = [] }: Tree): readonly (readonly [key: string, value: string])[] {
  const places = new Set(readable.map((position) => (position < 0 ? size + position : position)));
  return Array.from({ length: size }, (_, index) => [
    `${name}${String(index).padStart(6, '0')}`,
    places.has(index) ? 'instance' : 'junk',
  ]);
}

/** An entry is readable when its value says so; all others belong to no service. */
function decode({ key: bytes, value }: { readonly key: Buffer; readonly value: Buffer }): Decoded {
  const key = keyText(bytes);
  if (value.toString() === 'instance') return { state: 'instance', instance: anInstance({ key }) };
  const rest = { isBinaryKey: false, reason: 'junk', sizeBytes: value.length, sha256: '', leaseId: null };
  return { state: 'undecoded', entry: { ...rest, key, service: null } };
}

function lookInto(kv: FakeKv): TreeLook {
  return { calls: kv.calls, limits: () => limits, decode, revision: null };
}

interface Outcome {
  readonly skipped: readonly string[];
  readonly instances: readonly string[];
  readonly undecoded: readonly string[];
  /** How many values below a tree were handed out. */
  readonly readBelow: (tree: string) => number;
}

interface Asked {
  readonly prefix?: string;
  readonly services?: ReadonlySet<string>;
  readonly mayStep?: boolean;
}

async function read(entries: readonly Entry[], asked: Asked = {}): Promise<Outcome> {
  const { prefix = '', services = null, mayStep = true } = asked;
  const kv = new FakeKv(entries);
  const stretch = { range: prefixRange(prefix), prefix, isNarrow: false };
  const sink = new StretchSink(stretch, services, lookInto(kv), mayStep);
  await readRange(kv.calls, new FakeClock(), stretch.range, limits, sink);
  const { collected, skipped } = sink.finish();
  const { instances, undecoded } = collected.build(null, '1', 0, false);
  return {
    skipped,
    instances: instances.map(({ key }) => key ?? ''),
    undecoded: undecoded.map(({ key }) => key),
    readBelow: (tree) => kv.read.filter((key) => keyText(key).startsWith(tree)).length,
  };
}

const keysOf = (tree: Tree, value: string): readonly string[] =>
  entriesOf(tree)
    .filter(([, one]) => one === value)
    .map(([key]) => key);

/** Neighbours with entries of both kinds, before and behind. */
const before: Tree = { name: '/a/', size: 20, readable: [0, 7, -1] };
const behind: Tree = { name: '/z/', size: 20, readable: [3] };
const neighbours = [...keysOf(before, 'junk'), ...keysOf(behind, 'junk')];
const services = [...keysOf(before, 'instance'), ...keysOf(behind, 'instance')];

async function readBetween(tree: Tree, asked: Asked = {}): Promise<Outcome> {
  return read([before, tree, behind].flatMap(entriesOf), asked);
}

describe('a tree in which nothing can be read', () => {
  it('is skipped without reading its middle, and nothing of it stays', async () => {
    const outcome = await readBetween({ name: '/m/', size: 20_000 });
    expect(outcome.skipped).toEqual(['/m/']);
    expect(outcome.undecoded).toEqual(neighbours);
    expect(outcome.instances).toEqual(services);
    // The first page, the one that was asked for ahead, and the last entries.
    expect(outcome.readBelow('/m/')).toBeLessThanOrEqual(1_000 + 5_000 + 200);
  });

  it.each([401, 500, 979])('is collapsed when all %i entries came within a page', async (size) => {
    const outcome = await readBetween({ name: '/m/', size });
    expect(outcome.skipped).toEqual(['/m/']);
    expect(outcome.undecoded).toEqual(neighbours);
    expect(outcome.instances).toEqual(services);
  });

  it('is collapsed at the very end of the store too', async () => {
    const { skipped, undecoded } = await read([before, { name: '/m/', size: 600 }].flatMap(entriesOf));
    expect(skipped).toEqual(['/m/']);
    expect(undecoded).toEqual(keysOf(before, 'junk'));
  });

  it.each([1, 199, 200, 201, 400])('is listed entry by entry when it has only %i', async (size) => {
    const tree = { name: '/m/', size };
    const { skipped, undecoded, instances } = await readBetween(tree);
    expect(skipped).toEqual([]);
    expect([...undecoded].sort()).toEqual([...neighbours, ...keysOf(tree, 'junk')].sort());
    expect(instances).toEqual(services);
  });

  it.each([
    ['is skipped', 650, 401, ['/m/']],
    ['is read to its end and then collapsed', 500, 600, ['/m/']],
    ['is listed when it is small', 700, 400, []],
    ['is listed when it is small and begins at the end of the page', 950, 400, []],
    ['is skipped from the page on that shows enough of it', 950, 9_000, ['/m/']],
  ])('and that goes on behind a page %s (%i, %i)', async (_does, filled, size, skipped) => {
    const first: Tree = { name: '/b/', size: filled, readable: [0, 1] };
    const tree: Tree = { name: '/m/', size };
    const outcome = await read([first, tree, behind].flatMap(entriesOf));
    expect(outcome.skipped).toEqual(skipped);
    const kept = [first, ...(skipped.length === 0 ? [tree] : []), behind];
    expect(outcome.undecoded).toEqual(kept.flatMap((one) => keysOf(one, 'junk')));
    expect(outcome.instances).toEqual([first, behind].flatMap((one) => keysOf(one, 'instance')));
  });

  it('is counted and not listed beside others of its kind', async () => {
    const names = ['/m/', '/n/', '/o/', 'p/'];
    const trees = names.map((name, index): Tree => ({ name, size: 402 + 700 * index }));
    const { skipped, undecoded } = await read([before, ...trees, behind].flatMap(entriesOf));
    expect(skipped).toEqual(names);
    expect([...undecoded].sort()).toEqual([...neighbours].sort());
  });

  it('is skipped under the root "/" as well', async () => {
    const { skipped, undecoded } = await readBetween({ name: '/m/', size: 3_000 }, { prefix: '/' });
    expect(skipped).toEqual(['/m/']);
    expect(undecoded).toEqual(neighbours);
  });

  it('is skipped when one service is asked for, of which nothing unreadable is listed', async () => {
    const { skipped, undecoded, instances } = await readBetween(
      { name: '/m/', size: 3_000 },
      { services: new Set(['order']) },
    );
    expect(skipped).toEqual(['/m/']);
    expect(undecoded).toEqual([]);
    expect(instances).toEqual(services);
  });

  it.each([
    ['the root is the services’ own', { prefix: '/m/' }],
    ['nothing may be stepped over', { mayStep: false }],
  ])('is read where %s', async (_where, asked) => {
    const tree: Tree = { name: '/m/deep/', size: 1_500 };
    const { skipped, undecoded } = await read(entriesOf(tree), asked);
    expect(skipped).toEqual([]);
    expect(undecoded).toEqual(keysOf(tree, 'junk'));
  });

  it.each([300, 500, 3_000])('is listed or counted when its name is not UTF-8: %i', async (size) => {
    const entries = entriesOf({ name: '/m\u{ff}/', size }).map(
      ([key, value]) => [Buffer.from(key, 'latin1'), value] as const,
    );
    const { skipped, undecoded } = await read(entries);
    const isIn = (key: Buffer, tree: string): boolean => {
      const { key: from, range_end: end } = prefixRange(tree);
      return Buffer.compare(key, from) >= 0 && Buffer.compare(key, end) < 0;
    };
    // A tree that was skipped is counted under its name.
    const counted = entries.filter(([key]) => skipped.some((tree) => isIn(key, tree)));
    expect(undecoded.length + counted.length).toBe(size);
  });

  it('is none where keys stand in no tree', async () => {
    const alone: Tree = { name: 'alone-', size: 1_500 };
    const { skipped, undecoded } = await read([before, alone].flatMap(entriesOf));
    expect(skipped).toEqual([]);
    expect(undecoded).toEqual([...keysOf(before, 'junk'), ...keysOf(alone, 'junk')]);
  });
});

describe('a tree with one readable entry', () => {
  const sizes = [401, 979, 2_001, 3_000, 7_000];
  const places = [0, 1, 199, -1, -2, -200];

  it.each(sizes.flatMap((size) => places.map((place) => [size, place] as const)))(
    'among %i at %i is read to its end',
    async (size, place) => {
      const tree: Tree = { name: '/m/', size, readable: [place] };
      const { skipped, undecoded, instances } = await readBetween(tree);
      expect(skipped).toEqual([]);
      expect(undecoded).toEqual([before, tree, behind].flatMap((one) => keysOf(one, 'junk')));
      expect(instances).toEqual([before, tree, behind].flatMap((one) => keysOf(one, 'instance')));
    },
  );
});

describe('reading that begins anew', () => {
  it('forgets what was collected and what was skipped', async () => {
    const kv = new FakeKv(entriesOf(before));
    const stretch = { range: prefixRange(''), prefix: '', isNarrow: false };
    const sink = new StretchSink(stretch, null, lookInto(kv), true);
    const rest = { create_revision: '1', mod_revision: '1', version: '1', lease: '0' };
    for (const [key, value] of [
      { name: '/m/', size: 500 },
      { name: '/n/', size: 300 },
    ].flatMap(entriesOf))
      sink.add({ key: Buffer.from(key), value: Buffer.from(value), ...rest });
    await readRange(kv.calls, new FakeClock(), stretch.range, limits, sink);
    const { collected, skipped } = sink.finish();
    expect(skipped).toEqual([]);
    const { undecoded, instances } = collected.build(null, '1', 0, false);
    expect(undecoded.map(({ key }) => key)).toEqual(keysOf(before, 'junk'));
    expect(instances.map(({ key }) => key)).toEqual(keysOf(before, 'instance'));
  });
});

describe('any store', () => {
  const size = fc.oneof(
    fc.integer({ min: 1, max: 60 }),
    fc.constantFrom(199, 200, 201, 399, 400, 401, 402, 600, 1_000),
    fc.integer({ min: 401, max: 2_500 }),
  );
  const place = fc.integer({ min: 1, max: 200 }).chain((one) => fc.constantFrom(one - 1, -one));
  const tree = fc.record({
    size,
    readable: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(place) }),
  });
  const trees = fc
    .array(tree, { minLength: 1, maxLength: 6 })
    .map((several) => several.map((one, index): Tree => ({ ...one, name: `/${'abcdef'.charAt(index)}/` })));

  it('is read but for the trees of more than 400 entries of which none is readable', async () => {
    await fc.assert(
      fc.asyncProperty(trees, async (several) => {
        const isBarren = (one: Tree): boolean => one.size > 400 && keysOf(one, 'instance').length === 0;
        const kept = several.filter((one) => !isBarren(one));
        const outcome = await read(several.flatMap(entriesOf));
        expect(outcome.skipped).toEqual(several.filter(isBarren).map(({ name }) => name));
        expect(outcome.undecoded).toEqual(kept.flatMap((one) => keysOf(one, 'junk')));
        expect(outcome.instances).toEqual(kept.flatMap((one) => keysOf(one, 'instance')));
      }),
      { numRuns: 60 },
    );
  });
});
