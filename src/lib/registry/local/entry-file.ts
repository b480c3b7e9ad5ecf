import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { fileErrorCode, fileErrorReason, isMissing } from './map-error.js';
import type { EntryName, Stored, StoredEntry, StoredLease, UnreadableEntry } from './store.js';

/** Larger files are nobody's entry and are not read into memory. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * The content of an entry's file. The time at which its lease ends is not in it: that is the file's modification time
 * plus `ttlMs`, so that a renewal changes one timestamp and never the content.
 */
export interface EntryContent extends EntryName {
  readonly value: string;
  readonly lease: Omit<StoredLease, 'expiresAtMs'> | null;
  readonly revision: string;
}

/** The text of an entry's file; a value that is JSON stays readable in it. */
export function formatEntryFile(content: EntryContent): string {
  const { service, id, revision, lease } = content;
  return `${JSON.stringify({ format: 1, service, id, revision, lease, value: toNested(content.value) })}\n`;
}

/** A file opened and read, or what is in its place; null when nothing is there. */
export function readEntryFile(key: string, service: string | null): Stored | null {
  let fd: number;
  try {
    // Non-blocking, because opening a named pipe would wait for a writer for ever.
    fd = openSync(key, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return failedRead(error, key, service);
  }
  try {
    return readOpenEntry(fd, key, service);
  } catch (error) {
    return failedRead(error, key, service);
  } finally {
    closeSync(fd);
  }
}

/** The same for a file that is open already. */
export function readOpenEntry(fd: number, key: string, service: string | null): Stored {
  const stat = fstatSync(fd);
  if (!stat.isFile()) return unreadable(key, service, 'not a file', Buffer.alloc(0), 0);
  if (stat.size > MAX_BYTES) {
    const head = Buffer.alloc(64 * 1024);
    const read = readSync(fd, head, 0, head.length, 0);
    return unreadable(key, service, `larger than ${MAX_BYTES} bytes`, head.subarray(0, read), stat.size);
  }
  const bytes = readFileSync(fd);
  return (
    parseEntry(bytes, key, stat.mtimeMs) ?? unreadable(key, service, 'no entry of sdctl', bytes, bytes.length)
  );
}

/** Something in an entry's place that cannot be read as one. */
export function unreadable(
  key: string,
  service: string | null,
  reason: string,
  bytes: Uint8Array,
  sizeBytes: number,
): UnreadableEntry {
  return {
    state: 'unreadable',
    key,
    service,
    reason,
    sizeBytes,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

function failedRead(error: unknown, key: string, service: string | null): UnreadableEntry | null {
  if (isMissing(error)) return null;
  // Our own limits are no property of the file.
  const code = fileErrorCode(error);
  if (code === null || code === 'EMFILE' || code === 'ENFILE') throw error;
  return unreadable(key, service, fileErrorReason(error), Buffer.alloc(0), 0);
}

function parseEntry(bytes: Buffer, key: string, modifiedAtMs: number): StoredEntry | null {
  let content: unknown;
  try {
    content = JSON.parse(bytes.toString());
  } catch {
    return null;
  }
  if (typeof content !== 'object' || content === null) return null;
  const { format, service, id, revision, lease, value } = content as Readonly<Record<string, unknown>>;
  if (format !== 1 || typeof service !== 'string' || typeof id !== 'string' || value === undefined)
    return null;
  if (typeof revision !== 'string' || !/^\d{1,30}$/.test(revision)) return null;
  const claim = lease === null ? null : leaseOf(lease, modifiedAtMs);
  if (claim === undefined) return null;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return { state: 'entry', key, service, id, value: text, lease: claim, revision };
}

function leaseOf(value: unknown, modifiedAtMs: number): StoredLease | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, ttlMs } = value as Readonly<Record<string, unknown>>;
  if (typeof id !== 'string' || typeof ttlMs !== 'number' || !(ttlMs > 0 && ttlMs < Infinity))
    return undefined;
  return { id, ttlMs, expiresAtMs: Math.round(modifiedAtMs) + ttlMs };
}

/** A JSON object is nested, so that people and jq can read the file; anything else is kept as text. */
function toNested(value: string): unknown {
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'object' && parsed !== null ? parsed : value;
  } catch {
    return value;
  }
}
