import { EventEmitter } from 'node:events';
import { abortedError } from '../../errors.js';
import type { Revision } from '../../model/instance.js';
import type { Clock } from '../../time/clock.js';
import type { DriverCall } from '../registration-driver.js';
import { encodeName } from './file-names.js';
import { HintQueue } from './hint-queue.js';
import {
  isAhead,
  isExpired,
  nextRevision,
  type Decision,
  type EditResult,
  type EntryName,
  type RenewOutcome,
  type Seen,
  type Store,
  type StoreContent,
  type Stored,
  type StoredEntry,
  type StoreWatch,
} from './store.js';

/** A registry in memory, for tests and for applications that want no other: the same rules as in a directory. */
export class MemoryStore implements Store {
  readonly location = 'memory';
  readonly #clock: Clock;
  readonly #entries = new Map<string, StoredEntry>();
  readonly #changes = new EventEmitter<{ change: [key: string] }>();
  #revision: Revision = '0';

  constructor(clock: Clock) {
    this.#clock = clock;
    // One listener per watch, and there may be many of those.
    this.#changes.setMaxListeners(0);
  }

  keyOf(name: EntryName): string {
    return `memory:${encodeName(name.service)}/${encodeName(name.id)}`;
  }

  readAll(service: string | null, call: DriverCall): Promise<StoreContent> {
    if (call.signal.aborted) return Promise.reject(abortedError(call.signal));
    const stored = [...this.#entries.values()].filter(
      (entry) => service === null || entry.service === service,
    );
    return Promise.resolve({ stored, revision: this.#revision });
  }

  read(key: string): Stored | null {
    return this.#entries.get(key) ?? null;
  }

  edit<T>(
    name: EntryName,
    decide: (current: Stored | null) => Decision<T>,
    call: DriverCall,
  ): Promise<EditResult<T>> {
    return new Promise((resolve) => {
      if (call.signal.aborted) throw abortedError(call.signal);
      const key = this.keyOf(name);
      const { edit, answer } = decide(this.#entries.get(key) ?? null);
      let written: StoredEntry | null = null;
      if (edit.type === 'write') {
        const lease =
          edit.lease === null ? null : { ...edit.lease, expiresAtMs: this.#clock.nowMs() + edit.lease.ttlMs };
        this.#bump();
        written = { state: 'entry', ...name, key, value: edit.value, lease, revision: this.#revision };
        this.#entries.set(key, written);
      } else if (edit.type === 'remove') {
        this.#bump();
        this.#entries.delete(key);
      }
      if (edit.type !== 'keep') this.#changes.emit('change', key);
      resolve({ answer, written });
    });
  }

  renew(name: EntryName, leaseId: string, call: DriverCall): Promise<RenewOutcome> {
    if (call.signal.aborted) return Promise.reject(abortedError(call.signal));
    const entry = this.#entries.get(this.keyOf(name));
    if (entry === undefined) return Promise.resolve({ state: 'gone', why: 'the entry was removed' });
    if (entry.lease?.id !== leaseId) return Promise.resolve({ state: 'taken', by: entry });
    const nowMs = this.#clock.nowMs();
    if (isExpired(entry, nowMs)) return Promise.resolve({ state: 'gone', why: 'its TTL has passed' });
    const { lease } = entry;
    this.#entries.set(entry.key, { ...entry, lease: { ...lease, expiresAtMs: nowMs + lease.ttlMs } });
    this.#changes.emit('change', entry.key);
    return Promise.resolve({ state: 'renewed', ttlMs: lease.ttlMs });
  }

  reap(keys: readonly string[]): Promise<void> {
    const nowMs = this.#clock.nowMs();
    for (const key of keys) {
      const entry = this.#entries.get(key);
      if (entry === undefined) continue;
      if (isExpired(entry, nowMs)) {
        this.#bump();
        this.#entries.delete(key);
      } else if (entry.lease !== null && isAhead(entry, nowMs)) {
        const { lease } = entry;
        this.#entries.set(key, { ...entry, lease: { ...lease, expiresAtMs: nowMs + lease.ttlMs } });
      } else continue;
      this.#changes.emit('change', key);
    }
    return Promise.resolve();
  }

  watch(service: string | null, signal: AbortSignal): StoreWatch {
    const hints = new HintQueue();
    const prefix = service === null ? '' : `memory:${encodeName(service)}/`;
    const listener = (key: string): void => {
      if (key.startsWith(prefix)) hints.push(key);
    };
    this.#changes.on('change', listener);
    let first = true;
    return {
      next: async (waitMs): Promise<Seen | null> => {
        if (first) {
          first = false;
          return { type: 'all', content: await this.readAll(service, { signal, timeoutMs: Infinity }) };
        }
        await hints.wait(waitMs, this.#clock, signal);
        const keys = [...hints.take()];
        if (keys.length === 0 || signal.aborted) return null;
        const changed = new Map(keys.map((key) => [key, this.#entries.get(key) ?? null]));
        return { type: 'some', changed, revision: this.#revision };
      },
      [Symbol.dispose]: () => {
        this.#changes.off('change', listener);
      },
    };
  }

  #bump(): void {
    this.#revision = nextRevision(this.#revision, this.#clock.nowMs());
  }
}
