import { describe, expect, it } from 'vitest';
import { keyValueMismatch } from '../../../src/lib/doctor/rules/sd202-key-value-mismatch.js';
import { aCheck, at, consulWith, etcdWith, kratos, onConsul, type RawPair } from './entry-premises.js';
import { anExamination, run } from './premises.js';

const kitex = (address: string): string =>
  JSON.stringify({ network: 'tcp', address, weight: 10, tags: null });
const micro = (name: string, id: string): string =>
  JSON.stringify({
    name,
    version: 'latest',
    metadata: null,
    endpoints: [],
    nodes: [{ id, address: '10.0.0.1:80' }],
  });
const dubbo = (ServiceName: string, Host: string): string =>
  JSON.stringify({ ID: '1', ServiceName, Host, Port: 80, Enable: true, Healthy: true, Metadata: {} });
/** As go-zero writes it: the lease in decimal is the id. */
const LEASE = '694d8c1f2a3b4c2d';
const decimal = BigInt(`0x${LEASE}`).toString();

const wrong: readonly (readonly [what: string, pair: RawPair, named: string, stored: string])[] = [
  [
    'the id of kratos',
    ['/microservices/order/a', kratos('order', 'b', 'http://10.0.0.1:80')],
    'order/a',
    'order/b',
  ],
  [
    'the name of kratos',
    ['/microservices/order/a', kratos('pay', 'a', 'http://10.0.0.1:80')],
    'order/a',
    'pay/a',
  ],
  ['the id of go-micro', ['/micro/registry/order/a', micro('order', 'b')], 'order/a', 'order/b'],
  [
    'the address of kitex',
    ['kitex/registry-etcd/order/10.0.0.1:80', kitex('10.0.0.2:80')],
    '10.0.0.1:80',
    '10.0.0.2:80',
  ],
  [
    'the port of etcd-endpoints',
    ['order/10.0.0.1:80', '{"Op":0,"Addr":"10.0.0.1:81"}'],
    '10.0.0.1:80',
    '10.0.0.1:81',
  ],
  [
    'the address of go-kit',
    ['/services/order/10.0.0.1:80', 'http://10.0.0.2:80'],
    '10.0.0.1:80',
    '10.0.0.2:80',
  ],
  [
    'the address of a plain entry',
    ['/services/order/10.0.0.1:80', '10.0.0.2:80'],
    '10.0.0.1:80',
    '10.0.0.2:80',
  ],
  [
    'the name of a plain entry',
    ['/services/order/a', '{"name":"pay","addr":"10.0.0.2:80"}'],
    'order/a',
    'pay',
  ],
  [
    'the name of dubbo-go',
    ['/services/order/10.0.0.1:80', dubbo('pay', '10.0.0.1')],
    'order/10.0.0.1:80',
    'pay',
  ],
  [
    'the address of dubbo-go',
    ['/services/order/10.0.0.1:80', dubbo('order', '10.0.0.2')],
    '10.0.0.1:80',
    '10.0.0.2:80',
  ],
  [
    'the lease of go-zero',
    [`order.rpc/${decimal}`, '10.0.0.1:80', '694d8c1f2a3b4c2e'],
    decimal,
    String(BigInt(decimal) + 1n),
  ],
];

it.each(wrong)('finds %s', (_what, pair, named, stored) => {
  expect(run(keyValueMismatch, etcdWith([pair]))).toMatchObject([
    {
      severity: 'error',
      subject: { key: pair[0] },
      evidence: [
        { name: 'in the key', value: named },
        { name: 'registered', value: stored },
        { name: 'layout' },
        { name: 'revision', value: '1' },
      ],
    },
  ]);
});

const right: readonly RawPair[] = [
  ['/microservices/order/a', kratos('order', 'a', 'http://10.0.0.1:80')],
  ['/micro/registry/go-order/go-a', micro('go/order', 'go/a')],
  ['kitex/registry-etcd/order/fd00::5:8888', kitex('fd00::5:8888')],
  ['hertz/registry-etcd/order/[fd00::5]:8888', kitex('[fd00::5]:8888')],
  // Whoever names the host in its own words contradicts nobody.
  ['order/pod-1:80', '{"Op":0,"Addr":"10.0.0.1:80"}'],
  ['/services/order/pod-1:80', '10.0.0.1:9000'],
  ['/services/order/v1/10.0.0.1:80', '{"name":"order","addr":"10.0.0.1:80"}'],
  ['/services/order/10.0.0.1:80', dubbo('order', '10.0.0.1')],
  [`order.rpc/${decimal}`, '10.0.0.1:80', LEASE],
  // An id that somebody has chosen, and an entry without a lease, which is SD101.
  ['order.rpc/4711', '10.0.0.1:80', LEASE],
  [`pay.rpc/${decimal}`, '10.0.0.1:80', null],
  ['/service/default/default/order/latest/10.0.0.1:80', '{"protocol":"http"}'],
];

it.each(right.map((pair) => [pair[0], pair] as const))('leaves %s alone', (_key, pair) => {
  const examination = etcdWith([pair]);
  expect(examination.snapshot.instances).toHaveLength(1);
  expect(run(keyValueMismatch, examination)).toEqual([]);
});

describe('on Consul', () => {
  it('finds an id that names another port', () => {
    const instance = onConsul({ id: 'order-10.0.0.1-8080', ...at('10.0.0.1', 9_090) });
    expect(run(keyValueMismatch, consulWith([instance]))).toMatchObject([
      { severity: 'error', subject: { instance: 'order-10.0.0.1-8080', node: 'node-1' } },
    ]);
  });

  it('warns where only the address differs, which may be translated', () => {
    const instance = onConsul({ id: 'order:172.20.0.3:8080', ...at('10.0.0.1') });
    expect(run(keyValueMismatch, consulWith([instance]))).toMatchObject([{ severity: 'warning' }]);
  });

  it.each([
    ['order-10.0.0.1-8080', at('10.0.0.1')],
    // registrator: a host, a container and the port inside it.
    ['host-1:order:80', at('10.0.0.1')],
    ['order-1', at('10.0.0.1')],
    ['order-10.0.0.1-8080', at('order.example.com')],
    ['10.0.0.9:8080', at('10.0.0.1')],
  ])('leaves the id %s alone', (id, endpoints) => {
    expect(run(keyValueMismatch, consulWith([onConsul({ id, ...endpoints })]))).toEqual([]);
  });

  it('finds a check that hangs on another instance than it is named after', () => {
    const victim = onConsul({ id: 'a', checks: [] });
    const holder = onConsul({ id: 'b', checks: [aCheck({ id: 'service:a' }), aCheck({ id: 'service:b' })] });
    expect(run(keyValueMismatch, consulWith([victim, holder]))).toMatchObject([
      { severity: 'error', subject: { instance: 'a', node: 'node-1', lease: 'service:a@node-1' } },
    ]);
  });

  it('leaves checks alone that are numbered, of nobody, or of another node', () => {
    const fine = [
      onConsul({ id: 'a', checks: [aCheck({ id: 'service:a:1' }), aCheck({ id: 'service:a:2' })] }),
      onConsul({ id: 'a:1', checks: [] }),
      onConsul({ id: 'b', checks: [aCheck({ id: 'service:gone' }), aCheck({ id: 'anything' })] }),
      onConsul({ id: 'c', checks: [aCheck({ id: 'service:d' })] }),
      onConsul({ id: 'd', node: 'node-2', checks: [] }),
      onConsul({ id: 'e', checks: [aCheck({ id: 'service:e' }), aCheck({ id: 'service:f' })] }),
      onConsul({ id: 'f', checks: [aCheck({ id: 'service:f' })] }),
    ];
    expect(run(keyValueMismatch, consulWith(fine))).toEqual([]);
  });
});

it('compares no lease of another form', () => {
  const [instance] = etcdWith([[`order.rpc/${decimal}`, '10.0.0.1:80', LEASE]]).snapshot.instances;
  if (instance === undefined) throw new Error('it is an instance');
  const lease = { id: 'run-1', ttlSeconds: null, leftSeconds: null };
  expect(run(keyValueMismatch, anExamination([{ ...instance, lease }]))).toEqual([]);
});
