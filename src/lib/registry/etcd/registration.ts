import type { IKeyValue } from 'etcd3/lib/rpc.js';
import type { Encoded } from '../../layouts/types.js';
import type { Instance, Owner } from '../../model/instance.js';
import { SdctlError } from '../../errors.js';
import type { Clock } from '../../time/clock.js';
import type {
  ClaimMode,
  ClaimResult,
  Disturbance,
  DriverCall,
  Occupant,
  RegistrationDriver,
  RenewResult,
} from '../registration-driver.js';
import type { DeregisterOutcome, Notice, RegistrationSpec } from '../types.js';
import { limitsLeft, type Calls, type CallLimits } from './calls.js';
import { DisturbanceLatch } from './disturbance-latch.js';
import { readEntry } from './entries.js';
import { EntryWriter, type RemoveCondition } from './entry-writer.js';
import { toHexLease } from './ids.js';
import { encodeWith, lookAround, type WritePlan } from './plan-write.js';
import { KeepaliveStream } from './keepalive-stream.js';
import { timeToLive } from './leases.js';
import { OwnLease } from './own-lease.js';
import { OwnWatch } from './own-watch.js';
import type { AttemptLimits, RawClients, Server } from './server.js';

export interface RegistrationOptions {
  readonly plan: WritePlan;
  readonly spec: RegistrationSpec;
  readonly ttlMs: number;
  readonly notify: ((notice: Notice) => void) | undefined;
  readonly refreshCredentials: () => void;
}

/** What is written now, and under which key. */
interface OwnEntry {
  readonly entry: EntryWriter;
  readonly value: Buffer;
  readonly watch: OwnWatch;
}

/** Deletion and end of the lease are told apart by watchers only if the lease outlives the key for a moment. */
const REVOKE_AFTER_MS = 60;

/** One entry kept under a lease of its own. */
export class EtcdRegistrationDriver implements RegistrationDriver {
  readonly owner: Owner;
  readonly #calls: Calls;
  readonly #clock: Clock;
  readonly #options: RegistrationOptions;
  readonly #lease: OwnLease;
  readonly #disturbances: DisturbanceLatch;
  /** Ends what goes on by itself; each call has its own signal. */
  readonly #stop = new AbortController();
  #keepalive: KeepaliveStream | null = null;
  #written: OwnEntry;
  /** Instances of the service that were there before; null: nobody has looked yet. */
  #neighbours: readonly Instance[] | null = null;

  /** @throws {SdctlError} E_USAGE for what the layout cannot hold */
  constructor(calls: Calls, clock: Clock, options: RegistrationOptions) {
    this.owner = options.spec.owner;
    this.#calls = calls;
    this.#clock = clock;
    this.#options = options;
    this.#lease = new OwnLease(calls, options.ttlMs);
    this.#disturbances = new DisturbanceLatch(clock);
    this.#written = this.#toEntry();
  }

  async claim(mode: ClaimMode, call: DriverCall): Promise<ClaimResult> {
    const limits = limitsLeft(this.#clock, this.#limits(call));
    const { plan, spec } = this.#options;
    this.#neighbours ??= await lookAround(this.#calls, plan, this.#encoded(), spec.service, limits);
    await this.#lease.ensure(limits(), () => this.#calls.run(limits(), (...on) => this.#keepAlive(...on)));
    const before = this.#written;
    this.#renewEntry();
    let revision = mode.type === 'replace' ? mode.occupant.token : '0';
    for (;;) {
      const { entry, value, watch } = this.#written;
      const result = await entry.put(value, this.#lease.id, revision, limits());
      if (result.done) {
        this.#disturbances.clear();
        watch.end();
        watch.begin(result.revision, this.#watchLimits());
        if (before !== this.#written) await this.#removeOld(before, limits());
        const instance = this.#ownInstance(result.revision);
        return { state: 'claimed', instance, leaseId: this.#lease.hexId, ttlMs: this.#lease.ttlMs };
      }
      const { found } = result;
      if (found !== null && !this.#isOurs(found))
        return { state: 'occupied', occupant: await this.#occupant(found, limits()) };
      revision = found?.mod_revision ?? '0';
    }
  }

  async renew(call: DriverCall): Promise<RenewResult> {
    const limits = this.#limits(call);
    const { leftSeconds, found, revision } = await this.#calls.run(
      limits,
      async (clients, server, attempt) => {
        try {
          const [seconds, range] = await Promise.all([
            this.#keepAlive(clients, server, attempt),
            clients.kv.range({ key: this.#written.entry.key }),
          ]);
          return { leftSeconds: seconds, found: range.kvs[0] ?? null, revision: range.header.revision };
        } catch (error) {
          // A keepalive still under way would lose its answer to the next one, and end the stream when its time is over.
          this.#keepalive?.close();
          throw error;
        }
      },
    );
    const result = this.#judge(leftSeconds, found);
    if (leftSeconds <= 0) this.#lease.forget();
    if (result.state === 'renewed') this.#written.watch.begin(revision, this.#watchLimits());
    return result;
  }

  async disturbed(signal: AbortSignal): Promise<Disturbance> {
    return this.#disturbances.wait(signal);
  }

  async release(call: DriverCall): Promise<DeregisterOutcome> {
    this.#written.watch.close();
    const limits = limitsLeft(this.#clock, this.#limits(call));
    const outcome = await this.#remove(limits);
    await this.#clock.sleep(REVOKE_AFTER_MS, call.signal);
    // The entry is gone or not ours any more; a lease that cannot be revoked ends by itself.
    await this.#lease.revoke(limits()).catch(() => undefined);
    return outcome;
  }

  refreshCredentials(): void {
    this.#options.refreshCredentials();
  }

  close(): Promise<void> {
    this.#stop.abort();
    this.#written.watch.close();
    this.#keepalive?.close();
    return Promise.resolve();
  }

  #encoded(): Encoded {
    const { plan, spec } = this.#options;
    const lease = { id: this.#lease.id, ttlSeconds: Math.ceil(this.#lease.ttlMs / 1_000) };
    return encodeWith(plan, spec, lease, this.#neighbours ?? []);
  }

  #toEntry(): OwnEntry {
    const { key, value } = this.#encoded();
    const entry = new EntryWriter(this.#calls, key);
    const watch = new OwnWatch(this.#calls, this.#clock, entry.key, {
      onChange: () => this.#disturbances.set({ type: 'changed' }),
      onBroken: (why) => this.#disturbances.set({ type: 'broken', why }),
    });
    return { entry, value: Buffer.from(value), watch };
  }

  /** A new lease, or what the neighbours say, may change key and value. */
  #renewEntry(): void {
    const { entry, value } = this.#written;
    const next = this.#encoded();
    if (entry.key.equals(Buffer.from(next.key)) && value.equals(Buffer.from(next.value))) return;
    this.#written.watch.close();
    this.#written = this.#toEntry();
  }

  /** The entry under an earlier key, if it outlived its lease and still is the one that we wrote. */
  async #removeOld({ entry, value }: OwnEntry, limits: CallLimits): Promise<void> {
    if (entry.key.equals(this.#written.entry.key)) return;
    const found = await entry.read(limits);
    if (found?.value.equals(value) !== true || found.lease !== '0') return;
    await entry.remove([{ target: 'Mod', mod_revision: found.mod_revision }], limits);
  }

  async #remove(limits: () => CallLimits): Promise<DeregisterOutcome> {
    let condition: RemoveCondition = { target: 'Lease', lease: this.#lease.id };
    for (;;) {
      const result = await this.#written.entry.remove([condition], limits());
      if (result.state === 'removed') return 'removed';
      if (result.found === null) return 'absent';
      if (!this.#isOurs(result.found)) return 'changed';
      condition = { target: 'Mod', mod_revision: result.found.mod_revision };
    }
  }

  /** Renews the lease on this server's stream, opening one where there is none. */
  async #keepAlive(clients: RawClients, server: Server, limits: AttemptLimits): Promise<number> {
    if (this.#keepalive?.server !== server || !this.#keepalive.isOpen) {
      this.#keepalive?.close();
      const stream = await KeepaliveStream.open(clients, server, this.#clock, () => {
        if (this.#keepalive === stream)
          this.#disturbances.set({ type: 'broken', why: 'the keepalive stream ended' });
      });
      this.#keepalive = stream;
    }
    return this.#keepalive.renew(this.#lease.id, limits);
  }

  #judge(leftSeconds: number, found: IKeyValue | null): RenewResult {
    const underOurLease = found !== null && found.lease === this.#lease.id;
    if (found !== null && !underOurLease && !this.#isOurs(found))
      return { state: 'taken', by: this.#read(found)?.owner ?? null };
    if (leftSeconds <= 0) return { state: 'gone', why: `the lease ${this.#lease.hexId} has ended` };
    if (found === null) return { state: 'gone', why: 'the key was deleted' };
    if (!underOurLease) return { state: 'gone', why: 'the key was taken off its lease' };
    return { state: 'renewed', ttlMs: leftSeconds * 1_000 };
  }

  async #occupant(found: IKeyValue, limits: CallLimits): Promise<Occupant> {
    const leaseId = toHexLease(found.lease);
    const ttl = leaseId === null ? null : await timeToLive(this.#calls, leaseId, limits);
    const lease =
      leaseId === null
        ? null
        : {
            id: leaseId,
            ttlSeconds: ttl?.grantedSeconds ?? null,
            leftSeconds: ttl === null ? null : Math.max(0, ttl.leftSeconds),
          };
    const instance = { ...(this.#read(found) ?? this.#strange(found)), lease };
    return { instance, token: found.mod_revision, leftMs: leaseId === null ? null : leftMs(ttl) };
  }

  /**
   * Whether this very run wrote it: a claim that is repeated after an unclear outcome finds itself. Foreign layouts have
   * no place for the run, but the lease is nobody else's, and an entry that was taken off it keeps its value.
   */
  #isOurs(found: IKeyValue): boolean {
    const run = this.#read(found)?.owner?.run;
    if (run !== undefined) return run === this.owner.run;
    return found.lease === this.#lease.id || (found.lease === '0' && found.value.equals(this.#written.value));
  }

  #read(found: IKeyValue): Instance | null {
    const { prefix, layout } = this.#options.plan;
    for (const name of ['auto', layout.name]) {
      const decoded = readEntry(found, { prefixes: [prefix], layout: name });
      if (decoded.state === 'instance') return decoded.instance;
    }
    return null;
  }

  /** An entry in a form that nobody can read still occupies the name. */
  #strange(found: IKeyValue): Instance {
    return {
      ...this.#ownInstance(found.mod_revision),
      owner: null,
      endpoints: [],
      tags: [],
      metadata: {},
      registeredAt: null,
    };
  }

  #ownInstance(revision: string): Instance {
    const { hexId, ttlMs } = this.#lease;
    const { entry, value } = this.#written;
    const kv = {
      key: entry.key,
      value,
      lease: this.#lease.id,
      mod_revision: revision,
    } as IKeyValue;
    const { prefix, layout } = this.#options.plan;
    const own = readEntry(kv, { prefixes: [prefix], layout: layout.name });
    const decoded = own.state === 'instance' ? own.instance : null;
    if (decoded === null) throw new SdctlError('E_DEFECT', 'the entry that sdctl writes cannot be read');
    return { ...decoded, lease: { id: hexId, ttlSeconds: ttlMs / 1_000, leftSeconds: null } };
  }

  #limits(call: DriverCall): CallLimits {
    return { ...call, notify: this.#options.notify };
  }

  #watchLimits(): CallLimits {
    return { signal: this.#stop.signal, timeoutMs: 2_000 };
  }
}

/** A lease that is gone or overdue cannot be renewed any more; one whose last second runs can, though etcd says 0. */
function leftMs(ttl: { readonly leftSeconds: number } | null): number {
  return ttl === null || ttl.leftSeconds < 0 ? 0 : Math.max(1, ttl.leftSeconds * 1_000);
}
