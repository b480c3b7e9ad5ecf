import { describe, expect, it } from 'vitest';
import { criticalTooLong } from '../../../src/lib/doctor/rules/sd303-critical-too-long.js';
import type { Examination } from '../../../src/lib/doctor/types.js';
import { instanceKey, type Instance } from '../../../src/lib/model/instance.js';
import { anInstance } from '../../support/builders.js';
import { aCheck, consulWith, earlier, found, foundAbout, historyOf, onConsul } from './entry-premises.js';
import { anExamination, run } from './premises.js';

const failing = aCheck({ id: 'service:order-1', type: 'http', health: 'critical', output: 'HTTP 503' });
const ill = onConsul({ health: 'critical', healthReason: 'HTTP 503', checks: [failing] });

function since(hours: number, instance: Instance = ill, change: Partial<Examination> = {}): Examination {
  return consulWith([instance], { ...historyOf('critical', { [instanceKey(instance)]: hours }), ...change });
}

describe('finds', () => {
  it.each([
    [10 / 60, 'warning', '10m'],
    [59 / 60, 'warning', '59m'],
    [1, 'error', '1h'],
  ])('an instance that is critical for %s hours', (hours, severity, text) => {
    expect(run(criticalTooLong, since(hours))).toMatchObject([
      {
        severity,
        subject: { service: 'order', instance: 'order-1', node: 'node-1' },
        detail: expect.stringMatching(
          new RegExp(`^order/order-1@node-1 is critical at least since 2026-.*Z \\(${text}\\)$`),
        ) as unknown,
        evidence: expect.arrayContaining([
          { name: 'check service:order-1', value: 'HTTP 503' },
          { name: 'agent', value: 'node-1, not known' },
        ]) as unknown,
      },
    ]);
  });

  it('one whose node is critical', () => {
    const lost = onConsul({
      health: 'critical',
      nodeChecks: [aCheck({ id: 'serfHealth', health: 'critical', output: 'no contact' })],
    });
    expect(run(criticalTooLong, since(2, lost))).toMatchObject([
      { evidence: expect.arrayContaining([{ name: 'check serfHealth', value: 'no contact' }]) as unknown },
    ]);
  });

  it('one of etcd that says itself that it is ill', () => {
    const instance = anInstance({ health: 'critical', healthReason: 'no database' });
    const known = historyOf('critical', { [instanceKey(instance)]: 2 });
    expect(run(criticalTooLong, anExamination([instance], known))).toMatchObject([
      {
        severity: 'error',
        evidence: expect.arrayContaining([{ name: 'reason', value: 'no database' }]) as unknown,
      },
    ]);
  });
});

describe('says nothing', () => {
  it('without a state file', () => {
    expect(run(criticalTooLong, consulWith([ill]))).toBe('skip');
  });

  it('at first sight, and below ten minutes', () => {
    expect(run(criticalTooLong, consulWith([ill], historyOf('critical', {})))).toEqual([]);
    expect(run(criticalTooLong, since(9.9 / 60))).toEqual([]);
  });

  it('of a time in the state file that is none', () => {
    const history = { since: () => 'yesterday', firstRun: null };
    expect(run(criticalTooLong, consulWith([ill], { history }))).toEqual([]);
  });

  it.each([
    ['maintenance', { health: 'maintenance' as const }],
    ['one that is well again', { health: 'passing' as const }],
    ['a sidecar', { consul: { kind: 'connect-proxy' } as never }],
    ["Consul's own entry", { service: 'consul' }],
    ['configuration', { readOnly: true }],
  ])('of %s', (_what, change) => {
    expect(run(criticalTooLong, since(5, { ...ill, ...change }))).toEqual([]);
  });

  it.each([
    ['SD304', foundAbout(ill)],
    ['SD206', foundAbout(ill)],
    ['SD403', found({ node: 'node-1' })],
    ['SD301', found({ service: 'order' })],
  ])('of what %s has said', (rule, one) => {
    expect(run(criticalTooLong, since(5, ill, earlier({ [rule]: [one] })))).toEqual([]);
    const other = found({ service: 'pay', instance: 'pay-1', node: 'node-2' });
    expect(run(criticalTooLong, since(5, ill, earlier({ [rule]: [other] })))).toHaveLength(1);
  });
});
