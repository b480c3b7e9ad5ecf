import { isAborted, SdctlError } from '../../errors.js';
import type { Snapshot } from '../../model/instance.js';
import { leaseKey, type LeaseName, type LeaseRecord } from '../../model/lease.js';
import type { ReadOnlyRegistry } from '../../registry/read-only.js';
import { boundNames } from '../../render/lease-columns.js';
import { healthOfRemainder } from '../../discovery/ttl.js';
import { formatInstanceName } from '../../model/instance-name.js';
import { instanceKey } from '../../model/instance.js';
import type { Clock } from '../../time/clock.js';
import { Alarm } from '../alarm.js';
import type { Book } from '../model/book.js';
import type { LeaseRow } from '../model/rows.js';

/** How often the list is read while somebody looks at it. */
const LIST_EVERY_MS = 5_000;
const CALL_MS = 10_000;
const EACH_TICK_MS = 250;
/** While nobody looks at leases it is woken by whoever does. */
const IDLE_MS = 60_000;

export interface LeaseFeedOptions {
  readonly registry: ReadOnlyRegistry;
  readonly book: Book;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly isLive: () => boolean;
  readonly onChange: () => void;
}

/**
 * The leases of a registry: where TTLs can be read, those that instances hang on and, by their ids alone, all others;
 * on Consul its TTL checks and sessions. Read only while somebody looks at them.
 */
export class LeaseFeed {
  readonly #options: LeaseFeedOptions;
  readonly #alarm: Alarm;
  #isWanted = false;
  #isRead = false;
  #detail: LeaseName | null = null;
  /** Ids of leases that no known instance hangs on. */
  #others: readonly string[] = [];
  #there: ReadonlySet<string> = new Set();
  /** Consul: as it was read last. */
  #records: readonly LeaseRecord[] = [];
  readonly #details = new Map<string, LeaseRecord>();
  /** Rows as they were made last, with what they were made of. */
  readonly #made = new Map<string, { readonly row: LeaseRow; readonly of: string }>();
  #hidden: readonly string[] = [];
  /** Why the list, or what hangs on one lease, could not be read the last time. */
  readonly #problems = new Map<'list' | 'detail', string>();
  #listedAtMs = -Infinity;
  #detailAtMs = -Infinity;

  constructor(options: LeaseFeedOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock, options.signal);
  }

  /** Whether the list was read at all: until then nobody knows that it is empty. */
  get isRead(): boolean {
    return this.#isRead;
  }

  /** What could not be seen and why. */
  get hidden(): readonly string[] {
    return [...this.#hidden, ...new Set(this.#problems.values())];
  }

  /** Another value whenever rows came or went in another way than by a change of the book. */
  get source(): unknown {
    return this.#options.registry.capabilities.readableTtl ? this.#others : this.#records;
  }

  /** The row of a lease whose time can be read; null: it is not known. */
  byId(id: string): LeaseRow | null {
    const keys = this.#options.book.leases().get(id);
    if (keys !== undefined) return this.#fromBook(id, keys);
    return this.#there.has(id) ? this.#fromBook(id, new Set()) : null;
  }

  /** Leases that are shown but that no instance hangs on, for the round that asks for TTLs; none while nobody looks. */
  get strangers(): readonly string[] {
    return this.#isWanted ? this.#others : [];
  }

  /** @param detail the lease of which everything that hangs on it is wanted; null: none */
  want(isWanted: boolean, detail: LeaseName | null): void {
    const isNew = isWanted && !this.#isWanted;
    const isOther = detail !== null && (detail.id !== this.#detail?.id || detail.node !== this.#detail.node);
    if (isNew) this.#listedAtMs = -Infinity;
    if (isOther) this.#detailAtMs = -Infinity;
    this.#isWanted = isWanted;
    this.#detail = detail;
    if (isNew || isOther) this.#alarm.ring();
  }

  /** Runs until the signal aborts. Never rejects for what a registry does. */
  async run(): Promise<void> {
    const { clock, signal, isLive } = this.#options;
    while (!isAborted(signal)) {
      const isIdle = !this.#isWanted && this.#detail === null;
      await this.#alarm.sleep(isIdle ? IDLE_MS : EACH_TICK_MS);
      if (isAborted(signal) || !isLive()) continue;
      const nowMs = clock.monotonicMs();
      if (this.#isWanted && nowMs - this.#listedAtMs >= LIST_EVERY_MS)
        await this.#try('list', () => this.#list());
      if (this.#detail !== null && nowMs - this.#detailAtMs >= LIST_EVERY_MS)
        await this.#try('detail', () => this.#readDetail());
    }
  }

  async #try(what: 'list' | 'detail', work: () => Promise<void>): Promise<void> {
    const { signal, onChange } = this.#options;
    try {
      await work();
      this.#problems.delete(what);
    } catch (error) {
      if (isAborted(signal)) return;
      if (!(error instanceof SdctlError) || error.code === 'E_DEFECT') throw error;
      this.#problems.set(what, error.message);
    }
    onChange();
  }

  async #list(): Promise<void> {
    const { registry, book, clock, signal } = this.#options;
    this.#listedAtMs = clock.monotonicMs();
    const options = { signal, timeoutMs: CALL_MS };
    if (!registry.capabilities.readableTtl) {
      const { leases, hidden } = await registry.listLeases(options, snapshotOf(book, clock.nowMs()));
      this.#records = leases;
      this.#hidden = hidden;
      this.#isRead = true;
      return;
    }
    const { ids, hidden } = await registry.leaseIds(options);
    const known = book.leases();
    const fresh = ids.filter((id) => !known.has(id));
    const there = new Set(fresh);
    const isSame = there.size === this.#there.size && this.#others.every((id) => there.has(id));
    for (const id of this.#others) if (!there.has(id) && !known.has(id)) book.ttls.forget(id);
    if (!isSame) this.#others = fresh;
    this.#there = there;
    this.#hidden = hidden;
    this.#isRead = true;
    for (const id of this.#made.keys()) if (!there.has(id) && !known.has(id)) this.#made.delete(id);
  }

  async #readDetail(): Promise<void> {
    const { registry, clock, signal } = this.#options;
    const name = this.#detail;
    if (name === null) return;
    this.#detailAtMs = clock.monotonicMs();
    const record = await registry.readLease(name, { signal, timeoutMs: CALL_MS });
    this.#details.clear();
    if (record !== null) this.#details.set(leaseKey(record), record);
  }

  /** All rows as they are known now. */
  *rows(): Generator<LeaseRow> {
    const { registry, book } = this.#options;
    if (!registry.capabilities.readableTtl) {
      for (const record of this.#records) yield this.#fromRecord(record);
      return;
    }
    for (const [id, keys] of book.leases()) yield this.#fromBook(id, keys);
    const known = book.leases();
    for (const id of this.#others) if (!known.has(id)) yield this.#fromBook(id, new Set());
  }

  /** The row of one lease; null: it is not known. */
  row(key: string): LeaseRow | null {
    const { registry } = this.#options;
    if (!registry.capabilities.readableTtl) {
      const record = this.#records.find((one) => leaseKey(one) === key) ?? this.#details.get(key);
      return record === undefined ? null : this.#fromRecord(record);
    }
    const known = this.byId(idOf(key));
    if (known !== null) return known;
    const detail = this.#details.get(key);
    return detail === undefined ? null : this.#fromRecord(detail);
  }

  /** A row is made anew only when something of it has changed: there may be many thousands. */
  #fromBook(id: string, keys: ReadonlySet<string>): LeaseRow {
    const { book } = this.#options;
    // One lease at a time is read whole.
    const detail = id === this.#detail?.id ? this.#details.get(keyOf(id)) : undefined;
    const of = `${book.leaseStamp(id)} ${book.ttls.askedAtMs(id) ?? ''}`;
    const made = this.#made.get(id);
    if (detail === undefined && made?.of === of) return made.row;
    const row = this.#toRow(id, keys, detail);
    if (detail === undefined) this.#made.set(id, { row, of });
    return row;
  }

  #toRow(id: string, keys: ReadonlySet<string>, detail: LeaseRecord | undefined): LeaseRow {
    const { book } = this.#options;
    const lease = book.ttls.get(id);
    const instances = [...keys].sort();
    const bound =
      detail === undefined ? instances.flatMap((key) => nameOf(book, key)) : [...boundNames(detail)];
    const granted = lease?.grantedSeconds ?? null;
    return {
      kind: 'lease',
      key: keyOf(id),
      leaseKind: 'lease',
      id,
      node: null,
      name: null,
      health: lease === null ? null : healthOfRemainder(granted, lease.leftSeconds),
      output: null,
      ttl: book.ttls.view(id, this.#options.clock.monotonicMs()),
      isOverdue: lease?.isOverdue === true,
      isRenewed: book.ttls.isRenewed(id),
      bound,
      instances,
      // A lease says what else hangs on it only when it is asked by itself.
      knowsBindings: detail?.knowsBindings === true,
    };
  }

  #fromRecord(record: LeaseRecord): LeaseRow {
    const detail = this.#details.get(leaseKey(record)) ?? record;
    return {
      kind: 'lease',
      key: leaseKey(record),
      leaseKind: record.kind,
      id: record.id,
      node: record.node,
      name: record.name,
      health: record.health,
      output: record.output,
      ttl: null,
      isOverdue: record.isOverdue,
      isRenewed: record.isRenewed,
      bound: boundNames(detail),
      instances: detail.bindings.flatMap(({ instance }) =>
        instance === null ? [] : [instanceKey(instance)],
      ),
      knowsBindings: detail.knowsBindings,
    };
  }
}

/** Key of the row of a lease whose time can be read. */
export function keyOf(id: string): string {
  return leaseKey({ kind: 'lease', id, node: null });
}

/** The other way round. */
function idOf(key: string): string {
  const [, , id] = JSON.parse(key) as readonly unknown[];
  return typeof id === 'string' ? id : '';
}

function nameOf(book: Book, key: string): readonly string[] {
  const row = book.instance(key);
  return row === null
    ? []
    : [formatInstanceName({ ...row.instance, node: null }, row.instance.node !== null)];
}

function snapshotOf(book: Book, nowMs: number): Snapshot {
  return {
    service: null,
    instances: book.presentInstances(),
    undecoded: [],
    skipped: [],
    revision: book.revision ?? '0',
    takenAtMs: nowMs,
    partial: book.isPartial,
  };
}
