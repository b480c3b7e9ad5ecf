import { randomUUID } from 'node:crypto';
import {
  closeSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { abortedError, SdctlError } from '../../errors.js';
import type { Clock } from '../../time/clock.js';
import type { ProcessProbe } from '../claim.js';
import type { DriverCall } from '../registration-driver.js';
import { fileErrorCode, isMissing, isNoSpace } from './map-error.js';
import { makePrivateFolder } from '../../files/private-folder.js';

/** A holder works for less than a millisecond, without a pause: one that is older than this is not coming back. */
const STALE_MS = 5_000;
const POLL_MS = 3;

/**
 * Mutual exclusion of all writers of one directory, by a file that only one of them can create. The work is
 * synchronous, so a process never holds the lock across a pause. The lock of a process that died is taken away.
 */
export class DirectoryLock {
  readonly #directory: string;
  readonly #file: string;
  readonly #clock: Clock;
  readonly #processes: ProcessProbe;
  readonly #mark: string;

  constructor(directory: string, clock: Clock, processes: ProcessProbe) {
    this.#directory = directory;
    this.#file = join(directory, 'lock');
    this.#clock = clock;
    this.#processes = processes;
    this.#mark = `${processes.pid} ${randomUUID()} ${processes.host}`;
  }

  /**
   * Does the work while nobody else writes; creates the directory.
   *
   * @throws {SdctlError} E_TIMEOUT when others hold the lock all the time, E_ABORTED
   */
  async hold<T>(call: DriverCall, work: () => T): Promise<T> {
    const deadlineMs = this.#clock.monotonicMs() + call.timeoutMs;
    for (;;) {
      if (call.signal.aborted) throw abortedError(call.signal);
      const attempt = this.tryHold(work);
      if (attempt !== null) return attempt.value;
      if (this.#clock.monotonicMs() >= deadlineMs) throw this.#busy();
      await this.#clock.sleep(POLL_MS, call.signal);
    }
  }

  /** The same without waiting; null when somebody else holds the lock. */
  tryHold<T>(work: () => T): { readonly value: T } | null {
    if (!this.#acquire()) return null;
    try {
      return { value: work() };
    } finally {
      this.#release();
    }
  }

  #acquire(): boolean {
    for (;;) {
      try {
        this.#create();
        return true;
      } catch (error) {
        if (isMissing(error)) makePrivateFolder(this.#directory);
        else if (fileErrorCode(error) === 'EEXIST') {
          if (!this.#breakStale()) return false;
        } else throw error;
      }
    }
  }

  #create(): void {
    const fd = openSync(this.#file, 'wx', 0o600);
    try {
      writeSync(fd, this.#mark);
    } catch (error) {
      // On a full disk the lock stays empty: it excludes as well, and a removal, which makes room, can go on.
      if (isNoSpace(error)) return;
      rmSync(this.#file, { force: true });
      throw error;
    } finally {
      closeSync(fd);
    }
  }

  #release(): void {
    const mark = this.#read(this.#file)?.mark;
    if (mark === this.#mark || mark === '') rmSync(this.#file, { force: true });
  }

  /** Removes the lock of a holder that is gone; true when it is worth trying again at once. */
  #breakStale(): boolean {
    const held = this.#read(this.#file);
    if (held === null) return true;
    if (!this.#isStale(held)) return false;
    const aside = `${this.#file}.${randomUUID()}`;
    try {
      renameSync(this.#file, aside);
      if (this.#read(aside)?.mark === held.mark) this.#clearTemporaries();
      // Another process was quicker and what we moved is its new lock: give it back.
      else linkSync(aside, this.#file);
    } catch (error) {
      if (!isMissing(error) && fileErrorCode(error) !== 'EEXIST') throw error;
    } finally {
      rmSync(aside, { force: true });
    }
    return true;
  }

  #isStale(held: { readonly mark: string; readonly modifiedAtMs: number }): boolean {
    // Either way: a lock of the future was taken before the clock was put back.
    if (Math.abs(this.#clock.nowMs() - held.modifiedAtMs) > STALE_MS) return true;
    const match = /^(\d+) \S+ (.*)$/s.exec(held.mark);
    // Between creation and content the file is empty for a moment.
    if (match === null || match[2] !== this.#processes.host) return false;
    const pid = Number(match[1]);
    return pid !== this.#processes.pid && !this.#processes.isAlive(pid);
  }

  #read(file: string): { readonly mark: string; readonly modifiedAtMs: number } | null {
    try {
      return { mark: readFileSync(file, 'utf8'), modifiedAtMs: statSync(file).mtimeMs };
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** Files that a writer left behind when it died; nobody else writes while the lock exists. */
  #clearTemporaries(): void {
    const folder = join(this.#directory, 'tmp');
    try {
      for (const file of readdirSync(folder)) unlinkSync(join(folder, file));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  #busy(): SdctlError {
    return new SdctlError(
      'E_TIMEOUT',
      `the registry directory ${this.#directory} is locked by another process`,
      {
        why: `the lock file ${this.#file} did not go away`,
        hint: 'try again; a lock left behind by a crash is removed after 5 s',
      },
    );
  }
}
