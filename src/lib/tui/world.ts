import { isAborted, SdctlError } from '../errors.js';
import type { InstanceRow, LeaseRow } from './model/rows.js';
import type { Opened, Target, ViewHost } from './host.js';
import { Book, type BookChange, type Moment } from './model/book.js';
import type { ConnectionState, Identity } from './model/paint-model.js';
import { DoctorFeed } from './feed/doctor-feed.js';
import { LeaseFeed } from './feed/lease-feed.js';
import { MembershipFeed } from './feed/membership-feed.js';
import { TtlRound } from './feed/ttl-round.js';
import { SECOND_MS, toNextSecond } from './second.js';

/** How often a server is asked how long it takes. */
const ROUND_TRIP_EVERY_MS = 10_000;
const STATUS_MS = 5_000;

/** What the screen wants to know of the world it shows. */
export interface WorldEvents {
  /** Rows that are on the screen, for the time they have left. */
  readonly visible: () => readonly (InstanceRow | LeaseRow)[];
  /** Services that are on the screen. */
  readonly visibleServices: () => readonly string[];
  /** Something is another one now that may be on the screen. */
  readonly onChange: (change: BookChange | null) => void;
  readonly onReturn: (away: { readonly ms: number; readonly joined: number; readonly left: number }) => void;
  /** Nothing works any more: a defect. */
  readonly onCrash: (thrown: unknown) => void;
}

/** One registry as long as it is looked at: what is known of it, and everything that keeps that up to date. */
export class World {
  readonly identity: Identity;
  readonly target: Target;
  readonly book: Book;
  readonly #host: ViewHost;
  readonly #events: WorldEvents;
  readonly #end = new AbortController();
  #opened: Opened | null = null;
  #membership: MembershipFeed | null = null;
  #leases: LeaseFeed | null = null;
  #ttls: TtlRound | null = null;
  #doctor: DoctorFeed | null = null;
  #failed: SdctlError | null = null;
  #roundTripMs: number | null = null;
  readonly #startedMs: number;

  constructor(host: ViewHost, target: Target, keepEvents: number, events: WorldEvents) {
    this.#host = host;
    this.#events = events;
    this.target = target;
    this.identity = host.identityOf(target);
    this.book = new Book(keepEvents);
    this.#startedMs = host.clock.monotonicMs();
    this.book.onChange = (change) => {
      if (change.kind === 'instance') this.#doctor?.touch(change.key);
      if (change.kind === 'all' || change.kind === 'unread') this.#doctor?.touchAll();
      events.onChange(change);
    };
  }

  get connection(): ConnectionState {
    if (this.#failed !== null) return { kind: 'failed', problem: this.#failed };
    return (
      this.#membership?.connection ?? {
        kind: 'loading',
        sinceMs: this.#startedMs,
        problem: null,
        retryAtMs: null,
      }
    );
  }

  get isLive(): boolean {
    return this.connection.kind === 'live';
  }

  /** The one service that is followed; null: all. */
  get only(): string | null {
    return this.#host.service;
  }

  get opened(): Opened | null {
    return this.#opened;
  }

  /** Whether a lease that is not there does not exist. */
  get knowsLeases(): boolean {
    return this.#opened?.registry.capabilities.readableTtl === true || this.#leases?.isRead === true;
  }

  get leases(): LeaseFeed | null {
    return this.#leases;
  }

  get doctor(): DoctorFeed | null {
    return this.#doctor;
  }

  get roundTripMs(): number | null {
    return this.#roundTripMs;
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  get moment(): Moment {
    const { clock } = this.#host;
    return { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
  }

  /** Reads everything anew, at once. */
  refresh(): void {
    this.#membership?.restart();
  }

  /** Other rows are on the screen. */
  hurry(): void {
    this.#ttls?.hurry();
  }

  /** Opens it and keeps it up to date until it is closed. */
  start(): void {
    void this.#run().catch((thrown: unknown) => {
      this.#events.onCrash(thrown);
    });
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#release();
  }

  async #release(): Promise<void> {
    try {
      await this.#opened?.registry[Symbol.asyncDispose]();
    } catch (error) {
      // Nothing was registered; what a server says at the end changes nothing.
      if (!(error instanceof SdctlError)) throw error;
    }
  }

  async #run(): Promise<void> {
    try {
      this.#opened = await this.#host.open(this.target);
    } catch (thrown) {
      if (!(thrown instanceof SdctlError)) throw thrown;
      this.#failed = thrown;
      this.#events.onChange(null);
      return;
    }
    if (isAborted(this.signal)) {
      await this.#release();
      return;
    }
    this.#build(this.#opened);
    await Promise.all([
      this.#membership?.run(),
      this.#leases?.run(),
      this.#ttls?.run(),
      this.#doctor?.run(),
      this.#tick(),
      this.#measureRoundTrips(this.#opened),
    ]);
  }

  #build(opened: Opened): void {
    const { book, signal } = this;
    const { clock, service, timeoutMs } = this.#host;
    const { registry } = opened;
    const onChange = (): void => {
      this.#events.onChange(null);
    };
    const isLive = (): boolean => this.isLive;
    book.sinceOf = (key, health) => opened.sinceOf(key, health);
    this.#membership = new MembershipFeed({
      registry,
      book,
      clock,
      signal,
      service,
      timeoutMs,
      onChange,
      onReturn: this.#events.onReturn,
      onNotice: (text) => {
        this.#host.log({ kind: 'notice', text });
      },
    });
    this.#leases = new LeaseFeed({ registry, book, clock, signal, isLive, onChange });
    this.#doctor = new DoctorFeed({
      book,
      clock,
      signal,
      isLive,
      onChange,
      open: (fail) => opened.openDoctor(fail),
      ...(opened.ruleGuides === undefined ? {} : { guides: opened.ruleGuides }),
    });
    if (registry.capabilities.readableTtl)
      this.#ttls = new TtlRound({
        reader: registry,
        book,
        clock,
        signal,
        isLive,
        visible: () => this.#visibleLeases(),
        preferred: () => this.#preferredLeases(),
      });
  }

  #visibleLeases(): readonly string[] {
    return this.#events.visible().flatMap((row) => {
      if (row.kind === 'lease') return row.leaseKind === 'lease' ? [row.id] : [];
      return row.instance.lease === null || row.leftAtMs !== null ? [] : [row.instance.lease.id];
    });
  }

  *#preferredLeases(): Generator<string> {
    for (const service of this.#events.visibleServices())
      for (const { instance, leftAtMs } of this.book.instancesOf(service))
        if (instance.lease !== null && leftAtMs === null) yield instance.lease.id;
    yield* this.#leases?.strangers ?? [];
  }

  async #tick(): Promise<void> {
    const { clock } = this.#host;
    while (!isAborted(this.signal)) {
      await clock.sleep(toNextSecond(clock), this.signal);
      if (!isAborted(this.signal)) this.book.tick(this.moment);
    }
  }

  async #measureRoundTrips({ registry }: Opened): Promise<void> {
    const { clock } = this.#host;
    while (!isAborted(this.signal)) {
      if (this.isLive) {
        const servers = await registry
          .status({ signal: this.signal, timeoutMs: STATUS_MS })
          .catch((error: unknown) => {
            if (!(error instanceof SdctlError)) throw error;
            return [];
          });
        const times = servers.flatMap(({ roundTripMs }) => roundTripMs ?? []);
        this.#roundTripMs = times.length === 0 ? null : Math.min(...times);
      }
      await clock.sleep(this.#roundTripMs === null ? SECOND_MS : ROUND_TRIP_EVERY_MS, this.signal);
    }
  }
}
