import { isAborted } from '../../errors.js';
import { instanceKey, type Instance, type Revision, type Snapshot } from '../../model/instance.js';
import type { Change, LeftReason } from '../../model/membership.js';
import type { Clock } from '../../time/clock.js';
import type { Follower, FollowSignal } from '../keep-following.js';
import {
  isAhead,
  isExpired,
  laterRevision,
  type Seen,
  type Store,
  type StoreContent,
  type Stored,
} from './store.js';
import { decodeStored } from './to-instance.js';

interface Known {
  /** Differs whenever the entry was written anew; a renewal does not change it. */
  readonly mark: string;
  readonly expiresAtMs: number;
}

/** A watch of the embedded registry: what the store sees, and what ends by itself because nobody renewed it. */
export class LocalFollower implements Follower {
  readonly service: string | null;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #layout: string;
  #known = new Map<string, Known>();
  #revision: Revision = '0';
  /** Wall clock; never later than the first expiry, often earlier, because renewals only put it off. */
  #lookAtMs = Infinity;
  /** Keys whose TTL has to count from now. */
  #ahead: string[] = [];

  constructor(store: Store, clock: Clock, service: string | null, layout: string) {
    this.service = service;
    this.#store = store;
    this.#clock = clock;
    this.#layout = layout;
  }

  async *follow(signal: AbortSignal): AsyncGenerator<FollowSignal> {
    using watch = this.#store.watch(this.service, signal);
    let first = true;
    while (!signal.aborted) {
      const seen = await watch.next(Math.max(0, this.#lookAtMs - this.#clock.nowMs()));
      if (isAborted(signal)) return;
      if (seen !== null) this.#revision = laterRevision(this.#revision, revisionOf(seen));
      if (first && seen?.type === 'all') {
        first = false;
        yield { type: 'set', snapshot: this.#begin(seen.content) };
        continue;
      }
      await this.#store.reap(this.#ahead.splice(0));
      const changes = [...this.#compare(seen), ...this.#expire()];
      if (changes.length > 0) yield { type: 'changes', revision: this.#revision, changes };
    }
  }

  reasonOf(instance: Instance): LeftReason {
    const known = this.#known.get(instanceKey(instance));
    return known !== undefined && known.expiresAtMs <= this.#clock.nowMs() ? 'expired' : 'deleted';
  }

  refreshCredentials(): void {
    // Files carry no credentials of ours.
  }

  #begin(content: StoreContent): Snapshot {
    this.#known = new Map();
    this.#lookAtMs = Infinity;
    const nowMs = this.#clock.nowMs();
    for (const stored of content.stored) if (!hasEnded(stored, nowMs)) this.#remember(stored);
    return toSnapshot(content, this.service, nowMs, this.#layout);
  }

  #compare(seen: Seen | null): Change[] {
    if (seen === null) return [];
    if (seen.type === 'some')
      return [...seen.changed].flatMap(([key, stored]) => this.#changeOf(key, stored));
    const found = new Set(seen.content.stored.map(({ key }) => key));
    const missing = [...this.#known.keys()].filter((key) => !found.has(key));
    return [
      ...missing.flatMap((key) => this.#changeOf(key, null)),
      ...seen.content.stored.flatMap((stored) => this.#changeOf(stored.key, stored)),
    ];
  }

  #changeOf(key: string, stored: Stored | null): Change[] {
    const nowMs = this.#clock.nowMs();
    const known = this.#known.get(key);
    if (stored === null || hasEnded(stored, nowMs)) {
      if (known === undefined) return [];
      this.#known.delete(key);
      const expired = stored !== null || known.expiresAtMs <= nowMs;
      return [{ type: 'remove', key, reason: expired ? 'expired' : 'deleted' }];
    }
    const mark = this.#remember(stored);
    if (known?.mark === mark) return [];
    const decoded = decodeStored(stored, nowMs, this.#layout);
    return decoded.state === 'instance'
      ? [{ type: 'put', instance: decoded.instance }]
      : [{ type: 'undecoded', entry: decoded.entry }];
  }

  #remember(stored: Stored): string {
    const mark = stored.state === 'entry' ? stored.revision : stored.sha256;
    if (stored.state === 'entry' && isAhead(stored, this.#clock.nowMs())) this.#ahead.push(stored.key);
    const expiresAtMs = stored.state === 'entry' ? (stored.lease?.expiresAtMs ?? Infinity) : Infinity;
    this.#known.set(stored.key, { mark, expiresAtMs });
    this.#lookAtMs = Math.min(this.#lookAtMs, expiresAtMs);
    return mark;
  }

  /** Everything whose TTL has passed by now, and when to look again. */
  #expire(): Change[] {
    const nowMs = this.#clock.nowMs();
    if (nowMs < this.#lookAtMs) return [];
    this.#lookAtMs = Infinity;
    const due: string[] = [];
    for (const [key, { expiresAtMs }] of this.#known) {
      if (expiresAtMs <= nowMs) due.push(key);
      else this.#lookAtMs = Math.min(this.#lookAtMs, expiresAtMs);
    }
    // The notice of a renewal may have been lost, so the entry itself has the last word.
    return due.flatMap((key) => this.#changeOf(key, this.#store.read(key)));
  }
}

/** What a store holds as a snapshot: without what has expired, in order of service and id. */
export function toSnapshot(
  content: StoreContent,
  service: string | null,
  nowMs: number,
  layout: string,
): Snapshot {
  const decoded = content.stored
    .filter((stored) => !hasEnded(stored, nowMs))
    .map((stored) => decodeStored(stored, nowMs, layout));
  return {
    service,
    instances: decoded.flatMap((one) => (one.state === 'instance' ? [one.instance] : [])),
    undecoded: decoded.flatMap((one) => (one.state === 'undecoded' ? [one.entry] : [])),
    skipped: [],
    revision: content.revision,
    takenAtMs: nowMs,
    partial: false,
  };
}

function hasEnded(stored: Stored, nowMs: number): boolean {
  return stored.state === 'entry' && isExpired(stored, nowMs);
}

function revisionOf(seen: Seen): Revision {
  return seen.type === 'all' ? seen.content.revision : seen.revision;
}
