import type { IKeyValue } from 'etcd3/lib/rpc.js';
import { foreignTrees } from '../../layouts/etcd/index.js';
import type { RootUse } from '../types.js';
import { treeOf } from './barren-trees.js';
import type { Calls, CallLimits } from './calls.js';
import { keyText, readEntry } from './entries.js';
import { after, prefixRange, withoutAll } from './key-range.js';

const SAMPLE = 50;
/** Stores with more trees than this have no few roots to name. */
const MAX_STEPS = 100;
const OPEN_END = Buffer.from([0]);

/** Looks at the beginning of each tree of the store and jumps to its end. */
export async function findRoots(calls: Calls, limits: () => CallLimits): Promise<readonly RootUse[]> {
  const found = new Map<string, RootUse>();
  let steps = 0;
  for (const range of withoutAll(
    prefixRange(''),
    foreignTrees.map(({ prefix }) => prefixRange(prefix)),
  )) {
    let { key } = range;
    for (; steps < MAX_STEPS; steps += 1) {
      const { kvs } = await calls.run(limits(), ({ kv }) =>
        kv.range({ key, range_end: range.range_end, limit: SAMPLE }),
      );
      const first = kvs[0];
      if (first === undefined) break;
      const use = usesOf(kvs);
      for (const one of use) found.set(`${one.root}\n${one.layout}`, one);
      key = endOfTree(first, use[0] ?? null);
      const isOver = !range.range_end.equals(OPEN_END) && Buffer.compare(key, range.range_end) >= 0;
      if (isOver || key.equals(OPEN_END)) break;
    }
  }
  return [...found.values()];
}

/** The roots of those entries that stand in the tree of the first one. */
function usesOf(kvs: readonly IKeyValue[]): readonly RootUse[] {
  const tree = kvs[0] === undefined ? null : treeOf(keyText(kvs[0].key), '');
  return kvs.flatMap((kv) => {
    if (treeOf(keyText(kv.key), '') !== tree) return [];
    const decoded = readEntry(kv, { prefixes: [''], layout: 'auto' });
    if (decoded.state !== 'instance') return [];
    const { root, layout } = decoded.instance;
    return [{ root: root ?? '', layout }];
  });
}

/** Behind the root, or behind the whole tree where nothing of it is a service. */
function endOfTree({ key }: IKeyValue, use: RootUse | null): Buffer {
  const text = keyText(key);
  const tree = use !== null && use.root !== '' && text.startsWith(use.root) ? use.root : treeOf(text, '');
  return tree === null ? after(key) : prefixRange(tree).range_end;
}
