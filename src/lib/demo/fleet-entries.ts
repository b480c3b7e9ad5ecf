import { encodeSdctlValue } from '../layouts/etcd/sdctl.js';
import type { Owner } from '../model/instance.js';
import type { ProcessProbe } from '../registry/claim.js';
import { isExpired, type Decision, type Store, type Stored } from '../registry/local/store.js';
import { decodeStored } from '../registry/local/to-instance.js';
import type { DriverCall } from '../registry/registration-driver.js';
import { toRfc3339, type Clock } from '../time/clock.js';
import type { FleetMember } from './fleet-member.js';

interface Kept {
  readonly member: FleetMember;
  readonly registeredAt: string;
}

/** The entries of a simulated fleet in a store. Entries of real instances are never touched, even under the same name. */
export class FleetEntries {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #processes: ProcessProbe;
  readonly #owner: Owner;
  readonly #ttlMs: number;
  readonly #kept = new Map<string, Kept>();
  /** Silent since that monotonic time, in order: removed once their TTL has passed, or at the end. */
  readonly #silent = new Map<string, { readonly member: FleetMember; readonly sinceMs: number }>();

  constructor(
    store: Store,
    deps: { readonly clock: Clock; readonly processes: ProcessProbe },
    owner: Owner,
    ttlMs: number,
  ) {
    this.#store = store;
    this.#clock = deps.clock;
    this.#processes = deps.processes;
    this.#owner = owner;
    this.#ttlMs = ttlMs;
  }

  /** Announces a member, or what has changed about it, and keeps it announced. */
  async put(member: FleetMember, call: DriverCall): Promise<void> {
    const { id } = member.spec;
    const registeredAt = this.#kept.get(id)?.registeredAt ?? toRfc3339(this.#clock.nowMs());
    this.#kept.set(id, { member, registeredAt });
    const value = encodeSdctlValue(
      { ...member.spec, owner: this.#owner, registeredAt },
      member.state ?? undefined,
    );
    const lease = { id: this.#leaseOf(member), ttlMs: this.#ttlMs };
    const { answer: isOurs } = await this.#store.edit(
      member.spec,
      (current): Decision<boolean> =>
        this.#mayWrite(current, lease.id)
          ? { edit: { type: 'write', value, lease }, answer: true }
          : { edit: { type: 'keep' }, answer: false },
      call,
    );
    if (!isOurs) this.#kept.delete(id);
  }

  async remove(member: FleetMember, call: DriverCall): Promise<void> {
    this.#kept.delete(member.spec.id);
    const leaseId = this.#leaseOf(member);
    await this.#store.edit(
      member.spec,
      (current): Decision<null> => {
        const isOurs = current?.state === 'entry' && current.lease?.id === leaseId;
        return { edit: { type: isOurs ? 'remove' : 'keep' }, answer: null };
      },
      call,
    );
  }

  /** Stops renewing it; its entry stays until its TTL has passed. */
  forget(member: FleetMember): void {
    this.#kept.delete(member.spec.id);
    this.#silent.set(member.spec.id, { member, sinceMs: this.#clock.monotonicMs() });
  }

  /** Renews all; what somebody has removed comes back, as it would with a real instance. */
  async renewAll(call: DriverCall): Promise<void> {
    for (const { member } of [...this.#kept.values()]) {
      const { state } = await this.#store.renew(member.spec, this.#leaseOf(member), call);
      if (state === 'gone') await this.put(member, call);
      else if (state === 'taken') this.#kept.delete(member.spec.id);
    }
    await this.#clearEnded();
  }

  /** Only a list removes what has expired, and where nobody asks for one, a fleet of weeks would fill the directory. */
  async #clearEnded(): Promise<void> {
    const ended: FleetMember[] = [];
    for (const { member, sinceMs } of this.#silent.values()) {
      // Watchers see it expire first, a moment after its time.
      if (this.#clock.monotonicMs() - sinceMs < 2 * this.#ttlMs) break;
      ended.push(member);
    }
    await this.#store.reap(ended.map(({ spec }) => this.#store.keyOf(spec)));
    for (const { spec } of ended) this.#silent.delete(spec.id);
  }

  async clear(call: DriverCall): Promise<void> {
    for (const { member } of [...this.#kept.values()]) await this.remove(member, call);
    for (const { member } of this.#silent.values()) await this.remove(member, call);
    this.#silent.clear();
  }

  #leaseOf(member: FleetMember): string {
    return `${this.#owner.run}/${member.spec.id}`;
  }

  #mayWrite(current: Stored | null, leaseId: string): boolean {
    if (current === null) return true;
    if (current.state === 'unreadable') return false;
    if (current.lease?.id === leaseId || isExpired(current, this.#clock.nowMs())) return true;
    // Left behind by a fleet that was killed.
    const decoded = decodeStored(current, this.#clock.nowMs(), 'auto');
    const owner = decoded.state === 'instance' ? decoded.instance.owner : null;
    if (owner === null || owner.host !== this.#processes.host) return false;
    return owner.pid === this.#processes.pid || !this.#processes.isAlive(owner.pid);
  }
}
