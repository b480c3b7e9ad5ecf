import { isAborted, SdctlError } from '../../errors.js';
import { instanceKey } from '../../model/instance.js';
import type { Clock } from '../../time/clock.js';
import { Alarm } from '../alarm.js';
import { toNextSecond } from '../second.js';
import type { DoctorMirror, LeaseReading } from '../doctor/mirror.js';
import type { Book } from '../model/book.js';
import type { DoctorView } from '../model/paint-model.js';
import type { FindingRow } from '../model/rows.js';

/** Between two runs that nobody asked for. */
const EVERY_MS = 30_000;
/** The first run waits until the screen stands. */
const FIRST_AFTER_MS = 500;
/** How often it is looked whether a run is due before the first one; after that with the second. */
const FIRST_TICK_MS = 500;

export interface DoctorFeedOptions {
  readonly book: Book;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly open: (onError: (error: SdctlError) => void) => Promise<DoctorMirror>;
  /** Why rules matter, by their ids. */
  readonly guides?: () => Promise<ReadonlyMap<string, { readonly why: string }>>;
  readonly isLive: () => boolean;
  readonly onChange: () => void;
}

/** The doctor's instant rules over what the view knows: at the start, when asked, and now and then while things change. */
export class DoctorFeed {
  readonly #options: DoctorFeedOptions;
  readonly #alarm: Alarm;
  #mirror: DoctorMirror | null = null;
  #view: DoctorView = {
    state: 'never',
    ranAtMs: null,
    findings: [],
    outcomes: [],
    problem: null,
  };
  /** null: everything has to be sent. */
  #changed: Set<string> | null = null;
  #isAsked = false;
  #ranAtMs = -Infinity;

  constructor(options: DoctorFeedOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock, options.signal);
  }

  get view(): DoctorView {
    return this.#view;
  }

  /** An instance is another one now. */
  touch(key: string): void {
    this.#changed?.add(key);
  }

  /** All instances are other ones now. */
  touchAll(): void {
    this.#changed = null;
  }

  /** Runs as soon as it can. */
  ask(): void {
    this.#isAsked = true;
    this.#alarm.ring();
  }

  /** Runs until the signal aborts. Never rejects. */
  async run(): Promise<void> {
    const { clock, signal, book } = this.#options;
    // A run may take long; nobody waits for what it finds then.
    signal.addEventListener('abort', () => void this.#mirror?.close(), { once: true });
    await clock.sleep(FIRST_AFTER_MS, signal);
    while (!isAborted(signal)) {
      if (book.isLoaded && this.#isDue()) await this.#examine();
      else await this.#rest();
      await this.#alarm.sleep(this.#ranAtMs === -Infinity ? FIRST_TICK_MS : toNextSecond(clock));
    }
    await this.#mirror?.close();
  }

  #isDue(): boolean {
    if (this.#isAsked) return true;
    const hasNews = this.#changed === null || this.#changed.size > 0;
    return hasNews && this.#options.isLive() && this.#options.clock.monotonicMs() - this.#ranAtMs >= EVERY_MS;
  }

  /** A thread that has nothing to do still keeps all instances and collects its garbage. The next run begins a new one. */
  async #rest(): Promise<void> {
    if (this.#mirror === null || this.#options.clock.monotonicMs() - this.#ranAtMs < EVERY_MS) return;
    const resting = this.#mirror;
    this.#mirror = null;
    await resting.close();
  }

  async #examine(): Promise<void> {
    const { clock, onChange, signal } = this.#options;
    this.#isAsked = false;
    this.#ranAtMs = clock.monotonicMs();
    this.#view = { ...this.#view, state: 'running' };
    onChange();
    try {
      const mirror = await this.#send();
      if (isAborted(signal)) return;
      const { findings, outcomes, takenAtMs } = await mirror.run();
      const rows = findings.map((finding): FindingRow => ({
        kind: 'finding',
        key: finding.fingerprint,
        finding,
      }));
      const guides = this.#view.guides ?? (await this.#options.guides?.());
      this.#view = {
        state: 'done',
        ranAtMs: takenAtMs,
        findings: rows,
        outcomes,
        ...(guides === undefined ? {} : { guides }),
        problem: null,
      };
    } catch (error) {
      if (isAborted(signal)) return;
      const broken = this.#mirror;
      this.#mirror = null;
      this.#changed = null;
      await broken?.close();
      const { message } = error instanceof Error ? error : new SdctlError('E_FAILED', String(error));
      this.#view = { ...this.#view, state: 'failed', problem: message };
    }
    onChange();
  }

  /** What is new since the last run. */
  async #send(): Promise<DoctorMirror> {
    const { book, clock } = this.#options;
    const isNew = this.#mirror === null;
    const mirror = (this.#mirror ??= await this.#options.open(() => {
      this.#mirror = null;
      this.#changed = null;
    }));
    if (isNew || this.#changed === null) {
      const { undecoded, skipped, isPartial } = book;
      mirror.set(book.presentInstances(), { undecoded, skipped, partial: isPartial });
    } else {
      const rows = [...this.#changed].map((key) => ({ key, row: book.instance(key) }));
      const there = rows.flatMap(({ row }) => (row?.leftAtMs === null ? [row.instance] : []));
      const kept = new Set(there.map(instanceKey));
      mirror.put(there);
      mirror.remove(rows.flatMap(({ key }) => (kept.has(key) ? [] : [key])));
    }
    this.#changed = new Set();
    mirror.leases({ [Symbol.iterator]: () => readings(book, clock.monotonicMs()) });
    return mirror;
  }
}

function* readings(book: Book, nowMs: number): Generator<LeaseReading> {
  for (const id of book.leases().keys()) {
    const lease = book.ttls.get(id);
    const overdueSeconds = book.ttls.overdueSeconds(id, nowMs);
    yield {
      id,
      grantedSeconds: lease?.grantedSeconds ?? null,
      leftSeconds: lease?.leftSeconds ?? null,
      isOverdue: lease?.isOverdue === true,
      ...(overdueSeconds === null ? {} : { overdueSeconds }),
    };
  }
}
