import { closeSync, existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Env } from '../config/env.js';
import { stateDirectory } from '../config/state-directory.js';
import { SdctlError } from '../errors.js';

/** So many tables of one second get names of their own. */
const MOST_OF_A_SECOND = 100;

/**
 * Writes a table into the state directory, for nobody but the user. An older file is never replaced.
 *
 * @returns its path
 * @throws {SdctlError} E_FILE
 */
export function saveTable(env: Env, name: string, text: string, nowMs: number): string {
  const state = stateDirectory(env);
  if (state === null)
    throw new SdctlError('E_FILE', 'there is no folder for the table', {
      why: 'none of SDCTL_STATE_DIR, XDG_STATE_HOME and HOME is set',
    });
  const folder = join(state, 'tables');
  const stamp = new Date(nowMs).toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-');
  try {
    makeFolder(folder);
    return writeFresh(join(folder, `${name}-${stamp}`), text);
  } catch (error) {
    throw new SdctlError('E_FILE', `cannot save the table in ${folder}`, {
      why: (error as NodeJS.ErrnoException).code ?? String(error),
      cause: error,
    });
  }
}

/** One folder at a time: Node's own way never ends where a file system lets nobody make anything, as /proc does. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Somebody else was faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function writeFresh(base: string, text: string): string {
  for (let count = 1; ; count += 1) {
    const path = `${base}${count === 1 ? '' : `-${count}`}.tsv`;
    try {
      const file = openSync(path, 'wx', 0o600);
      try {
        writeFileSync(file, text);
      } finally {
        closeSync(file);
      }
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || count >= MOST_OF_A_SECOND) throw error;
    }
  }
}
