import {
  closeSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Document } from 'yaml';
import { SdctlError } from '../errors.js';
import { systemClock } from '../time/clock.js';
import type { Env } from './env.js';
import type { ConfigFile } from './schema.js';
import { makePrivateFolder } from '../files/private-folder.js';

export type { Env };

/** A change takes a millisecond; so many may wait for each other. */
const TURN_MS = 2_000;
const POLL_MS = 5;

export interface ConfigLocation {
  readonly path: string;
  readonly from: '--config' | 'SDCTL_CONFIG' | 'XDG_CONFIG_HOME' | 'HOME' | 'LOCALAPPDATA';
}

/**
 * Where the config file is. Nothing in the working directory is ever read.
 *
 * @returns null when no variable says where: then there is no config file
 */
export function locateConfig(flag: string | undefined, env: Env, platform: string): ConfigLocation | null {
  if (flag !== undefined) return { path: flag, from: '--config' };
  if (env['SDCTL_CONFIG']) return { path: env['SDCTL_CONFIG'], from: 'SDCTL_CONFIG' };
  if (env['XDG_CONFIG_HOME'])
    return { path: join(env['XDG_CONFIG_HOME'], 'sdctl', 'config.yaml'), from: 'XDG_CONFIG_HOME' };
  if (platform === 'win32' && env['LOCALAPPDATA']) {
    return { path: join(env['LOCALAPPDATA'], 'sdctl', 'config.yaml'), from: 'LOCALAPPDATA' };
  }
  if (env['HOME']) return { path: join(env['HOME'], '.config', 'sdctl', 'config.yaml'), from: 'HOME' };
  return null;
}

/**
 * Reads and checks the config file. Loads the YAML parser only when there is a file.
 *
 * @returns an empty config when the file does not exist
 * @throws {SdctlError} E_CONFIG when it cannot be read or is wrong, or when `--config` names a missing file
 */
export async function loadConfig(location: ConfigLocation | null): Promise<ConfigFile> {
  const text = readText(location);
  if (text === null || location === null) {
    if (location?.from === '--config') {
      throw new SdctlError('E_CONFIG', `no config file ${location.path}`, {
        why: '--config names it, but it does not exist',
        hint: 'sdctl context add creates one',
      });
    }
    return {};
  }
  const { parseConfig } = await import('./parse.js');
  return parseConfig(text, location.path).config;
}

/** The file's text; null when it does not exist. */
export function readText(location: ConfigLocation | null): string | null {
  if (location === null) return null;
  try {
    return readFileSync(location.path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return null;
    throw new SdctlError('E_CONFIG', `cannot read the config file ${location.path}`, {
      why: code === 'EISDIR' ? 'it is a directory' : (code ?? String(error)),
      hint: '--config FILE names another one',
      cause: error,
    });
  }
}

/**
 * Changes the file: reads it anew, lets `edit` change the document, checks the result, writes it atomically with mode 0600.
 * Comments and order are kept. Of several processes that change it at once each sees what the one before it wrote.
 *
 * @param edit gets the file as it is now, which may be newer than what the command read at its start
 * @returns what `edit` answers
 * @throws {SdctlError} E_CONFIG when the result would not be valid or cannot be written, and what `edit` throws
 */
export async function editConfig<T>(
  location: ConfigLocation | null,
  edit: (document: Document, config: ConfigFile) => T,
): Promise<T> {
  if (location === null) {
    throw new SdctlError('E_CONFIG', 'there is no place for a config file', {
      why: 'neither HOME nor XDG_CONFIG_HOME is set',
      hint: '--config FILE or SDCTL_CONFIG names one',
    });
  }
  const { parseConfig } = await import('./parse.js');
  return replaceText(target(location.path), () => {
    const { document, config } = parseConfig(readText(location) ?? 'version: 1\n', location.path);
    dropEmpty(document);
    const answer = edit(document, config);
    const text = document.toString({ lineWidth: 0 });
    parseConfig(text, location.path);
    return { text, answer };
  });
}

/** A section without content (`contexts:`) would not take a value. */
function dropEmpty(document: Document): void {
  for (const key of ['defaults', 'contexts', 'doctor'])
    if (document.has(key) && document.get(key) == null) document.delete(key);
}

/** Sets one value, with the mappings on the way. @throws {SdctlError} E_USAGE when a part of the path holds a value */
export function setAt(document: Document, path: readonly string[], value: unknown): void {
  try {
    document.setIn(path, document.createNode(value));
  } catch (error) {
    throw new SdctlError('E_USAGE', `${path.join('.')} cannot be set`, {
      why: 'a part of it holds a value, not settings',
      hint: 'sdctl config view',
      cause: error,
    });
  }
}

/** Behind a link stands the file of somebody's collection of settings; that one is changed. */
function target(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/**
 * Writes what `change` makes to a file beside it, which only one process can create, and puts that in its place. What
 * happens meanwhile is synchronous, so only a process that was killed there leaves that file behind.
 */
async function replaceText<T>(path: string, change: () => { text: string; answer: T }): Promise<T> {
  const draft = `${path}.lock`;
  const file = await takeTurn(path, draft);
  try {
    const { text, answer } = change();
    put(path, draft, file, text);
    return answer;
  } catch (error) {
    // Only a draft that is still ours: once it has become the file, the next process may have made its own.
    rmSync(draft, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

function put(path: string, draft: string, file: number, text: string): void {
  try {
    refuseSpecial(path);
    writeFileSync(file, text);
    renameSync(draft, path);
  } catch (error) {
    throw notWritten(path, error);
  }
}

/** `/dev/null` reads as a file without settings; a write must not put a file in its place. */
function refuseSpecial(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile()) throw new Error('it is not a regular file');
}

/** Creates the draft and opens it; waits while that of another process stands there. */
async function takeTurn(path: string, draft: string): Promise<number> {
  const deadlineMs = systemClock.monotonicMs() + TURN_MS;
  for (;;) {
    try {
      makePrivateFolder(dirname(path));
      return openSync(draft, 'wx', 0o600);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw notWritten(path, error);
    }
    if (systemClock.monotonicMs() >= deadlineMs) {
      throw new SdctlError('E_CONFIG', `cannot write the config file ${path}`, {
        why: `another process is changing it: ${draft} does not go away`,
        hint: 'remove that file if no sdctl is running',
      });
    }
    await systemClock.sleep(POLL_MS);
  }
}

function notWritten(path: string, error: unknown): SdctlError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new SdctlError('E_CONFIG', `cannot write the config file ${path}`, {
    why: code ?? message,
    hint: '--config FILE names another one',
    cause: error,
  });
}
