import { describe, expect, it } from 'vitest';
import { singlePointOfFailure } from '../../../src/lib/doctor/rules/sd501-single-point-of-failure.js';
import { defaultSettings, type DeclaredService } from '../../../src/lib/doctor/settings.js';
import type { Examination } from '../../../src/lib/doctor/types.js';
import type { MemberFacts } from '../../../src/lib/model/backend-facts.js';
import type { Instance } from '../../../src/lib/model/instance.js';
import { anInstance } from '../../support/builders.js';
import { at, earlier, found, foundAbout, onConsul } from './entry-premises.js';
import { leased, leaseOf, withLeases } from './lease-premises.js';
import { anExamination, run } from './premises.js';
import { aConsulServer, aServer } from './server-premises.js';

const three = ['n1', 'n2', 'n3'].map((name): MemberFacts => ({ ...aConsulServer(name), state: null }));

/** A registry of three servers with these instances. */
function holding(instances: readonly Instance[], change: Partial<Examination> = {}): Examination {
  const plain = anExamination(instances, change);
  return { ...plain, facts: { ...plain.facts, members: three } };
}

/** `order/i-1` at that address, and so on. */
function placed(
  ...places: readonly (Partial<Instance> & { readonly host: string; readonly port?: number })[]
) {
  return places.map(({ host, port = 8_080, ...change }, index) =>
    anInstance({ id: `i-${index + 1}`, ...at(host, port), ...change }),
  );
}

function declared(change: Partial<DeclaredService>): Pick<Examination, 'settings'> {
  const order = { min: null, max: null, zones: [], isStatic: false, ...change };
  return { settings: { ...defaultSettings, inventory: { order } } };
}

describe('placement, finds', () => {
  it('all instances at one address, with the spread in each dimension', () => {
    const instances = placed({ host: '10.0.0.1' }, { host: '10.0.0.1', port: 8_081 });
    const zones = instances.map((one, index) => ({ ...one, zone: `zone-${index}` }));
    expect(run(singlePointOfFailure, holding(zones))).toMatchObject([
      {
        severity: 'warning',
        subject: { service: 'order', instance: null },
        detail: 'all 2 instances of order are at one address: 10.0.0.1',
        evidence: [
          { name: 'instances', value: 'order/i-1, order/i-2' },
          { name: 'hosts', value: '10.0.0.1 (2)' },
          { name: 'zones', value: 'zone-0 (1), zone-1 (1)' },
        ],
        fix: { commands: [['sdctl', 'list', 'order', '-o', 'wide']] },
      },
    ]);
  });

  it('all on one node of Consul under addresses of their own', () => {
    const instances = [
      onConsul({ id: 'a', ...at('172.20.0.1') }),
      onConsul({ id: 'b', ...at('172.20.0.2') }),
    ];
    expect(run(singlePointOfFailure, holding(instances, { backend: 'consul' }))).toMatchObject([
      { detail: 'all 2 instances of order are on one node: node-1' },
    ]);
  });

  it.each([
    ['zone', (place: string) => ({ zone: place })],
    ['rack', (place: string) => ({ metadata: { rack: place } })],
  ])('all in one %s where the registry has another one', (dimension, where) => {
    const instances = placed({ host: '10.0.0.1', ...where('a') }, { host: '10.0.0.2', ...where('a') });
    const other = anInstance({ service: 'pay', ...at('10.0.0.3'), ...where('b') });
    expect(run(singlePointOfFailure, holding([...instances, other]))).toMatchObject([
      { subject: { service: 'order' }, detail: `all 2 instances of order are in one ${dimension}: a` },
    ]);
    expect(run(singlePointOfFailure, holding(instances))).toEqual([]);
  });
});

describe('placement, leaves alone', () => {
  it.each([
    ['two hosts', placed({ host: '10.0.0.1' }, { host: '10.0.0.2' })],
    ['one instance', placed({ host: '10.0.0.1' })],
    ['several ids of one process, which is SD204', placed({ host: '10.0.0.1' }, { host: '10.0.0.1' })],
    [
      'addresses that cannot be called, which is SD203',
      placed({ host: '127.0.0.1' }, { host: '127.0.0.1', port: 1 }),
    ],
    [
      'one that can be called beside one that cannot',
      placed({ host: '10.0.0.1' }, { host: '10.0.0.1', port: 1, health: 'critical' }),
    ],
    [
      'entries that are only shown',
      placed({ host: '10.0.0.1', readOnly: true }, { host: '10.0.0.1', port: 1, readOnly: true }),
    ],
    [
      'zones where one instance does not tell its own',
      [
        ...placed({ host: '10.0.0.1', zone: 'a' }, { host: '10.0.0.2' }),
        anInstance({ service: 'pay', zone: 'b', ...at('10.0.0.3') }),
      ],
    ],
  ])('%s', (_what, instances) => {
    expect(run(singlePointOfFailure, holding(instances))).toEqual([]);
  });

  it('a single host that is meant', () => {
    const instances = placed({ host: '10.0.0.1' }, { host: '10.0.0.1', port: 8_081 });
    const settings = { ...defaultSettings, allowLoopback: true };
    expect(run(singlePointOfFailure, holding(instances, { settings }))).toEqual([]);
  });

  it('what a restart has left behind on the same host', () => {
    const old = leased('old', '1', at('10.0.0.1', 1));
    const young = leased('young', '2', at('10.0.0.1', 2));
    const withLeft = (leftSeconds: number): Examination =>
      withLeases([old, young], [leaseOf([old], { leftSeconds }), leaseOf([young])]);
    expect(run(singlePointOfFailure, holding([], withLeft(3)))).toEqual([]);
    expect(run(singlePointOfFailure, holding([], withLeft(14)))).toHaveLength(1);
  });

  it('sidecars, the servers’ own service and names in the catalog without an agent', () => {
    const two = (change: Partial<Instance>) => [
      onConsul({ id: 'a', ...at('10.0.0.1'), ...change }),
      onConsul({ id: 'b', ...at('10.0.0.2'), ...change }),
    ];
    const facts = {
      kind: null,
      external: false,
      managedBy: null,
      monitoredBy: null,
      alloc: null,
      rawTags: [],
    };
    for (const change of [
      { service: 'consul' },
      { consul: { ...facts, kind: 'connect-proxy' } },
      { consul: { ...facts, external: true } },
    ])
      expect(run(singlePointOfFailure, holding(two(change), { backend: 'consul' }))).toEqual([]);
    const label = {
      name: 'node-1',
      address: '',
      alive: null,
      isExternal: false,
      services: 2,
      maintenance: null,
    };
    const plain = holding(two({}), { backend: 'consul' });
    expect(run(singlePointOfFailure, plain)).toHaveLength(1);
    const labelled = { ...plain, facts: { ...plain.facts, nodes: [label] } };
    expect(run(singlePointOfFailure, labelled)).toEqual([]);
  });

  it('services of which another rule has said that all their addresses are one', () => {
    const instances = placed({ host: '10.0.0.1' }, { host: '10.0.0.1', port: 8_081 });
    const known = earlier({ SD203: [found({ service: 'order', node: 'node-1' })] });
    expect(run(singlePointOfFailure, holding(instances, known))).toEqual([]);
  });
});

describe('with an inventory', () => {
  const spread = placed({ host: '10.0.0.1', zone: 'a' }, { host: '10.0.0.2', zone: 'a' });

  it('finds a declared zone that holds nothing, as an error, and only that', () => {
    const examination = holding(spread, declared({ min: 2, zones: ['a', 'b'] }));
    expect(run(singlePointOfFailure, examination)).toMatchObject([
      { severity: 'error', detail: 'order is in 1 of its 2 declared zones: nothing in b' },
    ]);
  });

  it('wants no more zones than there are to be instances, and no zone where it has too few', () => {
    const two = placed({ host: '10.0.0.1', zone: 'a' }, { host: '10.0.0.2', zone: 'b' });
    const zones = ['a', 'b', 'c'];
    expect(run(singlePointOfFailure, holding(two, declared({ min: 2, zones })))).toEqual([]);
    expect(run(singlePointOfFailure, holding(two, declared({ zones })))).toHaveLength(1);
    expect(run(singlePointOfFailure, holding(spread, declared({ min: 3, zones })))).toEqual([]);
  });

  it('cannot tell zones that are not all known', () => {
    const unknown = placed({ host: '10.0.0.1', zone: 'a' }, { host: '10.0.0.2' });
    expect(run(singlePointOfFailure, holding(unknown, declared({ zones: ['a', 'b'] })))).toEqual([]);
  });

  it.each([
    ['an info for one instance', {}, 'info'],
    ['an info where one is the least', { min: 1 }, 'info'],
    ['a warning where it should be more', { min: 2 }, 'warning'],
  ] as const)('finds %s', (_what, declaration, severity) => {
    const examination = holding(placed({ host: '10.0.0.1' }), declared(declaration));
    expect(run(singlePointOfFailure, examination)).toMatchObject([
      { severity, identity: ['order', '', '', 'single'] },
    ]);
  });

  it.each([
    ['that is declared to be alone', declared({ max: 1 })],
    ['that may be missing', declared({ min: 0 })],
    [
      'of which SD309 counts the instances',
      { ...declared({ min: 2 }), ...earlier({ SD309: [found({ service: 'order' })] }) },
    ],
  ])('leaves alone one instance %s', (_what, change) => {
    expect(run(singlePointOfFailure, holding(placed({ host: '10.0.0.1' }), change))).toEqual([]);
  });

  it('leaves it to the rule that found the other one ill', () => {
    const instances = placed({ host: '10.0.0.1' }, { host: '10.0.0.2', health: 'critical' });
    const ill = instances.slice(1).map((one) => foundAbout(one));
    const change = { ...declared({}), ...earlier({ SD303: ill }) };
    expect(run(singlePointOfFailure, holding(instances, change))).toEqual([]);
    expect(run(singlePointOfFailure, holding(instances, declared({})))).toHaveLength(1);
  });
});

describe('servers of the registry', () => {
  const withServers = (members: readonly MemberFacts[], change: Partial<Examination> = {}): Examination => {
    const plain = anExamination([], change);
    return { ...plain, facts: { ...plain.facts, members, servers: [aServer('http://127.0.0.1:2379')] } };
  };
  const [first = aConsulServer('n1'), second = aConsulServer('n2')] = three;

  it('one alone is an info about it', () => {
    expect(run(singlePointOfFailure, withServers([first]))).toMatchObject([
      { severity: 'info', subject: { server: 'http://127.0.0.1:2379' }, identity: ['one server'] },
    ]);
  });

  it.each([
    ['two', [first, second], 'etcd has 2 servers, and survives the loss of none: as many as with 1'],
    [
      'four',
      [...three, { ...first, name: 'n4' }],
      'etcd has 4 servers, and survives the loss of 1: as many as with 3',
    ],
  ])('%s are a warning', (_what, members, detail) => {
    expect(run(singlePointOfFailure, withServers(members))).toMatchObject([{ severity: 'warning', detail }]);
  });

  it.each([
    ['three', three],
    ['three and a learner', [...three, { ...first, isLearner: true }]],
    ['three of which one is down', [first, second, aConsulServer('n3', 'failed')]],
    ['three beside one that has left', [...three, aConsulServer('n4', 'left')]],
    ['three beside agents that are no servers', [...three, { ...first, isServer: false }]],
  ])('%s are well', (_what, members) => {
    expect(run(singlePointOfFailure, withServers(members, { backend: 'consul' }))).toEqual([]);
  });

  it('do not matter where one service is asked about', () => {
    expect(run(singlePointOfFailure, withServers([first], { service: 'order' }))).toEqual([]);
  });

  it('are unknown where they cannot be counted, unless something else is found', () => {
    expect(run(singlePointOfFailure, anExamination())).toBe('unknown');
    expect(run(singlePointOfFailure, anExamination([], { service: 'order' }))).toEqual([]);
    const together = placed({ host: '10.0.0.1' }, { host: '10.0.0.1', port: 8_081 });
    expect(run(singlePointOfFailure, anExamination(together))).toHaveLength(1);
    const plain = anExamination();
    const denied = [{ call: 'member list', why: 'permission denied' }];
    const refused = { ...plain, facts: { ...plain.facts, denied } };
    expect(singlePointOfFailure.applies?.(refused)).toMatchObject({ reason: 'permission denied' });
  });

  it('and instances are unknown where access rules of Consul hide some', () => {
    const plain = withServers(three, { backend: 'consul' });
    const filtered = { ...plain, facts: { ...plain.facts, isFiltered: true } };
    expect(run(singlePointOfFailure, filtered)).toBe('unknown');
  });
});
