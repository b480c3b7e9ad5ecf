import { healthOfRemainder } from '../../discovery/ttl.js';
import {
  instanceKey,
  serviceKey,
  worstHealth,
  type Health,
  type Instance,
  type SkippedEntry,
  type Snapshot,
  type UndecodedEntry,
} from '../../model/instance.js';
import type { MembershipEvent } from '../../model/membership.js';
import type { Lease } from '../../registry/types.js';
import { detailText } from '../../render/event-lines.js';
import type { View } from '../../render/view.js';
import { EventLog } from './event-log.js';
import type { InstanceRow, LowestTtl, ServiceRow, TtlView } from './rows.js';
import { ServiceEntry, type ServicePast } from './service-entry.js';
import { Ttls } from './ttls.js';

/** How the log says things. */
const PLAIN: View = {
  format: 'table',
  width: 80,
  color: false,
  ascii: false,
  plain: false,
  headers: null,
  nowMs: 0,
};

/** How long one that left is still shown, greyed. */
export const GHOST_MS = 10_000;

/** What has changed: rows are asked for by key. */
export interface BookChange {
  /** `lease`: by its id. */
  readonly kind: 'service' | 'instance' | 'lease' | 'event' | 'unread' | 'all';
  readonly key: string;
}

/** The moment of something. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/**
 * All that one registry is known to hold, as rows. It is told what happened and reads nothing itself. Each change costs
 * as much as it touches, however large the registry is.
 */
export class Book {
  readonly #services = new Map<string, ServiceEntry>();
  readonly #instances = new Map<string, InstanceRow>();
  readonly #ghosts = new Map<string, number>();
  /** What came and went of services of which nothing is left. */
  readonly #pasts = new Map<string, ServicePast>();
  /** Keys of the instances that hang on a lease. */
  readonly #leases = new Map<string, Set<string>>();
  /** Changes with what hangs on a lease. */
  readonly #leaseStamps = new Map<string, number>();
  #stamp = 0;
  readonly #undecoded = new Map<string, UndecodedEntry>();
  readonly #counts: Partial<Record<Health, number>> = {};
  readonly ttls = new Ttls();
  readonly events: EventLog;
  /** Wall clock milliseconds since when an instance has been so at least, from earlier runs; null: nobody knows. */
  sinceOf: (key: string, health: Health) => number | null = () => null;
  /** Told about each change; set by whoever shows it. */
  onChange: (change: BookChange) => void = () => undefined;
  #present = 0;
  #revision: string | null = null;
  #isPartial = false;
  #skipped: readonly SkippedEntry[] = [];
  #isLoaded = false;

  /** @param keepEvents most events that are kept */
  constructor(keepEvents: number) {
    this.events = new EventLog(keepEvents);
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  get revision(): string | null {
    return this.#revision;
  }

  get isPartial(): boolean {
    return this.#isPartial;
  }

  get undecoded(): readonly UndecodedEntry[] {
    return [...this.#undecoded.values()];
  }

  /** Keys beside the instances, as of the last whole set. */
  get skipped(): readonly SkippedEntry[] {
    return this.#skipped;
  }

  get undecodedCount(): number {
    return this.#undecoded.size;
  }

  /** Without ghosts. */
  get instanceCount(): number {
    return this.#present;
  }

  countOf(health: Health): number {
    return this.#counts[health] ?? 0;
  }

  get serviceCount(): number {
    return this.#services.size;
  }

  *services(): Generator<ServiceRow> {
    for (const entry of this.#services.values()) yield entry.row;
  }

  service(key: string): ServiceRow | null {
    return this.#services.get(key)?.row ?? null;
  }

  instance(key: string): InstanceRow | null {
    return this.#instances.get(key) ?? null;
  }

  /** With ghosts. */
  *instancesOf(service: string): Generator<InstanceRow> {
    for (const key of this.#services.get(service)?.instances ?? []) {
      const row = this.#instances.get(key);
      if (row !== undefined) yield row;
    }
  }

  /** With ghosts. */
  allInstances(): Iterable<InstanceRow> {
    return this.#instances.values();
  }

  /** Leases that instances hang on, with the keys of those. */
  leases(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#leases;
  }

  /** Another number whenever something else hangs on the lease. */
  leaseStamp(id: string): number {
    return this.#leaseStamps.get(id) ?? 0;
  }

  /** What is there now, without ghosts. */
  presentInstances(): Instance[] {
    const found: Instance[] = [];
    for (const { instance, leftAtMs } of this.#instances.values())
      if (leftAtMs === null) found.push(instance);
    return found;
  }

  ttlOf({ instance, leftAtMs }: InstanceRow, nowMs: number): TtlView | null {
    return instance.lease === null || leftAtMs !== null ? null : this.ttls.view(instance.lease.id, nowMs);
  }

  /** The lease nearest its end among those of a service. */
  lowestTtlOf(service: string, nowMs: number): LowestTtl | null {
    // For every visible row in every picture: nothing is made on the way but the one answer.
    let lowest: string | null = null;
    let least = Infinity;
    let isPartial = false;
    for (const key of this.#services.get(service)?.instances ?? []) {
      const lease = leaseOf(this.#instances.get(key) ?? null);
      if (lease === null) continue;
      if (!this.ttls.isKnown(lease, nowMs)) isPartial = true;
      const left = this.ttls.leftSeconds(lease, nowMs) ?? Infinity;
      if (lowest !== null && left >= least) continue;
      lowest = lease;
      least = left;
    }
    return lowest === null ? null : { ttl: this.ttls.view(lowest, nowMs), isPartial };
  }

  /** Takes over the first set, or one that replaces everything without a history. */
  load(snapshot: Snapshot, moment: Moment): void {
    this.#services.clear();
    this.#instances.clear();
    this.#ghosts.clear();
    const before = [...this.#leases.keys()];
    this.#leases.clear();
    this.#leaseStamps.clear();
    this.#present = 0;
    for (const state of Object.keys(this.#counts)) Reflect.deleteProperty(this.#counts, state);
    // One change in place of ten thousand.
    const { onChange } = this;
    this.onChange = () => undefined;
    for (const instance of snapshot.instances) this.#put(instance, moment, { isNew: false });
    this.onChange = onChange;
    for (const lease of before) if (!this.#leases.has(lease)) this.ttls.forget(lease);
    this.#isLoaded = true;
    this.#takeFacts(snapshot);
    this.onChange({ kind: 'all', key: '' });
  }

  /** Takes what a watch has told. */
  apply(event: MembershipEvent, moment: Moment): void {
    if (event.type !== 'stale') this.#revision = event.revision;
    switch (event.type) {
      case 'synced':
        if (this.#isLoaded) {
          this.#takeFacts(event.snapshot);
          this.onChange({ kind: 'unread', key: '' });
        } else this.load(event.snapshot, moment);
        this.#log(event, moment, null, null);
        return;
      case 'stale':
        this.#log(event, moment, null, null);
        return;
      case 'joined':
      case 'updated': {
        const { instance } = event;
        const service = serviceKey(instance);
        this.#put(instance, moment, { isNew: true });
        this.#services.get(service)?.happened(event.type, moment.wallMs);
        this.#log(event, moment, service, instanceKey(instance));
        return;
      }
      case 'left': {
        const key = instanceKey(event.instance);
        const service = serviceKey(event.instance);
        this.#leave(key, moment);
        this.#services.get(service)?.happened('left', moment.wallMs);
        this.#log(event, moment, service, key);
        return;
      }
    }
  }

  /** An entry cannot be read, or can be by now. */
  noteUnread(key: string, entry: UndecodedEntry | null): void {
    if (entry === null) this.#undecoded.delete(key);
    else this.#undecoded.set(key, entry);
    this.onChange({ kind: 'unread', key });
  }

  /** Takes what a lease has said. A lease that is not known any more says nothing: what hung on it is about to go. */
  readTtl(lease: Lease, moment: Moment): void {
    const isFirst = this.ttls.get(lease.id) === null;
    this.ttls.read(lease, moment.monotonicMs, moment.wallMs);
    this.onChange({ kind: 'lease', key: lease.id });
    for (const key of this.#leases.get(lease.id) ?? []) {
      const before = this.#instances.get(key);
      if (before === undefined || before.leftAtMs !== null) continue;
      const { health, reason } = this.#judge(before.instance);
      if (health === before.health) {
        // Its time alone is no change of the instance: `lease` has told of that.
        if (reason !== before.reason) this.#replace(before, { ...before, reason });
        continue;
      }
      // What the first answer says may have been so for long.
      const now = { ...before, health, reason, sinceMs: isFirst ? null : moment.wallMs };
      this.#replace(before, now);
      if (!isFirst) this.#tellOfHealth(before, now, moment);
    }
  }

  /** Time has passed: ghosts go, minutes end. */
  tick(moment: Moment): void {
    for (const [key, untilMs] of this.#ghosts) {
      if (moment.monotonicMs < untilMs) continue;
      this.#ghosts.delete(key);
      const row = this.#instances.get(key);
      if (row !== undefined) this.#drop(row);
    }
    for (const [key, { churn }] of this.#pasts) {
      churn.roll(moment.wallMs);
      if (churn.isQuiet) this.#pasts.delete(key);
    }
    for (const entry of this.#services.values())
      if (entry.roll(moment.wallMs)) this.onChange({ kind: 'service', key: entry.key });
  }

  #takeFacts({ undecoded, skipped, partial, revision }: Snapshot): void {
    this.#skipped = skipped;
    this.#undecoded.clear();
    for (const entry of undecoded) this.#undecoded.set(entry.key, entry);
    this.#isPartial = partial;
    this.#revision = revision;
  }

  #put(instance: Instance, { wallMs }: Moment, { isNew }: { readonly isNew: boolean }): void {
    const key = instanceKey(instance);
    const before = this.#instances.get(key) ?? null;
    const service = serviceKey(instance);
    const { health, reason } = this.#judge(instance);
    const isKnown = before?.leftAtMs === null && before.serviceKey === service;
    const isSame = isKnown && before.health === health;
    const sinceMs = isSame ? before.sinceMs : isNew ? wallMs : this.sinceOf(key, health);
    this.#ghosts.delete(key);
    this.#replace(before, {
      kind: 'instance',
      key,
      serviceKey: service,
      instance,
      health,
      reason,
      sinceMs,
      leftAtMs: null,
    });
    const entry = this.#services.get(service);
    if (entry === undefined) {
      const created = new ServiceEntry(service, instance, wallMs, this.#pasts.get(service));
      this.#pasts.delete(service);
      this.#services.set(service, created);
      created.change(null, this.#instances.get(key) ?? null);
    }
    this.onChange({ kind: 'service', key: service });
  }

  #leave(key: string, { wallMs, monotonicMs }: Moment): void {
    const before = this.#instances.get(key);
    if (before === undefined || before.leftAtMs !== null) return;
    this.#ghosts.set(key, monotonicMs + GHOST_MS);
    this.#replace(before, { ...before, health: 'left', reason: null, sinceMs: wallMs, leftAtMs: wallMs });
  }

  /** The one place where a row takes the place of another: every count follows from it. */
  #replace(before: InstanceRow | null, now: InstanceRow): void {
    if (before !== null) this.#count(before, -1);
    this.#instances.set(now.key, now);
    this.#count(now, 1);
    this.#hang(before, now);
    const isMoved = before !== null && before.serviceKey !== now.serviceKey;
    if (isMoved) this.#leaveService(before);
    this.#services.get(now.serviceKey)?.change(isMoved ? null : before, now);
    this.onChange({ kind: 'instance', key: now.key });
    this.onChange({ kind: 'service', key: now.serviceKey });
  }

  /** It is shown no more. */
  #drop(row: InstanceRow): void {
    this.#count(row, -1);
    this.#hang(row, null);
    this.#instances.delete(row.key);
    this.onChange({ kind: 'instance', key: row.key });
    this.#leaveService(row);
  }

  #leaveService(row: InstanceRow): void {
    const entry = this.#services.get(row.serviceKey);
    entry?.change(row, null);
    if (entry?.isEmpty === true) {
      this.#services.delete(row.serviceKey);
      this.#pasts.set(row.serviceKey, entry.past);
    }
    this.onChange({ kind: 'service', key: row.serviceKey });
  }

  #count({ health, leftAtMs }: InstanceRow, by: 1 | -1): void {
    if (leftAtMs !== null || health === 'left') return;
    this.#present += by;
    this.#counts[health] = (this.#counts[health] ?? 0) + by;
  }

  /** What hangs on which lease. One that keeps its only instance keeps what is known of its time. */
  #hang(before: InstanceRow | null, now: InstanceRow | null): void {
    const [last, next] = [leaseOf(before), leaseOf(now)];
    if (next !== null && now !== null) {
      const keys = this.#leases.get(next);
      this.#leaseStamps.set(next, (this.#stamp += 1));
      if (keys === undefined) this.#leases.set(next, new Set([now.key]));
      else keys.add(now.key);
      this.onChange({ kind: 'lease', key: next });
    }
    if (last === null || before === null || last === next) return;
    const keys = this.#leases.get(last);
    if (keys === undefined) return;
    keys.delete(before.key);
    this.#leaseStamps.set(last, (this.#stamp += 1));
    if (keys.size === 0) {
      this.#leases.delete(last);
      this.#leaseStamps.delete(last);
      this.ttls.forget(last);
    }
    this.onChange({ kind: 'lease', key: last });
  }

  /** What the value says, made worse by what its lease says. One that was not asked yet counts as passing. */
  #judge(instance: Instance): { readonly health: Health; readonly reason: string | null } {
    const { health, healthReason, lease } = instance;
    const reading = lease === null ? null : this.ttls.get(lease.id);
    if (reading === null || (health !== 'passing' && health !== 'warning'))
      return { health, reason: healthReason };
    const judged = worstHealth([health, healthOfRemainder(reading.grantedSeconds, reading.leftSeconds)]);
    if (judged === health) return { health, reason: healthReason };
    const left = Math.floor(reading.leftSeconds ?? 0);
    return { health: judged, reason: `${left}s of ${reading.grantedSeconds ?? 0}s left` };
  }

  #tellOfHealth(before: InstanceRow, now: InstanceRow, moment: Moment): void {
    if (before.health === 'left' || now.health === 'left') return;
    const event: MembershipEvent = {
      type: 'updated',
      at: new Date(moment.wallMs).toISOString(),
      revision: this.#revision ?? '0',
      instance: { ...now.instance, health: now.health, healthReason: now.reason },
      previous: { ...before.instance, health: before.health, healthReason: before.reason },
      resync: false,
    };
    this.#services.get(now.serviceKey)?.happened('updated', moment.wallMs);
    this.#log(event, moment, now.serviceKey, now.key);
  }

  #log(event: MembershipEvent, { wallMs }: Moment, service: string | null, instance: string | null): void {
    const of = { atMs: wallMs, serviceKey: service, instanceKey: instance };
    if (event.type === 'synced') {
      const summary = { all: detailText(event, PLAIN), ascii: detailText(event, { ...PLAIN, ascii: true }) };
      const snapshot = { ...event.snapshot, instances: [], undecoded: [], skipped: [] };
      this.events.add({ ...of, event: { ...event, snapshot }, summary });
    } else this.events.add({ ...of, event });
    this.onChange({ kind: 'event', key: '' });
  }
}

/** The lease that it hangs on while it is there. */
function leaseOf(row: InstanceRow | null): string | null {
  if (row === null || row.leftAtMs !== null || row.health === 'left') return null;
  return row.instance.lease?.id ?? null;
}
