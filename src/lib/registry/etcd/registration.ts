import type { IKeyValue } from 'etcd3/lib/rpc.js';
import { sdctlLayout } from '../../layouts/sdctl.js';
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
import { readEntry, type Root } from './entries.js';
import { EntryWriter, type RemoveCondition } from './entry-writer.js';
import { toHexLease } from './ids.js';
import { KeepaliveStream } from './keepalive-stream.js';
import { timeToLive } from './leases.js';
import { OwnLease } from './own-lease.js';
import { OwnWatch } from './own-watch.js';
import type { AttemptLimits, RawClients, Server } from './server.js';

export interface RegistrationOptions {
  readonly root: Root;
  readonly spec: RegistrationSpec;
  readonly ttlMs: number;
  readonly notify: ((notice: Notice) => void) | undefined;
  readonly refreshCredentials: () => void;
}

/** Deletion and end of the lease are told apart by watchers only if the lease outlives the key for a moment. */
const REVOKE_AFTER_MS = 60;

/** One entry kept under a lease of its own. */
export class EtcdRegistrationDriver implements RegistrationDriver {
  readonly owner: Owner;
  readonly #calls: Calls;
  readonly #clock: Clock;
  readonly #options: RegistrationOptions;
  readonly #entry: EntryWriter;
  readonly #value: Buffer;
  readonly #lease: OwnLease;
  readonly #watch: OwnWatch;
  readonly #disturbances: DisturbanceLatch;
  /** Ends what goes on by itself; each call has its own signal. */
  readonly #stop = new AbortController();
  #keepalive: KeepaliveStream | null = null;

  constructor(calls: Calls, clock: Clock, options: RegistrationOptions) {
    const encoded = sdctlLayout.encode?.(options.spec, options.root);
    if (encoded === undefined) throw new Error('the sdctl layout cannot write');
    this.owner = options.spec.owner;
    this.#calls = calls;
    this.#clock = clock;
    this.#options = options;
    this.#entry = new EntryWriter(calls, encoded.key);
    this.#value = Buffer.from(encoded.value);
    this.#lease = new OwnLease(calls, options.ttlMs);
    this.#disturbances = new DisturbanceLatch(clock);
    this.#watch = new OwnWatch(calls, clock, this.#entry.key, {
      onChange: () => this.#disturbances.set({ type: 'changed' }),
      onBroken: (why) => this.#disturbances.set({ type: 'broken', why }),
    });
  }

  async claim(mode: ClaimMode, call: DriverCall): Promise<ClaimResult> {
    const limits = limitsLeft(this.#clock, this.#limits(call));
    await this.#lease.ensure(limits(), () => this.#calls.run(limits(), (...on) => this.#keepAlive(...on)));
    let revision = mode.type === 'replace' ? mode.occupant.token : '0';
    for (;;) {
      const result = await this.#entry.put(this.#value, this.#lease.id, revision, limits());
      if (result.done) {
        this.#disturbances.clear();
        this.#watch.end();
        this.#watch.begin(result.revision, this.#watchLimits());
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
            clients.kv.range({ key: this.#entry.key }),
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
    if (result.state === 'renewed') this.#watch.begin(revision, this.#watchLimits());
    return result;
  }

  async disturbed(signal: AbortSignal): Promise<Disturbance> {
    return this.#disturbances.wait(signal);
  }

  async release(call: DriverCall): Promise<DeregisterOutcome> {
    this.#watch.close();
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
    this.#watch.close();
    this.#keepalive?.close();
    return Promise.resolve();
  }

  async #remove(limits: () => CallLimits): Promise<DeregisterOutcome> {
    let condition: RemoveCondition = { target: 'Lease', lease: this.#lease.id };
    for (;;) {
      const result = await this.#entry.remove([condition], limits());
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

  /** Whether this very run wrote it: a claim that is repeated after an unclear outcome finds itself. */
  #isOurs(found: IKeyValue): boolean {
    return this.#read(found)?.owner?.run === this.owner.run;
  }

  #read(found: IKeyValue): Instance | null {
    const decoded = readEntry(found, { ...this.#options.root, layout: 'auto' });
    return decoded.state === 'instance' ? decoded.instance : null;
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
    const kv = {
      key: this.#entry.key,
      value: this.#value,
      lease: this.#lease.id,
      mod_revision: revision,
    } as IKeyValue;
    const decoded = this.#read(kv);
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
