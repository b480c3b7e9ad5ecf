import { createHash } from 'node:crypto';
import type { Instance, UndecodedEntry } from '../model/instance.js';
import { decodeUtf8, identify } from './identify.js';
import { plainLayout } from './plain.js';
import { sdctlLayout } from './sdctl.js';
import type { Layout, LayoutRoot, RawEntry } from './types.js';

/** In the order of detection: the first that claims an entry reads it. A new layout is one file and one line here. */
export const layouts: readonly Layout[] = [sdctlLayout, plainLayout];

export const layoutNames: readonly string[] = layouts.map((layout) => layout.name);

export type Decoded =
  | { readonly state: 'instance'; readonly instance: Instance }
  | { readonly state: 'undecoded'; readonly entry: UndecodedEntry };

/**
 * Reads one entry with the layouts in order; total.
 *
 * @param layoutName `auto` for all, else the only layout to try
 */
export function decodeEntry(entry: RawEntry, root: LayoutRoot, layoutName = 'auto'): Decoded {
  for (const layout of layouts) {
    if (layoutName !== 'auto' && layout.name !== layoutName) continue;
    const result = layout.decode(entry, root);
    if (result.state === 'instance') return result;
    if (result.state === 'undecodable')
      return { state: 'undecoded', entry: undecoded(entry, root, result.reason) };
  }
  return { state: 'undecoded', entry: undecoded(entry, root, reasonFor(entry)) };
}

function reasonFor(entry: RawEntry): string {
  if (decodeUtf8(entry.key) === null) return 'the key is not UTF-8';
  if (decodeUtf8(entry.value) === null) return 'the value is not UTF-8';
  return 'no layout knows this value';
}

function undecoded(entry: RawEntry, root: LayoutRoot, reason: string): UndecodedEntry {
  return {
    // Latin-1 keeps every byte of a key that is not UTF-8 distinct, so that two such keys never look the same.
    key: decodeUtf8(entry.key) ?? Buffer.from(entry.key).toString('latin1'),
    service: identify(entry, root)?.service ?? null,
    reason,
    sizeBytes: entry.value.length,
    sha256: createHash('sha256').update(entry.value).digest('hex'),
    leaseId: entry.leaseId,
  };
}
