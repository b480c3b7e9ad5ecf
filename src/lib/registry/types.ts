import type { SdctlError } from '../errors.js';
import type { BackendFacts } from '../model/backend-facts.js';
import type { Instance, Owner, Snapshot, UndecodedEntry } from '../model/instance.js';
import type { LeaseListing, LeaseName, LeaseRecord } from '../model/lease.js';
import type { MembershipEvent } from '../model/membership.js';
import type { RegistrationEvent } from '../model/registration.js';
import type { RemovalPlan, RemovalWish, Restored, SavedEntry } from '../model/removal.js';
import type { Endpoint } from '../model/endpoint.js';

/** Something worth a line on stderr that is neither the answer nor a failure. Text may hold untrusted parts. */
export interface Notice {
  /** `warning` is always shown, `progress` on a terminal while it lasts, `detail` with `--verbose`. */
  readonly level: 'warning' | 'progress' | 'detail';
  readonly text: string;
}

/** What every call takes. */
export interface CallOptions {
  /** Ends the call; required, so that nobody forgets it. */
  readonly signal: AbortSignal;
  /** Bounds the whole network part of one call: all servers, retries and pages. Default: the registry's own. */
  readonly timeoutMs?: number;
  readonly notify?: (notice: Notice) => void;
}

/** One attempt to follow that failed, and is made again. */
export interface WatchRetry {
  readonly cause: SdctlError;
  /** From 1; begins anew once the registry was followed for a while. */
  readonly attempt: number;
  readonly retryInMs: number;
}

/** An entry that no layout can read is there now, or is not any more. */
export interface UnreadChange {
  readonly key: string;
  /** null: it can be read, or it is gone. */
  readonly entry: UndecodedEntry | null;
}

/** What following takes beside that. */
export interface WatchOptions extends CallOptions {
  /** How long failures before the first `synced` are retried; 0 (default): the first one is thrown. `Infinity`: for ever. */
  readonly retryStartMs?: number;
  /** The pause after a refusal, before credentials are read and tried again. Default 5 000. */
  readonly refusedPauseMs?: number;
  /** Called for every attempt that failed and is made again, also before the first `synced`; must not throw. */
  readonly onRetry?: (retry: WatchRetry) => void;
  /** Called for each change of that kind after a `synced`, which tells all of them. */
  readonly onUnread?: (change: UnreadChange) => void;
}

/** What to announce. Empty and null fields are not written. */
export interface RegistrationSpec {
  readonly service: string;
  readonly id: string;
  readonly endpoints: readonly Endpoint[];
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly version: string | null;
  readonly weight: number | null;
  readonly zone: string | null;
  readonly owner: Owner;
  /** RFC 3339 UTC. */
  readonly registeredAt: string;
}

/** How to keep an entry announced. */
export interface RegisterOptions extends CallOptions {
  /** At least 2 000; a registry may grant more. */
  readonly ttlMs: number;
  /** Consul: how long the entry may stay critical before Consul removes it; at least 60 000. Ignored elsewhere. */
  readonly deregisterAfterMs?: number;
  /** What a confirmed loss leads to: announce again, or end with E_MEMBERSHIP_LOST. Default `restore`. */
  readonly onLost?: 'restore' | 'exit';
  /** Replace an entry of another run at once. Default false. */
  readonly takeover?: boolean;
  readonly retryStartMs?: number;
  /** Called in order, never concurrently; must not throw. */
  readonly onEvent?: (event: RegistrationEvent) => void;
}

/** An instance kept announced until it is deregistered or disposed. */
export interface Registration extends AsyncDisposable {
  /** What was written. */
  readonly instance: Instance;
  /**
   * Settles when nothing is kept any more: with null after `deregister`, with the error that ended it otherwise
   * (E_TAKEN_OVER, E_MEMBERSHIP_LOST). Never rejects.
   */
  readonly ended: Promise<SdctlError | null>;
  /** When the entry ends by itself if nothing is done from now on, in milliseconds; null when it would stay. */
  remainingMs(): number | null;
  /** Stops renewing and removes the entry if it is still ours. Rejects when removal could not be confirmed in time. */
  deregister(options: CallOptions): Promise<DeregisterOutcome>;
}

/**
 * `removed`: it was there as expected and is gone. `absent`: nothing was there. `changed`: it is not as expected
 * and was left alone. `not-owner`: this server cannot remove it for good (Consul: another agent owns it).
 */
export type DeregisterOutcome = 'removed' | 'absent' | 'changed' | 'not-owner';

/** Which entry to remove. */
export interface DeregisterTarget {
  readonly service: string;
  readonly id: string;
  /** Consul only: ids are unique per node. */
  readonly node?: string;
}

/** Under which condition to remove it. */
export interface DeregisterOptions extends CallOptions {
  /** Remove only if the entry still is this one (same key, revision and lease). Without it: whatever is there now. */
  readonly expected?: Instance;
}

/** How to remove it. */
export interface RemovalOptions extends CallOptions {
  /** Default `auto`. */
  readonly how?: RemovalWish;
  /** Consul: HTTP port of the agent that owns an entry, where it is another one than that of the server asked. */
  readonly ownerPort?: number;
}

/** What every backend offers to applications. Calls reject with SdctlError; disposing releases what it registered. */
export interface Registry extends AsyncDisposable {
  /** Instances of one service; an unknown service is an empty snapshot. */
  list(service: string, options: CallOptions): Promise<Snapshot>;
  /**
   * Follows one service, or all with null. First `synced`, then changes; after a gap `stale`, one `synced`, then
   * the differences marked `resync`. Ends quietly on abort; throws only before the first `synced`.
   */
  watch(service: string | null, options: WatchOptions): AsyncIterable<MembershipEvent>;
  /** Resolves once the entry is written. */
  register(spec: RegistrationSpec, options: RegisterOptions): Promise<Registration>;
  deregister(target: DeregisterTarget, options: DeregisterOptions): Promise<DeregisterOutcome>;
}

/** Time-bound claim as the registry reports it. */
export interface Lease {
  readonly id: string;
  /** null: the registry does not tell. */
  readonly grantedSeconds: number | null;
  readonly leftSeconds: number | null;
  /** Its time is over, and the registry still keeps it. */
  readonly isOverdue: boolean;
}

/** The ids of all leases, without anything that has to be asked of each. */
export interface LeaseIds {
  readonly ids: readonly string[];
  /** What could not be seen and why, one sentence each; empty: everything was seen. */
  readonly hidden: readonly string[];
}

/** An entry as the registry keeps it. */
export interface EntryText {
  /** The full key on etcd, the file on local; null on Consul. Latin-1 where it is not UTF-8. */
  readonly key: string | null;
  readonly isBinaryKey: boolean;
  /** The value on etcd and local; on Consul JSON of all that it tells of the instance, its node and its checks. */
  readonly value: Uint8Array;
}

/** A root under which services stand. */
export interface RootUse {
  readonly root: string;
  readonly layout: string;
}

/** How one server of a registry is. */
export interface ServerStatus {
  readonly server: string;
  readonly healthy: boolean;
  readonly version: string | null;
  /** Round trip in milliseconds; null when it did not answer. */
  readonly roundTripMs: number | null;
  readonly problem: string | null;
}

/** What only an operator needs; beside the port for applications, so that those are handed the small one. */
export interface RegistryOperations {
  /** All services with all their instances, in as few calls as the registry allows. */
  listAll(options: CallOptions): Promise<Snapshot>;
  /** The entries of several services in one snapshot, for a name that may mean one or the other. */
  lookUp(services: readonly string[], options: CallOptions): Promise<Snapshot>;
  /** All services of the registry, also outside the roots in force (etcd). */
  listEverywhere(options: CallOptions): Promise<Snapshot>;
  /** Where services stand, found by looking here and there: quick, and complete for roots, not for services (etcd). */
  findRoots(options: CallOptions): Promise<readonly RootUse[]>;
  /** TTLs of the given leases, 64 in flight; ids the registry does not know are left out. */
  leases(ids: readonly string[], options: CallOptions): Promise<ReadonlyMap<string, Lease>>;
  /** Ids of all leases in one call; none on Consul, whose checks and sessions `listLeases` reads. */
  leaseIds(options: CallOptions): Promise<LeaseIds>;
  /**
   * Every lease, joined with what hangs on it. What may not be seen is left out and said in `hidden`.
   *
   * @param known all services, read just now: they need not be read again
   * @throws {SdctlError} E_FORBIDDEN when nothing at all may be seen
   */
  listLeases(options: CallOptions, known?: Snapshot): Promise<LeaseListing>;
  /**
   * One lease with everything that hangs on it, each thing read.
   *
   * @returns null when the registry does not know it
   * @throws {SdctlError} E_AMBIGUOUS for a check that several nodes have, E_USAGE for an id of another form
   */
  readLease(name: LeaseName, options: CallOptions): Promise<LeaseRecord | null>;
  /**
   * Ends a lease, and with it everything that hangs on it. etcd has no condition for that: what hangs on it is read
   * once more right before.
   *
   * @param seen as `readLease` gave it
   * @returns `changed`: something else hangs on it by now, and it was left alone; `absent`: it was gone already
   * @throws {SdctlError} E_USAGE for a TTL check of Consul
   */
  revokeLease(seen: LeaseRecord, options: CallOptions): Promise<'revoked' | 'absent' | 'changed'>;
  /**
   * Works out how an instance would be removed, and changes nothing.
   *
   * @throws {SdctlError} E_USAGE for a way that this registry or layout does not have; E_UNREACHABLE when the agent that
   *   owns it cannot be asked (Consul)
   */
  planRemoval(instance: Instance, options: RemovalOptions): Promise<RemovalPlan>;
  /** Does what was planned, if the entry still is the one that was seen. */
  remove(plan: RemovalPlan, options: CallOptions): Promise<DeregisterOutcome>;
  /** The entry of an instance as it is stored now, in one call; null: it is not there any more. */
  readEntry(instance: Instance, options: CallOptions): Promise<EntryText | null>;
  /** Reads what `restore` needs; null when the entry is not there any more as it was seen. */
  save(instance: Instance, options: CallOptions): Promise<SavedEntry | null>;
  /** Puts an entry back where nothing stands now. @throws {SdctlError} E_USAGE for an entry of another kind of registry */
  restore(entry: SavedEntry, options: RemovalOptions): Promise<Restored>;
  /** Every server by itself; never rejects because one is down. */
  status(options: CallOptions): Promise<readonly ServerStatus[]>;
  /**
   * What can be known of the registry beside its services. Only the servers that are configured are asked, each for
   * about two seconds. Never rejects because one is down or refuses a call: that is an answer too.
   */
  readFacts(options: CallOptions): Promise<BackendFacts>;
}

/** Differences between backends that callers must know beforehand. */
export interface Capabilities {
  /** Leases carry a readable TTL (etcd, local). */
  readonly readableTtl: boolean;
  /** Ids are unique per node only (Consul). */
  readonly nodes: boolean;
  /** Smallest TTL in milliseconds below which the registry is known to be unreliable; null: none. */
  readonly adviseMinTtlMs: number | null;
  /** Instances are reached over a network, so a loopback endpoint is probably wrong. False on local and loopback servers. */
  readonly remote: boolean;
}

/** An open connection to one registry. */
export interface RegistryHandle extends AsyncDisposable {
  readonly backend: string;
  readonly capabilities: Capabilities;
  readonly registry: Registry;
  readonly operations: RegistryOperations;
}
