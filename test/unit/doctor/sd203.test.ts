import { describe, expect, it } from 'vitest';
import { unroutableAddress } from '../../../src/lib/doctor/rules/sd203-unroutable-address.js';
import { defaultSettings } from '../../../src/lib/doctor/settings.js';
import type { Examination } from '../../../src/lib/doctor/types.js';
import type { MemberFacts, NodeFacts } from '../../../src/lib/model/backend-facts.js';
import { anInstance } from '../../support/builders.js';
import { at, consulWith, onConsul } from './entry-premises.js';
import { anExamination, run } from './premises.js';

const singleHost = { settings: { ...defaultSettings, allowLoopback: true } };

describe('an address is an error', () => {
  it.each([
    ['0.0.0.0', 'means every address'],
    ['::', 'means every address'],
    ['127.0.0.1', 'its own machine'],
    ['::1', 'its own machine'],
    ['localhost', 'its own machine'],
    ['169.254.10.1', 'link-local'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['::ffff:169.254.10.1', 'link-local'],
    ['224.0.0.5', 'multicast'],
    ['ff02::1', 'multicast'],
    ['0.1.2.3', 'reserved'],
    ['255.255.255.255', 'reserved'],
    ['10.0.0.256', 'neither a host name nor an IP address'],
    ['10.0.0.1:99999', 'neither a host name nor an IP address'],
    ['order service', 'neither a host name nor an IP address'],
    ['', 'neither a host name nor an IP address'],
  ])('%s', (address, text) => {
    const instance = anInstance(at(address));
    expect(run(unroutableAddress, anExamination([instance]))).toMatchObject([
      {
        severity: 'error',
        subject: { service: 'order', instance: 'order-1' },
        detail: expect.stringContaining(text) as unknown,
      },
    ]);
  });

  it('without a port, and so is none at all', () => {
    const instances = [anInstance(at('10.0.0.1', null)), anInstance({ endpoints: [] })];
    expect(run(unroutableAddress, anExamination(instances))).toMatchObject([
      {
        severity: 'error',
        subject: { address: '10.0.0.1' },
        detail: expect.stringContaining('no port') as unknown,
      },
      { severity: 'error', subject: { address: null }, detail: 'order/order-1 has no address at all' },
    ]);
  });
});

it.each([
  '10.0.0.1',
  '192.168.1.5',
  '172.20.1.1',
  '8.8.8.8',
  'fd00::5',
  '2001:db8::1',
  'order.example.com',
  'order-1',
  'a_b',
])('leaves %s alone', (address) => {
  expect(run(unroutableAddress, anExamination([anInstance(at(address))]))).toEqual([]);
});

it('warns of a container bridge, whose ranges are a setting', () => {
  const instance = anInstance(at('172.17.0.4'));
  expect(run(unroutableAddress, anExamination([instance]))).toMatchObject([{ severity: 'warning' }]);
  const thresholds = {
    ...defaultSettings.thresholds,
    bridgeNetworks: ['10.88.0.0/16', 'no range', '10.0.0.0/99'],
  };
  const other = { settings: { ...defaultSettings, thresholds } };
  expect(run(unroutableAddress, anExamination([instance], other))).toEqual([]);
  expect(run(unroutableAddress, anExamination([anInstance(at('10.88.3.4'))], other))).toHaveLength(1);
});

it('names one instance once, by its worst address', () => {
  const instance = anInstance({
    endpoints: [...at('172.17.0.1').endpoints, ...at('10.0.0.1').endpoints, ...at('0.0.0.0').endpoints],
  });
  expect(run(unroutableAddress, anExamination([instance]))).toMatchObject([
    { severity: 'error', subject: { address: '0.0.0.0:8080' } },
  ]);
});

describe('a single host', () => {
  it('may have loopback and bridge addresses', () => {
    const fine = [anInstance(at('127.0.0.1')), anInstance(at('localhost')), anInstance(at('172.17.0.4'))];
    expect(run(unroutableAddress, anExamination(fine, singleHost))).toEqual([]);
  });

  it('may not have an unspecified one', () => {
    expect(run(unroutableAddress, anExamination([anInstance(at('0.0.0.0'))], singleHost))).toHaveLength(1);
  });
});

it('asks no port of URLs, DNS records, queues and configuration', () => {
  const fine = [
    anInstance(at('order.example.com', null, 'https')),
    anInstance({ layout: 'coredns', ...at('10.0.0.1', null) }),
    anInstance({ layout: 'go-micro', metadata: { transport: 'nats' }, ...at('order-queue', null) }),
    anInstance({ layout: 'apisix', readOnly: true, ...at('127.0.0.1', null) }),
  ];
  expect(run(unroutableAddress, anExamination(fine))).toEqual([]);
  const called = anInstance({ layout: 'go-micro', metadata: { transport: 'grpc' }, ...at('10.0.0.1', null) });
  expect(run(unroutableAddress, anExamination([called]))).toHaveLength(1);
});

describe('on Consul', () => {
  const node = (name: string, address: string): NodeFacts => ({
    name,
    address,
    alive: true,
    isExternal: false,
    services: 2,
    maintenance: null,
  });
  const server: MemberFacts = {
    id: 'server-1',
    name: 'server-1',
    clientUrls: [],
    address: '10.0.0.1',
    state: 'alive',
    isServer: true,
    isLearner: false,
  };
  const facts: Examination['facts'] = {
    ...anExamination().facts,
    nodes: [node('server-1', '10.0.0.1'), node('node-1', '127.0.0.1')],
    members: [server, { ...server, id: 'node-1', name: 'node-1', isServer: false }],
  };

  it('a missing port is a warning', () => {
    expect(run(unroutableAddress, consulWith([onConsul(at('10.0.0.1', null))]))).toMatchObject([
      { severity: 'warning' },
    ]);
  });

  it('says that the address is that of the node', () => {
    expect(run(unroutableAddress, consulWith([onConsul(at('127.0.0.1'))], { facts }))).toMatchObject([
      {
        evidence: expect.arrayContaining([{ name: 'address of its node', value: '127.0.0.1' }]) as unknown,
        fix: { text: expect.stringContaining('address of the node') as unknown },
      },
    ]);
  });

  it("leaves Consul's own entry alone", () => {
    expect(run(unroutableAddress, consulWith([onConsul({ service: 'consul', ...at('127.0.0.1') })]))).toEqual(
      [],
    );
  });

  const copies = ['a', 'b'].map((id) => onConsul({ id, node: 'server-1', ...at('10.0.0.1') }));

  it('finds instances that all have the address of a server', () => {
    expect(run(unroutableAddress, consulWith(copies, { facts }))).toMatchObject([
      {
        severity: 'error',
        subject: { service: 'order', instance: null, node: 'server-1', address: '10.0.0.1:8080' },
        evidence: [{ name: 'instances', value: 'order/a@server-1, order/b@server-1' }, {}],
      },
    ]);
  });

  it.each([
    [
      'with ports of their own',
      [
        onConsul({ id: 'a', node: 'server-1', ...at('10.0.0.1') }),
        onConsul({ id: 'b', node: 'server-1', ...at('10.0.0.1', 81) }),
      ],
      facts,
    ],
    [
      'with addresses of their own',
      [
        onConsul({ id: 'a', node: 'server-1', ...at('10.0.0.7') }),
        onConsul({ id: 'b', node: 'server-1', ...at('10.0.0.7') }),
      ],
      facts,
    ],
    ['where there is one node only', copies, { ...facts, nodes: [node('server-1', '10.0.0.1')] }],
    ['on a node that is no server', copies, { ...facts, members: [] }],
  ])('leaves instances on a server alone %s', (_what, instances, known) => {
    expect(run(unroutableAddress, consulWith(instances, { facts: known }))).toEqual([]);
  });
});
