import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { SdctlError } from '../errors.js';
import type { SavedEntry } from '../model/removal.js';
import type { Connection } from '../registry/connection.js';
import { toJson } from '../render/safe-text.js';

/** The part of a registry that a name alone does not tell (Consul). */
export interface UndoScope {
  readonly datacenter: string | null;
  readonly namespace: string | null;
  readonly partition: string | null;
}

/** What a removal took away, and from where. */
export interface UndoContent extends UndoScope {
  readonly context: string | null;
  readonly backend: string;
  readonly servers: string;
  /** RFC 3339 UTC. */
  readonly removedAt: string;
  readonly items: readonly SavedEntry[];
}

const KIND = { apiVersion: 'sdctl/v1', kind: 'RemovedEntries' } as const;

/** The part of its registry that a connection leads to. */
export function scopeOf({ datacenter, namespace, partition }: Connection): UndoScope {
  return { datacenter, namespace, partition };
}

/**
 * Makes sure that the file could be written, and writes nothing.
 *
 * @throws {SdctlError} E_FILE when it holds something already, or its folder does not take it
 */
export function requireFreeUndoFile(file: string): void {
  try {
    const found = lstatSync(file, { throwIfNoEntry: false });
    if (found !== undefined && (!found.isFile() || found.size > 0)) throw taken(file);
    accessSync(found === undefined ? dirname(file) : file, constants.W_OK);
  } catch (error) {
    throw unwritable(file, error);
  }
}

/**
 * Writes what is about to be removed, readable by its owner alone, and waits until the disk has it.
 *
 * @throws {SdctlError} E_FILE
 */
export function writeUndoFile(file: string, content: UndoContent): void {
  try {
    const handle = openFree(file);
    try {
      // Another removal may have taken it while this one was confirmed.
      if (fstatSync(handle).size > 0) throw taken(file);
      // An empty file that somebody made for it may be open to others.
      fchmodSync(handle, 0o600);
      writeWhole(handle, `${toJson({ ...KIND, ...content }, { indent: 2 })}\n`);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    throw unwritable(file, error);
  }
}

/** A new file, or an empty one. Never through a link, which somebody else may have laid. */
function openFree(file: string): number {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  try {
    return openSync(file, O_WRONLY | O_CREAT | O_EXCL, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return openSync(file, O_WRONLY | O_NOFOLLOW);
  }
}

/** All of it or nothing. */
function writeWhole(handle: number, text: string): void {
  try {
    writeFileSync(handle, text);
    fsyncSync(handle);
  } catch (error) {
    ftruncateSync(handle);
    throw error;
  }
}

function taken(file: string): SdctlError {
  return new SdctlError('E_FILE', `${file} is there already`, {
    why: 'what an earlier removal saved would be lost; nothing was removed',
    hint: '--undo-file with another path',
  });
}

function unwritable(file: string, error: unknown): SdctlError {
  if (error instanceof SdctlError) return error;
  return new SdctlError('E_FILE', `cannot write ${file}`, {
    why: `${(error as NodeJS.ErrnoException).code ?? String(error)}; nothing was removed`,
    hint: '--undo-file with another path',
    cause: error,
  });
}

/** Reads it back. @throws {SdctlError} E_FILE for a file that cannot be read or is none */
export async function readUndoFile(file: string): Promise<UndoContent> {
  const { parseUndoContent } = await import('./undo-content.js');
  const parsed = parseUndoContent(readText(file));
  if (parsed.ok) return parsed.content;
  throw new SdctlError('E_FILE', `${file} is no file of --undo-file`, { why: parsed.why });
}

function readText(file: string): string {
  try {
    // A pipe without a writer would never end, and a device neither.
    if (!statSync(file).isFile()) throw unreadable(file, 'it is no regular file');
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof SdctlError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    throw unreadable(file, code === 'ENOENT' ? 'no such file' : (code ?? String(error)), error);
  }
}

function unreadable(file: string, why: string, cause?: unknown): SdctlError {
  const hint = '--undo with the file that --undo-file named';
  return new SdctlError('E_FILE', `cannot read ${file}`, { why, hint, cause });
}
