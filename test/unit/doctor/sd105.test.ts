import { describe, expect, it } from 'vitest';
import { keepaliveLate } from '../../../src/lib/doctor/rules/sd105-keepalive-late.js';
import type { Examination } from '../../../src/lib/doctor/types.js';
import type { Found } from '../../../src/lib/model/finding.js';
import type { Health, Instance } from '../../../src/lib/model/instance.js';
import type { LeaseRecord } from '../../../src/lib/model/lease.js';
import { anInstance, anOwner } from '../../support/builders.js';
import { checkOf, leased, leaseOf, observed, type Moment } from './lease-premises.js';
import { run } from './premises.js';

/** What is left at some seconds; null: the lease is gone. The term, where it matters. */
type Look = readonly [atSeconds: number, leftSeconds: number | null, term?: string];

interface Subject {
  readonly instances?: readonly Instance[];
  readonly granted?: number;
  readonly lease?: Partial<LeaseRecord>;
  readonly change?: Partial<Examination>;
}

const a = leased('a');

/** One lease of 30 s, unless told otherwise, in some samples. */
function looked(looks: readonly Look[], { instances = [a], granted = 30, lease, change }: Subject = {}) {
  const moments = looks.map(([at, leftSeconds, term]): Moment => {
    const record = leaseOf(instances, { grantedSeconds: granted, leftSeconds: leftSeconds ?? 0, ...lease });
    const leases = leftSeconds === null ? [] : [record];
    return term === undefined ? [at, leases] : [at, leases, term];
  });
  return observed(instances, moments, change);
}

describe('finds', () => {
  it('two samples below a third', () => {
    const found = run(
      keepaliveLate,
      looked([
        [0, 9],
        [5, 29],
        [10, 24],
        [22, 9],
        [25, 29],
      ]),
    );
    expect(found).toMatchObject([
      {
        severity: 'warning',
        subject: { service: 'order', instance: 'a', lease: 'lease-of-a' },
        detail: 'the lease of order/a is renewed late',
        evidence: expect.arrayContaining([
          { name: 'samples', value: '+0s 9s left, +5s 29s left, +10s 24s left, +22s 9s left, +25s 29s left' },
          { name: 'term at each', value: '7' },
        ]) as unknown,
      },
    ]);
  });

  it('one sample below a tenth, an error while it is not renewed', () => {
    expect(
      run(
        keepaliveLate,
        looked([
          [0, 20],
          [18, 2],
          [22, 28],
        ]),
      ),
    ).toMatchObject([{ severity: 'warning' }]);
    expect(
      run(
        keepaliveLate,
        looked([
          [0, 20],
          [5, 29],
          [32, 2],
        ]),
      ),
    ).toMatchObject([{ severity: 'error', detail: expect.stringContaining('2s left') as string }]);
  });

  it('that nobody renews it any more, with the time that is left', () => {
    expect(
      run(
        keepaliveLate,
        looked([
          [0, 29],
          [8, 21],
          [15, 14],
        ]),
      ),
    ).toMatchObject([
      { severity: 'warning', detail: 'nobody renews the lease of order/a any more: it ends in 14s' },
    ]);
  });

  it('that the renewals stopped in the middle', () => {
    const looks: readonly Look[] = [
      [0, 21],
      [5, 26],
      [10, 29],
      [15, 24],
      [20, 19],
      [25, 14],
    ];
    expect(run(keepaliveLate, looked(looks))).toMatchObject([
      { detail: expect.stringContaining('nobody renews') as string },
    ]);
  });

  it('that it ran out', () => {
    const ranOut = [{ severity: 'error', detail: expect.stringContaining('ran out') as string }];
    const gone: readonly Look[] = [
      [0, 19],
      [10, 9],
      [20, null],
    ];
    expect(run(keepaliveLate, looked(gone))).toMatchObject(ranOut);
    const stays: readonly Look[] = [
      [0, 0],
      [5, 0],
      [10, 0],
    ];
    expect(run(keepaliveLate, looked(stays, { lease: { isOverdue: true } }))).toMatchObject(ranOut);
  });

  it('one lease once, and the host of the process', () => {
    const owner = anOwner({ host: 'host-9' });
    const instances = [leased('b', '1', { owner }), leased('a', '1', { owner })];
    const found = run(
      keepaliveLate,
      looked(
        [
          [0, 29],
          [8, 21],
          [15, 14],
        ],
        { instances },
      ),
    );
    expect(found).toMatchObject([
      {
        subject: { instance: 'a', lease: '1' },
        detail: expect.stringContaining('order/a and 1 more') as string,
        fix: { text: expect.stringContaining('on host-9') as string },
      },
    ]);
  });

  it('an instance of go-micro below 50 of its 90 s, and of 60 s below a third', () => {
    const instances = [leased('a', '1', { layout: 'go-micro' })];
    const at = (left: number, granted: number): unknown =>
      run(
        keepaliveLate,
        looked(
          [
            [0, left],
            [1, left - 1],
            [2, 60],
          ],
          { instances, granted },
        ),
      );
    expect(at(49, 90)).toHaveLength(1);
    expect(at(50, 90)).toEqual([]);
    expect(at(45, 60)).toEqual([]);
    expect(at(19, 60)).toHaveLength(1);
  });

  it('nothing for another layout with 49 of 90 s left', () => {
    expect(
      run(
        keepaliveLate,
        looked(
          [
            [0, 49],
            [1, 48],
            [2, 47],
          ],
          { granted: 90 },
        ),
      ),
    ).toEqual([]);
  });
});

describe('leaves alone', () => {
  it.each<[string, readonly Look[]]>([
    [
      'renewals every third',
      [
        [0, 29],
        [5, 24],
        [11, 28],
        [16, 23],
        [22, 27],
      ],
    ],
    [
      'samples that fall together with the renewals',
      [
        [0, 25],
        [10, 25],
        [20, 25],
        [30, 25],
      ],
    ],
    [
      'a third and less than a second',
      [
        [0, 10],
        [5, 29],
        [24, 10],
        [28, 29],
      ],
    ],
    [
      'one sample below a third',
      [
        [0, 20],
        [12, 8],
        [15, 28],
      ],
    ],
    [
      'a window too short to tell',
      [
        [0, 29],
        [7, 22],
        [14, 15],
      ],
    ],
    [
      'a lease that was revoked with plenty left',
      [
        [0, 25],
        [10, 25],
        [20, null],
      ],
    ],
    [
      'a lease that may have been revoked or run out unseen',
      [
        [0, 29],
        [10, 25],
        [40, null],
      ],
    ],
    [
      'a late lease that was revoked before its end',
      [
        [0, 14],
        [5, 9],
        [10, null],
      ],
    ],
  ])('%s', (_what, looks) => {
    expect(run(keepaliveLate, looked(looks))).toEqual([]);
  });

  it('rounding with a short TTL: 1 of 5 s left may be nearly 2', () => {
    const looks: readonly Look[] = [
      [0, 3],
      [1, 3],
      [2, 3],
      [3, 4],
      [4, 3],
    ];
    expect(run(keepaliveLate, looked(looks, { granted: 5 }))).toEqual([]);
    const late: readonly Look[] = [
      [0, 1],
      [1, 4],
      [4, 1],
      [5, 4],
    ];
    expect(run(keepaliveLate, looked(late, { granted: 5 }))).toEqual([]);
  });

  it('a lease that its instance has left, also where it was not renewed before', () => {
    const kept = (leftSeconds: number): LeaseRecord => leaseOf([a], { grantedSeconds: 30, leftSeconds });
    const left = (leftSeconds: number): LeaseRecord => ({ ...kept(leftSeconds), bindings: [] });
    const moments: readonly Moment[] = [
      [0, [kept(29)]],
      [10, [left(19)]],
      [20, [left(9)]],
      [28, [left(1)]],
    ];
    expect(run(keepaliveLate, observed([a], moments))).toEqual([]);
    const stopped: readonly Moment[] = [
      [0, [kept(29)]],
      [8, [kept(21)]],
      [15, [kept(14)]],
    ];
    expect(run(keepaliveLate, observed([a], stopped))).toHaveLength(1);
    expect(run(keepaliveLate, observed([a], [...stopped, [16, [left(13)]]]))).toEqual([]);
  });

  it('a lease that only two samples have', () => {
    const instances = [leased('a', '1', { lease: { id: '1', ttlSeconds: 30, leftSeconds: null } })];
    const looks: readonly Look[] = [
      [0, null],
      [5, 8],
      [6, 7],
    ];
    expect(run(keepaliveLate, looked(looks, { instances }))).toEqual([]);
    expect(run(keepaliveLate, looked([...looks, [7, 6]], { instances }))).toHaveLength(1);
  });

  it('leases of other applications', () => {
    const foreign = leaseOf([leased('z')], { grantedSeconds: 30, leftSeconds: 1 });
    const moments = [0, 5, 10].map((at): Moment => [at, [foreign]]);
    expect(run(keepaliveLate, observed([a], moments))).toEqual([]);
  });

  it('what SD106 has told', () => {
    const told = [{ subject: { lease: 'lease-of-a' } } as Found];
    const change = { earlier: new Map([['SD106', told]]) };
    const lease = { isOverdue: true };
    expect(
      run(
        keepaliveLate,
        looked(
          [
            [0, 0],
            [5, 0],
            [10, 0],
          ],
          { lease, change },
        ),
      ),
    ).toEqual([]);
  });

  it('what is late around a change of leader', () => {
    const looks: readonly Look[] = [
      [0, 24, '7'],
      [10, 9, '7'],
      [12, 9, '8'],
      [15, 28, '8'],
      [20, 24, '8'],
      [26, 28, '8'],
    ];
    expect(run(keepaliveLate, looked(looks))).toEqual([]);
  });
});

describe('applies', () => {
  it('needs three samples under one leader', () => {
    expect(keepaliveLate.applies?.(looked([[0, 9]]))).toEqual({ status: 'skip', reason: 'needs --observe' });
    expect(
      run(
        keepaliveLate,
        looked([
          [0, 9],
          [2, 7],
        ]),
      ),
    ).toBe('unknown');
    expect(
      run(
        keepaliveLate,
        looked([
          [0, 9, '7'],
          [1, 8, '7'],
          [2, 7, '8'],
          [3, 6, '8'],
        ]),
      ),
    ).toBe('unknown');
    expect(
      run(
        keepaliveLate,
        looked(
          [
            [0, 9],
            [1, 8],
            [2, 7],
          ],
          { change: { leases: null } },
        ),
      ),
    ).toBe('unknown');
  });
});

describe('on Consul', () => {
  const instance = anInstance({
    id: 'o1',
    node: 'n1',
    key: null,
    lease: { id: 'c1', ttlSeconds: null, leftSeconds: null },
  });
  const states = (...all: readonly (Health | 'expired')[]): unknown => {
    const moments = all.map((state, at): Moment => {
      const isOverdue = state === 'expired';
      return [at * 5, [checkOf(instance, { isOverdue, health: isOverdue ? 'critical' : state })]];
    });
    return run(keepaliveLate, observed([instance], moments, { backend: 'consul' }));
  };

  it('finds a check that expires and is passed again, and one that does not come back', () => {
    expect(states('passing', 'expired', 'passing')).toMatchObject([
      { severity: 'warning', subject: { instance: 'o1', node: 'n1', lease: 'c1@n1' } },
    ]);
    expect(states('passing', 'passing', 'expired')).toMatchObject([{ severity: 'error' }]);
    expect(states('passing', 'expired', 'passing', 'expired')).toMatchObject([{ severity: 'error' }]);
  });

  it('leaves alone what expired before, what is passed in time, and what says itself that it is ill', () => {
    expect(states('expired', 'expired', 'expired')).toEqual([]);
    expect(states('expired', 'passing', 'passing')).toEqual([]);
    expect(states('passing', 'warning', 'passing')).toEqual([]);
    expect(states('passing', 'critical', 'passing')).toEqual([]);
  });
});
