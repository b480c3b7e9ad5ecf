import { SdctlError } from '../../errors.js';
import type { Instance, Owner } from '../../model/instance.js';
import type { Clock } from '../../time/clock.js';
import type {
  ClaimMode,
  ClaimResult,
  Disturbance,
  DriverCall,
  RegistrationDriver,
  RenewResult,
} from '../registration-driver.js';
import type { DeregisterOutcome, RegistrationSpec } from '../types.js';
import {
  passCheck,
  readAgentEntry,
  readAgentService,
  readSelf,
  removeFromAgent,
  toAgentEntry,
  type AgentService,
} from './agent.js';
import { AgentSentinel, type PollLimit } from './agent-sentinel.js';
import { startCall, type Call } from './call.js';
import { findInstances, sameNode } from './find-instance.js';
import { checkIdOf, NODE_ALIVE } from './health.js';
import { ownerIn } from './meta.js';
import { noLeader } from './map-error.js';
import { registrationBody, sentCheck, type BodyLimits } from './registration-body.js';
import type { Credentials } from './credentials.js';
import type { AskLimits, ConsulServer } from './server.js';
import { Servers } from './servers.js';

export interface ConsulDriverDeps {
  readonly servers: Servers;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly polls: PollLimit;
  /** null: the agent's own. */
  readonly datacenter: string | null;
}

/** The catalog follows the agent within milliseconds; how long to look for that before going on without. */
const CATALOG_LAG_MS = 1_000;
const LOOK_AGAIN_MS = 10;
/**
 * Shorter than a renewal may take, so that "no leader" is said in place of "no answer". Who has more time gives a share
 * of it: beside many others the question waits for a connection.
 */
const LEADER_TIMEOUT_MS = 1_000;
const LEADER_SHARE = 1 / 5;

/** Where a registration lives: the agent that took it. Another agent would make a second entry of it. */
interface Home {
  readonly server: ConsulServer;
  readonly node: string | null;
}

/** One registration with a TTL check at one agent. */
export class ConsulRegistrationDriver implements RegistrationDriver {
  readonly owner: Owner;
  readonly #spec: RegistrationSpec;
  readonly #limits: BodyLimits;
  readonly #body: Readonly<Record<string, unknown>>;
  readonly #deps: ConsulDriverDeps;
  readonly #sentinel: AgentSentinel;
  #home: Home | null = null;
  #hash = '';
  /** The catalog has shown the entry, so its absence there means something. */
  #wasInCatalog = false;
  #hasFailed = false;

  /** @throws {SdctlError} E_USAGE for what Consul cannot hold */
  constructor(spec: RegistrationSpec, limits: BodyLimits, deps: ConsulDriverDeps) {
    this.owner = spec.owner;
    this.#spec = spec;
    this.#limits = limits;
    this.#body = registrationBody(spec, limits);
    this.#deps = deps;
    this.#sentinel = new AgentSentinel(deps.clock, deps.polls);
  }

  async claim(mode: ClaimMode, driverCall: DriverCall): Promise<ClaimResult> {
    const call = this.#start(driverCall);
    if (this.#home !== null) return this.#claimAt(this.#home.server, mode, call, call.remainingMs());
    let unclear: unknown = null;
    const result = await this.#deps.servers.withFirst(call, async (server, timeoutMs) => {
      try {
        return await this.#claimAt(server, mode, call, timeoutMs);
      } catch (error) {
        // The agent may have taken it without our knowing: going on to another one could leave two entries.
        if (this.#home === null) throw error;
        unclear = error;
        return null;
      }
    });
    if (result === null) throw unclear;
    return result;
  }

  async renew(driverCall: DriverCall): Promise<RenewResult> {
    const call = this.#start(driverCall);
    const { server } = this.#requireHome();
    try {
      // Without a leader a renewal is not refused but not answered; asked first, the cause is known at once.
      if (this.#hasFailed) await requireLeader(server, limitsOf(call));
      const result = await this.#renewAt(server, call);
      this.#hasFailed = false;
      return result;
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
  }

  async disturbed(signal: AbortSignal): Promise<Disturbance> {
    return this.#sentinel.watch(this.#requireHome().server, this.#spec.id, this.#hash, signal);
  }

  async release(driverCall: DriverCall): Promise<DeregisterOutcome> {
    if (this.#home === null) return 'absent';
    const { server } = this.#home;
    const call = this.#start(driverCall);
    const service = await this.#readOurs(server, call);
    if (service === null) return 'absent';
    if (service.run !== this.owner.run) return 'changed';
    if (!(await removeFromAgent(server, this.#spec.id, limitsOf(call)))) return 'absent';
    if (this.#wasInCatalog) await this.#untilCatalog(call, (found) => found === null);
    return 'removed';
  }

  refreshCredentials(): void {
    this.#deps.credentials.refresh();
  }

  async close(): Promise<void> {
    // Long polls end with the signal they were given.
  }

  async #claimAt(server: ConsulServer, mode: ClaimMode, call: Call, timeoutMs: number): Promise<ClaimResult> {
    const limits = (): AskLimits => ({
      signal: call.signal,
      timeoutMs: Math.min(timeoutMs, call.remainingMs()),
    });
    // Without a leader an agent says yes after seven seconds, and the catalog knows nothing of it.
    await requireLeader(server, limits());
    const node = await this.#nodeOf(server, limits());
    const present = await readAgentService(server, this.#spec.id, limits());
    if (present !== null && present.run !== this.owner.run && !isThatOccupant(mode, present)) {
      const { instance, leftMs } = await readAgentEntry(server, present, node, limits());
      return { state: 'occupied', occupant: { instance, token: tokenOf(present), leftMs } };
    }
    // From here on the entry may be at this agent, whatever happens to the answer.
    this.#home = { server, node };
    await server.order(
      {
        method: 'PUT',
        path: '/agent/service/register',
        query: { 'replace-existing-checks': 'true' },
        body: this.#body,
        scoped: false,
        repeatable: true,
      },
      limits(),
    );
    return this.#claimed(call);
  }

  async #claimed(call: Call): Promise<ClaimResult> {
    const { server } = this.#requireHome();
    const written = await readAgentService(server, this.#spec.id, limitsOf(call));
    if (written === null) {
      throw new SdctlError('E_FAILED', `Consul at ${server.url} did not keep the registration`, {
        why: 'it accepted the entry and then does not know it',
        hint: 'check for a load balancer in between: a registration needs one and the same agent',
      });
    }
    this.#hash = written.hash;
    this.#hasFailed = false;
    const instance = await this.#shown(written, call);
    return { state: 'claimed', instance, leaseId: checkIdOf(this.#spec.id), ttlMs: this.#limits.ttlMs };
  }

  /** Our entry as the catalog or else its agent shows it. The agent has confirmed it: lateness is no failure any more. */
  async #shown(written: AgentService, call: Call): Promise<Instance> {
    const { server, node } = this.#requireHome();
    this.#wasInCatalog = false;
    try {
      const seen = await this.#untilCatalog(call, (found) => found !== null);
      this.#wasInCatalog = seen !== null;
      return seen ?? (await readAgentEntry(server, written, node, limitsOf(call))).instance;
    } catch (error) {
      if (!(error instanceof SdctlError) || error.code !== 'E_TIMEOUT') throw error;
      return toAgentEntry(server, written, node, [sentCheck(this.#spec.id)]).instance;
    }
  }

  async #renewAt(server: ConsulServer, call: Call): Promise<RenewResult> {
    const service = await this.#readOurs(server, call);
    if (service === null) return { state: 'gone', why: 'the agent does not have the service any more' };
    if (service.run !== this.owner.run) return { state: 'taken', by: ownerIn(service.record) };
    const passed = await passCheck(server, checkIdOf(this.#spec.id), limitsOf(call));
    if (passed.state === 'gone') return passed;
    this.#hash = service.hash;
    if (await this.#hasLeftCatalog(call)) return { state: 'gone', why: 'it was removed from the catalog' };
    return { state: 'renewed', ttlMs: this.#limits.ttlMs };
  }

  /** What is under our id at our agent. @throws {SdctlError} when that is not ours because another agent answers */
  async #readOurs(server: ConsulServer, call: Call): Promise<AgentService | null> {
    const service = await readAgentService(server, this.#spec.id, limitsOf(call));
    if (service?.run !== this.owner.run) await this.#requireSameAgent(server, call);
    return service;
  }

  /**
   * Behind one address may be several agents, and what another one does not have is not lost. An agent that came back
   * under another name is not mistaken for that: the catalog does not show the old one alive.
   */
  async #requireSameAgent(server: ConsulServer, call: Call): Promise<void> {
    const { node } = this.#requireHome();
    const self = await readSelf(server, limitsOf(call));
    if (node === null || self === null || sameNode(self.node, node)) return;
    const ours = await this.#findOurs(call);
    if (ours === null || !sameNode(ours.node, node)) return;
    const alive = ours.nodeChecks.find((check) => check.id === NODE_ALIVE);
    if (alive === undefined || alive.health === 'critical') return;
    throw new SdctlError('E_UNREACHABLE', `another agent of Consul answers at ${server.url}`, {
      why: `it is ${self.node}, and ${node} keeps the registration`,
      hint: 'name one agent with --server: a registration cannot go through a load balancer',
    });
  }

  /** Somebody may remove the entry behind the agent's back; the agent itself would notice only after minutes. */
  async #hasLeftCatalog(call: Call): Promise<boolean> {
    try {
      const isThere = (await this.#findOurs(call)) !== null;
      this.#wasInCatalog ||= isThere;
      return this.#wasInCatalog && !isThere;
    } catch {
      return false; // the renewal itself was confirmed
    }
  }

  /** Waits a moment for the catalog to follow the agent. @returns the entry as last seen there */
  async #untilCatalog(call: Call, isEnough: (found: Instance | null) => boolean): Promise<Instance | null> {
    const { clock } = this.#deps;
    const untilMs = clock.monotonicMs() + Math.min(CATALOG_LAG_MS, call.remainingMs() / 2);
    const looking = startCall({ signal: call.signal, timeoutMs: untilMs - clock.monotonicMs() }, 0, clock);
    for (let pauseMs = LOOK_AGAIN_MS; ; pauseMs *= 2) {
      let found: Instance | null = null;
      try {
        found = await this.#findOurs(looking);
      } catch (error) {
        if (call.signal.aborted) throw error;
        return null; // not allowed to look, or no answer: what the agent said has to do
      }
      if (isEnough(found) || clock.monotonicMs() + pauseMs >= untilMs) return found;
      await clock.sleep(pauseMs, call.signal);
    }
  }

  async #findOurs(call: Call): Promise<Instance | null> {
    const home = new Servers([this.#requireHome().server]);
    const found = await findInstances(home, this.#spec, call);
    return found.find((instance) => instance.owner?.run === this.owner.run) ?? null;
  }

  async #nodeOf(server: ConsulServer, limits: AskLimits): Promise<string | null> {
    const self = await readSelf(server, limits);
    const { datacenter } = this.#deps;
    if (self === null) return null;
    if (datacenter !== null && self.datacenter.toLowerCase() !== datacenter.toLowerCase()) {
      throw new SdctlError('E_USAGE', `Consul at ${server.url} is not in datacenter "${datacenter}"`, {
        why: `its datacenter is "${self.datacenter}", and an agent registers in its own only`,
        hint: `name an agent of datacenter "${datacenter}" with --server`,
      });
    }
    return self.node === '' ? null : self.node;
  }

  #requireHome(): Home {
    if (this.#home === null) throw new SdctlError('E_DEFECT', 'nothing is registered yet');
    return this.#home;
  }

  #start(call: DriverCall): Call {
    return startCall(call, call.timeoutMs, this.#deps.clock);
  }
}

function limitsOf(call: Call): AskLimits {
  return { signal: call.signal, timeoutMs: call.remainingMs() };
}

async function requireLeader(server: ConsulServer, limits: AskLimits): Promise<void> {
  const shareMs = Math.max(LEADER_TIMEOUT_MS, limits.timeoutMs * LEADER_SHARE);
  const timeoutMs = Math.min(limits.timeoutMs, shareMs);
  if ((await server.leader({ ...limits, timeoutMs }, timeoutMs)) === '') throw noLeader(server.url);
}

function isThatOccupant(mode: ClaimMode, present: AgentService): boolean {
  return mode.type === 'replace' && mode.occupant.token === tokenOf(present);
}

function tokenOf(service: AgentService): string {
  return JSON.stringify([service.run, service.hash]);
}
