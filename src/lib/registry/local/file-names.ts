import { createHash } from 'node:crypto';

/** A file name holds 255 bytes on every common file system; the rest is left for the extension and for temporary names. */
const MAX_ENCODED = 200;

/** What a file or folder name stands for. `hashed`: a name too long to be spelt out; the entry itself says which. */
export type DecodedName =
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'hashed' }
  | { readonly type: 'foreign' };

/**
 * A file name for any text: percent-encoded, so that no name can leave the folder, hide, or meet another one on a file
 * system that ignores case. Names that would be too long, or are no valid Unicode, become a digest.
 */
export function encodeName(name: string): string {
  if (name === '') return '%';
  const bytes = Buffer.from(name);
  if (bytes.toString() !== name) return hashed(name);
  let encoded = '';
  for (const [index, byte] of bytes.entries()) {
    const char = String.fromCharCode(byte);
    const isPlain = /[a-z0-9._-]/.test(char) && !(index === 0 && char === '.');
    encoded += isPlain ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded.length > MAX_ENCODED ? hashed(name) : encoded;
}

/** The reverse of `encodeName`; `foreign` for a name that it never makes. */
export function decodeName(encoded: string): DecodedName {
  if (encoded === '%') return { type: 'name', name: '' };
  if (/^~[0-9a-f]{64}$/.test(encoded)) return { type: 'hashed' };
  let name: string;
  try {
    name = decodeURIComponent(encoded);
  } catch {
    return { type: 'foreign' };
  }
  return encodeName(name) === encoded ? { type: 'name', name } : { type: 'foreign' };
}

function hashed(name: string): string {
  return `~${createHash('sha256').update(Buffer.from(name, 'utf16le')).digest('hex')}`;
}
