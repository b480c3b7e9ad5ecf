import { abortedError, SdctlError } from '../../errors.js';
import type { Finding, RuleOutcome } from '../../model/finding.js';
import type { Instance } from '../../model/instance.js';
import type { Clock } from '../../time/clock.js';
import { threadOpener, type Channel, type OpenChannel } from './channel.js';
import { Outbox } from './outbox.js';
import type { Answer, Beside, LeaseReading, MirrorSetup, Order } from './protocol.js';

export type { Beside, LeaseReading } from './protocol.js';

/** What one run of the doctor over the view's own membership has found. */
export interface MirrorReport {
  /** What counts, the worst first. */
  readonly findings: readonly Finding[];
  readonly outcomes: readonly RuleOutcome[];
  /** Wall clock, milliseconds since 1970. */
  readonly takenAtMs: number;
  /** Time of the rules, off the screen's thread. */
  readonly tookMs: number;
}

/** The doctor's instant rules over what the view knows, on a thread of their own, without any calls. */
export interface DoctorMirror {
  /** Everything anew. @param beside what the snapshot holds beside its instances */
  set(instances: readonly Instance[], beside: Beside): void;
  /** Instances that joined or changed. */
  put(instances: readonly Instance[]): void;
  /** @param keys by `instanceKey` */
  remove(keys: readonly string[]): void;
  /**
   * What is known of leases, one reading of each that there is; gone through anew at each run, and not before. Without
   * a reading for every lease, rules about leases are unknown.
   */
  leases(readings: Iterable<LeaseReading>): void;
  /**
   * Runs the rules over everything that was told so far. One at a time: calls while one runs are one more run together.
   *
   * @throws {SdctlError} E_FAILED when a run breaks, or the thread has ended or could not start, which `onError` was
   *   told too; E_ABORTED when the mirror was closed
   */
  run(): Promise<MirrorReport>;
  close(): Promise<void>;
}

export interface DoctorMirrorOptions extends MirrorSetup {
  /** The compiled `dist/lib/tui/doctor/worker.js`: its whole path. */
  readonly workerFile: string;
  readonly clock: Clock;
  /** Lets everything else that waits have its turn: `setImmediate` as a promise. */
  readonly yieldTurn: () => Promise<void>;
  /** The thread has ended or could not start. Called once; nothing more comes of this mirror. */
  readonly onError: (error: SdctlError) => void;
  /** In place of a thread, for tests. */
  readonly open?: OpenChannel;
}

/** The most that is sent in one turn, and the time after which a turn ends before that: instances may be large. */
const MOST_ITEMS = 250;
const TURN_MS = 3;

/** Opens a mirror. Its thread starts with the first thing that it is told. */
export function openDoctorMirror(options: DoctorMirrorOptions): DoctorMirror {
  return new ThreadedMirror(options);
}

/** A run that was asked for and has not ended. */
interface Running {
  takenAtMs: number;
  report: Extract<Answer, { readonly type: 'report' }> | null;
  readonly findings: Finding[];
  readonly resolve: (report: MirrorReport) => void;
  readonly reject: (error: SdctlError) => void;
}

class ThreadedMirror implements DoctorMirror {
  readonly #options: DoctorMirrorOptions;
  readonly #outbox = new Outbox();
  #readings: Iterable<LeaseReading> = [];
  #channel: Channel | null = null;
  #isSending = false;
  /** Why nothing is done any more. */
  #ended: SdctlError | null = null;
  #running: Running | null = null;
  #current: Promise<MirrorReport> | null = null;
  #next: Promise<MirrorReport> | null = null;

  constructor(options: DoctorMirrorOptions) {
    this.#options = options;
  }

  set(instances: readonly Instance[], beside: Beside): void {
    this.#tell(() => this.#outbox.set(instances, beside));
  }

  put(instances: readonly Instance[]): void {
    this.#tell(() => this.#outbox.put(instances));
  }

  remove(keys: readonly string[]): void {
    this.#tell(() => this.#outbox.remove(keys));
  }

  leases(readings: Iterable<LeaseReading>): void {
    this.#readings = readings;
  }

  run(): Promise<MirrorReport> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    if (this.#current === null) return this.#start();
    const again = (): Promise<MirrorReport> => {
      this.#next = null;
      return this.run();
    };
    this.#next ??= this.#current.then(again, again);
    return this.#next;
  }

  async close(): Promise<void> {
    this.#end(abortedError());
    await this.#channel?.close();
  }

  #start(): Promise<MirrorReport> {
    const started = new Promise<MirrorReport>((resolve, reject) => {
      this.#running = { takenAtMs: 0, report: null, findings: [], resolve, reject };
    });
    this.#current = started;
    this.#tell(() =>
      this.#outbox.run(this.#readings, () => {
        const { clock } = this.#options;
        const takenAtMs = clock.nowMs();
        if (this.#running !== null) this.#running.takenAtMs = takenAtMs;
        return { takenAtMs, monotonicMs: clock.monotonicMs() };
      }),
    );
    return started;
  }

  #tell(add: () => void): void {
    if (this.#ended !== null) return;
    add();
    if (!this.#isSending) void this.#sendAll();
  }

  /** Sends what waits, a little in each turn. The turn of the caller is not used at all. */
  async #sendAll(): Promise<void> {
    this.#isSending = true;
    try {
      for (;;) {
        await this.#options.yieldTurn();
        if (this.#outbox.isEmpty) return;
        this.#channel ??= await this.#open();
        this.#sendSome(this.#channel);
      }
    } catch (thrown) {
      this.#fail(thrown);
    } finally {
      this.#isSending = false;
    }
  }

  #sendSome(channel: Channel): void {
    const { clock } = this.#options;
    const endMs = clock.monotonicMs() + TURN_MS;
    for (let sent = 0; sent < MOST_ITEMS && clock.monotonicMs() < endMs;) {
      const order = this.#outbox.take();
      if (order === null) return;
      channel.send(order);
      sent += sizeOf(order);
    }
  }

  async #open(): Promise<Channel> {
    const { workerFile, backend, context, service, settings, identity } = this.#options;
    const open = this.#options.open ?? threadOpener(workerFile);
    const channel = await open(
      { backend, context, service, settings, identity },
      { onAnswer: (answer) => this.#take(answer), onEnd: (why) => this.#fail(why) },
    );
    // Closed while it was opened.
    if (this.#ended !== null) await channel.close();
    return channel;
  }

  #take(answer: Answer): void {
    const running = this.#running;
    if (running === null) return;
    switch (answer.type) {
      case 'failed':
        this.#finish();
        running.reject(broken('the doctor of the view broke', answer.why));
        return;
      case 'report':
        running.report = answer;
        break;
      case 'findings':
        for (const finding of answer.items) running.findings.push(finding);
        break;
    }
    const { report, findings, takenAtMs } = running;
    if (report === null) return;
    if (findings.length < report.findings) {
      void this.#askForMore();
      return;
    }
    this.#finish();
    running.resolve({ findings, outcomes: report.outcomes, takenAtMs, tookMs: report.tookMs });
  }

  /** What has come is taken in; the rest waits until the screen had its turn. */
  async #askForMore(): Promise<void> {
    await this.#options.yieldTurn();
    if (this.#ended === null) this.#channel?.send({ type: 'more' });
  }

  #finish(): void {
    this.#running = null;
    this.#current = null;
  }

  #fail(thrown: unknown): void {
    if (this.#ended !== null) return;
    const error = broken('the doctor of the view has ended', whyOf(thrown));
    this.#end(error);
    void this.#channel?.close();
    this.#options.onError(error);
  }

  #end(error: SdctlError): void {
    this.#ended ??= error;
    this.#outbox.clear();
    const running = this.#running;
    this.#finish();
    running?.reject(this.#ended);
  }
}

function sizeOf(order: Order): number {
  return 'items' in order ? Math.max(1, order.items.length) : 1;
}

function broken(message: string, why: string): SdctlError {
  return new SdctlError('E_FAILED', message, { why, hint: 'sdctl doctor' });
}

function whyOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
