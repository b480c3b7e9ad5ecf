import { isAborted, isRefusal, SdctlError } from '../errors.js';
import {
  instanceKey,
  shownKey,
  type Instance,
  type Revision,
  type Snapshot,
  type UndecodedEntry,
} from '../model/instance.js';
import {
  MembershipState,
  type Change,
  type Difference,
  type LeftReason,
  type MembershipEvent,
} from '../model/membership.js';
import { backoffMs, type Random } from '../time/backoff.js';
import { toRfc3339, type Clock } from '../time/clock.js';
import type { UnreadChange, WatchOptions } from './types.js';

/**
 * What an adapter's stream reports. `set`: the whole truth, read anew; the loop compares. `gap: true` on it means
 * that differences happened unseen although the stream lived. `resumed`: connected again and nothing was missed;
 * what happened meanwhile follows as `changes`.
 */
export type FollowSignal =
  | { readonly type: 'set'; readonly snapshot: Snapshot; readonly gap?: true }
  | { readonly type: 'resumed'; readonly revision: Revision }
  | { readonly type: 'changes'; readonly revision: Revision; readonly changes: readonly Change[] };

/** One watch of one adapter. It keeps its own resume point between calls of `follow`. */
export interface Follower {
  /** null: all services. */
  readonly service: string | null;
  /** Streams until the signal aborts (returns or throws, both fine) or something breaks (throws). First signal: `set` or `resumed`. */
  follow(signal: AbortSignal): AsyncIterable<FollowSignal>;
  /** Why an instance that is missing from a later `set` of a live stream is gone. */
  reasonOf(instance: Instance): LeftReason;
  /** Called after a refusal, or when nothing may be seen, before the next attempt: read credential files again. */
  refreshCredentials(): void;
}

export interface LoopDeps {
  readonly clock: Clock;
  readonly random: Random;
}

const LIVE_MS = 5_000;
const REFUSED_PAUSE_MS = 5_000;

/** Repeats `follow` until the caller aborts; a failure becomes a `stale` event, never the end of the stream. */
export async function* keepFollowing(
  follower: Follower,
  deps: LoopDeps,
  options: WatchOptions,
): AsyncGenerator<MembershipEvent, void, void> {
  const { clock } = deps;
  const { signal } = options;
  const state = new MembershipState();
  const startedMs = clock.monotonicMs();
  let synced = false;
  let stale = false;
  let refused = false;
  let revision: Revision = '0';
  let failures = 0;

  const stamp = (): { at: string; revision: Revision } => ({ at: toRfc3339(clock.nowMs()), revision });
  const toEvent = (difference: Difference, resync: boolean): MembershipEvent => {
    const common = { ...stamp(), resync };
    if (difference.type !== 'left') return { ...difference, ...common };
    return { ...difference, ...common, reason: resync ? 'resync' : difference.reason };
  };
  const syncedEvent = (): MembershipEvent => ({
    type: 'synced',
    ...stamp(),
    snapshot: state.toSnapshot(follower.service, revision, clock.nowMs()),
  });

  while (!signal.aborted) {
    let liveSinceMs: number | null = null;
    try {
      for await (const received of follower.follow(signal)) {
        if (isAborted(signal)) return;
        liveSinceMs ??= clock.monotonicMs();
        revision = received.type === 'set' ? received.snapshot.revision : received.revision;
        refused = false;
        switch (received.type) {
          case 'set': {
            const unread = options.onUnread === undefined ? [] : state.undecoded;
            const differences = state.replace(received.snapshot, (gone) => follower.reasonOf(gone));
            const announce = !synced || stale || (received.gap === true && differences.length > 0);
            if (announce) yield syncedEvent();
            else for (const change of unreadBetween(unread, state)) options.onUnread?.(change);
            // Taken out one by one: what a generator has in its variables lives as long as the stream, and the first set
            // is all there is.
            if (!synced) differences.length = 0;
            differences.reverse();
            for (let next = differences.pop(); next !== undefined; next = differences.pop())
              for (const one of asSeen(next)) yield toEvent(one, announce);
            break;
          }
          case 'resumed':
            if (stale) yield syncedEvent();
            break;
          case 'changes':
            for (const change of received.changes) {
              const unread = options.onUnread === undefined ? null : unreadAfter(state, change);
              const difference = state.apply(change);
              if (unread !== null) options.onUnread?.(unread);
              if (difference !== null) for (const one of asSeen(difference)) yield toEvent(one, false);
              if (change.type === 'undecoded') {
                options.notify?.({
                  level: 'warning',
                  text: `cannot read entry ${shownKey(change.entry)}: ${change.entry.reason}`,
                });
              }
            }
            break;
        }
        synced = true;
        stale = false;
      }
      if (isAborted(signal)) return;
      throw new SdctlError('E_UNREACHABLE', 'the registry ended the stream');
    } catch (thrown) {
      if (isAborted(signal)) return;
      if (!(thrown instanceof SdctlError) || thrown.code === 'E_DEFECT') throw thrown;
      if (liveSinceMs !== null && clock.monotonicMs() - liveSinceMs >= LIVE_MS) failures = 0;
      failures += 1;
      // A wrong file or setting is not waited for at the start; later it may be under repair.
      const isOver = clock.monotonicMs() - startedMs >= (options.retryStartMs ?? 0);
      if (!synced && (isOver || thrown.exitCode === 2)) throw thrown;
      const retryInMs = isRefusal(thrown)
        ? (options.refusedPauseMs ?? REFUSED_PAUSE_MS)
        : backoffMs(failures, deps.random);
      // Who may see nothing may have been sent without a token, from a file that was just being written.
      if (isRefusal(thrown) || thrown.code === 'E_FILTERED') follower.refreshCredentials();
      options.onRetry?.({ cause: thrown, attempt: failures, retryInMs: Math.round(retryInMs) });
      if (!synced || stale) {
        // Said once: that it waits for a first answer at all, and that it is refused.
        const first = (!synced && failures === 1) || (isRefusal(thrown) && !refused);
        options.notify?.({
          level: first ? 'warning' : 'detail',
          text: describe(thrown, failures, retryInMs),
        });
      } else {
        stale = true;
        yield {
          type: 'stale',
          ...stamp(),
          cause: thrown,
          attempt: failures,
          retryInMs: Math.round(retryInMs),
        };
      }
      refused = isRefusal(thrown);
      await clock.sleep(retryInMs, signal);
    }
  }
}

/** What a change does to the entries that cannot be read; null: nothing. */
function unreadAfter(state: MembershipState, change: Change): UnreadChange | null {
  if (change.type === 'undecoded') return { key: change.entry.key, entry: change.entry };
  const key = keyOf(change);
  return state.hasUndecoded(key) ? { key, entry: null } : null;
}

function* unreadBetween(before: readonly UndecodedEntry[], now: MembershipState): Generator<UnreadChange> {
  const known = new Set(before.map(({ key }) => key));
  for (const { key } of before) if (!now.hasUndecoded(key)) yield { key, entry: null };
  for (const entry of now.undecoded) if (!known.has(entry.key)) yield { key: entry.key, entry };
}

function keyOf(change: Exclude<Change, { readonly type: 'undecoded' }>): string {
  if (change.type === 'put') return instanceKey(change.instance);
  return change.type === 'skipped' ? change.entry.key : change.key;
}

/** An entry that names another service or instance now is not the same one any more, though its key is. */
function asSeen(difference: Difference): readonly Difference[] {
  if (difference.type !== 'updated') return [difference];
  const { instance, previous } = difference;
  if (instance.service === previous.service && instance.id === previous.id) return [difference];
  return [
    { type: 'left', instance: previous, reason: 'replaced' },
    { type: 'joined', instance },
  ];
}

function describe(error: SdctlError, attempt: number, retryInMs: number): string {
  const why = error.why === undefined ? '' : ` (${error.why})`;
  return `attempt ${attempt}: ${error.message}${why}; next in ${(retryInMs / 1_000).toFixed(1)}s`;
}
