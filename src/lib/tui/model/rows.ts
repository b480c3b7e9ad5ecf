import type { Finding } from '../../model/finding.js';
import type { Health, Instance } from '../../model/instance.js';
import type { LeaseKind } from '../../model/lease.js';
import type { MembershipEvent } from '../../model/membership.js';
import type { ShownState } from '../../render/view.js';

/** How much time a lease has left, as far as it is known. Seconds. */
export interface TtlView {
  readonly leaseId: string;
  readonly grantedSeconds: number | null;
  /** An estimate between two answers; it stands still while the connection is lost. null: not asked yet. */
  readonly leftSeconds: number | null;
  /** Monotonic milliseconds of the answer that the estimate starts from; null: not asked yet. */
  readonly askedAtMs: number | null;
}

/** One instance as the view shows it. A new object whenever anything of it changes. */
export interface InstanceRow {
  readonly kind: 'instance';
  /** `instanceKey` of the instance. */
  readonly key: string;
  readonly serviceKey: string;
  readonly instance: Instance;
  /** With what its lease says; `left` for one that has just gone and is still shown, greyed. */
  readonly health: ShownState;
  /** Why it is not passing, the registry's own words or ours. Untrusted. */
  readonly reason: string | null;
  /** Wall clock milliseconds since when it has this health, as far as this view knows; null: since before it began. */
  readonly sinceMs: number | null;
  /** Wall clock milliseconds when it left; null: it is there. */
  readonly leftAtMs: number | null;
}

/** The nearest end among the leases of a service. */
export interface LowestTtl {
  readonly ttl: TtlView;
  /** Some of its leases were not asked yet: a lower one may exist. */
  readonly isPartial: boolean;
}

/** One service of the overview. A new object whenever anything of it changes. */
export interface ServiceRow {
  readonly kind: 'service';
  readonly key: string;
  readonly name: string;
  /** etcd: the root it stands under; null elsewhere. */
  readonly root: string | null;
  readonly layouts: readonly string[];
  readonly versions: readonly string[];
  /** Without ghosts. */
  readonly instances: number;
  readonly counts: Readonly<Record<Health, number>>;
  /** The worst of its instances that are there; `left`: the last one has just gone. */
  readonly health: ShownState;
  /** Whether any instance has a lease at all. */
  readonly hasLeases: boolean;
  /** Joined plus left per minute, the last one is the current minute; 60 values. */
  readonly churn: readonly number[];
  /** Counts of the last 60 minutes by minute, as `churn`. */
  readonly joined: readonly number[];
  readonly left: readonly number[];
  /** Wall clock milliseconds; null: nothing has changed since the view began. */
  readonly lastChangeMs: number | null;
}

/** One lease, TTL check or session of the leases screen. */
export interface LeaseRow {
  readonly kind: 'lease';
  /** `leaseKey` of it. */
  readonly key: string;
  readonly leaseKind: LeaseKind;
  readonly id: string;
  /** Consul: node. */
  readonly node: string | null;
  /** Consul: name of the check or session. */
  readonly name: string | null;
  /** Consul: state of a TTL check. From the time left elsewhere; null: not known. */
  readonly health: Health | null;
  /** Consul: what the check says. */
  readonly output: string | null;
  /** null where the backend keeps no time (Consul). */
  readonly ttl: TtlView | null;
  readonly isOverdue: boolean;
  /** From two answers; null: cannot be told yet. */
  readonly isRenewed: boolean | null;
  /** Names of instances and keys that hang on it, as far as known; untrusted. */
  readonly bound: readonly string[];
  /** The instances among them, by `instanceKey`. */
  readonly instances: readonly string[];
  /** false: something else may hang on it. */
  readonly knowsBindings: boolean;
}

/** One finding of the doctor screen. */
export interface FindingRow {
  readonly kind: 'finding';
  /** Its fingerprint. */
  readonly key: string;
  readonly finding: Finding;
}

/** One event of the log. */
export interface EventRow {
  readonly kind: 'event';
  /** Running number as text. */
  readonly key: string;
  readonly event: MembershipEvent;
  /** Wall clock milliseconds. */
  readonly atMs: number;
  /** Which service it is about; null: the connection or all. */
  readonly serviceKey: string | null;
  readonly instanceKey: string | null;
  /** What a whole set is, in words, with and without ASCII alone: its instances are not kept with the event. */
  readonly summary?: { readonly all: string; readonly ascii: string };
}

export type Row = ServiceRow | InstanceRow | LeaseRow | FindingRow | EventRow;
