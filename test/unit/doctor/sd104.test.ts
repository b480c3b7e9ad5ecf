import { describe, expect, it } from 'vitest';
import { ttlTooShort } from '../../../src/lib/doctor/rules/sd104-ttl-too-short.js';
import { defaultSettings } from '../../../src/lib/doctor/settings.js';
import type { Examination } from '../../../src/lib/doctor/types.js';
import type { Instance } from '../../../src/lib/model/instance.js';
import { anInstance } from '../../support/builders.js';
import { checkOf, leased, leaseOf, withLeases } from './lease-premises.js';
import { run } from './premises.js';

const a = leased('a');

function lasting(seconds: number, instances: readonly Instance[] = [a], change: Partial<Examination> = {}) {
  return withLeases(instances, [leaseOf(instances, { grantedSeconds: seconds })], change);
}

describe('finds', () => {
  it('a warning under five seconds, an error at the least that etcd grants', () => {
    expect(run(ttlTooShort, lasting(4))).toMatchObject([
      { severity: 'warning', subject: { service: 'order', instance: 'a', lease: 'lease-of-a' } },
    ]);
    expect(run(ttlTooShort, lasting(3))).toMatchObject([{ severity: 'warning' }]);
    expect(run(ttlTooShort, lasting(2))).toMatchObject([
      { severity: 'error', detail: expect.stringContaining('etcd grants no shorter TTL') as string },
    ]);
  });

  it('one lease once, and how often it wants to be renewed', () => {
    expect(run(ttlTooShort, lasting(3, [leased('b', '1'), leased('a', '1')]))).toMatchObject([
      {
        subject: { instance: 'a', lease: '1' },
        evidence: expect.arrayContaining([{ name: 'renewal wanted every', value: '1s' }]) as unknown,
      },
    ]);
  });

  it('no error where the registry raises nothing', () => {
    expect(run(ttlTooShort, lasting(2, [a], { backend: 'local' }))).toMatchObject([{ severity: 'warning' }]);
  });

  it('the TTL check of Consul of which sdctl wrote down the TTL', () => {
    const own = anInstance({
      id: 'o1',
      node: 'n1',
      key: null,
      lease: { id: 'c1', ttlSeconds: 3, leftSeconds: null },
    });
    const judge = (grantedSeconds: number | null): unknown =>
      run(ttlTooShort, withLeases([own], [checkOf(own, { grantedSeconds })], { backend: 'consul' }));
    expect(judge(2)).toMatchObject([{ severity: 'warning', subject: { lease: 'c1@n1' } }]);
    expect(judge(5)).toEqual([]);
    expect(judge(null)).toBe('skip');
  });
});

it.each([
  ['five seconds', lasting(5)],
  ['entries that are shown only', lasting(2, [leased('a', '1', { readOnly: true })])],
  [
    'a short lease that keeps something else',
    withLeases([a], [leaseOf([leased('z')], { grantedSeconds: 2 })]),
  ],
])('leaves %s alone', (_what, examination) => {
  expect(run(ttlTooShort, examination)).toEqual([]);
});

it('does not apply to a single development host, and does not know where no lease could be read', () => {
  const settings = { ...defaultSettings, allowLoopback: true };
  expect(run(ttlTooShort, lasting(2, [a], { settings }))).toBe('skip');
  expect(run(ttlTooShort, withLeases([a], [], { leases: null }))).toBe('unknown');
});
