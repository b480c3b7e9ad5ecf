import type { Instance } from '../../src/lib/model/instance.js';
import type { Change, LeftReason } from '../../src/lib/model/membership.js';
import type { Follower, FollowSignal } from '../../src/lib/registry/keep-following.js';
import type { Clock } from '../../src/lib/time/clock.js';

/** One moment of a stream: a signal, a pause in milliseconds, or the failure that ends it. */
export type Moment = FollowSignal | number | Error;

/** A follower whose streams are written down beforehand; the last stream stays open. */
export class ScriptedFollower implements Follower {
  readonly service = 'order';
  readonly #streams: Moment[][];
  readonly #clock: Clock;
  refreshed = 0;
  /** Monotonic milliseconds at which a stream was begun. */
  readonly begunMs: number[] = [];

  constructor(clock: Clock, streams: Moment[][]) {
    this.#clock = clock;
    this.#streams = streams;
  }

  async *follow(signal: AbortSignal): AsyncGenerator<FollowSignal> {
    this.begunMs.push(this.#clock.monotonicMs());
    const isLast = this.#streams.length <= 1;
    for (const moment of this.#streams.shift() ?? []) {
      if (moment instanceof Error) throw moment;
      if (typeof moment === 'number') await this.#clock.sleep(moment, signal);
      else yield moment;
    }
    if (isLast) await this.#clock.sleep(Infinity, signal);
  }

  reasonOf(): LeftReason {
    return 'deleted';
  }

  refreshCredentials(): void {
    this.refreshed += 1;
  }
}

/** The whole truth at a revision. */
export function aSet(revision: string, instances: readonly Instance[], gap?: true): FollowSignal {
  return {
    type: 'set',
    snapshot: {
      service: 'order',
      instances,
      undecoded: [],
      skipped: [],
      revision,
      takenAtMs: 0,
      partial: false,
    },
    ...(gap === undefined ? {} : { gap }),
  };
}

/** Changes at a revision. */
export function someChanges(revision: string, ...changes: readonly Change[]): FollowSignal {
  return { type: 'changes', revision, changes };
}
