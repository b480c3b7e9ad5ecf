import { describe, expect, it } from 'vitest';
import { ttlCheckExpired } from '../../../src/lib/doctor/rules/sd304-ttl-check-expired.js';
import type { Examination, Sample } from '../../../src/lib/doctor/types.js';
import { instanceKey, type Instance } from '../../../src/lib/model/instance.js';
import {
  aCheck,
  consulWith,
  earlier,
  expired,
  expiredOnConsul,
  found,
  foundAbout,
  historyOf,
  onConsul,
} from './entry-premises.js';
import { run } from './premises.js';

const gone = expiredOnConsul();
const other = onConsul({ id: 'order-2' });

it('finds a TTL check that nobody passed in time', () => {
  const known = historyOf('critical', { [instanceKey(gone)]: 3 });
  expect(run(ttlCheckExpired, consulWith([gone, other], known))).toMatchObject([
    {
      severity: 'error',
      subject: { service: 'order', instance: 'order-1', node: 'node-1', lease: 'service:order-1@node-1' },
      detail: 'nobody passes the TTL check of order/order-1@node-1 any more',
      evidence: [
        { name: 'check', value: 'service:order-1' },
        { name: 'TTL', value: '30s' },
        { name: 'last output', value: 'all is well' },
        { name: 'critical', value: 'at least since 2026-03-02T07:00:00.000Z (3h)' },
        { name: 'node', value: 'node-1, alive' },
        { name: 'revision' },
      ],
      fix: { commands: [['sdctl', 'deregister', 'order/order-1@node-1']] },
    },
  ]);
});

it('finds one beside a check that passes, and says where nobody else is left', () => {
  const both = { ...gone, checks: [aCheck({ id: 'tcp' }), expired('ttl')] };
  expect(run(ttlCheckExpired, consulWith([both]))).toMatchObject([
    {
      detail: expect.stringContaining('no other instance of order is healthy') as unknown,
      subject: { lease: 'ttl@node-1' },
    },
  ]);
});

it('says nothing of a time in the state file that is none', () => {
  const history = { since: () => 'yesterday', firstRun: null };
  const [one] = run(ttlCheckExpired, consulWith([gone, other], { history }));
  expect(one).toMatchObject({ severity: 'error' });
  expect(JSON.stringify(one)).not.toContain('at least since');
});

it('knows the check of an older server, which tells no type', () => {
  const untyped = { ...gone, checks: [{ ...expired('service:order-1'), type: '' }] };
  expect(run(ttlCheckExpired, consulWith([untyped, other]))).toHaveLength(1);
});

describe('leaves alone', () => {
  it.each([
    ['a check that passes', onConsul({ checks: [aCheck({ type: 'ttl' })] })],
    [
      'a process that says itself that it is ill',
      { ...gone, checks: [aCheck({ type: 'ttl', health: 'critical' as const, output: 'no database' })] },
    ],
    ['a check by HTTP that answers in those words', { ...gone, checks: [{ ...expired('a'), type: 'http' }] }],
    ['an instance in maintenance', { ...gone, health: 'maintenance' as const }],
  ])('%s', (_what, instance) => {
    expect(run(ttlCheckExpired, consulWith([instance, other]))).toEqual([]);
  });

  const later = (...instances: readonly Instance[]): Pick<Examination, 'samples'> => {
    const at = (atMs: number, seen: readonly Instance[]): Sample => ({
      atMs,
      leases: new Map(),
      instances: new Map(seen.map((one) => [instanceKey(one), one])),
      term: null,
    });
    return { samples: [at(0, [gone]), at(5_000, instances)] };
  };

  it('one that is passed again, or gone, when it was last looked at', () => {
    expect(run(ttlCheckExpired, consulWith([gone, other], later(gone)))).toHaveLength(1);
    expect(run(ttlCheckExpired, consulWith([gone, other], later(onConsul())))).toEqual([]);
    expect(run(ttlCheckExpired, consulWith([gone, other], later()))).toEqual([]);
  });

  it('what SD206 and SD403 have explained', () => {
    expect(run(ttlCheckExpired, consulWith([gone], earlier({ SD206: [foundAbout(gone)] })))).toEqual([]);
    expect(run(ttlCheckExpired, consulWith([gone], earlier({ SD403: [found({ node: 'node-1' })] })))).toEqual(
      [],
    );
  });
});
