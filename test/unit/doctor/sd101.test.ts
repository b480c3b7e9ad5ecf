import { expect, it } from 'vitest';
import { keyWithoutLease } from '../../../src/lib/doctor/rules/sd101-key-without-lease.js';
import { defaultSettings } from '../../../src/lib/doctor/settings.js';
import { anInstance } from '../../support/builders.js';
import { anExamination, run } from './premises.js';

const leaseless = anInstance({ lease: null, layout: 'kratos' });

it('finds an instance without a lease where others have one', () => {
  expect(run(keyWithoutLease, anExamination([leaseless]))).toMatchObject([
    { severity: 'warning', subject: { instance: leaseless.id } },
  ]);
});

it('is an error once nobody answers there', () => {
  const { service, id, node } = leaseless;
  const dead = {
    severity: 'error',
    subject: { service, instance: id, node },
    detail: '',
    evidence: [],
  } as never;
  expect(
    run(keyWithoutLease, anExamination([leaseless], { earlier: new Map([['SD302', [dead]]]) })),
  ).toMatchObject([{ severity: 'error' }]);
});

it('leaves leased instances, layouts without leases and static services alone', () => {
  const lease = { id: '1', ttlSeconds: 30, leftSeconds: 20 };
  const fine = [anInstance({ lease, layout: 'kratos' }), anInstance({ lease: null, layout: 'coredns' })];
  expect(run(keyWithoutLease, anExamination(fine))).toEqual([]);
  const inventory = { [leaseless.service]: { min: null, max: null, zones: [], isStatic: true } };
  expect(
    run(keyWithoutLease, anExamination([leaseless], { settings: { ...defaultSettings, inventory } })),
  ).toEqual([]);
});
