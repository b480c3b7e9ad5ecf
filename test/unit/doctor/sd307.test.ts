import { describe, expect, it } from 'vitest';
import { observedStates } from '../../../src/lib/doctor/observed-states.js';
import { maintenanceForgotten } from '../../../src/lib/doctor/rules/sd307-maintenance-forgotten.js';
import { nodeHistoryKey } from '../../../src/lib/doctor/since.js';
import { instanceKey } from '../../../src/lib/model/instance.js';
import { anInstance } from '../../support/builders.js';
import { aCheck, consulWith, historyOf, onConsul } from './entry-premises.js';
import { anExamination, run } from './premises.js';

const mark = aCheck({
  id: '_service_maintenance:order-1',
  type: '',
  health: 'maintenance',
  notes: 'upgrade',
});
const nodeMark = aCheck({ id: '_node_maintenance', type: '', health: 'maintenance', notes: 'new disk' });
const out = onConsul({ health: 'maintenance', healthReason: 'upgrade', checks: [mark] });
const onNode = ['a', 'b'].map((id) => onConsul({ id, health: 'maintenance', nodeChecks: [nodeMark] }));
const key = instanceKey(out);
const nodeKey = nodeHistoryKey('node-1');

describe('finds', () => {
  it.each([
    [4, 'warning'],
    [71, 'warning'],
    [72, 'error'],
  ])('an instance in maintenance for %s hours', (hours, severity) => {
    const instances = [out, onConsul({ id: 'order-2' })];
    expect(
      run(maintenanceForgotten, consulWith(instances, historyOf('maintenance', { [key]: hours }))),
    ).toMatchObject([
      {
        severity,
        subject: { service: 'order', instance: 'order-1', node: 'node-1' },
        detail: expect.stringContaining('is in maintenance at least since 2026-') as unknown,
        evidence: [
          { name: 'reason', value: 'upgrade' },
          { name: 'maintenance' },
          { name: 'healthy instances of order', value: '1' },
          {},
        ],
        fix: { commands: [['consul', 'maint', '-disable', '-service=order-1']] },
      },
    ]);
  });

  it('a node once, whatever stands on it', () => {
    const known = historyOf('maintenance', { [nodeKey]: 5 });
    expect(run(maintenanceForgotten, consulWith(onNode, known))).toMatchObject([
      {
        severity: 'warning',
        subject: { service: null, instance: null, node: 'node-1' },
        evidence: [{ name: 'reason', value: 'new disk' }, {}, { value: 'order/a@node-1, order/b@node-1' }],
      },
    ]);
  });

  it('a node on which nothing stands', () => {
    const node = {
      name: 'node-1',
      address: '10.0.0.1',
      alive: true,
      isExternal: false,
      services: 0,
      maintenance: '',
    };
    const facts = { ...anExamination().facts, nodes: [node, { ...node, name: 'node-2', maintenance: null }] };
    const known = historyOf('maintenance', { [nodeKey]: 5, [nodeHistoryKey('node-2')]: 5 });
    expect(run(maintenanceForgotten, consulWith([], { facts, ...known }))).toMatchObject([
      { subject: { node: 'node-1' }, evidence: [{ value: 'none was given' }, {}, { value: 'none' }] },
    ]);
  });

  it('an entry of etcd that says so itself', () => {
    const instance = anInstance({ health: 'maintenance' });
    const known = historyOf('maintenance', { [instanceKey(instance)]: 100 });
    expect(run(maintenanceForgotten, anExamination([instance], known))).toMatchObject([
      { severity: 'error' },
    ]);
  });
});

describe('says nothing', () => {
  it('without a state file', () => {
    expect(run(maintenanceForgotten, consulWith([out]))).toBe('skip');
  });

  it('at first sight, below four hours, and once it has ended', () => {
    expect(run(maintenanceForgotten, consulWith([out, ...onNode], historyOf('maintenance', {})))).toEqual([]);
    expect(run(maintenanceForgotten, consulWith([out], historyOf('maintenance', { [key]: 3.9 })))).toEqual(
      [],
    );
    expect(
      run(
        maintenanceForgotten,
        consulWith([onConsul()], historyOf('maintenance', { [key]: 50, [nodeKey]: 50 })),
      ),
    ).toEqual([]);
  });

  it('of an instance that is out with its node alone', () => {
    const [a = out] = onNode;
    expect(
      run(maintenanceForgotten, consulWith([a], historyOf('maintenance', { [instanceKey(a)]: 50 }))),
    ).toEqual([]);
  });
});

it('is what the state file remembers', () => {
  const critical = onConsul({ id: 'c', health: 'critical' });
  expect(observedStates(consulWith([out, ...onNode, critical, onConsul({ id: 'd' })]))).toEqual([
    { kind: 'maintenance', key: nodeKey, of: '' },
    { kind: 'maintenance', key, of: 'order' },
    { kind: 'critical', key: instanceKey(critical), of: 'order' },
  ]);
});
