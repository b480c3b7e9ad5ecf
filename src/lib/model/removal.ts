import type { Instance, Revision } from './instance.js';
import type { LeaseBinding } from './lease.js';

/**
 * What a removal may be asked to do. `auto`: what the registry needs for it to stay gone. `delete`: the entry alone.
 * `revoke`: its lease, with everything that hangs on it. `catalog`: the catalog, whatever an agent thinks (Consul).
 */
export const removalWishes = ['auto', 'delete', 'revoke', 'catalog'] as const;
/** One of them. */
export type RemovalWish = (typeof removalWishes)[number];

/**
 * What a removal does. `delete`: the one key, if it still is as it was seen (etcd, embedded). `revoke`: the lease.
 * `agent`: the agent that owns it, so that it stays gone. `catalog`: only the catalog. `replace`: the agent gets an
 * entry of the same id that ends by itself, for ids that Consul cannot be asked for.
 */
export type RemovalMethod = 'delete' | 'revoke' | 'agent' | 'catalog' | 'replace';

/** Whether an agent of Consul stands behind an entry; `none`: external or dead, or another registry. */
export type AgentState = 'alive' | 'dead' | 'none';

/** How one instance would be removed, worked out before anybody is asked. */
export interface RemovalPlan {
  /** As it was seen; only this very entry is removed. */
  readonly instance: Instance;
  readonly method: RemovalMethod;
  /** Address of the agent that is asked; null: the registry itself. */
  readonly at: string | null;
  readonly agent: AgentState;
  /** Everything that falls beside the entry itself: what else hangs on its lease. */
  readonly falls: readonly LeaseBinding[];
  /** How long the removal itself takes by design, in milliseconds; 0: at once. */
  readonly takesMs: number;
}

/** A check of Consul as it stood in the catalog. */
export interface SavedCheck {
  readonly id: string;
  readonly name: string;
  /** `ttl`, `http`, …; empty when Consul does not say. */
  readonly type: string;
}

/** A check of which enough is known to write it again. */
export interface KeptCheck extends SavedCheck {
  readonly notes: string;
  /** What is checked, in Consul's own JSON; empty where only its agent knows. */
  readonly definition: Readonly<Record<string, unknown>>;
}

/** What was removed, so that it can be put back. Plain JSON; binary text in base64. */
export type SavedEntry =
  | {
      readonly backend: 'etcd';
      readonly service: string;
      readonly id: string;
      readonly keyBase64: string;
      readonly valueBase64: string;
      /** 16 hex digits; null: it had none, and gets none. */
      readonly leaseId: string | null;
      /** TTL that its lease was granted, in seconds; null: without a lease, or it was gone already. */
      readonly grantedSeconds: number | null;
    }
  | {
      readonly backend: 'consul';
      readonly service: string;
      readonly id: string;
      readonly node: string;
      readonly nodeAddress: string;
      /** No agent stands behind its node: it is written into the catalog. */
      readonly isExternal: boolean;
      readonly address: string;
      readonly port: number;
      readonly tags: readonly string[];
      readonly meta: Readonly<Record<string, string>>;
      readonly weights: { readonly passing: number; readonly warning: number } | null;
      readonly kind: string;
      /** TTL of its check, in seconds, where sdctl wrote it; null: not known. */
      readonly ttlSeconds: number | null;
      /** Checks that Consul does not tell enough of to write them again. */
      readonly lostChecks: readonly SavedCheck[];
      /** Checks that are written again, all of them critical: at an agent its TTL check, elsewhere every one. */
      readonly checks?: readonly KeptCheck[];
      /** Meta of a node without an agent, which tells whose it is. */
      readonly nodeMeta?: Readonly<Record<string, string>>;
      readonly taggedAddresses?: Readonly<
        Record<string, { readonly address: string; readonly port: number }>
      >;
      readonly enableTagOverride?: boolean;
      /** Consul's own JSON: what a proxy stands for, and how. */
      readonly proxy?: Readonly<Record<string, unknown>>;
      /** It speaks Connect itself, without a proxy. */
      readonly connectNative?: boolean;
    }
  | {
      readonly backend: 'local';
      readonly service: string;
      readonly id: string;
      readonly value: string;
      readonly ttlMs: number | null;
    };

/** What became of putting an entry back. */
export interface Restored {
  /** `occupied`: something stands there, and was left alone. */
  readonly outcome: 'restored' | 'occupied';
  /** etcd: the lease that it has now; null: none. */
  readonly leaseId: string | null;
  /** When it ends by itself if nobody renews it, in seconds; null: never. */
  readonly endsInSeconds: number | null;
  readonly revision: Revision | null;
}
