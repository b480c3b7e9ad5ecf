import { abortedError, SdctlError } from '../../errors.js';
import type { BackendFacts } from '../../model/backend-facts.js';
import type { Instance, Snapshot } from '../../model/instance.js';
import type { LeaseListing, LeaseName, LeaseRecord } from '../../model/lease.js';
import type { MembershipEvent } from '../../model/membership.js';
import type { RemovalPlan, Restored, SavedEntry } from '../../model/removal.js';
import type { RegistryDeps } from '../connection.js';
import { keepFollowing } from '../keep-following.js';
import { keepRegistered } from '../keep-registered.js';
import type { DriverCall } from '../registration-driver.js';
import type {
  CallOptions,
  Capabilities,
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
  RegistryHandle,
  RegistryOperations,
  RemovalOptions,
  RootUse,
  ServerStatus,
  WatchOptions,
} from '../types.js';
import { toFacts } from './facts.js';
import { LocalDriver } from './local-driver.js';
import { LocalFollower, toSnapshot } from './local-follower.js';
import { leaseIdsOf, readLocalLease, toLeaseRecords } from './local-leases.js';
import { planLocalRemoval, restoreStored, saveStored } from './local-removal.js';
import { isAhead, isExpired, type Decision, type Store, type Stored } from './store.js';
import { readStored } from './stored-entry.js';

const CAPABILITIES: Capabilities = { readableTtl: true, nodes: false, adviseMinTtlMs: null, remote: false };

/** So that the first list after a crash of thousands does not take long. */
const MAX_REAPED = 200;

/** The embedded registry over any store. */
export class LocalRegistry implements Registry, RegistryOperations, RegistryHandle {
  readonly backend = 'local';
  readonly capabilities = CAPABILITIES;
  readonly registry = this;
  readonly operations = this;
  readonly #store: Store;
  readonly #deps: RegistryDeps;
  readonly #layout: string;
  readonly #registrations = new Set<Registration>();
  readonly #disposed = new AbortController();

  /** @param layout `auto` for all */
  constructor(store: Store, deps: RegistryDeps, layout: string) {
    this.#store = store;
    this.#deps = deps;
    this.#layout = layout;
  }

  list(service: string, options: CallOptions): Promise<Snapshot> {
    return this.#snapshot(service, options);
  }

  listAll(options: CallOptions): Promise<Snapshot> {
    return this.#snapshot(null, options);
  }

  async lookUp(services: readonly string[], options: CallOptions): Promise<Snapshot> {
    const [first, ...others] = services;
    if (first === undefined || others.length === 0) return this.#snapshot(first ?? null, options);
    const parts = await Promise.all(services.map((service) => this.#snapshot(service, options)));
    const whole = parts.reduce((last, part) => (BigInt(part.revision) > BigInt(last.revision) ? part : last));
    return {
      ...whole,
      service: null,
      instances: parts.flatMap(({ instances }) => instances),
      undecoded: parts.flatMap(({ undecoded }) => undecoded),
    };
  }

  listEverywhere(options: CallOptions): Promise<Snapshot> {
    return this.listAll(options);
  }

  /** The embedded registry has no roots. */
  findRoots(): Promise<readonly RootUse[]> {
    return Promise.resolve([]);
  }

  watch(service: string | null, options: WatchOptions): AsyncIterable<MembershipEvent> {
    const follower = new LocalFollower(this.#store, this.#deps.clock, service, this.#layout);
    const signal = AbortSignal.any([options.signal, this.#disposed.signal]);
    return keepFollowing(follower, this.#deps, { ...options, signal });
  }

  async register(spec: RegistrationSpec, options: RegisterOptions): Promise<Registration> {
    if (this.#layout !== 'auto' && this.#layout !== 'sdctl')
      throw new SdctlError('E_USAGE', `the embedded registry does not take the layout ${this.#layout}`, {
        why: 'it keeps entries in the layout sdctl',
        hint: '--layout sdctl',
      });
    const driver = new LocalDriver(this.#store, this.#deps.clock, spec, options.ttlMs);
    const registration = await keepRegistered(driver, this.#deps, options);
    this.#registrations.add(registration);
    void registration.ended.then(() => this.#registrations.delete(registration));
    return registration;
  }

  async deregister(target: DeregisterTarget, options: DeregisterOptions): Promise<DeregisterOutcome> {
    const decide = (current: Stored | null): Decision<DeregisterOutcome> => {
      const nowMs = this.#deps.clock.nowMs();
      const isThere = current !== null && !(current.state === 'entry' && isExpired(current, nowMs));
      if (!isThere) return { edit: { type: 'keep' }, answer: 'absent' };
      const { expected } = options;
      if (expected !== undefined && !isSame(current, expected))
        return { edit: { type: 'keep' }, answer: 'changed' };
      return { edit: { type: 'remove' }, answer: 'removed' };
    };
    return (await this.#store.edit(target, decide, this.#call(options, this.#deps.timeouts.callMs))).answer;
  }

  async leases(ids: readonly string[], options: CallOptions): Promise<ReadonlyMap<string, Lease>> {
    const wanted = new Set(ids);
    const { instances } = await this.listAll(options);
    const leases = new Map<string, Lease>();
    for (const { lease } of instances) {
      if (lease === null || !wanted.has(lease.id)) continue;
      leases.set(lease.id, {
        id: lease.id,
        grantedSeconds: lease.ttlSeconds,
        leftSeconds: lease.leftSeconds,
        isOverdue: false,
      });
    }
    return leases;
  }

  async leaseIds(options: CallOptions): Promise<LeaseIds> {
    return { ids: leaseIdsOf(await this.listAll(options)), hidden: [] };
  }

  async listLeases(options: CallOptions): Promise<LeaseListing> {
    const snapshot = await this.listAll(options);
    const { revision, takenAtMs } = snapshot;
    return { leases: toLeaseRecords(snapshot), revision, takenAtMs, hidden: [] };
  }

  async readLease(name: LeaseName, options: CallOptions): Promise<LeaseRecord | null> {
    return readLocalLease(await this.listAll(options), name);
  }

  async revokeLease(seen: LeaseRecord, options: CallOptions): Promise<'revoked' | 'absent' | 'changed'> {
    let outcome: 'revoked' | 'absent' | 'changed' = 'absent';
    for (const { instance } of seen.bindings) {
      if (instance === null) continue;
      const removed = await this.deregister(instanceTarget(instance), { ...options, expected: instance });
      if (removed === 'removed') outcome = 'revoked';
      else if (removed === 'changed') return 'changed';
    }
    return outcome;
  }

  async planRemoval(instance: Instance, options: RemovalOptions): Promise<RemovalPlan> {
    return Promise.resolve(planLocalRemoval(instance, options.how ?? 'auto'));
  }

  async remove({ instance }: RemovalPlan, options: CallOptions): Promise<DeregisterOutcome> {
    return this.deregister(instanceTarget(instance), { ...options, expected: instance });
  }

  async readEntry(instance: Instance, { signal }: CallOptions): Promise<EntryText | null> {
    if (signal.aborted) throw abortedError(signal);
    return readStored(this.#store, instance, this.#deps.clock.nowMs());
  }

  async save(instance: Instance): Promise<SavedEntry | null> {
    return Promise.resolve(saveStored(this.#store, instance));
  }

  async restore(entry: SavedEntry, options: RemovalOptions): Promise<Restored> {
    return restoreStored(
      this.#store,
      entry,
      this.#deps.clock,
      this.#call(options, this.#deps.timeouts.callMs),
    );
  }

  async status(options: CallOptions): Promise<readonly ServerStatus[]> {
    const { clock } = this.#deps;
    const startedMs = clock.monotonicMs();
    const common = { server: this.#store.location, version: null };
    try {
      await this.listAll(options);
      return [{ ...common, healthy: true, roundTripMs: clock.monotonicMs() - startedMs, problem: null }];
    } catch (error) {
      if (!(error instanceof SdctlError) || error.code === 'E_ABORTED') throw error;
      const problem = error.why === undefined ? error.message : `${error.message}: ${error.why}`;
      return [{ ...common, healthy: false, roundTripMs: null, problem }];
    }
  }

  async readFacts(options: CallOptions): Promise<BackendFacts> {
    return toFacts(await this.status(options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed.abort();
    await Promise.all([...this.#registrations].map((registration) => registration[Symbol.asyncDispose]()));
  }

  async #snapshot(service: string | null, options: CallOptions): Promise<Snapshot> {
    if (options.signal.aborted) throw abortedError(options.signal);
    const content = await this.#store.readAll(service, this.#call(options, this.#deps.timeouts.listMs));
    const nowMs = this.#deps.clock.nowMs();
    const due = content.stored.filter(
      (stored) => stored.state === 'entry' && (isExpired(stored, nowMs) || isAhead(stored, nowMs)),
    );
    await this.#store.reap(due.slice(0, MAX_REAPED).map(({ key }) => key));
    return toSnapshot(content, service, nowMs, this.#layout);
  }

  #call(options: CallOptions, defaultMs: number): DriverCall {
    return { signal: options.signal, timeoutMs: options.timeoutMs ?? defaultMs };
  }
}

function instanceTarget({ service, id }: Instance): DeregisterTarget {
  return { service, id };
}

function isSame(current: Stored, expected: Instance): boolean {
  if (current.state === 'unreadable') return false;
  return (
    current.key === expected.key &&
    current.revision === expected.revision &&
    (current.lease?.id ?? null) === (expected.lease?.id ?? null)
  );
}
