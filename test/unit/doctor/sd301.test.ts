import { describe, expect, it } from 'vitest';
import { noHealthyInstance } from '../../../src/lib/doctor/rules/sd301-no-healthy-instance.js';
import { defaultSettings, type DeclaredService } from '../../../src/lib/doctor/settings.js';
import { instanceKey } from '../../../src/lib/model/instance.js';
import { anInstance } from '../../support/builders.js';
import {
  consulWith,
  earlier,
  expiredOnConsul,
  found,
  foundAbout,
  historyOf,
  onConsul,
} from './entry-premises.js';
import { leased } from './lease-premises.js';
import { anExamination, run } from './premises.js';

const critical = (id: string, reason: string): ReturnType<typeof onConsul> =>
  onConsul({ id, health: 'critical', healthReason: reason });
const ill = [critical('a', 'HTTP 500'), critical('b', 'HTTP 503'), critical('c', 'HTTP 503')];

describe('finds', () => {
  it('a service without an instance that passes, with what they say most', () => {
    expect(run(noHealthyInstance, consulWith(ill))).toMatchObject([
      {
        severity: 'error',
        subject: { service: 'order', instance: null },
        detail: 'no instance of order can be called: 3 critical',
        evidence: [
          { name: 'states', value: '3 critical' },
          { name: 'instances' },
          { name: 'output of 2', value: 'HTTP 503' },
          { name: 'output', value: 'HTTP 500' },
        ],
      },
    ]);
  });

  it('since when, if that is known of all of them', () => {
    const [a = onConsul(), b = onConsul()] = ill;
    const known = historyOf('critical', { [instanceKey(a)]: 5, [instanceKey(b)]: 2 });
    const since = { name: 'critical', value: 'at least since 2026-03-02T08:00:00.000Z (2h)' };
    expect(run(noHealthyInstance, consulWith([a, b], known))).toMatchObject([
      { evidence: expect.arrayContaining([since]) as unknown },
    ]);
    const [one] = run(noHealthyInstance, consulWith([a, b], historyOf('critical', { [instanceKey(a)]: 5 })));
    expect(one).toMatchObject({ severity: 'error' });
    expect(JSON.stringify(one)).not.toContain('at least since');
  });

  it('a warning where all were switched off', () => {
    const off = [onConsul({ id: 'a', health: 'maintenance' }), onConsul({ id: 'b', health: 'maintenance' })];
    expect(run(noHealthyInstance, consulWith(off))).toMatchObject([{ severity: 'warning' }]);
  });

  it('a service whose instances other rules have found dead', () => {
    const [a, b] = [leased('a'), leased('b')];
    const dead = earlier({ SD302: [foundAbout(a)], SD105: [found({ lease: 'lease-of-b' })] });
    expect(run(noHealthyInstance, anExamination([a, b], dead))).toMatchObject([{ severity: 'error' }]);
  });

  it('several instances that are ill for different reasons', () => {
    const [a, b] = [expiredOnConsul({ id: 'a' }), expiredOnConsul({ id: 'b' })];
    const known = earlier({ SD304: [foundAbout(a), foundAbout(b)] });
    expect(run(noHealthyInstance, consulWith([a, b], known))).toHaveLength(1);
  });
});

describe('leaves a service alone', () => {
  it.each([
    ['with one that passes', [...ill, onConsul({ id: 'd' })]],
    ['with one that warns', [...ill, onConsul({ id: 'd', health: 'warning' })]],
    ['with one that nobody checks', [...ill, onConsul({ id: 'd', health: 'unknown' })]],
    [
      'that is a sidecar',
      ill.map((one) => ({ ...one, consul: { ...one.consul, kind: 'connect-proxy' } as never })),
    ],
    ['that is configuration', ill.map((one) => ({ ...one, readOnly: true }))],
    ["that is Consul's own", ill.map((one) => ({ ...one, service: 'consul' }))],
  ])('%s', (_what, instances) => {
    expect(run(noHealthyInstance, consulWith(instances))).toEqual([]);
  });

  it('whose only instance another rule has explained', () => {
    const only = expiredOnConsul();
    expect(run(noHealthyInstance, consulWith([only]))).toHaveLength(1);
    expect(run(noHealthyInstance, consulWith([only], earlier({ SD304: [foundAbout(only)] })))).toEqual([]);
  });

  it('whose instances all stand on one node that is lost', () => {
    const known = earlier({ SD403: [found({ node: 'node-1' })] });
    expect(run(noHealthyInstance, consulWith(ill, known))).toEqual([]);
    const elsewhere = [...ill, onConsul({ id: 'd', node: 'node-2', health: 'critical' })];
    expect(run(noHealthyInstance, consulWith(elsewhere, known))).toHaveLength(1);
  });

  it('whose instances are only renewed late', () => {
    const late = ['a', 'b'].map((id) => found({ lease: `lease-of-${id}` }, 'warning'));
    const instances = [leased('a'), leased('b')];
    expect(run(noHealthyInstance, anExamination(instances, earlier({ SD105: late })))).toEqual([]);
  });
});

describe('the inventory', () => {
  const declared = (min: number | null): DeclaredService => ({ min, max: null, zones: [], isStatic: false });
  const settings = (
    inventory: Readonly<Record<string, DeclaredService>>,
  ): { settings: typeof defaultSettings } => ({
    settings: { ...defaultSettings, inventory },
  });

  it('names services that nobody has registered', () => {
    const examination = anExamination([anInstance()], settings({ order: declared(1), pay: declared(null) }));
    expect(run(noHealthyInstance, examination)).toMatchObject([
      { severity: 'error', subject: { service: 'pay' }, detail: 'pay is declared, and has no instance' },
    ]);
  });

  it('may allow for none, and counts for the service that was asked for alone', () => {
    expect(run(noHealthyInstance, anExamination([], settings({ pay: declared(0) })))).toEqual([]);
    const other = { ...settings({ pay: declared(2) }), service: 'order' };
    expect(run(noHealthyInstance, anExamination([anInstance()], other))).toEqual([]);
  });

  it('says nothing where the service may be hidden', () => {
    const examination = anExamination([anInstance()], settings({ order: declared(1), pay: declared(1) }));
    const snapshot = { ...examination.snapshot, partial: true };
    expect(run(noHealthyInstance, { ...examination, snapshot })).toBe('unknown');
    const all = settings({ order: declared(1) });
    expect(run(noHealthyInstance, { ...examination, ...all, snapshot })).toEqual([]);
  });
});

it('keeps services of one name in two roots apart', () => {
  const [here, there] = [
    anInstance({ root: '/a/', health: 'critical' }),
    anInstance({ root: '/b/', key: '/b/order/1' }),
  ];
  expect(run(noHealthyInstance, anExamination([here, there]))).toMatchObject([
    { identity: ['order', '/a/', 'sdctl'] },
  ]);
});
