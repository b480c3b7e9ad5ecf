import { describe, expect, it } from 'vitest';
import type { Decoded } from '../../src/lib/layouts/index.js';
import { BarrenTrees, SAMPLE, treeOf } from '../../src/lib/registry/etcd/barren-trees.js';
import { anInstance } from '../support/builders.js';

const readable: Decoded = { state: 'instance', instance: anInstance() };
const unreadable: Decoded = {
  state: 'undecoded',
  entry: {
    key: '',
    isBinaryKey: false,
    service: null,
    reason: 'no layout knows this value',
    sizeBytes: 0,
    sha256: '',
    leaseId: null,
  },
};

/** Passes so many entries of a tree. @returns what ended before them */
function pass(
  trees: BarrenTrees,
  tree: string,
  count: number,
  decoded = unreadable,
): ReturnType<BarrenTrees['pass']> {
  const ended = trees.pass(`${tree}0`, decoded);
  for (let index = 1; index < count; index += 1) expect(trees.pass(`${tree}${index}`, decoded)).toBeNull();
  return ended;
}

describe('the tree of a key', () => {
  it.each([
    ['', '/calico/ipam/1', '/calico/'],
    ['', '/calico/', '/calico/'],
    ['', 'order.rpc/1', 'order.rpc/'],
    ['', '//1', '//'],
    ['', '/alone', null],
    ['', 'alone', null],
    ['', '', null],
    ['/', '/calico/ipam/1', '/calico/'],
    ['/', '/alone', null],
    ['/services/', '/services/order/1', '/services/order/'],
    ['/services/', '/services/order', null],
  ])('below "%s": %s stands in %s', (prefix, key, tree) => {
    expect(treeOf(key, prefix)).toBe(tree);
  });
});

describe('a tree', () => {
  it('is suspect from its 200th unreadable entry on', () => {
    const trees = new BarrenTrees('');
    pass(trees, '/a/', SAMPLE - 1);
    expect(trees.suspect).toBeNull();
    pass(trees, '/a/', 1);
    expect(trees.suspect).toEqual({ tree: '/a/', count: SAMPLE });
  });

  it('has ended as barren only when it was larger than both samples', () => {
    const trees = new BarrenTrees('');
    pass(trees, '/a/', 2 * SAMPLE);
    expect(trees.end()).toBeNull();
    expect(pass(trees, '/b/', 2 * SAMPLE + 1)).toBeNull();
    expect(pass(trees, '/c/', 1)).toEqual({ tree: '/b/', count: 2 * SAMPLE + 1 });
    expect(trees.end()).toBeNull();
  });

  it.each([0, 1, SAMPLE - 1, SAMPLE, 2 * SAMPLE])(
    'is not suspect with a readable entry after %i',
    (before) => {
      const trees = new BarrenTrees('');
      if (before > 0) pass(trees, '/a/', before);
      trees.pass('/a/x', readable);
      pass(trees, '/a/', 2 * SAMPLE + 1);
      expect(trees.suspect).toBeNull();
      expect(trees.end()).toBeNull();
      expect(trees.pass('/b/0', unreadable)).toBeNull();
    },
  );

  it('counts what was recognised, though it is no instance, as readable', () => {
    const entry = { key: '', layout: null, reason: 'marker', service: null, address: null } as const;
    const trees = new BarrenTrees('');
    trees.pass('/a/x', { state: 'skipped', entry: { ...entry, name: null, keys: null } });
    pass(trees, '/a/', 500);
    trees.pass('/b/x', { state: 'other', layout: 'kratos' });
    pass(trees, '/b/', 500);
    expect(trees.end()).toBeNull();
  });

  it('is never suspect for keys that stand in none', () => {
    const trees = new BarrenTrees('');
    pass(trees, 'alone', 1_000);
    expect(trees.suspect).toBeNull();
    expect(trees.end()).toBeNull();
    expect(pass(trees, '/a/', SAMPLE)).toBeNull();
    expect(trees.suspect).toEqual({ tree: '/a/', count: SAMPLE });
  });

  it('that was left is neither suspect nor ended, the next one is judged anew', () => {
    const trees = new BarrenTrees('');
    pass(trees, '/a/', 500);
    trees.leave();
    pass(trees, '/a/', 500);
    expect(trees.suspect).toBeNull();
    expect(pass(trees, '/b/', 500)).toBeNull();
    expect(trees.end()).toEqual({ tree: '/b/', count: 500 });
  });

  it('begins with its first entry', () => {
    const trees = new BarrenTrees('');
    expect(
      ['/a/0', '/a/1', '/b/0', 'c', 'd', '/e/0'].map((key) => {
        trees.pass(key, unreadable);
        return trees.isAtBegin;
      }),
    ).toEqual([true, false, true, true, false, true]);
  });
});
