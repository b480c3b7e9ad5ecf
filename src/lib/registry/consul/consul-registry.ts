import { abortedError, SdctlError } from '../../errors.js';
import type { BackendFacts } from '../../model/backend-facts.js';
import type { Instance, Snapshot } from '../../model/instance.js';
import type { LeaseListing, LeaseName, LeaseRecord } from '../../model/lease.js';
import type { MembershipEvent } from '../../model/membership.js';
import type { RemovalPlan, Restored, SavedEntry } from '../../model/removal.js';
import type { RegistryDeps } from '../connection.js';
import { keepFollowing } from '../keep-following.js';
import { keepRegistered } from '../keep-registered.js';
import type {
  CallOptions,
  DeregisterOptions,
  DeregisterOutcome,
  DeregisterTarget,
  EntryText,
  Lease,
  LeaseIds,
  Notice,
  RegisterOptions,
  RemovalOptions,
  Registration,
  RegistrationSpec,
  Registry,
  RegistryOperations,
  RootUse,
  ServerStatus,
  WatchOptions,
} from '../types.js';
import { PollLimit } from './agent-sentinel.js';
import { startCall, type Call } from './call.js';
import { CatalogFollower } from './catalog-follower.js';
import { deregisterInstance } from './deregister.js';
import { readFacts } from './facts.js';
import { listLeases, readLease, revokeLease } from './leases.js';
import type { CatalogReader } from './list.js';
import { DEFAULT_DEREGISTER_AFTER_MS } from './registration-body.js';
import { ConsulRegistrationDriver } from './registration.js';
import { planRemoval, removePlanned } from './removal.js';
import { restoreEntry, saveEntry } from './undo.js';
import type { Credentials } from './credentials.js';
import type { Servers } from './servers.js';
import { ServiceFollower, type FollowerDeps } from './service-follower.js';
import { statusOf } from './status.js';
import { readStored } from './stored-entry.js';
import type { Visibility } from './visibility.js';

export interface ConsulRegistryDeps extends RegistryDeps {
  readonly servers: Servers;
  readonly reader: CatalogReader;
  readonly visibility: Visibility;
  readonly credentials: Credentials;
  readonly datacenter: string | null;
  /** `auto`, or the layout to read with. */
  readonly layout: string;
}

/** Both ports on Consul. */
export class ConsulRegistry implements Registry, RegistryOperations {
  readonly #deps: ConsulRegistryDeps;
  readonly #polls = new PollLimit();
  readonly #registrations = new Set<Registration>();

  constructor(deps: ConsulRegistryDeps) {
    this.#deps = deps;
  }

  async list(service: string, options: CallOptions): Promise<Snapshot> {
    const { clock, timeouts, reader } = this.#deps;
    return (await reader.listService(service, startCall(options, timeouts.listMs, clock))).snapshot;
  }

  async listAll(options: CallOptions): Promise<Snapshot> {
    const { clock, timeouts, reader } = this.#deps;
    return (await reader.listAll(startCall(options, timeouts.listMs, clock))).snapshot;
  }

  async lookUp(services: readonly string[], options: CallOptions): Promise<Snapshot> {
    const { clock, timeouts, reader } = this.#deps;
    return (await reader.lookUp(services, startCall(options, timeouts.listMs, clock))).snapshot;
  }

  async listEverywhere(options: CallOptions): Promise<Snapshot> {
    return this.listAll(options);
  }

  /** Consul has no roots. */
  async findRoots(): Promise<readonly RootUse[]> {
    return [];
  }

  watch(service: string | null, options: WatchOptions): AsyncIterable<MembershipEvent> {
    const { timeouts } = this.#deps;
    const deps: FollowerDeps = {
      ...this.#deps,
      timeoutMs: options.timeoutMs ?? (service === null ? timeouts.listMs : timeouts.callMs),
      notify: onceEach(options.notify),
    };
    const follower = service === null ? new CatalogFollower(deps) : new ServiceFollower(service, deps);
    return keepFollowing(follower, this.#deps, options);
  }

  async register(spec: RegistrationSpec, options: RegisterOptions): Promise<Registration> {
    requireOwnLayout(this.#deps.layout);
    this.#requireFreeId(spec);
    const deregisterAfterMs = options.deregisterAfterMs ?? DEFAULT_DEREGISTER_AFTER_MS;
    const limits = { ttlMs: options.ttlMs, deregisterAfterMs };
    const driver = new ConsulRegistrationDriver(spec, limits, { ...this.#deps, polls: this.#polls });
    const timeoutMs = options.timeoutMs ?? this.#deps.timeouts.callMs;
    const registration = await keepRegistered(driver, this.#deps, {
      ...options,
      timeoutMs,
      deregisterAfterMs,
    });
    this.#registrations.add(registration);
    void registration.ended.then(() => this.#registrations.delete(registration));
    return registration;
  }

  /** Our own entry would look like one of a predecessor, and be replaced. */
  #requireFreeId({ service, id }: RegistrationSpec): void {
    for (const { instance } of this.#registrations) {
      if (instance.id !== id || instance.service === service) continue;
      throw new SdctlError('E_CONFLICT', `${instance.service}/${id} is already registered by this process`, {
        why: 'Consul keeps one entry per id and agent, whatever its service',
        hint: `choose an id of its own, such as ${service}-${id}`,
      });
    }
  }

  async deregister(target: DeregisterTarget, options: DeregisterOptions): Promise<DeregisterOutcome> {
    const { clock, timeouts } = this.#deps;
    return deregisterInstance(
      this.#deps,
      target,
      options.expected,
      startCall(options, timeouts.callMs, clock),
    );
  }

  /** Consul keeps neither TTLs nor times: nothing is known. */
  async leases(_ids: readonly string[], options: CallOptions): Promise<ReadonlyMap<string, Lease>> {
    if (options.signal.aborted) throw new SdctlError('E_ABORTED', 'aborted');
    return new Map();
  }

  /** TTL checks and sessions have no ids that a single call would tell. */
  async leaseIds({ signal }: CallOptions): Promise<LeaseIds> {
    if (signal.aborted) throw abortedError(signal);
    return { ids: [], hidden: [] };
  }

  async listLeases(options: CallOptions): Promise<LeaseListing> {
    return listLeases(this.#deps, this.#call(options, 'list'));
  }

  async readLease(name: LeaseName, options: CallOptions): Promise<LeaseRecord | null> {
    return readLease(this.#deps, name, this.#call(options, 'list'));
  }

  async revokeLease(seen: LeaseRecord, options: CallOptions): Promise<'revoked' | 'absent' | 'changed'> {
    return revokeLease(this.#deps, seen, this.#call(options, 'list'));
  }

  async planRemoval(instance: Instance, options: RemovalOptions): Promise<RemovalPlan> {
    return planRemoval(this.#deps, instance, options, this.#call(options));
  }

  async remove(plan: RemovalPlan, options: CallOptions): Promise<DeregisterOutcome> {
    const { clock, timeouts } = this.#deps;
    return removePlanned(this.#deps, plan, startCall(options, timeouts.callMs + plan.takesMs, clock));
  }

  async readEntry(instance: Instance, options: CallOptions): Promise<EntryText | null> {
    return readStored(this.#deps.servers, instance, this.#call(options));
  }

  async save(instance: Instance, options: CallOptions): Promise<SavedEntry | null> {
    return saveEntry(this.#deps, instance, this.#call(options));
  }

  async restore(entry: SavedEntry, options: RemovalOptions): Promise<Restored> {
    return restoreEntry(this.#deps, entry, options, this.#call(options));
  }

  #call(options: CallOptions, kind: 'call' | 'list' = 'call'): Call {
    const { clock, timeouts } = this.#deps;
    return startCall(options, kind === 'list' ? timeouts.listMs : timeouts.callMs, clock);
  }

  async status(options: CallOptions): Promise<readonly ServerStatus[]> {
    const { clock, timeouts, servers } = this.#deps;
    const call = startCall(options, timeouts.callMs, clock);
    return Promise.all(servers.all.map(async (server) => statusOf(server, clock, call)));
  }

  async readFacts(options: CallOptions): Promise<BackendFacts> {
    return readFacts(this.#deps, this.#call(options, 'list'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      [...this.#registrations].map(async (registration) => registration[Symbol.asyncDispose]()),
    );
    this.#deps.servers.destroy();
  }
}

/** On Consul frameworks talk to agents in their own way, with checks of their own. @throws {SdctlError} E_USAGE */
function requireOwnLayout(layout: string): void {
  if (layout === 'auto' || layout === 'sdctl') return;
  throw new SdctlError('E_USAGE', `sdctl does not register in the layout ${layout} on Consul`, {
    why: 'there only its own layout is written',
    hint: '--layout sdctl',
  });
}

/** A watch reads again and again; what it has to say of each read is said once. */
function onceEach(notify: CallOptions['notify']): (notice: Notice) => void {
  const said = new Set<string>();
  return (notice) => {
    if (said.has(notice.text)) return;
    said.add(notice.text);
    notify?.(notice);
  };
}
