import { isAscii } from 'node:buffer';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of bytes that are valid UTF-8, else null. A byte order mark is kept. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  // Nearly all keys and values; several times as fast as the decoder.
  if (Buffer.isBuffer(bytes) && isAscii(bytes)) return bytes.toString('latin1');
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}
