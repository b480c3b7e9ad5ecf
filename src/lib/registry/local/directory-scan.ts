import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { abortedError, SdctlError } from '../../errors.js';
import type { Clock } from '../../time/clock.js';
import type { DriverCall } from '../registration-driver.js';
import { misplaced, serviceOfFolder, type DirectoryPaths } from './directory-paths.js';
import { readEntryFile, unreadable } from './entry-file.js';
import { fileErrorCode, fileErrorReason, isMissing, toFileError } from './map-error.js';
import { laterRevision, type Stored, type StoreContent } from './store.js';

/** Files read between two looks at the signal and the event loop: a few milliseconds. */
const CHUNK = 200;
/** Two changes within one tick of the kernel's clock look alike; a file this young is read again. */
const SETTLED_MS = 50;

interface Remembered {
  readonly mark: string;
  readonly stored: Stored;
}

/** What a repeated scan knows from the one before, by file: only files that changed are read again. */
export type ScanMemory = Map<string, Remembered>;

/**
 * Reads one folder of entries, or all. A directory that is not there is empty; a file that is no entry is reported, never fatal.
 *
 * @throws {SdctlError} E_FORBIDDEN, E_FILE, E_TIMEOUT, E_ABORTED
 */
export async function scanDirectory(
  paths: DirectoryPaths,
  service: string | null,
  clock: Clock,
  call: DriverCall,
  memory: ScanMemory = new Map(),
): Promise<StoreContent> {
  const deadlineMs = clock.monotonicMs() + call.timeoutMs;
  const stored: Stored[] = [];
  try {
    let revision = paths.readRevision();
    const folders =
      service === null
        ? listFolder(paths.services).map((name) => join(paths.services, name))
        : [paths.folderOf(service)];
    let read = 0;
    const seen = new Set<string>();
    for (const folder of folders) {
      for (const file of filesOf(folder, service === null, stored)) {
        if ((read += 1) % CHUNK === 0) {
          await setImmediate();
          if (clock.monotonicMs() > deadlineMs) throw tooSlow(paths.root, read);
        }
        if (call.signal.aborted) throw abortedError(call.signal);
        const key = join(folder, file);
        seen.add(key);
        const found = recall(key, service ?? serviceOfFolder(folder), clock, memory);
        if (found === null) continue;
        stored.push(found);
        if (found.state === 'entry') revision = laterRevision(revision, found.revision);
      }
    }
    // Of what is gone nothing is kept: ids come and go for as long as a watch runs.
    for (const key of memory.keys()) if (!seen.has(key)) memory.delete(key);
    return { stored, revision };
  } catch (error) {
    throw toFileError(error, 'cannot read', paths.root);
  }
}

/** Reads one file of a registry directory; null when it is not there. */
export function readStored(key: string, service: string | null): Stored | null {
  const stored = readEntryFile(key, service);
  const reason = stored === null ? null : misplaced(stored);
  return reason === null ? stored : unreadable(key, service, reason, Buffer.from(key), 0);
}

function recall(key: string, service: string | null, clock: Clock, memory: ScanMemory): Stored | null {
  const before = memory.get(key);
  const mark = markOf(key, clock.nowMs());
  if (before !== undefined && mark !== null && before.mark === mark) return before.stored;
  const stored = readStored(key, service);
  if (stored === null || mark === null) memory.delete(key);
  else memory.set(key, { mark, stored });
  return stored;
}

/** What changes with every write and renewal; null when it may hide one. */
function markOf(key: string, nowMs: number): string | null {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(key);
    return nowMs - ctimeMs < SETTLED_MS ? null : `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch {
    return null;
  }
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** In a list of everything a folder that cannot be read is one more thing to report, not the end of the list. */
function filesOf(folder: string, isOneOfMany: boolean, stored: Stored[]): string[] {
  try {
    return listFolder(folder);
  } catch (error) {
    const code = fileErrorCode(error);
    if (!isOneOfMany || (code !== 'EACCES' && code !== 'ENOTDIR')) throw error;
    const reason = code === 'ENOTDIR' ? 'a file among the services' : fileErrorReason(error);
    stored.push(unreadable(folder, serviceOfFolder(folder), reason, Buffer.alloc(0), 0));
    return [];
  }
}

function tooSlow(root: string, read: number): SdctlError {
  return new SdctlError('E_TIMEOUT', `cannot read the registry directory ${root} in time`, {
    why: `${read} entries were read`,
    hint: 'raise --timeout',
  });
}
