import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Env } from '../config/env.js';
import { stateDirectory } from '../config/state-directory.js';
import { SdctlError } from '../errors.js';
import { makePrivateFolder } from '../files/private-folder.js';

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
    makePrivateFolder(folder);
    return writeFresh(join(folder, `${name}-${stamp}`), text);
  } catch (error) {
    throw new SdctlError('E_FILE', `cannot save the table in ${folder}`, {
      why: (error as NodeJS.ErrnoException).code ?? String(error),
      cause: error,
    });
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
