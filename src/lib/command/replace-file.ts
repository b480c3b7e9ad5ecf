import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';

/**
 * Puts text in the place of a file, all of it or nothing: whoever reads meanwhile sees the old file or the new one.
 * Behind a link stands the file that is replaced.
 *
 * @param mode of the file; null: as it was, or as the system makes one
 * @throws what the file system throws, and an error for a place where something else than a file stands
 */
export function replaceFile(path: string, text: string, mode: number | null): void {
  const target = targetOf(path);
  const found = statSync(target, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile()) throw new Error('it is not a regular file');
  const draft = `${target}.${randomBytes(6).toString('hex')}.tmp`;
  const wanted = mode ?? (found === undefined ? null : found.mode & 0o777);
  try {
    writeNew(draft, text, wanted);
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function writeNew(path: string, text: string, mode: number | null): void {
  const file = openSync(path, 'wx', mode ?? 0o666);
  try {
    // The mask of the process may have taken away what the old file allowed.
    if (mode !== null) fchmodSync(file, mode);
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
