import { LeaseFollower } from '../discovery/lease-follower.js';
import { selectLeases } from '../discovery/lease-selection.js';
import { isAborted, isRefusal, SdctlError } from '../errors.js';
import type { LeaseListing } from '../model/lease.js';
import type { LeaseEvent } from '../model/lease-event.js';
import type { CallOptions, Notice, RegistryHandle } from '../registry/types.js';
import { errorSentence } from '../render/error-sentence.js';
import { leaseIdWidth } from '../render/lease-lines.js';
import { backoffMs } from '../time/backoff.js';
import { formatDuration } from '../time/duration.js';
import type { Invocation } from './invocation.js';
import {
  arrangeLeases,
  eachOnce,
  NEW_EPOCH,
  printLeaseRows,
  readLeases,
  saySummary,
  sayUnseen,
  type LeaseQuestion,
  type ReadLeases,
} from './lease-answer.js';
import { LeaseEventPrinter } from './lease-event-printer.js';
import { Silence } from './lease-silence.js';
import type { ListFlags } from './print-list.js';
import { requireInteger } from './usage.js';

/** Leases followed unless `--limit` says otherwise; up to so many, all of them are listed every time. */
const MOST_FOLLOWED = 200;
const TICK_MS = 1_000;
/** Consul does not tell the time left, so there is less to see. */
const SLOW_TICK_MS = 2_000;
/** Between two lists of many leases only the times of those followed are read. */
const LIST_EVERY_MS = 10_000;
const REFUSED_PAUSE_MS = 5_000;
/** After so long without an answer it is said that none comes; a registry that was slow from the start gets more. */
const PATIENCE_MS = 3_000;

/**
 * Prints the leases, then a line for each change, until the caller aborts or `--timeout` is over.
 *
 * @throws {SdctlError} what the registry reports before the first list
 */
export async function watchLeases(
  invocation: Invocation,
  handle: RegistryHandle,
  question: LeaseQuestion,
  flags: ListFlags,
): Promise<'aborted' | 'over'> {
  const ended = new AbortController();
  const over = new AbortController();
  const wholeMs = invocation.timeoutFlagMs;
  if (wholeMs !== null)
    void invocation.deps.clock.sleep(wholeMs, ended.signal).then(() => {
      over.abort();
    });
  const signal = AbortSignal.any([invocation.signal, over.signal]);
  try {
    await new LeaseWatch(invocation, handle, { question, flags, signal }).run();
  } catch (error) {
    if (isAborted(invocation.signal) || !isAborted(over.signal)) throw error;
    throw neverListed(invocation, wholeMs ?? 0);
  } finally {
    ended.abort();
  }
  return isAborted(invocation.signal) ? 'aborted' : 'over';
}

function neverListed({ place }: Invocation, wholeMs: number): SdctlError {
  return new SdctlError(
    'E_TIMEOUT',
    `nothing could be read from ${place} within ${formatDuration(wholeMs)}`,
    {
      why: 'the first answer did not come in time',
      hint: '-v shows the attempts',
    },
  );
}

interface WatchOptions {
  readonly question: LeaseQuestion;
  readonly flags: ListFlags;
  readonly signal: AbortSignal;
}

/** One `lease list -w`: when to read what, and what to say when it fails. */
class LeaseWatch {
  readonly #invocation: Invocation;
  readonly #handle: RegistryHandle;
  readonly #options: WatchOptions;
  readonly #follower: LeaseFollower;
  readonly #printer: LeaseEventPrinter;
  readonly #notify: (notice: Notice) => void;
  readonly #hidden = new Set<string>();
  #isListed = false;
  #listedMs = -Infinity;
  #patienceMs = PATIENCE_MS;
  #hasUnfollowed = false;
  #epoch: string | undefined;

  constructor(invocation: Invocation, handle: RegistryHandle, options: WatchOptions) {
    this.#invocation = invocation;
    this.#handle = handle;
    this.#options = options;
    const { limit } = options.flags;
    this.#follower = new LeaseFollower({
      most: limit === undefined ? MOST_FOLLOWED : requireInteger('--limit', limit, 1),
      select: (leases) => selectLeases(leases, options.question.filter),
    });
    this.#printer = new LeaseEventPrinter(invocation);
    this.#notify = eachOnce((notice) => {
      // Nobody waits for the later ones.
      if (notice.level !== 'progress' || !this.#isListed) invocation.diagnostics.notify(notice);
    });
  }

  async run(): Promise<void> {
    await this.#begin();
    const { clock } = this.#invocation.deps;
    const { signal } = this.#options;
    const tickMs = this.#handle.capabilities.readableTtl ? TICK_MS : SLOW_TICK_MS;
    let tookMs = 0;
    while (!isAborted(signal)) {
      // A registry that takes long is left alone for as long.
      await clock.sleep(Math.max(tickMs - tookMs, tookMs), signal);
      if (!isAborted(signal)) tookMs = await this.#tick();
    }
  }

  /** The first list, which fails like that of any command. */
  async #begin(): Promise<void> {
    const { question, flags } = this.#options;
    const invocation = this.#invocation;
    const read = await readLeases(invocation, this.#handle, this.#callOptions(invocation.timeoutFlagMs));
    this.#follow(read);
    this.#patienceMs = Math.max(PATIENCE_MS, 3 * (read.span.toMs - read.span.fromMs));
    const leases = selectLeases(read.leases, question.filter);
    const rows = arrangeLeases(invocation, leases, flags);
    this.#printer.idWidth = leaseIdWidth(this.#follower.leases);
    if (invocation.view.format === 'table' || invocation.view.format === 'wide')
      await printLeaseRows(invocation, this.#handle, rows, { flags, isObserved: false });
    else this.#printer.print(rows.map((lease) => ({ type: 'listed', lease })));
    sayUnseen(invocation, read, question.filter);
    for (const sentence of read.hidden) this.#hidden.add(sentence);
    saySummary(invocation, read, leases);
    this.#sayUnfollowed();
    this.#isListed = true;
  }

  /** Reads and prints until it succeeds once, or the watch is over. @returns how long the answer took, in milliseconds */
  async #tick(): Promise<number> {
    const { clock, random } = this.#invocation.deps;
    const { signal } = this.#options;
    const patienceMs = this.#patienceMs;
    const silence = new Silence({ clock, patienceMs, signal, say: this.#say });
    try {
      for (let failures = 1; !isAborted(signal); failures += 1) {
        const askedMs = clock.monotonicMs();
        try {
          const events = await this.#read();
          silence.end();
          this.#printer.print(events);
          this.#sayUnfollowed();
          return clock.monotonicMs() - askedMs;
        } catch (error) {
          if (isAborted(signal)) break;
          if (!(error instanceof SdctlError) || error.code === 'E_DEFECT') throw error;
          silence.because(`${errorSentence(error, this.#invocation.view)}; retrying`);
          // What happened meanwhile is only told by a list.
          this.#listedMs = -Infinity;
          await clock.sleep(isRefusal(error) ? REFUSED_PAUSE_MS : backoffMs(failures, random), signal);
        }
      }
      return 0;
    } finally {
      silence.stop();
    }
  }

  async #read(): Promise<readonly LeaseEvent[]> {
    const { clock } = this.#invocation.deps;
    const options = this.#callOptions(null);
    const isFew = this.#follower.known <= MOST_FOLLOWED;
    if (
      isFew ||
      !this.#handle.capabilities.readableTtl ||
      clock.monotonicMs() - this.#listedMs >= LIST_EVERY_MS
    ) {
      const read = await readLeases(this.#invocation, this.#handle, options);
      this.#sayHidden(read);
      return this.#follow(read);
    }
    const fromMs = clock.monotonicMs();
    const ids = this.#follower.leases.map(({ id }) => id);
    const found = await this.#handle.operations.leases(ids, options);
    return this.#follower.glance(found, { fromMs, toMs: clock.monotonicMs() });
  }

  #follow({ leases, span, epoch }: ReadLeases): readonly LeaseEvent[] {
    this.#listedMs = span.fromMs;
    if (this.#isListed && epoch !== this.#epoch) this.#say(NEW_EPOCH);
    this.#epoch = epoch;
    return this.#follower.list(leases, span, epoch);
  }

  #callOptions(wholeMs: number | null): CallOptions {
    const timeoutMs = wholeMs ?? this.#invocation.timeoutSettingMs;
    const { signal } = this.#options;
    return { signal, notify: this.#notify, ...(timeoutMs === null ? {} : { timeoutMs }) };
  }

  #sayHidden({ hidden }: Pick<LeaseListing, 'hidden'>): void {
    const fresh = hidden.filter((sentence) => !this.#hidden.has(sentence));
    for (const sentence of fresh) this.#hidden.add(sentence);
    sayUnseen(this.#invocation, { hidden: fresh, leases: [] }, this.#options.question.filter);
  }

  #sayUnfollowed(): void {
    const { unfollowed, leases } = this.#follower;
    if (unfollowed > 0 && !this.#hasUnfollowed)
      this.#say(
        `${leases.length} of ${leases.length + unfollowed} are followed: --limit follows more, --service asks for fewer`,
      );
    this.#hasUnfollowed = unfollowed > 0;
  }

  readonly #say = (text: string): void => {
    this.#invocation.diagnostics.say(text);
  };
}
