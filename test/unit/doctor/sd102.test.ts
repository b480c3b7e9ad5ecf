import { describe, expect, it } from 'vitest';
import { leaseWithoutKeys } from '../../../src/lib/doctor/rules/sd102-lease-without-keys.js';
import type { LeaseRecord } from '../../../src/lib/model/lease.js';
import { aKey, aLease, aSession } from '../lease-samples.js';
import { leased, observed, type Moment } from './lease-premises.js';
import { run } from './premises.js';

const empty = (leftSeconds: number, change: Partial<LeaseRecord> = {}): LeaseRecord =>
  aLease({ bindings: [], leftSeconds, ...change });

/** A lease of 15 s that is renewed every 5 s. */
const renewed: readonly Moment[] = [
  [0, [empty(14)]],
  [4, [empty(10)]],
  [8, [empty(11)]],
];

describe('finds', () => {
  it('a lease that is renewed and stays empty, with the id by which the same one is known again', () => {
    expect(run(leaseWithoutKeys, observed([], renewed))).toMatchObject([
      {
        severity: 'warning',
        subject: { lease: '694d8c1f2a3b4c2d', service: null, key: null },
        identity: ['694d8c1f2a3b4c2d'],
        fix: { commands: [['sdctl', 'lease', 'inspect', '694d8c1f2a3b4c2d'], expect.any(Array)] },
      },
    ]);
  });

  it('a lease that outlives its TTL, although what is left never rises', () => {
    const two = (left: number): LeaseRecord => empty(left, { grantedSeconds: 2 });
    const found = run(
      leaseWithoutKeys,
      observed(
        [],
        [
          [0, [two(1)]],
          [4, [two(1)]],
        ],
      ),
    );
    expect(found).toHaveLength(1);
  });

  it('whose TTL it is', () => {
    expect(run(leaseWithoutKeys, observed([], renewed))).toMatchObject([
      {
        evidence: expect.arrayContaining([
          { name: 'TTL is the usual one of', value: expect.stringContaining('kratos') as string },
        ]) as unknown,
      },
    ]);
  });

  it.each([
    ['dubbo-go-app', 60, 'info', 'dubbo-go'],
    ['dubbo-go-interface', 2, 'info', 'dubbo-go'],
    ['go-micro', 90, 'warning', 'go-micro v6'],
    ['goframe', 10, 'warning', 'GoFrame'],
  ])('that %s keeps a lease of %i s by habit', (layout, grantedSeconds, severity, name) => {
    const kept = (left: number): LeaseRecord => empty(left, { grantedSeconds });
    const moments: readonly Moment[] = [
      [0, [kept(grantedSeconds - 1)]],
      [50, [kept(grantedSeconds - 1)]],
    ];
    const detail = expect.stringContaining(`${name} keeps one`) as string;
    const found = run(leaseWithoutKeys, observed([leased('a', '1', { layout })], moments));
    expect(found).toMatchObject([{ severity, detail: expect.stringContaining(name) as string }]);
    expect(found).toMatchObject([layout.startsWith('dubbo') ? {} : { detail }]);
    // Where nobody uses that layout it is no habit.
    const elsewhere = run(leaseWithoutKeys, observed([], moments));
    expect(elsewhere).toMatchObject([{ severity: 'warning' }]);
    expect(elsewhere).not.toMatchObject([{ detail }]);
  });
});

describe('leaves alone', () => {
  it.each<[string, readonly Moment[]]>([
    [
      'a lease that runs out by itself',
      [
        [0, [empty(12)]],
        [4, [empty(8)]],
        [8, [empty(4)]],
      ],
    ],
    [
      'one that has a key',
      [
        [0, [aLease({ leftSeconds: 14 })]],
        [8, [aLease({ leftSeconds: 14 })]],
      ],
    ],
    [
      'a lock of another application',
      [0, 8].map((at): Moment => [at, [aLease({ bindings: [aKey('unread', '/locks/cron')] })]]),
    ],
    [
      'one that got its key meanwhile',
      [
        [0, [empty(14)]],
        [4, [empty(14)]],
        [8, [aLease({ leftSeconds: 14 })]],
      ],
    ],
    [
      'one that lost its key meanwhile',
      [
        [0, [aLease()]],
        [4, [empty(14)]],
        [14, [empty(14)]],
      ],
    ],
    [
      'one that was granted meanwhile',
      [
        [0, []],
        [4, [empty(14)]],
        [8, [empty(14)]],
        [14, [empty(14)]],
      ],
    ],
    [
      'one that ended',
      [
        [0, [empty(14)]],
        [4, [empty(14)]],
        [8, []],
      ],
    ],
    [
      'one that is overdue',
      [
        [0, [empty(0, { isOverdue: true })]],
        [9, [empty(0, { isOverdue: true })]],
      ],
    ],
  ])('%s', (_what, moments) => {
    expect(run(leaseWithoutKeys, observed([], moments))).toEqual([]);
  });

  it('a lease whose keys may not be seen', () => {
    const hidden = empty(14, { knowsBindings: false });
    expect(
      run(
        leaseWithoutKeys,
        observed(
          [],
          [
            [0, [hidden]],
            [8, [hidden]],
          ],
        ),
      ),
    ).toEqual([]);
  });
});

describe('applies', () => {
  it('needs several samples, and no single service', () => {
    expect(leaseWithoutKeys.applies?.(observed([], renewed.slice(0, 1)))).toEqual({
      status: 'skip',
      reason: 'needs --observe',
    });
    expect(run(leaseWithoutKeys, observed([], renewed, { service: 'order' }))).toBe('skip');
  });

  it('does not know where the leases could not be read, or the leader changed', () => {
    expect(run(leaseWithoutKeys, observed([], renewed, { leases: null }))).toBe('unknown');
    const changed: readonly Moment[] = [
      [0, [empty(14)], '7'],
      [8, [empty(14)], '8'],
    ];
    expect(run(leaseWithoutKeys, observed([], changed))).toBe('unknown');
  });

  it('says how long it takes to tell, where the samples lie too close together', () => {
    const kept = (left: number): LeaseRecord => empty(left, { grantedSeconds: 90 });
    const found = observed(
      [],
      [
        [0, [kept(85)]],
        [10, [kept(75)]],
      ],
    );
    expect(leaseWithoutKeys.applies?.(found)).toEqual({
      status: 'unknown',
      reason: 'whether 1 empty lease is renewed takes longer to see: --observe 46s',
    });
  });

  it('does not pass where leases are hidden, and still tells of those that are seen', () => {
    const leases = { leases: [], revision: '1', takenAtMs: 0, hidden: ['leases without a key'] };
    expect(
      run(
        leaseWithoutKeys,
        observed(
          [],
          [
            [0, []],
            [8, []],
          ],
          { leases },
        ),
      ),
    ).toBe('unknown');
    expect(run(leaseWithoutKeys, observed([], renewed, { leases }))).toHaveLength(1);
  });
});

describe('on Consul', () => {
  const backend = 'consul' as const;
  const idle = aSession({ grantedSeconds: 10, knowsBindings: true });
  const look = (session: LeaseRecord, seconds: number): unknown =>
    run(
      leaseWithoutKeys,
      observed(
        [],
        [
          [0, [session]],
          [seconds, [session]],
        ],
        { backend },
      ),
    );

  it('finds a session that holds nothing for longer than it lives without renewal', () => {
    expect(look(idle, 20)).toMatchObject([
      { severity: 'info', subject: { lease: idle.id, node: 'node-2' }, identity: [idle.id] },
    ]);
    expect(look(idle, 19)).toBe('unknown');
  });

  it('finds a session without TTL after a while', () => {
    expect(look({ ...idle, grantedSeconds: null }, 20)).toMatchObject([{ severity: 'info' }]);
    expect(look({ ...idle, grantedSeconds: null }, 10)).toBe('unknown');
  });

  it('leaves a session that holds a lock alone, and does not know where its keys were not read', () => {
    expect(look({ ...idle, bindings: [aKey('lock', 'leader')] }, 30)).toEqual([]);
    expect(look(aSession({ grantedSeconds: 10 }), 30)).toBe('unknown');
  });
});
