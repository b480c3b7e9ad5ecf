import type { IKeyValue } from 'etcd3/lib/rpc.js';
import type { Decoded } from '../../layouts/index.js';
import { SAMPLE } from './barren-trees.js';
import type { Calls, CallLimits } from './calls.js';
import { after, prefixRange, type KeyRange } from './key-range.js';
import { lastKeysFrom } from './last-keys.js';

/** At least the sample at the end, and at most this, because it is found by halving. */
const MOST_LAST = 2 * SAMPLE;

/** How to look into a tree without reading it. */
export interface TreeLook {
  readonly calls: Calls;
  readonly limits: () => CallLimits;
  readonly decode: (kv: IKeyValue) => Decoded;
  /** As of which revision; null: now. */
  readonly revision: string | null;
}

/** How many keys a range holds; none of them is read. */
export async function countKeys(look: TreeLook, range: KeyRange): Promise<number> {
  const { count } = await look.calls.run(look.limits(), ({ kv }) =>
    kv.range({ ...range, count_only: true, ...at(look) }),
  );
  return Number(count);
}

/**
 * Whether nothing can be read at the end of a tree either.
 *
 * @param last the last key that was read of it
 * @returns `small`: reading the rest costs no more than looking at it
 */
export async function lookAtRest(
  look: TreeLook,
  tree: string,
  last: Buffer,
): Promise<'barren' | 'readable' | 'small'> {
  const range = { key: after(last), range_end: prefixRange(tree).range_end };
  const count = await countKeys(look, range);
  if (count <= MOST_LAST) return 'small';
  const from = await lastKeysFrom(range, range.key, MOST_LAST, async (key) => {
    const answer = await look.calls.run(look.limits(), ({ kv }) =>
      kv.range({ key, range_end: range.range_end, limit: 1, keys_only: true, ...at(look) }),
    );
    return { count: Number(answer.count), first: answer.kvs[0]?.key ?? null };
  });
  if (from === null) return 'readable';
  const { kvs } = await look.calls.run(look.limits(), ({ kv }) =>
    kv.range({ key: from, range_end: range.range_end, limit: MOST_LAST, ...at(look) }),
  );
  return kvs.every((kv) => look.decode(kv).state === 'undecoded') ? 'barren' : 'readable';
}

/** Whether a tree that was barren when it was skipped still is: its first and its last entries. */
export async function isStillBarren(look: TreeLook, tree: string): Promise<boolean> {
  const { kvs } = await look.calls.run(look.limits(), ({ kv }) =>
    kv.range({ ...prefixRange(tree), limit: SAMPLE, ...at(look) }),
  );
  const last = kvs.at(-1);
  if (last === undefined) return true;
  if (!kvs.every((kv) => look.decode(kv).state === 'undecoded')) return false;
  // A small rest is believed: the tree has shrunk since, and was barren then.
  return kvs.length < SAMPLE || (await lookAtRest(look, tree, last.key)) !== 'readable';
}

function at({ revision }: TreeLook): { readonly revision?: string } {
  return revision === null ? {} : { revision };
}
