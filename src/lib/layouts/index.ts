import { createHash } from 'node:crypto';
import type { Instance, SkippedEntry, UndecodedEntry } from '../model/instance.js';
import { EntryText } from './entry-text.js';
import { etcdLayouts } from './etcd/index.js';
import type { DecodeContext, DecodeResult, EtcdLayout, LayoutRoot, RawEntry } from './types.js';
import { decodeUtf8 } from './utf8.js';

export type Decoded =
  | { readonly state: 'instance'; readonly instance: Instance }
  | { readonly state: 'skipped'; readonly entry: SkippedEntry }
  | { readonly state: 'undecoded'; readonly entry: UndecodedEntry }
  /** Only one layout was asked for, and it is another one's. */
  | { readonly state: 'other'; readonly layout: string };

/** The layout of a name; undefined for `auto` and for a name nobody has. */
export function etcdLayout(name: string): EtcdLayout | undefined {
  return etcdLayouts.find((layout) => layout.name === name);
}

/**
 * Reads one entry with the layouts in order; total.
 *
 * @param layoutName `auto` for all, else the only layout to try
 */
export function decodeEntry(raw: RawEntry, root: LayoutRoot, layoutName = 'auto'): Decoded {
  const entry = EntryText.of(raw);
  if (entry === null) return undecoded(raw, null, 'the key is not UTF-8');
  const forced = layoutName !== 'auto';
  const context: DecodeContext = { prefix: root.prefix, forced };
  for (const layout of etcdLayouts) {
    if (forced && layout.name !== layoutName) continue;
    const result = layout.decode(entry, context);
    if (result.state === 'instance') return result;
    if (result.state === 'skip') return { state: 'skipped', entry: toSkipped(entry, layout, result) };
    if (result.state === 'undecodable') return undecoded(raw, result.service, result.reason);
  }
  const service = entry.nameBelow(root)?.service ?? null;
  if (!forced)
    return undecoded(
      raw,
      service,
      entry.text === null ? 'the value is not UTF-8' : 'no layout knows this value',
    );
  const owner = decodeEntry(raw, root);
  if (owner.state === 'instance') return { state: 'other', layout: owner.instance.layout };
  if (owner.state === 'skipped') return { state: 'other', layout: owner.entry.layout ?? '' };
  return undecoded(raw, service, `not the layout ${layoutName}`);
}

/**
 * Beginnings of all keys that the entries of one service may have below a root, whatever their layout.
 *
 * @returns null: they may be anywhere below it
 */
export function placesOf(service: string, root: LayoutRoot, layoutName = 'auto'): readonly string[] | null {
  const found = new Set<string>();
  const context = { prefix: root.prefix, forced: layoutName !== 'auto' };
  for (const layout of etcdLayouts) {
    if (layoutName !== 'auto' && layout.name !== layoutName) continue;
    const places =
      layout.places === undefined ? [`${root.prefix}${service}/`] : layout.places(service, context);
    if (places === null) return null;
    for (const place of places) found.add(place);
  }
  return withoutCovered([...found]);
}

/** Drops what begins with another one of the list: its keys are read there. */
export function withoutCovered(prefixes: readonly string[]): readonly string[] {
  return [...new Set(prefixes)].filter(
    (prefix) => !prefixes.some((other) => other !== prefix && prefix.startsWith(other)),
  );
}

function toSkipped(
  entry: EntryText,
  layout: EtcdLayout,
  result: Extract<DecodeResult, { state: 'skip' }>,
): SkippedEntry {
  const { reason, service = null, address = null, name = null } = result;
  return { key: entry.key, layout: layout.name, reason, service, address, name, keys: null };
}

function undecoded(raw: RawEntry, service: string | null, reason: string): Decoded {
  const key = decodeUtf8(raw.key);
  return {
    state: 'undecoded',
    entry: {
      // Latin-1 keeps every byte of a key that is not UTF-8 distinct, so that two such keys never look the same.
      key: key ?? Buffer.from(raw.key).toString('latin1'),
      isBinaryKey: key === null,
      service,
      reason,
      sizeBytes: raw.value.length,
      sha256: createHash('sha256').update(raw.value).digest('hex'),
      leaseId: raw.leaseId,
    },
  };
}
