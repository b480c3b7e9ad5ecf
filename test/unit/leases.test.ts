/** What is worked out about leases: ids, renewals, order and filters, and what changed from one reading to the next. */
import { describe, expect, it } from 'vitest';
import { LeaseFollower } from '../../src/lib/discovery/lease-follower.js';
import { isLeaseId, parseLeaseId } from '../../src/lib/discovery/lease-id.js';
import { elapsedBetween, judgeRenewal, withRenewals } from '../../src/lib/discovery/lease-renewal.js';
import { selectLeases, type LeaseFilter } from '../../src/lib/discovery/lease-selection.js';
import type { LeaseRecord } from '../../src/lib/model/lease.js';
import type { LeaseEvent } from '../../src/lib/model/lease-event.js';
import { formatLeaseName, readLeaseName } from '../../src/lib/model/lease-name.js';
import type { Lease } from '../../src/lib/registry/types.js';
import { aBinding, aCheck, aKey, aLease, aSession } from './lease-samples.js';

describe('an id', () => {
  it.each([
    ['694d8c1f2a3b4c2d', '694d8c1f2a3b4c2d'],
    ['694D8C1F2A3B4C2D', '694d8c1f2a3b4c2d'],
    ['0x694d8c1f2a3b4c2d', '694d8c1f2a3b4c2d'],
    ['dec:7587875012669557805', '694d8c1f2a3b4c2d'],
    ['7587875012669557805', '694d8c1f2a3b4c2d'],
    ['ff', '00000000000000ff'],
    ['1234567890123456', '1234567890123456'],
    ['12345678901234567', '002bdc545d6b4b87'],
    ['dec:255', '00000000000000ff'],
    ['dec:9223372036854775807', '7fffffffffffffff'],
    ['dec:9223372036854775808', '8000000000000000'],
    ['dec:18446744073709551615', 'ffffffffffffffff'],
    ['9999999999999999999', '8ac7230489e7ffff'],
    ['ffffffffffffffff', 'ffffffffffffffff'],
  ])('%s of etcd is %s', (typed, id) => {
    expect(parseLeaseId(typed, 'etcd')).toEqual({ ok: true, names: [{ id, node: null }] });
  });

  it.each([
    ['', 'it is empty'],
    ['dec:18446744073709551616', 'it is larger than 18446744073709551615'],
    ['dec:-1', 'it is negative'],
    ['-7587875012669557805', 'it is negative'],
    ['12345678901234567890', 'it is no number of 64 bits'],
    ['0x', 'it is no number of 64 bits'],
    ['0x694d8c1f2a3b4c2d0', 'it is no number of 64 bits'],
    ['dec:', 'it is no number of 64 bits'],
    ['dec:ff', 'it is no number of 64 bits'],
    ['694d 8c1f', 'it is no number of 64 bits'],
    ['payments/i-39', 'it is no number of 64 bits'],
  ])('%j of etcd is refused: %s', (typed, reason) => {
    expect(parseLeaseId(typed, 'etcd')).toEqual({ ok: false, reason });
  });

  it('of Consul names a node or not', () => {
    expect(readLeaseName('service:web@node-2')).toEqual([
      { id: 'service:web', node: 'node-2' },
      { id: 'service:web@node-2', node: null },
    ]);
    expect(readLeaseName('a%40b@n')[0]).toEqual({ id: 'a@b', node: 'n' });
    expect(readLeaseName('a/b')).toEqual([{ id: 'a/b', node: null }]);
    expect(readLeaseName('@n')).toEqual([{ id: '@n', node: null }]);
    expect(readLeaseName('a%2Fb')).toEqual([
      { id: 'a/b', node: null },
      { id: 'a%2Fb', node: null },
    ]);
    expect(formatLeaseName(aCheck({ id: 'a/b@c%d', node: 'n' }))).toBe('a/b%40c%25d@n');
    expect(formatLeaseName(aSession({ id: 'a@b' }))).toBe('a@b');
    expect(formatLeaseName(aCheck({ node: null, id: 'a@b' }))).toBe('a%40b');
  });

  it('of one form means the same as of another', () => {
    expect(isLeaseId('0x694D8C1F2A3B4C2D', 'etcd', aLease())).toBe(true);
    expect(isLeaseId('dec:7587875012669557806', 'etcd', aLease())).toBe(false);
    expect(isLeaseId('lease', 'etcd', aLease())).toBe(false);
    expect(isLeaseId('service:i-39@node-2', 'consul', aCheck())).toBe(true);
    expect(isLeaseId('service:i-39', 'consul', aCheck())).toBe(true);
    expect(isLeaseId('service:i-39@node-3', 'consul', aCheck())).toBe(false);
  });
});

/** Between two samples that took no time. */
const after = (seconds: number) => ({ leastMs: seconds * 1_000, mostMs: seconds * 1_000 });

describe('a renewal', () => {
  const left = (leftSeconds: number | null, change: Partial<LeaseRecord> = {}) =>
    aLease({ leftSeconds, ...change });

  it.each([
    ['more time is left than before', 5, 6, 0.5, true],
    ['it lost less than passed', 14, 12, 5, true],
    ['it lost what passed, as far as rounding tells', 14, 10, 5, null],
    ['it lost what passed, for half its time', 14, 6, 8, false],
    ['it is over, and nothing was gained', 14, 0, 15, false],
    ['it outlived its time', 14, 1, 15, true],
    ['too little passed', 14, 13, 1, null],
    ['nothing passed', 14, 14, 0, null],
  ])('%s: %d s, then %d s after %d s is %s', (_why, first, second, seconds, expected) => {
    expect(judgeRenewal(left(first), left(second), after(seconds))).toBe(expected);
  });

  it('is not denied to a client that renews every third, however short the lease and whatever the moment', () => {
    for (const granted of [2, 3, 5, 9, 15, 30, 60]) {
      for (let phase = 0; phase < 1; phase += 0.05) {
        for (let wait = 0.1; wait <= granted * 1.5; wait += granted / 40) {
          const leftAt = (t: number) => Math.floor(granted - ((t + phase * (granted / 3)) % (granted / 3)));
          const lease = { grantedSeconds: granted };
          const verdict = judgeRenewal(left(leftAt(0), lease), left(leftAt(wait), lease), after(wait));
          expect(verdict, `${granted} s, phase ${phase}, after ${wait} s`).not.toBe(false);
        }
      }
    }
  });

  it('is not invented for a lease that nobody renews', () => {
    for (const granted of [2, 3, 5, 9, 15, 30, 60]) {
      for (let age = 0; age < 1; age += 0.05) {
        for (let wait = 0.1; wait + age < granted; wait += granted / 40) {
          const leftAt = (t: number) => Math.floor(granted - age - t);
          const lease = { grantedSeconds: granted };
          const verdict = judgeRenewal(left(leftAt(0), lease), left(leftAt(wait), lease), after(wait));
          expect(verdict, `${granted} s, age ${age}, after ${wait} s`).not.toBe(true);
          if (wait >= granted * 0.75 && wait > 4) expect(verdict).toBe(false);
        }
      }
    }
  });

  it('is not told where reading took as long as the wait', () => {
    expect(judgeRenewal(left(14), left(6), { leastMs: 8_000, mostMs: 11_000 })).toBe(null);
    expect(judgeRenewal(left(14), left(12), { leastMs: 3_000, mostMs: 30_000 })).toBe(null);
    expect(elapsedBetween({ fromMs: 0, toMs: 2_000 }, { fromMs: 10_000, toMs: 13_000 })).toEqual({
      leastMs: 8_000,
      mostMs: 13_000,
    });
  });

  it('is denied to an overdue lease, and not known without a first sample or a TTL', () => {
    expect(judgeRenewal(left(5), left(0, { isOverdue: true }), after(6))).toBe(false);
    expect(judgeRenewal(left(null), left(14), after(60))).toBe(null);
    expect(
      judgeRenewal(left(14, { grantedSeconds: null }), left(6, { grantedSeconds: null }), after(8)),
    ).toBe(null);
  });

  it.each([
    ['passing for its TTL', aCheck(), aCheck(), 15, true],
    ['warning for its TTL', aCheck({ health: 'warning' }), aCheck(), 16, true],
    ['passing for less', aCheck(), aCheck(), 14, null],
    [
      'passing, its TTL unknown',
      aCheck({ grantedSeconds: null }),
      aCheck({ grantedSeconds: null }),
      60,
      null,
    ],
    ['failed meanwhile', aCheck(), aCheck({ health: 'critical' }), 60, null],
    ['expired meanwhile', aCheck(), aCheck({ health: 'critical', isOverdue: true }), 60, null],
    [
      'expired in both',
      aCheck({ isOverdue: true }),
      aCheck({ health: 'critical', isOverdue: true }),
      1,
      false,
    ],
    ['a session', aSession(), aSession(), 60, null],
  ])('of a check that is %s', (_name, first, second, seconds, expected) => {
    expect(judgeRenewal(first, second, after(seconds))).toBe(expected);
  });

  it('is joined by id, kind and node', () => {
    const first = [aLease({ leftSeconds: 5 }), aCheck({ isOverdue: true }), aLease({ id: 'gone' })];
    const second = [
      aLease({ leftSeconds: 14 }),
      aLease({ id: 'new' }),
      aCheck({ isOverdue: true, node: 'node-3' }),
      aCheck({ isOverdue: true }),
    ];
    expect(
      withRenewals(first, second, after(20)).map(({ id, node, isRenewed }) => [id, node, isRenewed]),
    ).toEqual([
      ['694d8c1f2a3b4c2d', null, true],
      ['new', null, null],
      ['service:i-39', 'node-3', null],
      ['service:i-39', 'node-2', false],
    ]);
  });
});

describe('a list', () => {
  const all: LeaseFilter = { service: null, expiringSeconds: null, isOrphan: false };
  const ids = (leases: readonly LeaseRecord[], change: Partial<LeaseFilter> = {}) =>
    selectLeases(leases, { ...all, ...change }).map(({ id }) => id);

  it('begins with what is overdue, then with what ends first', () => {
    const leases = [
      aLease({ id: 'unknown', leftSeconds: null }),
      aLease({ id: 'b', leftSeconds: 3 }),
      aLease({ id: 'late', leftSeconds: 60 }),
      aLease({ id: 'a', leftSeconds: 3 }),
      aLease({ id: 'overdue', leftSeconds: 0, isOverdue: true }),
    ];
    expect(ids(leases)).toEqual(['overdue', 'a', 'b', 'late', 'unknown']);
    const checks = [
      aSession({ id: 's' }),
      aCheck({ id: 'p' }),
      aCheck({ id: 'w', health: 'warning' }),
      aCheck({ id: 'c', health: 'critical' }),
      aCheck({ id: 'o', health: 'critical', isOverdue: true }),
    ];
    expect(ids(checks)).toEqual(['o', 'c', 'w', 'p', 's']);
  });

  it('keeps what is asked for', () => {
    const leases = [
      aLease({ id: 'payments' }),
      aLease({
        id: 'both',
        leftSeconds: 20,
        bindings: [
          aKey('undecoded', '/x'),
          aBinding({ name: { service: 'ledger', id: 'i', node: null } }),
          aBinding(),
        ],
      }),
      aLease({
        id: 'marker',
        leftSeconds: 30,
        bindings: [aKey('marker', '/m', { name: { service: 'ledger', id: '', node: null } })],
      }),
      aLease({ id: 'nothing', leftSeconds: 40, bindings: [] }),
      aLease({ id: 'hidden', leftSeconds: 50, bindings: [], knowsBindings: false }),
      aLease({ id: 'overdue', leftSeconds: null, isOverdue: true }),
    ];
    expect(ids(leases, { service: 'ledger' })).toEqual(['both', 'marker']);
    expect(ids(leases, { service: 'pay*' })).toEqual(['overdue', 'payments', 'both']);
    expect(ids(leases, { service: 'payment' })).toEqual([]);
    expect(ids(leases, { expiringSeconds: 20 })).toEqual(['overdue', 'payments', 'both']);
    expect(ids(leases, { isOrphan: true })).toEqual(['nothing']);
    expect(ids(leases, { isOrphan: true, expiringSeconds: 20 })).toEqual([]);
  });
});

describe('following', () => {
  const told = (events: readonly LeaseEvent[]) =>
    events.map(({ type, lease: { id, leftSeconds } }) => `${type} ${id} ${leftSeconds}`);
  const at = (seconds: number) => ({ fromMs: seconds * 1_000, toMs: seconds * 1_000 });
  const everything = (leases: readonly LeaseRecord[]) => leases;
  const follow = (
    most = 200,
    select: (leases: readonly LeaseRecord[]) => readonly LeaseRecord[] = everything,
  ) => new LeaseFollower({ most, select });
  const glance = (...leases: readonly LeaseRecord[]) =>
    new Map<string, Lease>(leases.map((lease) => [lease.id, lease]));

  it('tells time, renewals, what is new and what ended', () => {
    const follower = follow();
    expect(
      follower.list([aLease({ id: 'a', leftSeconds: 14 }), aLease({ id: 'b', leftSeconds: 3 })], at(0)),
    ).toEqual([]);
    expect(
      told(follower.list([aLease({ id: 'a', leftSeconds: 13 }), aLease({ id: 'b', leftSeconds: 2 })], at(1))),
    ).toEqual(['left a 13', 'left b 2']);
    expect(
      told(follower.list([aLease({ id: 'a', leftSeconds: 14 }), aLease({ id: 'c', leftSeconds: 9 })], at(2))),
    ).toEqual(['renewed a 14', 'ended b null', 'new c 9']);
    expect(told(follower.list([aLease({ id: 'a', leftSeconds: 14 })], at(2.1)))).toEqual(['ended c null']);
    expect(follower.leases.map(({ id, isRenewed }) => [id, isRenewed])).toEqual([['a', true]]);
  });

  it('takes the time that a new leader gives for no renewal', () => {
    const follower = follow();
    const [soon, later] = [aLease({ id: 'a', leftSeconds: 3 }), aLease({ id: 'a', leftSeconds: 15 })];
    follower.list([soon], at(0), '2');
    expect(told(follower.list([later], at(1), '3'))).toEqual(['left a 15']);
    expect(follower.leases.map(({ isRenewed }) => isRenewed)).toEqual([null]);
    follower.list([{ ...later, leftSeconds: 12 }], at(4), '3');
    expect(told(follower.list([later], at(5), '3'))).toEqual(['renewed a 15']);
  });

  it('finds renewals that come every second of a short lease', () => {
    const follower = follow();
    const short = aLease({ grantedSeconds: 3, leftSeconds: 2 });
    follower.list([short], at(0));
    const types = [1, 2, 3, 4, 5, 6].flatMap((second) =>
      follower.list([short], at(second)).map(({ type }) => `${type} at ${second}`),
    );
    expect(types).toEqual(['renewed at 2', 'renewed at 4', 'renewed at 6']);
  });

  it('tells what else changed, and says nothing of what nobody sees', () => {
    const follower = follow();
    follower.list([aCheck()], at(0));
    expect(follower.list([aCheck({ output: 'other' })], at(2))).toEqual([]);
    expect(told(follower.list([aCheck({ health: 'critical', isOverdue: true })], at(4)))).toEqual([
      'changed service:i-39 null',
    ]);
    expect(told(follower.list([aCheck()], at(6)))).toEqual(['changed service:i-39 null']);
    // Passing longer than its TTL: renewed, which is told once.
    expect(told(follower.list([aCheck()], at(22)))).toEqual(['renewed service:i-39 null']);
    expect(follower.list([aCheck()], at(50))).toEqual([]);
    const bound = follow();
    bound.list([aLease({ leftSeconds: 9.9, bindings: [] })], at(0));
    expect(told(bound.list([aLease({ leftSeconds: 9.2, bindings: [] })], at(0.7)))).toEqual([]);
    expect(told(bound.list([aLease({ leftSeconds: 8.9 })], at(1)))).toEqual(['changed 694d8c1f2a3b4c2d 8.9']);
  });

  it('takes keys that come in another order for the same', () => {
    const keys = [aBinding(), aKey('undecoded', '/locks/cron')];
    const follower = follow();
    follower.list([aLease({ leftSeconds: 9, bindings: keys })], at(0));
    const turned = aLease({ leftSeconds: 8, bindings: [...keys].reverse() });
    expect(told(follower.list([turned], at(1)))).toEqual(['left 694d8c1f2a3b4c2d 8']);
  });

  it('reads only times between lists', () => {
    const follower = follow(2);
    const [a, b, c] = ['a', 'b', 'c'].map((id, index) => aLease({ id, leftSeconds: 5 + index }));
    if (a === undefined || b === undefined || c === undefined) throw new Error('no samples');
    follower.list([a, b, c], at(0));
    expect(follower.known).toBe(3);
    expect(follower.unfollowed).toBe(1);
    expect(follower.leases).toEqual([a, b]);
    expect(told(follower.glance(glance({ ...a, leftSeconds: 4 }), at(1)))).toEqual([
      'left a 4',
      'ended b null',
    ]);
    expect(told(follower.glance(glance({ ...a, leftSeconds: 0, isOverdue: true }), at(6)))).toEqual([
      'changed a 0',
    ]);
    // The place of b goes to c, which was there before; b is back under its old id.
    expect(told(follower.list([{ ...a, leftSeconds: 0, isOverdue: true }, c, b], at(7)))).toEqual([
      'left c 7',
    ]);
    expect(follower.unfollowed).toBe(1);
    expect(told(follower.list([b], at(8)))).toEqual(['ended a null', 'ended c null', 'left b 6']);
  });

  it('calls new what was not there at the last list', () => {
    const follower = follow();
    follower.list([], at(0));
    expect(told(follower.list([aLease()], at(1)))).toEqual(['new 694d8c1f2a3b4c2d 14']);
    follower.glance(new Map(), at(2));
    expect(told(follower.list([aLease()], at(3)))).toEqual(['new 694d8c1f2a3b4c2d 14']);
  });

  it('tells the last step of a lease that leaves the selection, and nothing after', () => {
    const follower = follow(200, (leases) =>
      selectLeases(leases, { service: null, expiringSeconds: 10, isOrphan: false }),
    );
    follower.list([aLease({ leftSeconds: 10 })], at(0));
    expect(told(follower.glance(glance(aLease({ leftSeconds: 14 })), at(1)))).toEqual([
      'renewed 694d8c1f2a3b4c2d 14',
    ]);
    expect(follower.leases).toEqual([]);
    expect(told(follower.list([aLease({ leftSeconds: 13 })], at(2)))).toEqual([]);
    expect(told(follower.list([aLease({ leftSeconds: 10 })], at(5)))).toEqual(['left 694d8c1f2a3b4c2d 10']);
    expect(told(follower.list([aLease({ leftSeconds: 14 })], at(6)))).toEqual([
      'renewed 694d8c1f2a3b4c2d 14',
    ]);
    expect(told(follower.list([], at(7)))).toEqual([]);
  });
});
