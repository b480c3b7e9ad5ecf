import type { Health, Instance, Revision } from './instance.js';
import type { InstanceName } from './instance-name.js';

/** What keeps entries for a time: a lease (etcd, the embedded registry), a TTL check or a session (Consul). */
export type LeaseKind = 'lease' | 'ttl-check' | 'session';

/**
 * What one thing that hangs on a lease is. `instance`: of a service. `marker`: a framework's own key beside its
 * instances. `undecoded`: no layout can read it. `lock`: a key that a session holds. `unread`: a key whose value was
 * not read.
 */
export type BindingKind = 'instance' | 'marker' | 'undecoded' | 'lock' | 'unread';

/** One thing that falls when its lease ends. All text in it comes from the registry and is untrusted. */
export interface LeaseBinding {
  readonly kind: BindingKind;
  /** etcd, the embedded registry and locks: the key, Latin-1 where it is not UTF-8; null: it has none (Consul). */
  readonly key: string | null;
  readonly isBinaryKey: boolean;
  /** Set for an instance; also for a marker or an unreadable entry that names its service, with an empty id then. */
  readonly name: InstanceName | null;
  /** The instance itself, where the whole entry was read. */
  readonly instance: Instance | null;
  readonly layout: string | null;
}

/** A lease with everything that hangs on it. */
export interface LeaseRecord {
  readonly kind: LeaseKind;
  /** etcd: 16 hex digits; Consul: id of the check or the session; embedded: the run id. Exact, never a number. */
  readonly id: string;
  /** Consul: where it lives. Ids of checks are unique per node only. null elsewhere. */
  readonly node: string | null;
  /** Name of the check or the session (Consul); null elsewhere. */
  readonly name: string | null;
  /** As granted by the registry, in seconds; null: not known, or without end. */
  readonly grantedSeconds: number | null;
  /** Seconds left when it was asked for, never negative; null: the registry does not tell. */
  readonly leftSeconds: number | null;
  /** Its time is over, and the registry still keeps it. */
  readonly isOverdue: boolean;
  /** By how many seconds at least; left out: it is not, or the registry does not tell. */
  readonly overdueSeconds?: number;
  /** Whether somebody renews it, from two samples; null: not observed, or not long enough to tell. */
  readonly isRenewed: boolean | null;
  /** State of a TTL check; null elsewhere. */
  readonly health: Health | null;
  /** What a check says; null elsewhere. */
  readonly output: string | null;
  /** What the end of a session does to the keys that it holds; null elsewhere. */
  readonly onEnd: 'delete' | 'release' | null;
  readonly bindings: readonly LeaseBinding[];
  /** false: something may hang on it that we were not allowed to see, or that was not asked for. */
  readonly knowsBindings: boolean;
}

/** All leases of a registry. */
export interface LeaseListing {
  readonly leases: readonly LeaseRecord[];
  readonly revision: Revision;
  /** Milliseconds since 1970. */
  readonly takenAtMs: number;
  /** What could not be seen and why, one sentence each; empty: everything was seen. */
  readonly hidden: readonly string[];
  /**
   * etcd: the terms of the leaders that answered. A new leader gives every lease its whole time again, so renewals can
   * only be judged between lists of the same epoch. Left out: there are no such moments.
   */
  readonly epoch?: string;
}

/** Which lease is meant, as far as an id tells. */
export interface LeaseName {
  readonly id: string;
  /** Consul: the node of a check. */
  readonly node: string | null;
}

/** What identifies a lease within one registry, safe as a map key. */
export function leaseKey({ kind, id, node }: Pick<LeaseRecord, 'kind' | 'id' | 'node'>): string {
  return JSON.stringify([kind, node, id]);
}

/** Names of the services whose instances hang on a lease, in code point order. */
export function servicesOf({ bindings }: Pick<LeaseRecord, 'bindings'>): readonly string[] {
  const names = bindings.flatMap(({ kind, name }) =>
    kind === 'instance' && name !== null ? [name.service] : [],
  );
  return [...new Set(names)].sort();
}
