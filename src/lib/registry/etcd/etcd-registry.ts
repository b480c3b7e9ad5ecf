import { setMaxListeners } from 'node:events';
import { SdctlError } from '../../errors.js';
import type { BackendFacts } from '../../model/backend-facts.js';
import type { Instance, Snapshot } from '../../model/instance.js';
import type { LeaseListing, LeaseName, LeaseRecord } from '../../model/lease.js';
import type { MembershipEvent } from '../../model/membership.js';
import type { RemovalPlan, Restored, SavedEntry } from '../../model/removal.js';
import type { RegistryDeps } from '../connection.js';
import { keepFollowing } from '../keep-following.js';
import { keepRegistered } from '../keep-registered.js';
import { openScope } from '../scope.js';
import type {
  CallOptions,
  DeregisterOptions,
  DeregisterOutcome,
  DeregisterTarget,
  EntryText,
  Lease,
  LeaseIds,
  RegisterOptions,
  Registration,
  RegistrationSpec,
  Registry,
  RegistryOperations,
  RemovalOptions,
  RootUse,
  ServerStatus,
  WatchOptions,
} from '../types.js';
import type { Login } from './auth.js';
import { limitsLeft, type Calls, type CallLimits } from './calls.js';
import { deregister, type DeregisterDeps } from './deregister.js';
import type { Roots } from './entries.js';
import { readFacts } from './facts.js';
import { EtcdFollower } from './follower.js';
import { grantedRanges } from './grants.js';
import { findRoots } from './find-roots.js';
import { listLeases, readLeaseIds } from './lease-list.js';
import { readLease, revokeLease } from './lease-read.js';
import { readLeases, timeToLive } from './leases.js';
import { planWrite } from './plan-write.js';
import { EtcdRegistrationDriver } from './registration.js';
import { planRemoval, removePlanned } from './removal.js';
import { RootReader } from './root-reader.js';
import { readStatus } from './status.js';
import { readStored } from './stored-entry.js';
import { restoreEntry, saveEntry } from './undo.js';

/** A lease that was asked for because its key was deleted must not hold up the news. */
const LEASE_READ_MS = 300;
/** A server that is back should not be waited for longer than this before the next one is tried. */
const STREAM_OPEN_MS = 3_000;

/** Both ports on etcd, over one set of calls. */
export class EtcdRegistry implements Registry, RegistryOperations {
  readonly #calls: Calls;
  readonly #login: Login;
  readonly #roots: Roots;
  readonly #reader: RootReader;
  readonly #deps: RegistryDeps;
  readonly #registrations = new Set<Registration>();
  readonly #disposed = new AbortController();

  constructor(calls: Calls, login: Login, roots: Roots, deps: RegistryDeps) {
    this.#calls = calls;
    this.#login = login;
    this.#roots = roots;
    this.#reader = new RootReader({ calls, clock: deps.clock, roots, username: login.username });
    this.#deps = deps;
  }

  async list(service: string, options: CallOptions): Promise<Snapshot> {
    return this.#read([service], options);
  }

  async listAll(options: CallOptions): Promise<Snapshot> {
    return this.#read(null, options);
  }

  async lookUp(services: readonly string[], options: CallOptions): Promise<Snapshot> {
    return this.#read(services, options);
  }

  async listEverywhere(options: CallOptions): Promise<Snapshot> {
    const { clock, timeouts } = this.#deps;
    const roots = { prefixes: [''], layout: this.#roots.layout };
    const reader = new RootReader({ calls: this.#calls, clock, roots, username: this.#login.username });
    return (await reader.read(null, this.#limits(options, timeouts.listMs))).snapshot;
  }

  async findRoots(options: CallOptions): Promise<readonly RootUse[]> {
    const limits = this.#limits(options, this.#deps.timeouts.callMs);
    const left = limitsLeft(this.#deps.clock, limits);
    try {
      return await findRoots(this.#calls, left);
    } catch (error) {
      const { username } = this.#login;
      if (!(error instanceof SdctlError) || error.code !== 'E_FORBIDDEN' || username === null) throw error;
      return findRoots(this.#calls, left, await grantedRanges(this.#calls, username, left));
    }
  }

  async *watch(service: string | null, options: WatchOptions): AsyncGenerator<MembershipEvent, void, void> {
    // A closed registry cannot be followed: without this the watch would try for ever.
    const scope = openScope(options.signal, this.#disposed.signal);
    try {
      yield* this.#follow(service, { ...options, signal: scope.signal });
    } finally {
      scope.end();
    }
  }

  #follow(service: string | null, options: WatchOptions): AsyncIterable<MembershipEvent> {
    const { notify } = options;
    const callMs = options.timeoutMs ?? STREAM_OPEN_MS;
    const listMs = options.timeoutMs ?? this.#deps.timeouts.listMs;
    const services = service === null ? null : [service];
    const follower = new EtcdFollower(this.#calls, this.#deps.clock, {
      roots: this.#roots,
      service,
      list: (signal, again) => this.#reader.read(services, { signal, timeoutMs: listMs, notify }, again),
      hasMoved: (signal, reading) => this.#reader.hasMoved(reading, { signal, timeoutMs: listMs, notify }),
      limits: (signal) => ({ signal, timeoutMs: Math.min(callMs, STREAM_OPEN_MS), notify }),
      readLease: async (leaseId) => {
        const limits = { signal: options.signal, timeoutMs: LEASE_READ_MS, brief: true };
        return timeToLive(this.#calls, leaseId, limits).then(
          (lease) => lease !== null,
          () => null,
        );
      },
      refreshCredentials: () => this.#login.refresh(),
    });
    return keepFollowing(follower, this.#deps, options);
  }

  async register(spec: RegistrationSpec, options: RegisterOptions): Promise<Registration> {
    const driver = new EtcdRegistrationDriver(this.#calls, this.#deps.clock, {
      plan: planWrite(this.#roots),
      spec,
      ttlMs: options.ttlMs,
      notify: options.notify,
      refreshCredentials: () => this.#login.refresh(),
    });
    const timeoutMs = options.timeoutMs ?? this.#deps.timeouts.callMs;
    const registration = await keepRegistered(driver, this.#deps, { ...options, timeoutMs });
    this.#registrations.add(registration);
    void registration.ended.then(() => this.#registrations.delete(registration));
    return registration;
  }

  async deregister(target: DeregisterTarget, options: DeregisterOptions): Promise<DeregisterOutcome> {
    const limits = this.#limits(options, this.#deps.timeouts.callMs);
    return deregister(this.#entryDeps, target, options.expected ?? null, limits);
  }

  async leases(ids: readonly string[], options: CallOptions): Promise<ReadonlyMap<string, Lease>> {
    const limits = this.#limits(options, this.#deps.timeouts.listMs);
    return readLeases(this.#calls, ids, limitsLeft(this.#deps.clock, limits));
  }

  async leaseIds(options: CallOptions): Promise<LeaseIds> {
    return readLeaseIds(this.#entryDeps, this.#limits(options, this.#deps.timeouts.callMs));
  }

  async listLeases(options: CallOptions, known?: Snapshot): Promise<LeaseListing> {
    const limits = this.#limits(options, this.#deps.timeouts.listMs);
    return listLeases(this.#entryDeps, limits, known ?? null);
  }

  async readLease(name: LeaseName, options: CallOptions): Promise<LeaseRecord | null> {
    return readLease(this.#entryDeps, name, this.#limits(options, this.#deps.timeouts.listMs));
  }

  async revokeLease(seen: LeaseRecord, options: CallOptions): Promise<'revoked' | 'absent' | 'changed'> {
    return revokeLease(this.#entryDeps, seen, this.#limits(options, this.#deps.timeouts.callMs));
  }

  async planRemoval(instance: Instance, options: RemovalOptions): Promise<RemovalPlan> {
    const limits = this.#limits(options, this.#deps.timeouts.callMs);
    return planRemoval(this.#entryDeps, instance, options.how ?? 'auto', limits);
  }

  async remove(plan: RemovalPlan, options: CallOptions): Promise<DeregisterOutcome> {
    return removePlanned(this.#entryDeps, plan, this.#limits(options, this.#deps.timeouts.callMs));
  }

  async readEntry(instance: Instance, options: CallOptions): Promise<EntryText | null> {
    return readStored(this.#calls, instance, this.#limits(options, this.#deps.timeouts.callMs));
  }

  async save(instance: Instance, options: CallOptions): Promise<SavedEntry | null> {
    return saveEntry(this.#entryDeps, instance, this.#limits(options, this.#deps.timeouts.callMs));
  }

  async restore(entry: SavedEntry, options: RemovalOptions): Promise<Restored> {
    return restoreEntry(this.#entryDeps, entry, this.#limits(options, this.#deps.timeouts.callMs));
  }

  get #entryDeps(): DeregisterDeps {
    return { calls: this.#calls, clock: this.#deps.clock, roots: this.#roots, reader: this.#reader };
  }

  async status(options: CallOptions): Promise<readonly ServerStatus[]> {
    return readStatus(this.#calls, this.#deps.clock, this.#limits(options, this.#deps.timeouts.callMs));
  }

  async readFacts(options: CallOptions): Promise<BackendFacts> {
    const { clock, timeouts } = this.#deps;
    const deps = { calls: this.#calls, clock, roots: this.#roots };
    return readFacts(deps, this.#limits(options, timeouts.callMs));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed.abort();
    await Promise.all([...this.#registrations].map((registration) => registration[Symbol.asyncDispose]()));
    this.#calls.close();
  }

  async #read(services: readonly string[] | null, options: CallOptions): Promise<Snapshot> {
    const limits = this.#limits(options, this.#deps.timeouts.listMs);
    return (await this.#reader.read(services, limits)).snapshot;
  }

  #limits(options: CallOptions, defaultMs: number): CallLimits {
    // Many calls may share one signal, and each listens to it; Node would call that a leak.
    setMaxListeners(0, options.signal);
    return { signal: options.signal, timeoutMs: options.timeoutMs ?? defaultMs, notify: options.notify };
  }
}
