import { isAborted, SdctlError } from '../../errors.js';
import type { Snapshot } from '../../model/instance.js';
import { MembershipState, type MembershipEvent } from '../../model/membership.js';
import type { ReadOnlyRegistry } from '../../registry/read-only.js';
import type { Clock } from '../../time/clock.js';
import type { Book, Moment } from '../model/book.js';
import type { ConnectionState } from '../model/paint-model.js';

/** A refusal is asked about as often as anything else: a token that is renewed must show at once. */
const REFUSED_PAUSE_MS = 1_000;
/** What came back in this time after an outage is told in one sentence. */
const RETURN_MS = 400;

export interface MembershipFeedOptions {
  readonly registry: ReadOnlyRegistry;
  readonly book: Book;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** null: all services. */
  readonly service: string | null;
  readonly timeoutMs: number | null;
  /** Something has changed that is shown. */
  readonly onChange: () => void;
  /** After an outage: how long it was, who came and who left meanwhile. */
  readonly onReturn: (away: { readonly ms: number; readonly joined: number; readonly left: number }) => void;
  readonly onNotice: (text: string) => void;
}

/** Follows the membership of one registry for as long as the view looks at it, and says how the connection is. */
export class MembershipFeed {
  readonly #options: MembershipFeedOptions;
  #connection: ConnectionState;
  #round = new AbortController();
  #away: { readonly sinceMs: number; joined: number; left: number } | null = null;

  constructor(options: MembershipFeedOptions) {
    this.#options = options;
    this.#connection = {
      kind: 'loading',
      sinceMs: options.clock.monotonicMs(),
      problem: null,
      retryAtMs: null,
    };
  }

  get connection(): ConnectionState {
    return this.#connection;
  }

  /** Ends what is under way and reads everything anew, at once. */
  restart(): void {
    this.#round.abort();
  }

  /** Runs until the signal aborts, or until something turns out that no retry can cure. Never rejects for what a registry does. */
  async run(): Promise<void> {
    const { signal, onChange, book, clock } = this.#options;
    while (!isAborted(signal)) {
      this.#round = new AbortController();
      try {
        await this.#follow(AbortSignal.any([signal, this.#round.signal]));
      } catch (thrown) {
        if (isAborted(signal)) return;
        if (this.#round.signal.aborted) continue;
        if (!(thrown instanceof SdctlError) || thrown.code === 'E_DEFECT') throw thrown;
        const problem = thrown;
        // What was read stays; a file that is wrong now may be under repair.
        if (book.isLoaded) {
          this.#lost(problem, REFUSED_PAUSE_MS);
          await clock.sleep(REFUSED_PAUSE_MS, signal);
          continue;
        }
        this.#connection = { kind: 'failed', problem };
        onChange();
        return;
      }
      // A stream that has ended without being told to is followed anew.
      if (!this.#round.signal.aborted) await clock.sleep(100, signal);
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { registry, service, book, timeoutMs } = this.#options;
    let isFirst = true;
    const events = registry.watch(service, {
      signal,
      retryStartMs: Infinity,
      refusedPauseMs: REFUSED_PAUSE_MS,
      ...(timeoutMs === null ? {} : { timeoutMs }),
      onRetry: ({ cause, retryInMs }) => {
        this.#lost(cause, retryInMs);
      },
      onUnread: ({ key, entry }) => {
        book.noteUnread(key, entry);
      },
      notify: ({ level, text }) => {
        if (level !== 'progress') this.#options.onNotice(text);
      },
    });
    for await (const event of events) {
      if (isAborted(signal)) return;
      if (event.type === 'synced' && isFirst && book.isLoaded) this.#reconcile(event);
      else this.#take(event);
      if (event.type === 'synced') isFirst = false;
      this.#options.onChange();
    }
  }

  #take(event: MembershipEvent): void {
    const { book } = this.#options;
    // Each failed attempt is told by `onRetry`.
    if (event.type !== 'stale') this.#live();
    book.apply(event, this.#moment());
    if (this.#away !== null && event.type === 'joined') this.#away.joined += 1;
    if (this.#away !== null && event.type === 'left') this.#away.left += 1;
  }

  /** A new stream knows nothing of what the old one has told: the difference is found here. */
  #reconcile(event: Extract<MembershipEvent, { type: 'synced' }>): void {
    const { book } = this.#options;
    const known = new MembershipState();
    known.replace(asSnapshot(event.snapshot, book), () => 'resync');
    this.#take(event);
    for (const difference of known.replace(event.snapshot, () => 'resync')) {
      const common = { at: event.at, revision: event.revision, resync: true };
      this.#take(
        difference.type === 'left'
          ? { ...difference, ...common, reason: 'resync' }
          : { ...difference, ...common },
      );
    }
  }

  #live(): void {
    const { clock, book, onReturn } = this.#options;
    if (this.#connection.kind === 'live') return;
    const before = this.#connection;
    this.#connection = { kind: 'live' };
    book.ttls.freeze(null);
    if (before.kind !== 'stale') return;
    const away = { sinceMs: before.sinceMs, joined: 0, left: 0 };
    this.#away = away;
    const ms = clock.monotonicMs() - before.sinceMs;
    void clock.sleep(RETURN_MS, this.#options.signal).then(() => {
      if (this.#away !== away || isAborted(this.#options.signal)) return;
      this.#away = null;
      onReturn({ ms, joined: away.joined, left: away.left });
    });
  }

  #lost(problem: SdctlError, retryInMs: number): void {
    const { clock, book, onChange } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#away = null;
    const retryAtMs = nowMs + retryInMs;
    const before = this.#connection;
    if (!book.isLoaded) {
      const sinceMs = before.kind === 'loading' ? before.sinceMs : nowMs;
      this.#connection = { kind: 'loading', sinceMs, problem, retryAtMs };
    } else {
      const sinceMs = before.kind === 'stale' ? before.sinceMs : nowMs;
      if (before.kind !== 'stale') book.ttls.freeze(nowMs);
      this.#connection = { kind: 'stale', sinceMs, problem, retryAtMs };
    }
    onChange();
  }

  #moment(): Moment {
    const { clock } = this.#options;
    return { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
  }
}

function asSnapshot(like: Snapshot, book: Book): Snapshot {
  return { ...like, instances: book.presentInstances() };
}
