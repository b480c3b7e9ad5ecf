import { describe, expect, it } from 'vitest';
import { expiredNotRevoked } from '../../../src/lib/doctor/rules/sd106-expired-not-revoked.js';
import type { LeaseRecord } from '../../../src/lib/model/lease.js';
import { aKey, aLease } from '../lease-samples.js';
import { leased, leaseOf, withLeases } from './lease-premises.js';
import { anExamination, run } from './premises.js';
import { aServer } from './server-premises.js';

const a = leased('a');

function overdue(seconds: number, change: Partial<LeaseRecord> = {}): LeaseRecord {
  return leaseOf([a], { leftSeconds: 0, isOverdue: true, overdueSeconds: seconds, ...change });
}

/** Other leases that are well. */
function crowd(size: number): readonly LeaseRecord[] {
  return Array.from({ length: size }, (_one, at) => aLease({ id: `other-${at}` }));
}

describe('finds', () => {
  it('a lease that is over with its key still there, and the leader that does not revoke it', () => {
    const facts = { ...anExamination().facts, servers: [aServer('s1')] };
    expect(run(expiredNotRevoked, withLeases([a], [overdue(3)], { facts }))).toMatchObject([
      {
        severity: 'error',
        subject: { service: 'order', instance: 'a', lease: 'lease-of-a' },
        evidence: expect.arrayContaining([
          { name: 'overdue by at least', value: '3s' },
          { name: 'keys', value: '/microservices/order/a' },
          { name: 'leader', value: '1a' },
          { name: 'term', value: '7' },
        ]) as unknown,
      },
    ]);
  });

  it('one lease once, under its first instance', () => {
    const instances = [leased('b', '1'), leased('a', '1')];
    const lease = leaseOf(instances, { leftSeconds: 0, isOverdue: true, overdueSeconds: 30 });
    expect(run(expiredNotRevoked, withLeases(instances, [lease]))).toMatchObject([
      { subject: { instance: 'a', lease: '1' }, detail: expect.stringContaining('and 1 more') as string },
    ]);
  });

  it('a lease of another application too, because it is the leader that fails', () => {
    const lock = overdue(30, { bindings: [aKey('unread', '/locks/b'), aKey('unread', '/locks/a')] });
    expect(run(expiredNotRevoked, withLeases([], [lock]))).toMatchObject([
      { subject: { service: null, key: '/locks/a', lease: 'lease-of-a' } },
    ]);
    expect(run(expiredNotRevoked, withLeases([], [lock], { service: 'order' }))).toEqual([]);
  });
});

describe('leaves alone', () => {
  it('two seconds, and more of them the more leases there are to revoke', () => {
    expect(run(expiredNotRevoked, withLeases([a], [overdue(2)]))).toEqual([]);
    expect(run(expiredNotRevoked, withLeases([a], [overdue(6), ...crowd(5_000)]))).toEqual([]);
    expect(run(expiredNotRevoked, withLeases([a], [overdue(8), ...crowd(5_000)]))).toHaveLength(1);
  });

  it.each([
    ['a lease that is not over', leaseOf([a])],
    ['one of which nobody says by how much', leaseOf([a], { isOverdue: true, leftSeconds: 0 })],
    ['one without keys, which harms nobody', overdue(30, { id: 'x', bindings: [] })],
  ])('%s', (_what, lease) => {
    expect(run(expiredNotRevoked, withLeases([a], [lease]))).toEqual([]);
  });
});

it('does not know where the leases could not be read', () => {
  expect(run(expiredNotRevoked, withLeases([a], [], { leases: null }))).toBe('unknown');
});
