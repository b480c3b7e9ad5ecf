import type { Snapshot } from '../../model/instance.js';
import { isBefore } from './ids.js';

interface Known {
  readonly leaseId: string | null;
  readonly revision: string;
}

/** What a watch has to remember of each key: a deletion says neither whose lease it was nor when it was written. */
export class KnownKeys {
  readonly #keys = new Map<string, Known>();

  replace(snapshot: Snapshot): void {
    this.#keys.clear();
    for (const { key, lease, revision } of snapshot.instances) {
      if (key !== null) this.#keys.set(key, { leaseId: lease?.id ?? null, revision });
    }
    // Their revision is not kept in the model; they cannot serve as the newest key, only their lease matters.
    for (const { key, keys } of snapshot.skipped)
      if (keys === null) this.#keys.set(key, { leaseId: null, revision: '' });
    for (const { key, leaseId } of snapshot.undecoded) this.#keys.set(key, { leaseId, revision: '' });
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  set(key: string, leaseId: string | null, revision: string): void {
    this.#keys.set(key, { leaseId, revision });
  }

  /** Forgets a key; answers its lease, or null where it had none or was not known. */
  remove(key: string): string | null {
    const known = this.#keys.get(key);
    this.#keys.delete(key);
    return known?.leaseId ?? null;
  }

  /** The key that was written last; null when none is known. */
  newest(): { readonly bytes: Buffer; readonly revision: string } | null {
    let newest: { key: string; revision: string } | null = null;
    for (const [key, { revision }] of this.#keys) {
      if (revision !== '' && (newest === null || isBefore(newest.revision, revision)))
        newest = { key, revision };
    }
    return newest === null ? null : { bytes: Buffer.from(newest.key), revision: newest.revision };
  }
}
