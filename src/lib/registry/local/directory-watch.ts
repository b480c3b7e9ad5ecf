import { existsSync, readdirSync, statSync, watch as watchFiles, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Revision } from '../../model/instance.js';
import type { Clock } from '../../time/clock.js';
import { serviceOfFolder, type DirectoryPaths } from './directory-paths.js';
import { readStored, scanDirectory, type ScanMemory } from './directory-scan.js';
import { HintQueue } from './hint-queue.js';
import { isMissing, toFileError } from './map-error.js';
import { laterRevision, type Seen, type Stored, type StoreWatch } from './store.js';

/** The system's notices may get lost; everything is compared again after this long, or twenty times what that takes. */
const POLL_MS = 1_000;
/** While the directory is not there, nothing can tell us that it comes. */
const MISSING_POLL_MS = 200;
const SCAN_TIMEOUT_MS = 20_000;

/** Follows a registry directory by the system's notices, and by looking again now and then. */
export class DirectoryWatch implements StoreWatch {
  readonly #paths: DirectoryPaths;
  readonly #service: string | null;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #hints = new HintQueue();
  readonly #memory: ScanMemory = new Map();
  /** By folder; the inode tells a folder from its successor of the same name. */
  readonly #watchers = new Map<string, { readonly inode: number; readonly watcher: FSWatcher }>();
  #scanDueMs = 0;

  constructor(paths: DirectoryPaths, service: string | null, clock: Clock, signal: AbortSignal) {
    this.#paths = paths;
    this.#service = service;
    this.#clock = clock;
    this.#signal = signal;
  }

  async next(waitMs: number): Promise<Seen | null> {
    const untilMs = this.#clock.monotonicMs() + waitMs;
    while (!this.#signal.aborted) {
      const nowMs = this.#clock.monotonicMs();
      if (nowMs >= this.#scanDueMs) return this.#scan();
      const changed = this.#look();
      if (changed !== null) return changed;
      if (nowMs >= untilMs) return null;
      await this.#hints.wait(Math.min(untilMs, this.#scanDueMs) - nowMs, this.#clock, this.#signal);
      // Notices of one moment come one by one; let them all arrive.
      await setImmediate();
    }
    return null;
  }

  [Symbol.dispose](): void {
    for (const { watcher } of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  async #scan(): Promise<Seen> {
    const startedMs = this.#clock.monotonicMs();
    // Watchers first: what changes while the scan runs is noticed.
    this.#attach();
    const call = { signal: this.#signal, timeoutMs: SCAN_TIMEOUT_MS };
    const content = await scanDirectory(this.#paths, this.#service, this.#clock, call, this.#memory);
    const nowMs = this.#clock.monotonicMs();
    const pauseMs = this.#watchers.size === 0 ? MISSING_POLL_MS : POLL_MS;
    this.#scanDueMs = nowMs + Math.max(pauseMs, 20 * (nowMs - startedMs));
    return { type: 'all', content };
  }

  /** Reads the files of the notices that came; null when there were none. */
  #look(): Seen | null {
    const keys = this.#hints.take();
    if (keys.size === 0) return null;
    try {
      let revision: Revision = this.#paths.readRevision();
      const changed = new Map<string, Stored | null>();
      for (const key of keys) {
        if (key === '') {
          this.#scanDueMs = 0;
          continue;
        }
        const stored = readStored(key, this.#service ?? serviceOfFolder(join(key, '..')));
        this.#memory.delete(key);
        changed.set(key, stored);
        if (stored?.state === 'entry') revision = laterRevision(revision, stored.revision);
      }
      return changed.size === 0 ? null : { type: 'some', changed, revision };
    } catch (error) {
      throw toFileError(error, 'cannot read', this.#paths.root);
    }
  }

  /** Makes the set of watchers fit the folders that exist. */
  #attach(): void {
    const wanted = new Set(this.#folders());
    for (const [folder, { inode, watcher }] of this.#watchers) {
      if (wanted.has(folder) && inodeOf(folder) === inode) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of wanted) {
      const inode = inodeOf(folder);
      if (inode !== null && !this.#watchers.has(folder)) this.#open(folder, inode);
    }
  }

  #folders(): string[] {
    const { services } = this.#paths;
    if (this.#service !== null) return [services, this.#paths.folderOf(this.#service)];
    try {
      return [services, ...readdirSync(services).map((name) => join(services, name))];
    } catch (error) {
      if (isMissing(error)) return [];
      throw toFileError(error, 'cannot read', this.#paths.root);
    }
  }

  #notice(folder: string, file: string | null): void {
    if (file === null || !existsSync(folder)) this.#hints.push('');
    else if (folder !== this.#paths.services) this.#hints.push(join(folder, file));
    // A folder came or went; which of them matters is for the next scan to see.
    else if (this.#service === null || join(folder, file) === this.#paths.folderOf(this.#service))
      this.#hints.push('');
  }

  #open(folder: string, inode: number): void {
    try {
      const watcher = watchFiles(folder, { persistent: false }, (_type, file) => {
        this.#notice(folder, file);
      });
      watcher.on('error', () => {
        watcher.close();
        this.#watchers.delete(folder);
        this.#hints.push('');
      });
      this.#watchers.set(folder, { inode, watcher });
    } catch {
      // No watchers left on this machine, or not a folder: looking again now and then has to do.
    }
  }
}

function inodeOf(folder: string): number | null {
  try {
    const stat = statSync(folder);
    return stat.isDirectory() ? stat.ino : null;
  } catch {
    return null;
  }
}
