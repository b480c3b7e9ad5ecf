import { describe, expect, it } from 'vitest';
import { noHealthCheck } from '../../../src/lib/doctor/rules/sd305-no-health-check.js';
import { defaultSettings } from '../../../src/lib/doctor/settings.js';
import type { ConsulFacts, Instance } from '../../../src/lib/model/instance.js';
import { anInstance } from '../../support/builders.js';
import { aCheck, consulWith, earlier, foundAbout, onConsul, probed } from './entry-premises.js';
import { anExamination, run } from './premises.js';

const isStatic = {
  settings: { ...defaultSettings, inventory: { order: { min: null, max: null, zones: [], isStatic: true } } },
};

describe('on Consul', () => {
  const blind = onConsul({ checks: [] });
  const facts = (change: Partial<ConsulFacts>): Partial<Instance> => ({
    consul: {
      kind: null,
      external: false,
      managedBy: null,
      monitoredBy: null,
      alloc: null,
      rawTags: [],
      ...change,
    },
  });

  it('finds an instance without a check of its own', () => {
    expect(run(noHealthCheck, consulWith([blind]))).toMatchObject([
      {
        severity: 'warning',
        subject: { service: 'order', instance: 'order-1', node: 'node-1' },
        evidence: expect.arrayContaining([{ name: 'checks of its node', value: 'serfHealth' }]) as unknown,
      },
    ]);
  });

  it('takes a maintenance for no check', () => {
    const mark = aCheck({ id: '_service_maintenance:order-1', health: 'maintenance' });
    expect(run(noHealthCheck, consulWith([{ ...blind, checks: [mark] }]))).toHaveLength(1);
    expect(run(noHealthCheck, consulWith([{ ...blind, checks: [mark, aCheck()] }]))).toEqual([]);
  });

  it.each([
    ['with a check', onConsul()],
    ["of Consul's own", { ...blind, service: 'consul' }],
    ['of a proxy', { ...blind, ...facts({ kind: 'connect-proxy' }) }],
    ['of a node that is monitored', { ...blind, ...facts({ external: true, monitoredBy: 'consul-esm' }) }],
  ])('leaves an entry alone %s', (_what, instance) => {
    expect(run(noHealthCheck, consulWith([instance]))).toEqual([]);
  });

  it('finds one of an external node that nobody monitors', () => {
    expect(run(noHealthCheck, consulWith([{ ...blind, ...facts({ external: true }) }]))).toHaveLength(1);
  });

  it('leaves static services alone, and those whose check SD202 has found elsewhere', () => {
    expect(run(noHealthCheck, consulWith([blind], isStatic))).toEqual([]);
    expect(run(noHealthCheck, consulWith([blind], earlier({ SD202: [foundAbout(blind)] })))).toEqual([]);
  });
});

describe('on etcd', () => {
  const permanent = anInstance({ lease: null, layout: 'etcd-endpoints' });

  it('finds an entry without a lease that nobody probes', () => {
    expect(run(noHealthCheck, anExamination([permanent]))).toMatchObject([
      { severity: 'warning', fix: { commands: [['sdctl', 'doctor', '--probe', 'tcp']] } },
    ]);
    expect(run(noHealthCheck, anExamination([permanent], probed([])))).toHaveLength(1);
  });

  it.each([
    ['with a lease', anInstance({ layout: 'etcd-endpoints' })],
    ['of DNS', { ...permanent, layout: 'coredns' }],
    ['of configuration', { ...permanent, readOnly: true }],
  ])('leaves an entry alone %s', (_what, instance) => {
    expect(run(noHealthCheck, anExamination([instance]))).toEqual([]);
  });

  it('leaves alone what is probed, static, or reported by SD101', () => {
    expect(run(noHealthCheck, anExamination([permanent], probed([[permanent, 'ok']])))).toEqual([]);
    expect(run(noHealthCheck, anExamination([permanent], isStatic))).toEqual([]);
    expect(
      run(noHealthCheck, anExamination([permanent], earlier({ SD101: [foundAbout(permanent)] }))),
    ).toEqual([]);
  });
});
