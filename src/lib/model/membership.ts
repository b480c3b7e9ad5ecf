import type { SdctlError } from '../errors.js';
import {
  instanceKey,
  type Instance,
  type Revision,
  type SkippedEntry,
  type Snapshot,
  type UndecodedEntry,
} from './instance.js';

/**
 * Why an instance is gone. `deleted`: somebody removed it. `expired`: it was not renewed in time.
 * `replaced`: its key holds another service's entry now. `resync`: found missing after a gap. `unknown`: the registry does not tell (its lease ended, by expiry or revoke).
 */
export type LeftReason = 'deleted' | 'expired' | 'replaced' | 'resync' | 'unknown';

interface EventBase {
  /** RFC 3339 UTC: when sdctl learnt of it. */
  readonly at: string;
  readonly revision: Revision;
}

/** One line of a watch. `resync` marks differences found after a gap, whose moment is not known. */
export type MembershipEvent =
  | (EventBase & { readonly type: 'synced'; readonly snapshot: Snapshot })
  | (EventBase & { readonly type: 'joined'; readonly instance: Instance; readonly resync: boolean })
  | (EventBase & {
      readonly type: 'updated';
      readonly instance: Instance;
      readonly previous: Instance;
      readonly resync: boolean;
    })
  | (EventBase & {
      readonly type: 'left';
      readonly instance: Instance;
      readonly reason: LeftReason;
      readonly resync: boolean;
    })
  | (EventBase & {
      readonly type: 'stale';
      readonly cause: SdctlError;
      readonly attempt: number;
      readonly retryInMs: number;
    });

/** One change as an adapter reports it. */
export type Change =
  | { readonly type: 'put'; readonly instance: Instance }
  | { readonly type: 'undecoded'; readonly entry: UndecodedEntry }
  | { readonly type: 'skipped'; readonly entry: SkippedEntry }
  | { readonly type: 'remove'; readonly key: string; readonly reason: LeftReason };

/** A change of the set, before it gets its time and revision. */
export type Difference =
  | { readonly type: 'joined'; readonly instance: Instance }
  | { readonly type: 'updated'; readonly instance: Instance; readonly previous: Instance }
  | { readonly type: 'left'; readonly instance: Instance; readonly reason: LeftReason };

/** Whether a caller, an operator or a table would see a difference. Revisions and remaining TTLs are not differences. */
function sameInstance(a: Instance, b: Instance): boolean {
  return a === b || fingerprint(a) === fingerprint(b);
}

function fingerprint(instance: Instance): string {
  const { revision: _revision, lease, checks, nodeChecks, metadata, ...rest } = instance;
  return JSON.stringify([
    rest,
    lease?.id ?? null,
    Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)),
    [...checks, ...nodeChecks].map((check) => [check.id, check.health]),
  ]);
}

/** The set of instances a watch knows, and the only place where two sets are compared. */
export class MembershipState {
  readonly #instances = new Map<string, Instance>();
  readonly #undecoded = new Map<string, UndecodedEntry>();
  readonly #skipped = new Map<string, SkippedEntry>();
  #partial = false;

  get size(): number {
    return this.#instances.size;
  }

  get(key: string): Instance | undefined {
    return this.#instances.get(key);
  }

  /** What stands there that no layout can read. */
  get undecoded(): readonly UndecodedEntry[] {
    return [...this.#undecoded.values()];
  }

  /** Whether something stands there that no layout can read. */
  hasUndecoded(key: string): boolean {
    return this.#undecoded.has(key);
  }

  /** Replaces the whole set; answers what differs, departures first, each in key order of its set. */
  replace(snapshot: Snapshot, reasonOf: (instance: Instance) => LeftReason): Difference[] {
    const next = new Map(
      snapshot.instances.map((instance) => [instanceKey(instance), this.#asKnown(instance)]),
    );
    const differences: Difference[] = [];
    for (const [key, instance] of this.#instances) {
      if (!next.has(key)) differences.push({ type: 'left', instance, reason: reasonOf(instance) });
    }
    for (const [key, instance] of next) {
      const previous = this.#instances.get(key);
      if (previous === undefined) differences.push({ type: 'joined', instance });
      else if (!sameInstance(previous, instance)) differences.push({ type: 'updated', instance, previous });
    }
    this.#instances.clear();
    for (const [key, instance] of next) this.#instances.set(key, instance);
    this.#undecoded.clear();
    for (const entry of snapshot.undecoded) this.#undecoded.set(entry.key, entry);
    this.#skipped.clear();
    for (const entry of snapshot.skipped) this.#skipped.set(entry.key, entry);
    this.#partial = snapshot.partial;
    return differences;
  }

  /**
   * The one that is known, where it is the same: whoever was told of it goes on holding it, and a second copy of everything
   * would stay for as long as nothing changes.
   */
  #asKnown(instance: Instance): Instance {
    const known = this.#instances.get(instanceKey(instance));
    return known?.revision === instance.revision && sameInstance(known, instance) ? known : instance;
  }

  /** Applies one change; answers null when nothing visible changed. */
  apply(change: Change): Difference | null {
    switch (change.type) {
      case 'put': {
        const key = instanceKey(change.instance);
        const previous = this.#instances.get(key);
        this.#undecoded.delete(key);
        this.#skipped.delete(key);
        this.#instances.set(key, change.instance);
        if (previous === undefined) return { type: 'joined', instance: change.instance };
        if (sameInstance(previous, change.instance)) return null;
        return { type: 'updated', instance: change.instance, previous };
      }
      case 'undecoded':
        this.#undecoded.set(change.entry.key, change.entry);
        this.#skipped.delete(change.entry.key);
        return this.#remove(change.entry.key, 'unknown');
      case 'skipped':
        this.#skipped.set(change.entry.key, change.entry);
        this.#undecoded.delete(change.entry.key);
        return this.#remove(change.entry.key, 'unknown');
      case 'remove':
        this.#undecoded.delete(change.key);
        this.#skipped.delete(change.key);
        return this.#remove(change.key, change.reason);
    }
  }

  /** The set as a snapshot of its own; later changes do not touch it. */
  toSnapshot(service: string | null, revision: Revision, takenAtMs: number): Snapshot {
    return {
      service,
      instances: [...this.#instances.values()],
      undecoded: [...this.#undecoded.values()],
      skipped: [...this.#skipped.values()],
      revision,
      takenAtMs,
      partial: this.#partial,
    };
  }

  #remove(key: string, reason: LeftReason): Difference | null {
    const instance = this.#instances.get(key);
    if (instance === undefined) return null;
    this.#instances.delete(key);
    return { type: 'left', instance, reason };
  }
}
