import { describe, expect, it } from 'vitest';
import { SdctlError } from '../../src/lib/errors.js';
import type { MembershipEvent } from '../../src/lib/model/membership.js';
import { keepFollowing, type FollowSignal } from '../../src/lib/registry/keep-following.js';
import type { WatchOptions, WatchRetry } from '../../src/lib/registry/types.js';
import { anInstance } from '../support/builders.js';
import { FakeClock } from '../support/fake-clock.js';
import { aSet, ScriptedFollower, someChanges, type Moment } from '../support/scripted-follower.js';

const a = anInstance({ id: 'a' });
const b = anInstance({ id: 'b' });
const c = anInstance({ id: 'c' });
const keyOf = (instance: { key: string | null }): string => instance.key ?? '';
const away = new SdctlError('E_UNREACHABLE', 'nobody answers');
const refused = new SdctlError('E_AUTH', 'wrong password');

interface Run {
  readonly clock: FakeClock;
  readonly follower: ScriptedFollower;
  readonly events: MembershipEvent[];
  readonly notices: string[];
  readonly stop: () => Promise<void>;
  readonly ended: Promise<unknown>;
}

function run(streams: Moment[][], options: Partial<WatchOptions> = {}): Run {
  const clock = new FakeClock();
  const follower = new ScriptedFollower(clock, streams);
  const events: MembershipEvent[] = [];
  const notices: string[] = [];
  const stop = new AbortController();
  const collect = async (): Promise<void> => {
    const settings: WatchOptions = {
      notify: ({ level, text }) => notices.push(`${level}: ${text}`),
      ...options,
      signal: stop.signal,
    };
    for await (const event of keepFollowing(follower, { clock, random: () => 0 }, settings))
      events.push(event);
  };
  const ended = collect().then(
    () => 'quietly',
    (error: unknown) => error,
  );
  return {
    clock,
    follower,
    events,
    notices,
    ended,
    stop: async () => {
      stop.abort();
      expect(await ended).toBe('quietly');
    },
  };
}

/** `joined b resync`: enough to compare. */
function brief(events: readonly MembershipEvent[]): string[] {
  return events.map((event) => {
    switch (event.type) {
      case 'synced':
        return `synced ${event.snapshot.instances.map(({ id }) => id).join('+')}`;
      case 'stale':
        return `stale ${event.cause.code}`;
      case 'left':
        return `left ${event.instance.id} ${event.reason}${event.resync ? ' marked' : ''}`;
      default:
        return `${event.type} ${event.instance.id}${event.resync ? ' marked' : ''}`;
    }
  });
}

const entry = {
  key: keyOf(a),
  service: 'order',
  isBinaryKey: false,
  reason: 'no layout knows this value',
  sizeBytes: 1,
  sha256: '',
  leaseId: null,
};

describe('keepFollowing', () => {
  it('begins with the set and tells only visible changes', async () => {
    const { clock, events, stop } = run([
      [
        aSet('5', [a]),
        someChanges('6', { type: 'put', instance: b }),
        someChanges('7', { type: 'put', instance: { ...b, revision: '7' } }),
        someChanges('8', { type: 'put', instance: { ...b, version: '2' } }),
        someChanges('9', { type: 'remove', key: keyOf(b), reason: 'expired' }),
        someChanges('10', { type: 'remove', key: '/services/order/nobody', reason: 'deleted' }),
      ],
    ]);
    await clock.settle();
    expect(brief(events)).toEqual(['synced a', 'joined b', 'updated b', 'left b expired']);
    expect(events.map(({ revision }) => revision)).toEqual(['5', '6', '8', '9']);
    expect(events[2]).toMatchObject({ previous: { version: null }, instance: { version: '2' } });
    expect(events[0]?.at).toBe('2024-05-01T10:00:00.000Z');
    await stop();
  });

  it('says stale once, then synced, then the differences marked', async () => {
    const { clock, events, stop } = run([[aSet('5', [a, b]), away], [away], [away], [aSet('9', [b, c])]]);
    await clock.advance(1_000);
    expect(brief(events)).toEqual([
      'synced a+b',
      'stale E_UNREACHABLE',
      'synced b+c',
      'left a resync marked',
      'joined c marked',
    ]);
    expect(events[1]).toMatchObject({ attempt: 1, retryInMs: 100 });
    await stop();
  });

  it('tells nothing after a resume without loss, then what happened meanwhile unmarked', async () => {
    const { clock, events, stop } = run([
      [aSet('5', [a]), away],
      [{ type: 'resumed', revision: '5' }, someChanges('6', { type: 'put', instance: b })],
    ]);
    await clock.advance(1_000);
    expect(brief(events)).toEqual(['synced a', 'stale E_UNREACHABLE', 'synced a', 'joined b']);
    await stop();
  });

  it('announces a gap of a live stream only when something differs', async () => {
    const { clock, events, stop } = run([
      [aSet('5', [a]), aSet('6', [a], true), aSet('7', [b], true), aSet('8', [b, c])],
    ]);
    await clock.settle();
    expect(brief(events)).toEqual([
      'synced a',
      'synced b',
      'left a resync marked',
      'joined b marked',
      'joined c',
    ]);
    await stop();
  });

  it('is stale again after a stream that ended without a word', async () => {
    const { clock, events, stop } = run([[aSet('5', [a])], [aSet('6', [a])]]);
    await clock.advance(1_000);
    expect(brief(events)).toEqual(['synced a', 'stale E_UNREACHABLE', 'synced a']);
    await stop();
  });

  it('waits longer and longer, never more than a second, and begins anew only after 5 s of life', async () => {
    const dying = Array.from({ length: 6 }, (): Moment[] => [away]);
    const flapping: Moment[][] = [
      [aSet('5', [a]), 4_999, away],
      [aSet('5', [a]), 5_000, away],
    ];
    const { clock, follower, stop } = run([[aSet('5', [a]), away], ...dying, ...flapping, [aSet('5', [a])]]);
    await clock.advance(60_000);
    const pauses = clock.sleeps.filter((ms) => ms <= 1_000);
    expect(pauses).toEqual([100, 200, 400, 800, 1_000, 1_000, 1_000, 1_000, 100]);
    expect(follower.begunMs).toHaveLength(10);
    await stop();
  });

  it('reads credentials again after a refusal, every 5 s, and says so once', async () => {
    const { clock, follower, events, notices, stop } = run([
      [aSet('5', [a]), refused],
      [refused],
      [refused],
      [aSet('6', [a])],
    ]);
    await clock.advance(14_999);
    expect(follower.begunMs).toEqual([0, 5_000, 10_000]);
    await clock.advance(1);
    expect(follower.refreshed).toBe(3);
    expect(brief(events)).toEqual(['synced a', 'stale E_AUTH', 'synced a']);
    expect(notices.filter((text) => text.startsWith('warning'))).toEqual([]);
    await stop();
  });

  it('waits after a refusal for as long as the caller says, also before the first answer', async () => {
    const { clock, follower, events, stop } = run(
      [[refused], [refused], [aSet('5', [a]), refused], [aSet('6', [a])]],
      { retryStartMs: Infinity, refusedPauseMs: 1_000 },
    );
    await clock.advance(10_000);
    expect(follower.begunMs).toEqual([0, 1_000, 2_000, 3_000]);
    expect(follower.refreshed).toBe(3);
    expect(brief(events)).toEqual(['synced a', 'stale E_AUTH', 'synced a']);
    await stop();
  });

  it('reads credentials again when nothing may be seen, and tries again as after an outage', async () => {
    const filtered = new SdctlError('E_FILTERED', 'access rules hide everything');
    const { clock, follower, stop } = run([[aSet('5', [a]), filtered], [filtered], [aSet('6', [a])]]);
    await clock.advance(10_000);
    expect(follower.begunMs).toEqual([0, 100, 300]);
    expect(follower.refreshed).toBe(2);
    await stop();
  });

  it('tells of every attempt that failed, the first one and those before the first answer too', async () => {
    const retries: string[] = [];
    const onRetry = ({ cause, attempt, retryInMs }: WatchRetry): void => {
      retries.push(`${cause.code} ${attempt} ${retryInMs}`);
    };
    const { clock, stop } = run(
      [[away], [away], [aSet('5', [a]), 5_000, away], [refused], [aSet('6', [a])]],
      {
        retryStartMs: Infinity,
        onRetry,
      },
    );
    await clock.advance(20_000);
    expect(retries).toEqual([
      'E_UNREACHABLE 1 100',
      'E_UNREACHABLE 2 200',
      'E_UNREACHABLE 1 100',
      'E_AUTH 2 5000',
    ]);
    await stop();
  });

  it('tells of no attempt that is not made again', async () => {
    const retries: WatchRetry[] = [];
    const missing = new SdctlError('E_FILE', 'cannot read the file');
    const onRetry = (retry: WatchRetry): void => {
      retries.push(retry);
    };
    expect(await run([[missing]], { retryStartMs: Infinity, onRetry }).ended).toBe(missing);
    expect(await run([[away]], { onRetry }).ended).toBe(away);
    expect(retries).toEqual([]);
  });

  it('warns once when an outage turns into a refusal', async () => {
    const { clock, notices, stop } = run([[aSet('5', [a]), away], [refused], [refused], [aSet('6', [a])]]);
    await clock.advance(20_000);
    expect(notices.filter((text) => text.startsWith('warning'))).toHaveLength(1);
    await stop();
  });

  it('throws the first failure, unless told to retry', async () => {
    const once = run([[away], [aSet('5', [a])]]);
    expect(await once.ended).toBe(away);
    const patient = run([[away], [away], [aSet('5', [a])]], { retryStartMs: 1_000 });
    await patient.clock.advance(1_000);
    expect(brief(patient.events)).toEqual(['synced a']);
    await patient.stop();
    const impatient = run([[away], [away], [away], [away], [away]], { retryStartMs: 500 });
    await impatient.clock.advance(5_000);
    expect(await impatient.ended).toBe(away);
    expect(impatient.events).toEqual([]);
  });

  it('waits for a file that cannot be read only after it has begun', async () => {
    const missing = new SdctlError('E_FILE', 'cannot read the file');
    expect(await run([[missing], [aSet('5', [a])]], { retryStartMs: Infinity }).ended).toBe(missing);
    const begun = run([[aSet('5', [a]), missing], [aSet('6', [a])]]);
    await begun.clock.advance(1_000);
    expect(brief(begun.events)).toEqual(['synced a', 'stale E_FILE', 'synced a']);
    await begun.stop();
  });

  it('passes a defect on', async () => {
    const defect = new TypeError('x is not a function');
    expect(await run([[aSet('5', [a]), defect]]).ended).toBe(defect);
  });

  it('ends quietly while it waits to try again', async () => {
    const { clock, events, stop } = run([[aSet('5', [a]), away], [aSet('6', [a])]]);
    await clock.settle();
    expect(brief(events)).toEqual(['synced a', 'stale E_UNREACHABLE']);
    await stop();
  });

  it('reports an entry that cannot be read, and that the instance behind it left', async () => {
    const { clock, events, notices, stop } = run([
      [aSet('5', [a]), someChanges('6', { type: 'undecoded', entry })],
    ]);
    await clock.settle();
    expect(brief(events)).toEqual(['synced a', 'left a unknown']);
    expect(notices).toEqual(['warning: cannot read entry /services/order/a: no layout knows this value']);
    await stop();
  });

  it('tells of each entry that cannot be read, and of its end, however it is followed', async () => {
    const told: string[] = [];
    const { clock, stop } = run(
      [
        [
          aSet('5', [a]),
          someChanges('6', { type: 'undecoded', entry }),
          someChanges('7', { type: 'put', instance: a }),
          someChanges('8', { type: 'put', instance: b }),
          withUnread(aSet('9', [a])),
          aSet('10', [a]),
        ],
      ],
      { onUnread: (change) => told.push(`${change.key} ${change.entry === null ? 'gone' : 'there'}`) },
    );
    await clock.settle();
    expect(told).toEqual([
      `${entry.key} there`,
      `${entry.key} gone`,
      `${entry.key} there`,
      `${entry.key} gone`,
    ]);
    await stop();
  });
});

function withUnread(set: FollowSignal): FollowSignal {
  return set.type === 'set' ? { ...set, snapshot: { ...set.snapshot, undecoded: [entry] } } : set;
}
