/** Entries as the frameworks write them. */
import type { ExpectedForm, FoundInstance, ReaderEntry, ReaderQuery } from './types.js';

export const lease = '7587875012669557772';
export const otherLease = '7587875012669557776';

export function entry(key: string, value: string, of: string | null = lease): ReaderEntry {
  return { key, value, lease: of };
}

function instance(id: string, endpoint: string, rest: Partial<FoundInstance> = {}): FoundInstance {
  return { id, endpoints: [endpoint], version: null, weight: null, metadata: {}, ...rest };
}

const kratosId = '8a1f0c5e-6f0b-11ef-9a53-0242ac110002';
const microId = 'order-2f1d9c1e-5b0e-4a57-9a3c-1c1f7b0c9d11';
export const plainJson = '{"name":"order","addr":"10.0.1.5:8080","version":"v1.2.0","weight":10}';
const microNode = { broker: 'http', protocol: 'grpc', registry: 'etcd', server: 'grpc', transport: 'grpc' };

/** What the frameworks themselves have written. */
export const real: readonly (readonly [string, ReaderEntry, ReaderQuery, FoundInstance])[] = [
  [
    'plain',
    entry('/services/order/10.0.1.5:8080', '10.0.1.5:8080'),
    { service: 'order' },
    instance('10.0.1.5:8080', '10.0.1.5:8080'),
  ],
  [
    'plain',
    entry('/services/order-admin/10.0.1.9:8080', '10.0.1.9:8080'),
    { service: 'order-admin' },
    instance('10.0.1.9:8080', '10.0.1.9:8080'),
  ],
  [
    'plain',
    entry('/services/order/order-7f9c', plainJson),
    { service: 'order' },
    instance('order-7f9c', '10.0.1.5:8080', { version: 'v1.2.0', weight: 10 }),
  ],
  [
    'plain',
    entry('/order/v1.2.0/10.0.1.5:8080', plainJson),
    { service: 'order', root: '' },
    instance('10.0.1.5:8080', '10.0.1.5:8080', { version: 'v1.2.0', weight: 10 }),
  ],
  [
    'etcd-endpoints',
    entry('order/10.0.1.5:8080', '{"Op":0,"Addr":"10.0.1.5:8080","Metadata":null}'),
    { service: 'order' },
    instance('10.0.1.5:8080', '10.0.1.5:8080'),
  ],
  [
    'etcd-endpoints',
    entry('foo/bar/order/e1', '{"Op":0,"Addr":"10.0.1.6:8080","Metadata":{"weight":10,"zone":"a"}}', null),
    { service: 'foo/bar/order' },
    instance('e1', '10.0.1.6:8080', { weight: 10, metadata: { weight: 10, zone: 'a' } }),
  ],
  [
    'etcd-endpoints',
    entry('order/10.0.1.7', '{"Addr":"10.0.1.7","Metadata":"canary"}'),
    { service: 'order' },
    instance('10.0.1.7', '10.0.1.7', { metadata: { metadata: 'canary' } }),
  ],
  [
    'go-zero',
    entry(`order.rpc/${lease}`, '10.0.1.5:8080'),
    { service: 'order.rpc' },
    instance(lease, '10.0.1.5:8080'),
  ],
  [
    'go-zero',
    entry('order.rpc/1', '10.0.1.6:8080', otherLease),
    { service: 'order.rpc' },
    instance('1', '10.0.1.6:8080'),
  ],
  [
    'go-zero',
    entry(`prod/order.rpc/${otherLease}`, '0.0.0.0:8080', otherLease),
    { service: 'prod/order.rpc' },
    instance(otherLease, '0.0.0.0:8080'),
  ],
  [
    'kratos',
    entry(
      `/microservices/order/${kratosId}`,
      `{"id":"${kratosId}","name":"order","version":"v1.0.0","metadata":null,"endpoints":["http://10.0.1.5:8000","grpc://10.0.1.5:9000"]}`,
    ),
    { service: 'order' },
    instance(kratosId, '', {
      endpoints: ['http://10.0.1.5:8000', 'grpc://10.0.1.5:9000'],
      version: 'v1.0.0',
    }),
  ],
  [
    'kratos',
    entry(
      '/microservices/order-admin/host-9',
      '{"id":"host-9","name":"order-admin","version":"","metadata":{"weight":"20"},"endpoints":["grpc://10.0.1.9:9000"]}',
    ),
    { service: 'order-admin' },
    instance('host-9', 'grpc://10.0.1.9:9000', { version: '', weight: 20, metadata: { weight: '20' } }),
  ],
  [
    'kitex',
    entry(
      'kitex/registry-etcd/order/10.0.1.5:8888',
      '{"network":"tcp","address":"10.0.1.5:8888","weight":10,"tags":null}',
    ),
    { service: 'order' },
    instance('10.0.1.5:8888', '10.0.1.5:8888', { weight: 10 }),
  ],
  [
    'kitex',
    entry(
      'kitex/registry-etcd/order/10.0.1.6:8888',
      '{"network":"tcp","address":"10.0.1.6:8888","weight":0,"tags":{"cluster":"blue","idc":"hl"}}',
    ),
    { service: 'order' },
    instance('10.0.1.6:8888', '10.0.1.6:8888', { weight: 10, metadata: { cluster: 'blue', idc: 'hl' } }),
  ],
  [
    'kitex',
    entry('/order/10.0.1.7:8888', '{"network":"tcp","address":"10.0.1.7:8888","weight":10,"tags":null}'),
    { service: 'order', root: '' },
    instance('10.0.1.7:8888', '10.0.1.7:8888', { weight: 10 }),
  ],
  [
    'hertz',
    entry(
      'hertz/registry-etcd/order/10.0.1.5:8888',
      '{"network":"tcp","address":"10.0.1.5:8888","weight":10,"tags":null}',
    ),
    { service: 'order' },
    instance('10.0.1.5:8888', '10.0.1.5:8888', { weight: 10 }),
  ],
  [
    'go-micro',
    entry(
      `/micro/registry/order/${microId}`,
      `{"name":"order","version":"latest","metadata":null,"endpoints":[],"nodes":[{"metadata":${JSON.stringify(microNode)},"id":"${microId}","address":"10.0.1.5:8080"}]}`,
    ),
    { service: 'order' },
    instance(microId, '10.0.1.5:8080', { version: 'latest', metadata: microNode }),
  ],
  [
    'go-micro',
    entry(
      '/micro/registry/shop-order/shop-order-7d3f',
      '{"name":"shop/order","version":"1.4.0","metadata":{"team":"trade"},"endpoints":[{"name":"Order.Create","request":{"name":"CreateRequest","type":"CreateRequest","values":[{"name":"sku","type":"string","values":null}]},"response":{"name":"CreateResponse","type":"CreateResponse","values":null},"metadata":{}}],"nodes":[{"id":"shop/order-7d3f","address":"10.0.1.6:8080","metadata":{"protocol":"mucp","transport":"http"}}]}',
    ),
    { service: 'shop/order' },
    instance('shop/order-7d3f', '10.0.1.6:8080', {
      version: '1.4.0',
      metadata: { protocol: 'mucp', transport: 'http' },
    }),
  ],
  [
    'go-kit',
    entry('/services/order/10.0.1.5:8080', 'http://10.0.1.5:8080'),
    { service: 'order' },
    instance('10.0.1.5:8080', 'http://10.0.1.5:8080'),
  ],
  [
    'goframe',
    entry('/service/default/default/order/latest/10.0.1.5:8000', '{"insecure":true,"protocol":"http"}'),
    { service: 'order' },
    instance('10.0.1.5:8000', '10.0.1.5:8000', {
      version: 'latest',
      metadata: { insecure: true, protocol: 'http' },
    }),
  ],
  [
    'goframe',
    entry('/service/prod/trade/order/v1/10.0.1.5:8000,192.168.7.5:8000', '{"protocol":"grpc"}'),
    { service: 'order', root: '/service/prod/trade', version: 'v1' },
    instance('10.0.1.5:8000,192.168.7.5:8000', '', {
      endpoints: ['10.0.1.5:8000', '192.168.7.5:8000'],
      version: 'v1',
      metadata: { protocol: 'grpc' },
    }),
  ],
  [
    'rpcx',
    entry('/rpcx_test/order/tcp@10.0.1.5:8972', ''),
    { service: 'order' },
    instance('tcp@10.0.1.5:8972', 'tcp@10.0.1.5:8972'),
  ],
  [
    'coredns',
    entry(
      '/skydns/local/skydns/order/x1',
      '{"host":"10.0.1.5","port":8080,"priority":10,"weight":100,"ttl":60}',
      null,
    ),
    { service: 'order.skydns.local' },
    instance('x1', '10.0.1.5:8080', { weight: 100, metadata: { priority: 10, ttl: 60 } }),
  ],
  [
    'coredns',
    entry(
      '/skydns/local/skydns/order/x2',
      '{"host":"order-2.internal","port":8080,"group":"g1","targetstrip":1}',
      null,
    ),
    { service: 'order.skydns.local' },
    instance('x2', 'order-2.internal:8080', { metadata: { group: 'g1', targetstrip: 1 } }),
  ],
];

export interface Sample {
  readonly entry: ReaderEntry;
  readonly expected: ExpectedForm;
}

export const endpoint = { host: '10.0.1.5', port: 8080 };

/** For each layout an entry that is right in every way, with all that can go wrong in it. */
export const samples: Readonly<Record<string, Sample>> = {
  plain: {
    entry: entry('/services/order/10.0.1.5:8080', '10.0.1.5:8080'),
    expected: { service: 'order', endpoints: [endpoint] },
  },
  'etcd-endpoints': {
    entry: entry(
      'order/10.0.1.5:8080',
      '{"Op":0,"Addr":"10.0.1.5:8080","Metadata":{"10":"a","9":"b\\u0026c","weight":10}}',
    ),
    expected: {
      service: 'order',
      endpoints: [endpoint],
      weight: 10,
      metadata: { weight: 10, 9: 'b&c', 10: 'a' },
    },
  },
  'go-zero': {
    entry: entry(`order.rpc/${lease}`, '10.0.1.5:8080'),
    expected: { service: 'order.rpc', endpoints: [endpoint] },
  },
  kratos: {
    entry: entry(
      '/microservices/order/order-1',
      '{"id":"order-1","name":"order","version":"v1","metadata":{"note":"a\\u003cb","weight":"20"},"endpoints":["http://10.0.1.5:8080","grpc://[fd00::5]:9000"]}',
    ),
    expected: {
      service: 'order',
      id: 'order-1',
      endpoints: [
        { ...endpoint, protocol: 'http' },
        { protocol: 'grpc', host: 'fd00::5', port: 9000 },
      ],
      version: 'v1',
      weight: 20,
      metadata: { note: 'a<b', weight: '20' },
    },
  },
  kitex: {
    entry: entry(
      'kitex/registry-etcd/order/10.0.1.5:8080',
      '{"network":"tcp","address":"10.0.1.5:8080","weight":20,"tags":{"idc":"hl","note":"a\\u003eb"}}',
    ),
    expected: {
      service: 'order',
      endpoints: [{ ...endpoint, protocol: 'tcp' }],
      weight: 20,
      metadata: { note: 'a>b', idc: 'hl' },
    },
  },
  hertz: {
    entry: entry(
      'hertz/registry-etcd/order/10.0.1.5:8080',
      '{"network":"tcp","address":"10.0.1.5:8080","weight":20,"tags":{"note":"<a&b>","idc":"hl"}}',
    ),
    expected: {
      service: 'order',
      endpoints: [{ ...endpoint, protocol: 'tcp' }],
      weight: 20,
      metadata: { note: '<a&b>', idc: 'hl' },
    },
  },
  'go-micro': {
    entry: entry(
      '/micro/registry/shop-order/shop-order-1',
      '{"name":"shop/order","version":"latest","metadata":null,"endpoints":[],"nodes":[{"metadata":{"note":"a\\u0026b","protocol":"grpc"},"id":"shop/order-1","address":"10.0.1.5:8080"}]}',
    ),
    expected: {
      service: 'shop/order',
      id: 'shop/order-1',
      endpoints: [{ ...endpoint, protocol: 'grpc' }],
      metadata: { protocol: 'grpc', note: 'a&b' },
    },
  },
  'go-kit': {
    entry: entry('/services/order/10.0.1.5:8080', 'http://10.0.1.5:8080'),
    expected: { service: 'order', endpoints: [{ ...endpoint, protocol: 'http' }] },
  },
  goframe: {
    entry: entry(
      '/service/default/default/order/latest/10.0.1.5:8080',
      '{"insecure":true,"note":"a\\u0026b","protocol":"http"}',
    ),
    expected: {
      service: 'order',
      endpoints: [{ ...endpoint, protocol: 'http' }],
      metadata: { protocol: 'http', insecure: true, note: 'a&b' },
    },
  },
  rpcx: {
    entry: entry('/rpcx_test/order/tcp@10.0.1.5:8080', 'group=a+%26+b&weight=10'),
    expected: {
      service: 'order',
      endpoints: [{ ...endpoint, protocol: 'tcp' }],
      weight: 10,
      metadata: { weight: '10', group: 'a & b' },
    },
  },
  coredns: {
    entry: entry(
      '/skydns/local/order/x1',
      '{"host":"10.0.1.5","port":8080,"weight":100,"ttl":60,"group":"a\\u0026b"}',
      null,
    ),
    expected: {
      service: 'order.local',
      id: 'x1',
      endpoints: [endpoint],
      weight: 100,
      metadata: { ttl: 60, group: 'a&b' },
    },
  },
};
