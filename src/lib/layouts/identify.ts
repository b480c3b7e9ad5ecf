import type { LayoutRoot, RawEntry } from './types.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of bytes that are valid UTF-8, else null. A byte order mark is kept. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

/**
 * Service and id of a key `<prefix><service>/<id>`, split at the last separator: a deeper key belongs to the longer
 * service name. null when the key is not text, not under the prefix, or lacks one of the two parts.
 */
export function identify(
  entry: RawEntry,
  root: LayoutRoot,
): { readonly key: string; readonly service: string; readonly id: string } | null {
  const key = decodeUtf8(entry.key);
  if (key === null || !key.startsWith(root.prefix)) return null;
  const rest = key.slice(root.prefix.length);
  const cut = rest.lastIndexOf('/');
  if (cut <= 0 || cut === rest.length - 1) return null;
  return { key, service: rest.slice(0, cut), id: rest.slice(cut + 1) };
}
