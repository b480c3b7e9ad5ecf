import { describe, expect, it } from 'vitest';
import { ttlTooLong } from '../../../src/lib/doctor/rules/sd103-ttl-too-long.js';
import { defaultSettings, defaultThresholds } from '../../../src/lib/doctor/settings.js';
import type { Examination } from '../../../src/lib/doctor/types.js';
import type { Instance } from '../../../src/lib/model/instance.js';
import { anInstance } from '../../support/builders.js';
import { checkOf, leased, leaseOf, withLeases } from './lease-premises.js';
import { run } from './premises.js';

const a = leased('a');

function lasting(seconds: number, instances: readonly Instance[] = [a], change: Partial<Examination> = {}) {
  return withLeases(instances, [leaseOf(instances, { grantedSeconds: seconds })], change);
}

function declared(service: string): Partial<Examination> {
  const inventory = { [service]: { min: null, max: null, zones: [], isStatic: true } };
  return { settings: { ...defaultSettings, inventory } };
}

describe('finds', () => {
  it('a warning over five minutes, an error over an hour', () => {
    expect(run(ttlTooLong, lasting(301))).toMatchObject([
      { severity: 'warning', subject: { service: 'order', instance: 'a', lease: 'lease-of-a' } },
    ]);
    expect(run(ttlTooLong, lasting(3_600))).toMatchObject([{ severity: 'warning' }]);
    expect(run(ttlTooLong, lasting(3_601))).toMatchObject([{ severity: 'error' }]);
  });

  it('one lease once, with what else hangs on it and what its framework asks for', () => {
    const instances = [leased('c', '1'), leased('a', '1'), leased('b', '1')];
    expect(run(ttlTooLong, lasting(600, instances))).toMatchObject([
      {
        subject: { instance: 'a', lease: '1' },
        detail: expect.stringContaining('order/a and 2 more') as string,
        evidence: expect.arrayContaining([
          { name: 'entries', value: 'order/a, order/b, order/c' },
          { name: 'TTL', value: '10m' },
          { name: 'usual TTL there', value: '15s' },
        ]) as unknown,
      },
    ]);
  });

  it('the instance that is meant to be alive beside a static one', () => {
    const instances = [leased('a', '1', { service: 'batch' }), leased('b', '1')];
    expect(run(ttlTooLong, lasting(600, instances, declared('batch')))).toMatchObject([
      { subject: { service: 'order', instance: 'b' } },
    ]);
  });

  it('what a threshold of the settings says', () => {
    const thresholds = { ...defaultThresholds, ttlLongWarningSeconds: 60 };
    expect(run(ttlTooLong, lasting(61, [a], { settings: { ...defaultSettings, thresholds } }))).toHaveLength(
      1,
    );
  });
});

describe('leaves alone', () => {
  it.each([
    ['five minutes', lasting(300)],
    ['a static service', lasting(7_200, [a], declared('order'))],
    [
      'a layout whose entries have no lease by rule',
      lasting(7_200, [leased('a', '1', { layout: 'coredns' })]),
    ],
    ['entries that are shown only', lasting(7_200, [leased('a', '1', { readOnly: true })])],
    [
      'a long lease that keeps something else',
      withLeases([a], [leaseOf([leased('z')], { grantedSeconds: 7_200 })]),
    ],
  ])('%s', (_what, examination) => {
    expect(run(ttlTooLong, examination)).toEqual([]);
  });
});

describe('on Consul', () => {
  const backend = 'consul' as const;
  const own = anInstance({
    id: 'o1',
    node: 'n1',
    key: null,
    lease: { id: 'c1', ttlSeconds: null, leftSeconds: null },
  });

  it('judges the TTL that sdctl wrote down', () => {
    const check = checkOf(own, { grantedSeconds: 600 });
    expect(run(ttlTooLong, withLeases([own], [check], { backend }))).toMatchObject([
      { severity: 'warning', subject: { node: 'n1', lease: 'c1@n1' } },
    ]);
    expect(run(ttlTooLong, withLeases([own], [checkOf(own, { grantedSeconds: 30 })], { backend }))).toEqual(
      [],
    );
  });

  it('does not guess the TTL of others, and does not apply without a TTL check', () => {
    const foreign = { ...own, layout: 'consul-kratos' };
    const unknown = withLeases([foreign], [checkOf(foreign, { grantedSeconds: null })], { backend });
    expect(ttlTooLong.applies?.(unknown)).toMatchObject({
      status: 'skip',
      reason: expect.stringContaining('sdctl') as string,
    });
    const none = withLeases([{ ...own, lease: null }], [], { backend });
    expect(ttlTooLong.applies?.(none)).toEqual({ status: 'skip', reason: 'no instance has a TTL check' });
  });
});

it('judges the embedded registry, and does not know where no lease could be read', () => {
  expect(run(ttlTooLong, lasting(600, [a], { backend: 'local' }))).toHaveLength(1);
  expect(run(ttlTooLong, withLeases([a], [], { leases: null }))).toBe('unknown');
  expect(run(ttlTooLong, withLeases([], []))).toEqual([]);
});
