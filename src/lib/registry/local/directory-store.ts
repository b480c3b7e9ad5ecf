import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  futimesSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { abortedError } from '../../errors.js';
import type { Clock } from '../../time/clock.js';
import type { ProcessProbe } from '../claim.js';
import type { DriverCall } from '../registration-driver.js';
import { DirectoryLock } from './directory-lock.js';
import { DirectoryPaths, serviceOfFolder } from './directory-paths.js';
import { readStored, scanDirectory } from './directory-scan.js';
import { DirectoryWatch } from './directory-watch.js';
import { formatEntryFile, readOpenEntry } from './entry-file.js';
import { isMissing, isNoSpace, toFileError } from './map-error.js';
import {
  isAhead,
  isExpired,
  nextRevision,
  type Decision,
  type Edit,
  type EditResult,
  type EntryName,
  type RenewOutcome,
  type Store,
  type StoreContent,
  type Stored,
  type StoredEntry,
  type StoreWatch,
} from './store.js';
import { makePrivateFolder } from '../../files/private-folder.js';

/**
 * A registry in a directory, one file per entry, shared by all processes of the same user. Files appear and change
 * by rename only, so nobody reads half of one. Writers take turns by a lock; renewals need none (see `renew`).
 */
export class DirectoryStore implements Store {
  readonly location: string;
  readonly #paths: DirectoryPaths;
  readonly #clock: Clock;
  readonly #lock: DirectoryLock;
  readonly #temporary: string;

  constructor(directory: string, clock: Clock, processes: ProcessProbe) {
    this.location = directory;
    this.#paths = new DirectoryPaths(directory);
    this.#clock = clock;
    this.#lock = new DirectoryLock(directory, clock, processes);
    this.#temporary = join(this.#paths.temporaries, randomUUID());
  }

  keyOf(name: EntryName): string {
    return this.#paths.fileOf(name);
  }

  readAll(service: string | null, call: DriverCall): Promise<StoreContent> {
    return scanDirectory(this.#paths, service, this.#clock, call);
  }

  read(key: string): Stored | null {
    try {
      return readStored(key, serviceOfFolder(dirname(key)));
    } catch (error) {
      throw toFileError(error, 'cannot read', this.location);
    }
  }

  async edit<T>(
    name: EntryName,
    decide: (current: Stored | null) => Decision<T>,
    call: DriverCall,
  ): Promise<EditResult<T>> {
    if (call.signal.aborted) throw abortedError(call.signal);
    try {
      if (!existsSync(this.#paths.root)) {
        // Only a write may create the directory.
        const { edit, answer } = decide(null);
        if (edit.type !== 'write') return { answer, written: null };
      }
      return await this.#lock.hold(call, () => {
        const { edit, answer } = decide(readStored(this.keyOf(name), name.service));
        return { answer, written: this.#apply(name, edit) };
      });
    } catch (error) {
      throw toFileError(error, 'cannot write', this.location);
    }
  }

  /**
   * Sets the modification time of the very file that was compared. A writer that replaces or removes the entry in
   * the same moment makes a new file or none, so a renewal can never bring the old entry back, and needs no lock.
   */
  renew(name: EntryName, leaseId: string, call: DriverCall): Promise<RenewOutcome> {
    return new Promise((resolve) => {
      if (call.signal.aborted) throw abortedError(call.signal);
      try {
        resolve(this.#renew(name, leaseId));
      } catch (error) {
        throw toFileError(error, 'cannot renew an entry in', this.location);
      }
    });
  }

  reap(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return Promise.resolve();
    try {
      this.#lock.tryHold(() => {
        const nowMs = this.#clock.nowMs();
        let removed = false;
        for (const key of keys) {
          const stored = readStored(key, null);
          if (stored?.state !== 'entry') continue;
          if (isExpired(stored, nowMs)) {
            this.#remove(key);
            removed = true;
          } else if (isAhead(stored, nowMs)) utimesSync(key, nowMs / 1_000, nowMs / 1_000);
        }
        if (removed) this.#bump();
      });
    } catch {
      // Somebody who may not write has still read correctly; the next writer cleans up.
    }
    return Promise.resolve();
  }

  watch(service: string | null, signal: AbortSignal): StoreWatch {
    return new DirectoryWatch(this.#paths, service, this.#clock, signal);
  }

  #renew(name: EntryName, leaseId: string): RenewOutcome {
    const key = this.keyOf(name);
    let fd: number;
    try {
      fd = openSync(key, 'r');
    } catch (error) {
      if (isMissing(error)) return { state: 'gone', why: 'the entry was removed' };
      throw error;
    }
    try {
      const stored = readOpenEntry(fd, key, name.service);
      if (stored.state === 'unreadable' || stored.lease?.id !== leaseId)
        return { state: 'taken', by: stored };
      const nowMs = this.#clock.nowMs();
      if (isExpired(stored, nowMs)) return { state: 'gone', why: 'its TTL has passed' };
      futimesSync(fd, nowMs / 1_000, nowMs / 1_000);
      // Removed or replaced since it was opened: what we renewed is not the entry any more.
      if (fstatSync(fd).nlink === 0) return this.#renew(name, leaseId);
      return { state: 'renewed', ttlMs: stored.lease.ttlMs };
    } finally {
      closeSync(fd);
    }
  }

  #apply(name: EntryName, edit: Edit): StoredEntry | null {
    switch (edit.type) {
      case 'keep':
        return null;
      case 'remove':
        this.#remove(this.keyOf(name));
        this.#bump();
        return null;
      case 'write':
        return this.#write(name, edit);
    }
  }

  #write(name: EntryName, edit: Extract<Edit, { type: 'write' }>): StoredEntry {
    const key = this.keyOf(name);
    const nowMs = Math.floor(this.#clock.nowMs());
    const { value, lease } = edit;
    const revision = nextRevision(this.#paths.readRevision(), nowMs);
    makePrivateFolder(dirname(key));
    this.#replace(key, formatEntryFile({ ...name, value, lease, revision }), nowMs);
    this.#replace(this.#paths.revisionFile, revision, nowMs);
    const stored = lease === null ? null : { ...lease, expiresAtMs: nowMs + lease.ttlMs };
    return { state: 'entry', ...name, key, value, lease: stored, revision };
  }

  #remove(key: string): void {
    unlinkSync(key);
    try {
      rmdirSync(dirname(key));
    } catch {
      // Other entries are in it.
    }
  }

  /** A removal is a change too, so it gets a revision; on a full disk it stands without one. */
  #bump(): void {
    const nowMs = Math.floor(this.#clock.nowMs());
    const revision = nextRevision(this.#paths.readRevision(), nowMs);
    try {
      this.#replace(this.#paths.revisionFile, revision, nowMs);
    } catch (error) {
      if (!isNoSpace(error)) throw error;
    }
  }

  #replace(file: string, text: string, modifiedAtMs: number): void {
    makePrivateFolder(this.#paths.temporaries);
    try {
      writeFileSync(this.#temporary, text, { mode: 0o600 });
      utimesSync(this.#temporary, modifiedAtMs / 1_000, modifiedAtMs / 1_000);
      renameSync(this.#temporary, file);
    } catch (error) {
      rmSync(this.#temporary, { force: true });
      throw error;
    }
  }
}
