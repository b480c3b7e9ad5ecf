import type { IKeyValue } from 'etcd3/lib/rpc.js';
import { foreignTrees } from '../../layouts/etcd/index.js';
import type { RootUse } from '../types.js';
import type { Calls, CallLimits } from './calls.js';
import { readEntry } from './entries.js';
import { after, prefixRange, withoutAll, type KeyRange } from './key-range.js';

const SAMPLE = 50;
/** Stores with more trees than this have no few roots to name. */
const MAX_STEPS = 100;
const OPEN_END = Buffer.from([0]);
const SLASH = 0x2f;

/** Looks at the beginning of each tree of the store, or of the ranges that may be read, and jumps to its end. */
export async function findRoots(
  calls: Calls,
  limits: () => CallLimits,
  ranges: readonly KeyRange[] = [prefixRange('')],
): Promise<readonly RootUse[]> {
  const found = new Map<string, RootUse>();
  const holes = foreignTrees.map(({ prefix }) => prefixRange(prefix));
  for (const range of ranges.flatMap((one) => withoutAll(one, holes))) {
    let { key } = range;
    for (let steps = 0; steps < MAX_STEPS && !isBehind(key, range); steps += 1) {
      const { kvs } = await calls.run(limits(), ({ kv }) =>
        kv.range({ key, range_end: range.range_end, limit: SAMPLE }),
      );
      const [first] = kvs;
      if (first === undefined) break;
      const seen = readableOf(kvs, treeOf(first.key));
      for (const { use } of seen) found.set(`${use.root}\n${use.layout}`, use);
      key = nextLook(first.key, seen[0] ?? null);
    }
  }
  return [...found.values()];
}

interface Readable {
  readonly key: Buffer;
  readonly use: RootUse;
}

/** The instances among entries, as far as they stand in one tree. */
function readableOf(kvs: readonly IKeyValue[], tree: Buffer | null): readonly Readable[] {
  return kvs.flatMap((kv) => {
    const own = treeOf(kv.key);
    if (own === null || tree === null ? own !== tree : !own.equals(tree)) return [];
    const decoded = readEntry(kv, { prefixes: [''], layout: 'auto' });
    if (decoded.state !== 'instance') return [];
    const { root, layout } = decoded.instance;
    return [{ key: kv.key, use: { root: root ?? '', layout } }];
  });
}

/** Everything up to the first separator behind a leading one; null where there is none. In bytes: keys need not be text. */
function treeOf(key: Buffer): Buffer | null {
  const end = key.indexOf(SLASH, key[0] === SLASH ? 1 : 0);
  return end < 0 ? null : key.subarray(0, end + 1);
}

/** Behind the root of the first instance, where it is the first entry; else at it; behind a tree without any. */
function nextLook(first: Buffer, readable: Readable | null): Buffer {
  const tree = treeOf(first);
  if (tree === null) return after(first);
  if (readable !== null && !readable.key.equals(first)) return readable.key;
  const root = Buffer.from(readable?.use.root ?? '');
  const isInside = root.length > tree.length && first.subarray(0, root.length).equals(root);
  const passed = isInside ? root : tree;
  // The byte behind the separator that both end with.
  return Buffer.concat([passed.subarray(0, -1), Buffer.from([SLASH + 1])]);
}

function isBehind(key: Buffer, { range_end }: KeyRange): boolean {
  return !range_end.equals(OPEN_END) && Buffer.compare(key, range_end) >= 0;
}
