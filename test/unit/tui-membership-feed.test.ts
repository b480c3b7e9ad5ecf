/** How the view says how its connection is, and what it makes of an outage. */
import { afterEach, describe, expect, it } from 'vitest';
import { SdctlError } from '../../src/lib/errors.js';
import type { Instance } from '../../src/lib/model/instance.js';
import type { ReadOnlyRegistry } from '../../src/lib/registry/read-only.js';
import { keepFollowing } from '../../src/lib/registry/keep-following.js';
import { MembershipFeed, type MembershipFeedOptions } from '../../src/lib/tui/feed/membership-feed.js';
import { Book } from '../../src/lib/tui/model/book.js';
import { anInstance } from '../support/builders.js';
import { FakeClock } from '../support/fake-clock.js';
import { aSet, ScriptedFollower, someChanges, type Moment } from '../support/scripted-follower.js';

const unreachable = new SdctlError('E_UNREACHABLE', 'cannot reach etcd');
const denied = new SdctlError('E_FORBIDDEN', 'permission denied');
const one = anInstance({ id: 'one' });
const two = anInstance({ id: 'two' });
const three = anInstance({ id: 'three' });
const gone = (instance: Instance) =>
  ({ type: 'remove', key: instance.key ?? '', reason: 'deleted' }) as const;
const put = (instance: Instance) => ({ type: 'put', instance }) as const;

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A feed over streams that were written down; each watch takes the next list of them. */
function scene(...watches: readonly Moment[][][]) {
  const clock = new FakeClock();
  const end = new AbortController();
  const book = new Book(100);
  const returns: { readonly ms: number; readonly joined: number; readonly left: number }[] = [];
  const notices: string[] = [];
  const followers: ScriptedFollower[] = [];
  const left = [...watches];
  let changes = 0;
  const registry = {
    watch: (_service, options) => {
      const follower = new ScriptedFollower(clock, left.shift() ?? [[]]);
      followers.push(follower);
      return keepFollowing(follower, { clock, random: () => 0 }, options);
    },
  } as Partial<ReadOnlyRegistry> as ReadOnlyRegistry;
  const options: MembershipFeedOptions = {
    registry,
    book,
    clock,
    signal: end.signal,
    service: null,
    timeoutMs: null,
    onChange: () => {
      changes += 1;
    },
    onReturn: (away) => returns.push(away),
    onNotice: (text) => notices.push(text),
  };
  const feed = new MembershipFeed(options);
  const run = feed.run();
  ends.push(async () => {
    end.abort();
    await run.catch(() => undefined);
  });
  const types = (): readonly string[] =>
    book.events
      .newest(Infinity)
      .map(({ event }) => event.type)
      .reverse();
  return { clock, book, feed, run, end, returns, notices, followers, types, changes: () => changes };
}

describe('MembershipFeed', () => {
  it('is loading until the first set is there', async () => {
    const { clock, book, feed, types } = scene([[500, aSet('7', [one])]]);
    expect(feed.connection).toEqual({ kind: 'loading', sinceMs: 0, problem: null, retryAtMs: null });
    await clock.advance(499);
    expect(feed.connection.kind).toBe('loading');
    expect(book.isLoaded).toBe(false);
    await clock.advance(1);
    expect(feed.connection).toEqual({ kind: 'live' });
    expect(book.instanceCount).toBe(1);
    expect(types()).toEqual(['synced']);
  });

  it('says while it is loading what is wrong and when it tries again', async () => {
    const { clock, feed, changes } = scene([[unreachable], [unreachable], [aSet('7', [one])]]);
    await clock.settle();
    expect(feed.connection).toEqual({ kind: 'loading', sinceMs: 0, problem: unreachable, retryAtMs: 100 });
    expect(changes()).toBeGreaterThan(0);
    await clock.advance(100);
    expect(feed.connection).toEqual({ kind: 'loading', sinceMs: 0, problem: unreachable, retryAtMs: 300 });
    await clock.advance(200);
    expect(feed.connection.kind).toBe('live');
  });

  it('tries again after a second when it is refused', async () => {
    const { clock, feed } = scene([[denied], [aSet('7', [one])]]);
    await clock.settle();
    expect(feed.connection).toMatchObject({ kind: 'loading', retryAtMs: 1_000 });
    await clock.advance(1_000);
    expect(feed.connection.kind).toBe('live');
  });

  it('has failed where no retry can help', async () => {
    const wrong = new SdctlError('E_CONFIG', 'no such file');
    const { clock, feed, run, changes } = scene([[wrong]]);
    await clock.settle();
    await run;
    expect(feed.connection).toEqual({ kind: 'failed', problem: wrong });
    expect(changes()).toBe(1);
  });

  it('does not hide a defect', async () => {
    const { clock, run } = scene([[new TypeError('broken')]]);
    const outcome = expect(run).rejects.toThrow('broken');
    await clock.settle();
    await outcome;
  });

  it('follows what happens', async () => {
    const { clock, book, types } = scene([
      [aSet('1', [one]), 10, someChanges('2', put(two)), 10, someChanges('3', gone(one))],
    ]);
    await clock.advance(30);
    expect(types()).toEqual(['synced', 'joined', 'left']);
    expect(book.presentInstances()).toEqual([two]);
    expect(book.revision).toBe('3');
  });

  it('is stale from the moment of the loss, with the next try in sight; what was known stays', async () => {
    const { clock, book, feed, types } = scene([
      [aSet('1', [one]), 6_000, unreachable],
      [unreachable],
      [unreachable],
      [aSet('1', [one])],
    ]);
    await clock.advance(6_000);
    expect(feed.connection).toEqual({
      kind: 'stale',
      sinceMs: 6_000,
      problem: unreachable,
      retryAtMs: 6_100,
    });
    await clock.advance(100);
    expect(feed.connection).toMatchObject({ kind: 'stale', sinceMs: 6_000, retryAtMs: 6_300 });
    expect(book.presentInstances()).toEqual([one]);
    expect(types()).toEqual(['synced', 'stale']);
    await clock.advance(600);
    expect(feed.connection.kind).toBe('live');
    expect(types()).toEqual(['synced', 'stale', 'synced']);
  });

  it('lets no time go by while it is stale', async () => {
    const { clock, book } = scene([
      [aSet('1', [one]), 6_000, unreachable],
      [2_000, unreachable],
      [aSet('1', [one])],
    ]);
    await clock.advance(1_000);
    book.readTtl(
      { id: 'lease-1', grantedSeconds: 30, leftSeconds: 25, isOverdue: false },
      { wallMs: 0, monotonicMs: 1_000 },
    );
    const left = (): number | null => book.ttls.view('lease-1', clock.monotonicMs()).leftSeconds;
    await clock.advance(5_000);
    expect(left()).toBe(20);
    await clock.advance(2_000);
    expect(left()).toBe(20);
    await clock.advance(1_000);
    expect(left()).toBe(17);
  });

  it('says after an outage how long it was and who came and left meanwhile', async () => {
    const { clock, feed, returns, types } = scene([
      [aSet('1', [one]), 6_000, unreachable],
      [aSet('9', [two, three])],
    ]);
    await clock.advance(6_100);
    expect(feed.connection.kind).toBe('live');
    expect(returns).toEqual([]);
    await clock.advance(400);
    expect(returns).toEqual([{ ms: 100, joined: 2, left: 1 }]);
    expect(types()).toEqual(['synced', 'stale', 'synced', 'left', 'joined', 'joined']);
  });

  it('does not say that it is back when it is gone again', async () => {
    const { clock, feed, returns } = scene([
      [aSet('1', [one]), 6_000, unreachable],
      [aSet('1', [one]), 50, unreachable],
      [5_000, aSet('1', [one, two])],
    ]);
    await clock.advance(10_000);
    expect(feed.connection.kind).toBe('stale');
    expect(returns).toEqual([]);
    await clock.advance(5_000);
    expect(returns).toHaveLength(1);
    expect(returns[0]).toMatchObject({ joined: 1, left: 0 });
  });

  it('reads everything anew when it is asked to, and tells each difference once', async () => {
    const { clock, book, feed, followers, returns, types } = scene(
      [[aSet('1', [one, two])]],
      [[aSet('5', [{ ...two, version: '2' }, three]), 100, someChanges('6', gone(three))]],
    );
    await clock.advance(1_000);
    feed.restart();
    await clock.settle();
    expect(followers).toHaveLength(2);
    expect(types()).toEqual(['synced', 'synced', 'left', 'updated', 'joined']);
    expect(book.presentInstances().map(({ id }) => id)).toEqual(['two', 'three']);
    expect(book.events.newest(3).every(({ event }) => 'resync' in event && event.resync)).toBe(true);
    await clock.advance(1_000);
    expect(types().slice(5)).toEqual(['left']);
    expect(returns).toEqual([]);
    expect(book.instanceCount).toBe(1);
  });

  it('tells nothing but the set where a restart finds nothing new', async () => {
    const { clock, feed, types } = scene([[aSet('1', [one, two])]], [[aSet('1', [two, one])]]);
    await clock.advance(1_000);
    feed.restart();
    await clock.settle();
    expect(types()).toEqual(['synced', 'synced']);
  });

  it('ends an outage with a restart', async () => {
    const { clock, feed, returns } = scene(
      [
        [aSet('1', [one]), 6_000, unreachable],
        [60_000, unreachable],
      ],
      [[aSet('5', [two])]],
    );
    await clock.advance(20_000);
    expect(feed.connection.kind).toBe('stale');
    feed.restart();
    await clock.advance(400);
    expect(feed.connection.kind).toBe('live');
    expect(returns).toEqual([{ ms: 14_000, joined: 1, left: 1 }]);
  });

  it('is stale when a restart finds nobody', async () => {
    const { clock, book, feed } = scene([[aSet('1', [one])]], [[unreachable], [unreachable]]);
    await clock.advance(1_000);
    feed.restart();
    await clock.settle();
    expect(feed.connection).toMatchObject({ kind: 'stale', sinceMs: 1_000, retryAtMs: 1_100 });
    expect(book.instanceCount).toBe(1);
  });

  it('knows what cannot be read, also after the first set', async () => {
    const entry = {
      key: '/services/order/one',
      isBinaryKey: false,
      service: null,
      reason: 'no JSON',
      sizeBytes: 1,
      sha256: 'ab',
      leaseId: null,
    };
    const { clock, book, notices } = scene([
      [aSet('1', [one]), 10, someChanges('2', { type: 'undecoded', entry }), 10, someChanges('3', put(one))],
    ]);
    await clock.advance(15);
    expect(book.undecoded).toEqual([entry]);
    expect(book.instanceCount).toBe(0);
    expect(notices).toHaveLength(1);
    await clock.advance(10);
    expect([book.undecodedCount, book.instanceCount]).toEqual([0, 1]);
  });

  it('ends when it is told to, and says nothing after that', async () => {
    const { clock, end, run, changes, returns } = scene([
      [aSet('1', [one]), 6_000, unreachable],
      [aSet('1', [one])],
    ]);
    await clock.advance(6_200);
    end.abort();
    await run;
    const before = changes();
    await clock.advance(10_000);
    expect(changes()).toBe(before);
    expect(returns).toEqual([]);
    expect(clock.isIdle).toBe(true);
  });
});
