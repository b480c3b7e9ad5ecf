import type { IWatchResponse } from 'etcd3/lib/rpc.js';
import { abortedError, isAborted, SdctlError } from '../../errors.js';
import type { Instance, Snapshot } from '../../model/instance.js';
import type { LeftReason } from '../../model/membership.js';
import type { Clock } from '../../time/clock.js';
import type { FollowSignal, Follower } from '../keep-following.js';
import type { Calls, CallLimits } from './calls.js';
import type { Root } from './entries.js';
import { readEvents, type LeaseReader } from './events.js';
import { isBefore, nextRevision } from './ids.js';
import { serviceRange, type KeyRange } from './key-range.js';
import { KnownKeys } from './known-keys.js';
import { WatchStream } from './watch-stream.js';

export interface FollowerOptions {
  readonly root: Root;
  readonly service: string | null;
  /** Reads the whole set as of a revision, or of now with null; answers its revision and the cluster it came from. */
  readonly list: (
    signal: AbortSignal,
    revision: string | null,
  ) => Promise<{ readonly snapshot: Snapshot; readonly clusterId: string }>;
  readonly limits: (signal: AbortSignal) => CallLimits;
  readonly readLease: LeaseReader;
  readonly refreshCredentials: () => void;
}

/** What no revision can show (a restored store that has overtaken ours) is found by a full comparison. */
const COMPARE_EVERY_MS = 600_000;

/** Follows one service, or all: a list, then a watch from the next revision, resumed as long as nothing can be missing. */
export class EtcdFollower implements Follower {
  readonly service: string | null;
  readonly #calls: Calls;
  readonly #clock: Clock;
  readonly #options: FollowerOptions;
  readonly #range: KeyRange;
  readonly #known = new KnownKeys();
  #clusterId = '';
  #listedMs = 0;
  /** The first revision that we have not seen; null: nothing is known, list first. */
  #next: string | null = null;

  constructor(calls: Calls, clock: Clock, options: FollowerOptions) {
    this.service = options.service;
    this.#calls = calls;
    this.#clock = clock;
    this.#options = options;
    this.#range = serviceRange(options.root.prefix, options.service);
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
      const resumes = this.#next !== null;
      if (this.#next === null) {
        const snapshot = await this.#list(signal, null);
        yield live ? { type: 'set', snapshot, gap: true } : { type: 'set', snapshot };
        live = true;
      }
      const watch = await this.#open(signal);
      if (watch === null) continue;
      try {
        // Also right after a list: the store may have been replaced between the two.
        if (!(await this.#isSameHistory(watch.created, signal))) {
          this.#next = null;
          continue;
        }
        if (resumes) {
          yield { type: 'resumed', revision: this.#lastSeen() };
          live = true;
        }
        yield* this.#stream(watch, signal);
      } finally {
        watch.close();
      }
    }
  }

  async #list(signal: AbortSignal, revision: string | null): Promise<Snapshot> {
    const { snapshot, clusterId } = await this.#options.list(signal, revision);
    this.#known.replace(snapshot);
    this.#clusterId = clusterId;
    this.#next = nextRevision(snapshot.revision);
    this.#listedMs = this.#clock.monotonicMs();
    return snapshot;
  }

  /** Opens the watch at the next revision; null when that history is gone and everything has to be read anew. */
  async #open(signal: AbortSignal): Promise<WatchStream | null> {
    const request = {
      ...this.#range,
      start_revision: this.#next ?? '0',
      progress_notify: true,
      fragment: true,
    };
    try {
      return await WatchStream.open(this.#calls, this.#clock, request, this.#options.limits(signal), {
        heartbeat: true,
      });
    } catch (error) {
      if (!this.#mustListAgain(error)) throw error;
      return null;
    }
  }

  /** Yields changes until the history is gone (returns, `next` is null then) or the stream breaks (throws). */
  async *#stream(watch: WatchStream, signal: AbortSignal): AsyncGenerator<FollowSignal, void, void> {
    const { root, readLease } = this.#options;
    const abort = (): void => watch.close();
    signal.addEventListener('abort', abort, { once: true });
    let fragments: IWatchResponse['events'] = [];
    if (signal.aborted) throw abortedError(signal);
    try {
      for (;;) {
        const answer = await watch.next();
        // W2: an answer to our own progress request tells nothing about what has been delivered.
        if (answer.watch_id === '-1') {
          if (fragments.length === 0) yield* this.#compare(signal);
          continue;
        }
        fragments = fragments.length === 0 ? answer.events : [...fragments, ...answer.events];
        if (answer.fragment) continue;
        const events = fragments.filter(({ kv }) => !isBefore(kv.mod_revision, this.#next ?? '0'));
        fragments = [];
        const last =
          events.at(-1)?.kv.mod_revision ?? (answer.events.length === 0 ? answer.header.revision : null);
        if (last === null || isBefore(nextRevision(last), this.#next ?? '0')) continue;
        const changes = await readEvents(events, {
          root,
          service: this.service,
          known: this.#known,
          readLease,
        });
        this.#next = nextRevision(last);
        yield { type: 'changes', revision: last, changes };
        yield* this.#compare(signal);
      }
    } catch (error) {
      if (isAborted(signal) || !this.#mustListAgain(error)) throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /**
   * W10: when it is time, reads the set as of the revision up to which we have read, so that changes which the watch is
   * about to deliver are no differences, however many there are. Throws E_COMPACTED when that revision is gone.
   */
  async *#compare(signal: AbortSignal): AsyncGenerator<FollowSignal, void, void> {
    if (this.#clock.monotonicMs() - this.#listedMs < COMPARE_EVERY_MS) return;
    yield { type: 'set', snapshot: await this.#list(signal, this.#lastSeen()), gap: true };
  }

  /** W4, W11: compacted, or too large to be received. Forgets the position then. */
  #mustListAgain(error: unknown): boolean {
    if (!(error instanceof SdctlError) || (error.code !== 'E_COMPACTED' && error.code !== 'E_TOO_LARGE'))
      return false;
    this.#next = null;
    return true;
  }

  /**
   * Whether the store still is the one we read from, so that nothing between then and now can be missing.
   * W5: a store that is behind us was wiped or restored. W6: one read at the last revision we know tells whether it is
   * compacted (old servers leave out a deletion at that revision) and, by the newest key we know, whether the
   * history is ours at all: a wiped store may have overtaken us.
   */
  async #isSameHistory(created: IWatchResponse, signal: AbortSignal): Promise<boolean> {
    if (created.header.cluster_id !== this.#clusterId) return false;
    const limits = this.#options.limits(signal);
    const revision = this.#lastSeen();
    const newest = this.#known.newest();
    const key = newest === null ? this.#range.key : newest.bytes;
    try {
      const current = isBefore(created.header.revision, revision)
        ? await this.#calls.run(limits, ({ kv }) => kv.range({ key, limit: 1 }))
        : created;
      if (isBefore(current.header.revision, revision)) return false;
      const then = await this.#calls.run(limits, ({ kv }) => kv.range({ key, limit: 1, revision }));
      return newest === null || then.kvs[0]?.mod_revision === newest.revision;
    } catch (error) {
      if (error instanceof SdctlError && error.code === 'E_COMPACTED') return false;
      throw error;
    }
  }

  #lastSeen(): string {
    return this.#next === null ? '0' : (BigInt(this.#next) - 1n).toString();
  }
}
