import type { IWatchResponse } from 'etcd3/lib/rpc.js';
import { abortedError, isAborted, SdctlError } from '../../errors.js';
import type { Instance, Snapshot } from '../../model/instance.js';
import type { LeftReason } from '../../model/membership.js';
import type { Clock } from '../../time/clock.js';
import type { FollowSignal, Follower } from '../keep-following.js';
import type { Calls, CallLimits } from './calls.js';
import type { Roots } from './entries.js';
import { readEvents, type LeaseReader } from './events.js';
import { isBefore, nextRevision } from './ids.js';
import { KnownKeys } from './known-keys.js';
import { MergedWatch } from './merged-watch.js';
import type { Reading } from './root-reader.js';
import type { Stretch } from './stretch-sink.js';
import { WatchStream } from './watch-stream.js';

export interface FollowerOptions {
  readonly roots: Roots;
  readonly service: string | null;
  /** Reads the whole set as of now, or the same stretches again, each as of its own revision. */
  readonly list: (
    signal: AbortSignal,
    again?: { readonly reading: Reading; readonly revisions: readonly string[] },
  ) => Promise<Reading>;
  /** Whether a set has to be read anew, because services may stand where nothing is followed. */
  readonly hasMoved: (signal: AbortSignal, reading: Reading) => Promise<boolean>;
  readonly limits: (signal: AbortSignal) => CallLimits;
  readonly readLease: LeaseReader;
  readonly refreshCredentials: () => void;
}

/** What no revision can show (a restored store that has overtaken ours) is found by a full comparison. */
const COMPARE_EVERY_MS = 600_000;
/** Where a tree was stepped over, or rights decide what is seen. */
const LOOK_EVERY_MS = 60_000;

/** One stretch that is followed. */
interface Position {
  readonly stretch: Stretch;
  /** The first revision of it that we have not seen. */
  next: string;
}

/** What is read, and up to where. */
interface Followed {
  readonly reading: Reading;
  readonly positions: readonly Position[];
}

/** Follows one service, or all: a list, then a watch a stretch from the next revision, resumed as long as nothing can be missing. */
export class EtcdFollower implements Follower {
  readonly service: string | null;
  readonly #calls: Calls;
  readonly #clock: Clock;
  readonly #options: FollowerOptions;
  readonly #known = new KnownKeys();
  #listedMs = 0;
  /** null: nothing is known, list first. */
  #followed: Followed | null = null;

  constructor(calls: Calls, clock: Clock, options: FollowerOptions) {
    this.service = options.service;
    this.#calls = calls;
    this.#clock = clock;
    this.#options = options;
  }

  reasonOf(_instance: Instance): LeftReason {
    return 'unknown';
  }

  refreshCredentials(): void {
    this.#options.refreshCredentials();
  }

  async *follow(signal: AbortSignal): AsyncGenerator<FollowSignal, void, void> {
    let live = false;
    for (;;) {
      const resumes = this.#followed !== null;
      if (this.#followed === null) {
        yield toSet(await this.#list(signal), live);
        live = true;
      }
      const watches = await this.#open(signal);
      if (watches === null) continue;
      const merged = new MergedWatch(watches, this.#clock, this.#mayMove() ? LOOK_EVERY_MS : null);
      try {
        // Also right after a list: the store may have been replaced between the two.
        if (!(await this.#isSameHistory(watches, signal))) {
          this.#followed = null;
          continue;
        }
        if (resumes) {
          yield { type: 'resumed', revision: this.#lastSeen() };
          live = true;
        }
        yield* this.#stream(merged, signal);
      } finally {
        merged.close();
      }
    }
  }

  async #list(signal: AbortSignal): Promise<Snapshot> {
    const reading = await this.#options.list(signal);
    const next = nextRevision(reading.snapshot.revision);
    // The instances are told once. Kept here, every one that changes later would be kept twice.
    const kept = { ...reading, snapshot: { ...reading.snapshot, instances: [] } };
    this.#followed = { reading: kept, positions: reading.stretches.map((stretch) => ({ stretch, next })) };
    this.#known.replace(reading.snapshot);
    this.#listedMs = this.#clock.monotonicMs();
    return reading.snapshot;
  }

  #mayMove(): boolean {
    const reading = this.#followed?.reading;
    // With nothing to follow, too: a tree of another system alone.
    return (
      reading !== undefined &&
      (reading.barren.length > 0 || reading.granted !== null || reading.stretches.length === 0)
    );
  }

  /** Opens a watch a stretch; null when that history is gone and everything has to be read anew. */
  async #open(signal: AbortSignal): Promise<readonly WatchStream[] | null> {
    const positions = this.#followed?.positions ?? [];
    const opened = await Promise.allSettled(
      positions.map(({ stretch, next }) =>
        WatchStream.open(
          this.#calls,
          this.#clock,
          { ...stretch.range, start_revision: next, progress_notify: true, fragment: true },
          this.#options.limits(signal),
          { heartbeat: true },
        ),
      ),
    );
    const watches = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const failed = opened.find((result) => result.status === 'rejected');
    if (failed === undefined) return watches;
    for (const watch of watches) watch.close();
    if (!this.#mustListAgain(failed.reason)) throw failed.reason;
    return null;
  }

  /** Yields changes until the history is gone (returns, nothing is followed then) or a stream breaks (throws). */
  async *#stream(merged: MergedWatch, signal: AbortSignal): AsyncGenerator<FollowSignal, void, void> {
    const { positions = [] } = this.#followed ?? {};
    const abort = (): void => merged.close();
    signal.addEventListener('abort', abort, { once: true });
    const fragments = positions.map((): IWatchResponse['events'] => []);
    if (signal.aborted) throw abortedError(signal);
    try {
      for (;;) {
        const message = await merged.next();
        if (message.type === 'due') {
          if (await this.#hasMoved(signal)) return;
          continue;
        }
        const { index, answer } = message;
        const position = positions[index];
        if (position === undefined) continue;
        const isWhole = fragments.every((parts) => parts.length === 0);
        // W2: an answer to our own progress request tells nothing about what has been delivered.
        if (answer.watch_id === '-1') {
          if (isWhole) yield* this.#compare(signal);
          continue;
        }
        const parts = fragments[index] ?? [];
        const all = parts.length === 0 ? answer.events : [...parts, ...answer.events];
        fragments[index] = answer.fragment ? all : [];
        if (answer.fragment) continue;
        const changes = await this.#take(position, all, answer);
        if (changes === null) continue;
        yield changes;
        yield* this.#compare(signal);
      }
    } catch (error) {
      if (isAborted(signal) || !this.#mustListAgain(error)) throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** The changes of one answer; null where it brings nothing new. */
  async #take(
    position: Position,
    all: IWatchResponse['events'],
    answer: IWatchResponse,
  ): Promise<FollowSignal | null> {
    const { roots, readLease } = this.#options;
    const events = all.filter(({ kv }) => !isBefore(kv.mod_revision, position.next));
    const last =
      events.at(-1)?.kv.mod_revision ?? (answer.events.length === 0 ? answer.header.revision : null);
    if (last === null || isBefore(nextRevision(last), position.next)) return null;
    const changes = await readEvents(events, {
      roots,
      wanted: {
        services: this.service === null ? null : new Set([this.service]),
        isNarrow: position.stretch.isNarrow,
      },
      known: this.#known,
      readLease,
    });
    position.next = nextRevision(last);
    return { type: 'changes', revision: this.#lastSeen(), changes };
  }

  async #hasMoved(signal: AbortSignal): Promise<boolean> {
    const { followed } = { followed: this.#followed };
    if (followed === null || !(await this.#options.hasMoved(signal, followed.reading))) return false;
    this.#followed = null;
    return true;
  }

  /**
   * W10: when it is time, reads the set as of the revisions up to which we have read, so that changes which the watches
   * are about to deliver are no differences, however many there are. Throws E_COMPACTED when one of them is gone.
   */
  async *#compare(signal: AbortSignal): AsyncGenerator<FollowSignal, void, void> {
    if (this.#followed === null || this.#clock.monotonicMs() - this.#listedMs < COMPARE_EVERY_MS) return;
    yield toSet(await this.#listAgain(this.#followed, signal), true);
  }

  async #listAgain({ reading, positions }: Followed, signal: AbortSignal): Promise<Snapshot> {
    const revisions = positions.map(({ next }) => before(next));
    const { snapshot } = await this.#options.list(signal, { reading, revisions });
    this.#known.replace(snapshot);
    this.#listedMs = this.#clock.monotonicMs();
    return snapshot;
  }

  /** W4, W11: compacted, or too large to be received. Forgets the positions then. */
  #mustListAgain(error: unknown): boolean {
    if (!(error instanceof SdctlError) || (error.code !== 'E_COMPACTED' && error.code !== 'E_TOO_LARGE'))
      return false;
    this.#followed = null;
    return true;
  }

  /**
   * Whether the store still is the one we read from, so that nothing between then and now can be missing.
   * W5: a store that is behind us was wiped or restored. W6: one read at the last revision we know tells whether it is
   * compacted (old servers leave out a deletion at that revision) and, by the newest key we know, whether the
   * history is ours at all: a wiped store may have overtaken us.
   */
  async #isSameHistory(watches: readonly WatchStream[], signal: AbortSignal): Promise<boolean> {
    const clusterId = this.#followed?.reading.clusterId;
    if (watches.some(({ created }) => created.header.cluster_id !== clusterId)) return false;
    const limits = this.#options.limits(signal);
    const revision = this.#lastSeen();
    const newest = this.#known.newest();
    const key = newest?.bytes ?? this.#followed?.positions[0]?.stretch.range.key;
    const isBehind = watches.some(({ created }) => isBefore(created.header.revision, revision));
    if (key === undefined) return true;
    try {
      if (isBehind) {
        const current = await this.#calls.run(limits, ({ kv }) => kv.range({ key, limit: 1 }));
        if (isBefore(current.header.revision, revision)) return false;
      }
      const then = await this.#calls.run(limits, ({ kv }) => kv.range({ key, limit: 1, revision }));
      return newest === null || then.kvs[0]?.mod_revision === newest.revision;
    } catch (error) {
      if (error instanceof SdctlError && error.code === 'E_COMPACTED') return false;
      throw error;
    }
  }

  /** The newest revision that was seen of any stretch. */
  #lastSeen(): string {
    const { positions = [] } = this.#followed ?? {};
    return positions.reduce((last, { next }) => (isBefore(last, before(next)) ? before(next) : last), '0');
  }
}

function before(next: string): string {
  return (BigInt(next) - 1n).toString();
}

function toSet(snapshot: Snapshot, isGap: boolean): FollowSignal {
  return isGap ? { type: 'set', snapshot, gap: true } : { type: 'set', snapshot };
}
