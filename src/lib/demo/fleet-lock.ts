import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SdctlError } from '../errors.js';
import type { ProcessProbe } from '../registry/claim.js';
import { DirectoryLock } from '../registry/local/directory-lock.js';
import { isMissing, toFileError } from '../registry/local/map-error.js';
import type { DriverCall } from '../registry/registration-driver.js';
import { toRfc3339, type Clock } from '../time/clock.js';

interface Holder {
  readonly host: string;
  readonly pid: number;
  readonly started: string;
}

/** Directories whose fleet runs in this very process: a lock with our own pid is ours then, and not a predecessor's. */
const heldHere = new Set<string>();

/**
 * Makes sure that one fleet at a time runs in a directory. The lock of a process that has ended is taken over.
 *
 * @returns what gives the lock back; never throws
 * @throws {SdctlError} E_CONFLICT when another fleet runs there
 */
export async function lockFleet(
  directory: string,
  deps: { readonly clock: Clock; readonly processes: ProcessProbe },
  call: DriverCall,
): Promise<() => void> {
  const { clock, processes } = deps;
  const file = join(directory, 'dev.lock');
  const path = resolve(directory);
  const holder: Holder = { host: processes.host, pid: processes.pid, started: toRfc3339(clock.nowMs()) };
  const text = JSON.stringify(holder);
  try {
    // Under the lock of all writers nobody comes between the look and the write.
    await new DirectoryLock(directory, clock, processes).hold(call, () => {
      const other = readHolder(file);
      if (other !== null && isRunning(other, path, processes)) throw conflict(directory, other);
      writeFileSync(file, text, { mode: 0o600 });
    });
  } catch (error) {
    throw toFileError(error, 'cannot write', directory);
  }
  heldHere.add(path);
  return () => {
    heldHere.delete(path);
    try {
      if (readFileSync(file, 'utf8') === text) rmSync(file, { force: true });
    } catch {
      // The directory is gone or not ours any more: nothing is locked.
    }
  };
}

function isRunning(holder: Holder, path: string, processes: ProcessProbe): boolean {
  // Nothing is known of the processes of another host; it may well be running.
  if (holder.host !== processes.host) return true;
  return holder.pid === processes.pid ? heldHere.has(path) : processes.isAlive(holder.pid);
}

function readHolder(file: string): Holder | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  try {
    const { host, pid, started } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (typeof host !== 'string' || typeof pid !== 'number' || typeof started !== 'string') return null;
    return { host, pid, started };
  } catch {
    return null;
  }
}

function conflict(directory: string, { host, pid, started }: Holder): SdctlError {
  return new SdctlError('E_CONFLICT', `a simulated fleet already runs in ${directory}`, {
    why: `${host}, pid ${pid}, since ${started}`,
    hint: 'stop that one, or choose another directory with --dir',
    details: { directory, host, pid, started },
  });
}
