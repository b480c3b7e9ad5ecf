/** The readers that judge what sdctl writes are strict themselves: they take the real thing, and nothing beside it. */
import { describe, expect, it } from 'vitest';
import { goInt, goString, goStruct, unmarshal } from '../support/readers/go-decode.js';
import { encodeQuery, encodings, parseQuery, sonic, standard } from '../support/readers/go-encode.js';
import { readers } from '../support/readers/index.js';
import { rawElements, rawKeys, rawMembers } from '../support/readers/raw-json.js';
import type {
  Failed,
  ExpectedForm,
  FoundInstance,
  ReaderEntry,
  ReaderQuery,
} from '../support/readers/types.js';

const lease = '7587875012669557772';
const otherLease = '7587875012669557776';

function reader(layout: string): NonNullable<(typeof readers)[string]> {
  const one = readers[layout];
  if (one === undefined) throw new Error(`no reader for ${layout}`);
  return one;
}

function entry(key: string, value: string, of: string | null = lease): ReaderEntry {
  return { key, value, lease: of };
}

function instance(id: string, endpoint: string, rest: Partial<FoundInstance> = {}): FoundInstance {
  return { id, endpoints: [endpoint], version: null, weight: null, metadata: {}, ...rest };
}

it('there is one for each layout', () => {
  expect(Object.keys(readers).toSorted()).toEqual([
    'coredns',
    'etcd-endpoints',
    'go-kit',
    'go-micro',
    'go-zero',
    'goframe',
    'hertz',
    'kitex',
    'kratos',
    'plain',
    'rpcx',
  ]);
});

const kratosId = '8a1f0c5e-6f0b-11ef-9a53-0242ac110002';
const microId = 'order-2f1d9c1e-5b0e-4a57-9a3c-1c1f7b0c9d11';
const plainJson = '{"name":"order","addr":"10.0.1.5:8080","version":"v1.2.0","weight":10}';
const microNode = { broker: 'http', protocol: 'grpc', registry: 'etcd', server: 'grpc', transport: 'grpc' };

/** What the frameworks themselves have written. */
const real: readonly (readonly [string, ReaderEntry, ReaderQuery, FoundInstance])[] = [
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

describe('the client of a framework finds what the framework wrote', () => {
  it.each(real)('%s: $1.key', (layout, one, query, expected) => {
    expect(reader(layout).read([one], query)).toEqual({
      outcome: 'found',
      instances: [expected],
      skipped: [],
    });
  });

  it.each<[string, ReaderEntry, ReaderQuery, string]>([
    [
      'rpcx',
      entry(
        '/rpcx_test/order/quic@10.0.1.6:8972',
        'calls=12.34&connections=2.00&group=blue&state=inactive&weight=10',
      ),
      { service: 'order' },
      'inactive',
    ],
    [
      'coredns',
      entry('/skydns/local/skydns/order/x3', '{"ttl":60,"text":"owner=trade"}', null),
      { service: 'order.skydns.local' },
      'no host: a text',
    ],
  ])('%s hides $1.key', (layout, one, query, reason) => {
    expect(reader(layout).read([one], query)).toEqual({
      outcome: 'found',
      instances: [],
      skipped: [{ key: one.key, reason }],
    });
  });

  it('and the markers of rpcx are no instances', () => {
    const markers = [entry('/rpcx_test', 'rpcx_path'), entry('/rpcx_test/order', 'order')];
    expect(reader('rpcx').read(markers, { service: 'order' })).toEqual({
      outcome: 'found',
      instances: [],
      skipped: [],
    });
  });
});

describe('a client reads as far as its prefix goes', () => {
  it.each([
    ['plain', '/services/order-admin/10.0.1.9:8080', '10.0.1.9:8080'],
    ['etcd-endpoints', 'order-admin/10.0.1.9:8080', '{"Op":0,"Addr":"10.0.1.9:8080","Metadata":null}'],
    ['go-zero', `order-admin/${lease}`, '10.0.1.9:8080'],
    [
      'kratos',
      '/microservices/order-admin/a',
      '{"id":"a","name":"order-admin","version":"","metadata":null,"endpoints":["grpc://10.0.1.9:9000"]}',
    ],
    [
      'kitex',
      'kitex/registry-etcd/order-admin/10.0.1.9:8888',
      '{"network":"tcp","address":"10.0.1.9:8888","weight":10,"tags":null}',
    ],
    [
      'hertz',
      'hertz/registry-etcd/order-admin/10.0.1.9:8888',
      '{"network":"tcp","address":"10.0.1.9:8888","weight":10,"tags":null}',
    ],
    [
      'go-micro',
      '/micro/registry/order-admin/a',
      '{"name":"order-admin","version":"latest","metadata":null,"endpoints":[],"nodes":[{"metadata":null,"id":"a","address":"10.0.1.9:8080"}]}',
    ],
    ['goframe', '/service/default/default/order-admin/latest/10.0.1.9:8000', '{"protocol":"grpc"}'],
    ['rpcx', '/rpcx_test/order-admin/tcp@10.0.1.9:8972', ''],
    ['coredns', '/skydns/order-admin/x1', '{"host":"10.0.1.9","port":8080}'],
  ])('%s finds order-admin under its own name only', (layout, key, value) => {
    const { read } = reader(layout);
    expect(read([entry(key, value)], { service: 'order' })).toMatchObject({ instances: [], skipped: [] });
    expect(read([entry(key, value)], { service: 'order-admin' })).toHaveProperty('instances.length', 1);
  });

  it('go-kit takes order-admin for order', () => {
    const admin = entry('/services/order-admin/10.0.1.9:8080', 'http://10.0.1.9:8080');
    expect(reader('go-kit').read([admin], { service: 'order' })).toHaveProperty('instances.length', 1);
  });

  it('goframe takes v10 for v1', () => {
    const ten = entry('/service/default/default/order/v10/10.0.1.9:8000', '{"protocol":"grpc"}');
    const result = reader('goframe').read([ten], { service: 'order', version: 'v1' });
    expect(result).toMatchObject({ instances: [{ version: 'v10' }] });
  });

  it('go-zero dials an address once, whatever the number of its keys', () => {
    const twice = [entry(`order.rpc/${otherLease}`, '10.0.1.5:8080'), entry('order.rpc/1', '10.0.1.5:8080')];
    expect(reader('go-zero').read(twice, { service: 'order.rpc' })).toMatchObject({
      instances: [{ id: '1' }],
    });
  });

  it('rpcx takes an address without a protocol for tcp', () => {
    const bare = entry('/rpcx_test/order/10.0.1.5:8972', '');
    expect(reader('rpcx').read([bare], { service: 'order' })).toMatchObject({
      instances: [{ endpoints: ['tcp@10.0.1.5:8972'] }],
    });
  });
});

/** Beside a good entry of `order`, or `order.rpc`, or `order.local`, as the layout has it. */
const poison: readonly (readonly [string, Failed['how'], string, string])[] = [
  ['plain', 'dial', '/services/order/a', ''],
  ['plain', 'dial', '/services/order/a', '10.0.1.6'],
  ['plain', 'dial', '/services/order/a', '10.0.1.6:8080\n'],
  ['plain', 'dial', '/services/order/a', 'fd00::5:8080'],
  ['plain', 'dial', '/services/order/a', '{"addr":"10.0.1.6:8080"'],
  ['plain', 'dial', '/services/order/a', '{"addr":"10.0.1.6:8080","weight":"10"}'],
  ['plain', 'dial', '/services/order/a', '{"address":"10.0.1.6:8080"}'],
  ['go-zero', 'dial', 'order.rpc/a', '{"Addr":"10.0.1.6:8080"}'],
  ['go-zero', 'dial', 'order.rpc/a', '10.0.1.6'],
  ['go-zero', 'dial', 'order.rpc/a', ':8080'],
  ['go-zero', 'dial', 'order.rpc/a', 'fd00::5:8080'],
  ['go-zero', 'dial', 'order.rpc/a', '10.0.1.6:0'],
  ['go-zero', 'dial', 'order.rpc/a', '10.0.1.6:65536'],
  ['go-zero', 'dial', 'order.rpc/a', '10.0.1.666:8080'],
  ['go-zero', 'dial', 'order.rpc/a', ' 10.0.1.6:8080'],
  ['kratos', 'error', '/microservices/order/a', '10.0.1.6:8080'],
  ['kratos', 'error', '/microservices/order/a', ''],
  ['kratos', 'error', '/microservices/order-admin/a', 'not json'],
  [
    'kratos',
    'error',
    '/microservices/order-admin/a',
    '{"id":"a","name":"order-admin","version":1,"endpoints":[]}',
  ],
  ['kratos', 'error', '/microservices/order/a', '{"id":"a","name":"order","metadata":{"weight":20}}'],
  [
    'kratos',
    'error',
    '/microservices/order/a',
    '{"id":"a","name":"order","endpoints":"grpc://10.0.1.6:9000"}',
  ],
  ['kratos', 'error', '/microservices/order/a', '[]'],
  ['kratos', 'dial', '/microservices/order/a', '{"id":"a","name":"order","endpoints":["10.0.1.6:9000"]}'],
  [
    'kratos',
    'dial',
    '/microservices/order/a',
    '{"id":"a","name":"order","endpoints":["grpc://fd00::5:9000"]}',
  ],
  ['go-kit', 'dial', '/services/order/a', ''],
  ['go-kit', 'dial', '/services/order/a', 'http://10.0.1.6'],
  ['go-kit', 'dial', '/services/order/a', 'http://10.0.1.6:8080\n'],
  ['go-kit', 'dial', '/services/order-admin/a', '{"host":"10.0.1.6"}'],
  ['goframe', 'error', '/service/default/default/order/latest', '{}'],
  ['goframe', 'error', '/service/default/default/order/latest/10.0.1.6:8000/x', '{}'],
  ['goframe', 'error', '/service/default/default/order/latest/10.0.1.6:8000', '10.0.1.6:8000'],
  ['goframe', 'error', '/service/default/default/order/latest/10.0.1.6:8000', '[]'],
  ['goframe', 'error', '/service/default/default/order/latest/10.0.1.6:8000', '{"protocol":"grpc"'],
  ['goframe', 'panic', '/service/default/default/order/latest/order-1', '{}'],
  ['goframe', 'panic', '/service/default/default/order/latest/10.0.1.6', '{}'],
  ['goframe', 'panic', '/service/default/default/order/latest/[fd00::5]:8000', '{}'],
  ['goframe', 'panic', '/service/default/default/order/latest/fd00::5:8000', '{}'],
  ['goframe', 'panic', '/service/default/default/order/latest/10.0.1.6:8000,10.0.1.7', '{}'],
  ['goframe', 'panic', '/service/default/default/order/latest2/order-1', '{}'],
  ['rpcx', 'dial', '/rpcx_test/order/order-1', ''],
  ['rpcx', 'dial', '/rpcx_test/order/tcp@fd00::5:8972', ''],
  ['rpcx', 'dial', '/rpcx_test/order/tcp@10.0.1.6', ''],
  ['rpcx', 'dial', '/rpcx_test/order/@10.0.1.6:8972', ''],
  ['rpcx', 'dial', '/rpcx_test/order/x/tcp@10.0.1.6:8972', ''],
  ['rpcx', 'error', '/rpcx_test/order/tcp@10.0.1.6:8972', 'group=%zz'],
  ['coredns', 'error', '/skydns/local/order/x2', '10.0.1.6:8080'],
  ['coredns', 'error', '/skydns/local/order/x2', ''],
  ['coredns', 'error', '/skydns/local/order/x2', '{"host":"10.0.1.6","port":"8080"}'],
  ['coredns', 'error', '/skydns/local/order/x2', '{"host":"10.0.1.6","port":8080.0}'],
  ['coredns', 'error', '/skydns/local/order/x2', '{"host":"10.0.1.6","ttl":-1}'],
  ['coredns', 'error', '/skydns/local/order/x2', '{"host":"[fd00::5]","port":8080}'],
];

const skipped: readonly (readonly [string, string, string])[] = [
  ['etcd-endpoints', 'order/a', '10.0.1.6:8080'],
  ['etcd-endpoints', 'order/a', '{"Op":"0","Addr":"10.0.1.6:8080"}'],
  ['etcd-endpoints', 'order/a', '{"Op":256,"Addr":"10.0.1.6:8080"}'],
  ['etcd-endpoints', 'order/a', '{"Op":0,"Addr":{"host":"10.0.1.6"}}'],
  ['etcd-endpoints', 'order/a', '{"Op":0,"Addr":"fd00::5:8080"}'],
  ['etcd-endpoints', 'order/a', '{"Op":0}'],
  ['kitex', 'kitex/registry-etcd/order/a', '10.0.1.6:8888'],
  ['kitex', 'kitex/registry-etcd/order/a', '{"network":"tcp","address":"10.0.1.6:8888","weight":"10"}'],
  ['kitex', 'kitex/registry-etcd/order/a', '{"network":"tcp","address":"10.0.1.6:8888","weight":1e1}'],
  ['kitex', 'kitex/registry-etcd/order/a', '{"network":"tcp","address":"10.0.1.6:8888","tags":{"n":1}}'],
  ['kitex', 'kitex/registry-etcd/order/a', '{"network":"tcp","address":"order-1"}'],
  ['hertz', 'hertz/registry-etcd/order/a', '10.0.1.6:8888'],
  ['hertz', 'hertz/registry-etcd/order/a', '{"network":"tcp","address":"10.0.1.6:8888","tags":["blue"]}'],
  ['hertz', 'hertz/registry-etcd/order/a', '{"network":"tcp","address":"fd00::5:8888","weight":10}'],
  ['go-micro', '/micro/registry/order/a', 'order'],
  ['go-micro', '/micro/registry/order/a', '{"name":"order","nodes":{"id":"a","address":"10.0.1.6:8080"}}'],
  ['go-micro', '/micro/registry/order/a', '{"name":"order","nodes":[{"id":"a","metadata":{"n":1}}]}'],
  ['go-micro', '/micro/registry/order/a', '{"name":"order","nodes":[{"id":"a","address":"fd00::5:80"}]}'],
];

interface Sample {
  readonly entry: ReaderEntry;
  readonly expected: ExpectedForm;
}

const endpoint = { host: '10.0.1.5', port: 8080 };

/** For each layout an entry that is right in every way, with all that can go wrong in it. */
const samples: Readonly<Record<string, Sample>> = {
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

function sample(layout: string): Sample {
  const one = samples[layout];
  if (one === undefined) throw new Error(`no sample for ${layout}`);
  return one;
}

describe('one bad entry beside a good one', () => {
  it.each(poison)('%s: %s for %s = %j', (layout, how, key, value) => {
    const { entry: good, expected } = sample(layout);
    expect(reader(layout).read([good, entry(key, value)], expected)).toMatchObject({
      outcome: 'failed',
      how,
      key,
    });
    expect(reader(layout).read([good], expected)).toHaveProperty('instances.length', 1);
  });

  it.each(skipped)('%s passes over %s = %j', (layout, key, value) => {
    const { entry: good, expected } = sample(layout);
    // go-micro's sample has another name, so that the slash in it is seen.
    const query = layout === 'go-micro' ? { service: 'order' } : expected;
    const result = reader(layout).read([good, entry(key, value)], query);
    expect(result).toMatchObject({ outcome: 'found', skipped: [{ key }] });
    expect(result).toHaveProperty('instances.length', layout === 'go-micro' ? 0 : 1);
  });
});

describe('the form of the samples', () => {
  it.each(Object.entries(samples))('%s is what a framework writes', (layout, { entry: one, expected }) => {
    expect(reader(layout).checkForm(one, expected)).toEqual([]);
  });

  const ends: readonly (readonly [string, (text: string) => string])[] = [
    ['with a newline at the end', (text) => `${text}\n`],
    ['with a space before it', (text) => ` ${text}`],
    ['cut off', (text) => text.slice(0, -1)],
  ];
  it.each(
    Object.keys(samples).flatMap((layout) => ends.map(([title, spoil]) => [layout, title, spoil] as const)),
  )('%s: not a value %s', (layout, _title, spoil) => {
    const { entry: one, expected } = sample(layout);
    expect(reader(layout).checkForm({ ...one, value: spoil(one.value) }, expected)).not.toEqual([]);
  });

  it.each(Object.keys(samples))(
    '%s: not a key with one slash more or less, nor of another name',
    (layout) => {
      const { entry: one, expected } = sample(layout);
      const moved = one.key.startsWith('/') ? one.key.slice(1) : `/${one.key}`;
      const renamed = one.key.replace('order', 'order-admin');
      for (const key of [moved, `${one.key}/`, one.key.replace('/order', '//order'), renamed]) {
        if (key === one.key) continue;
        expect(reader(layout).checkForm({ ...one, key }, expected)).toContainEqual(
          expect.stringMatching(/^key is/),
        );
      }
    },
  );

  it.each(Object.keys(samples).filter((layout) => layout !== 'coredns'))(
    '%s: not without a lease',
    (layout) => {
      const { entry: one, expected } = sample(layout);
      expect(reader(layout).checkForm({ ...one, lease: null }, expected)).toContain('the key has no lease');
      for (const bad of ['0', '694d8c1f2a3b4c0c', '7.5e18']) {
        const complaints = reader(layout).checkForm({ ...one, lease: bad }, expected);
        expect(complaints).toContainEqual(expect.stringMatching(/^lease is/));
      }
    },
  );

  it('coredns: with a lease, if it is one', () => {
    const { entry: one, expected } = sample('coredns');
    expect(reader('coredns').checkForm({ ...one, lease }, expected)).toEqual([]);
    expect(reader('coredns').checkForm({ ...one, lease: '0' }, expected)).not.toEqual([]);
  });
});

/** The sample, with the first text in its value replaced by the second, and the complaint that this must draw. */
const spoilt: readonly (readonly [string, string, string, RegExp])[] = [
  ['plain', '10.0.1.5:8080', 'http://10.0.1.5:8080', /^value is/],
  ['plain', '10.0.1.5:8080', plainJson, /^value is/],
  ['etcd-endpoints', '"Op":0,"Addr":"10.0.1.5:8080"', '"Addr":"10.0.1.5:8080","Op":0', /^fields of value/],
  ['etcd-endpoints', '"Op":0,', '', /^fields of value/],
  ['etcd-endpoints', '"Op":0,', '"op":0,', /^fields of value/],
  ['etcd-endpoints', '"Op":0,', '"Op":0,"Op":0,', /^fields of value/],
  ['etcd-endpoints', '"Op":0', '"Op":1', /^Op is/],
  ['etcd-endpoints', '"Op":0', '"Op":"0"', /^cannot unmarshal/],
  ['etcd-endpoints', '5:8080', '6:8080', /^Addr is/],
  ['etcd-endpoints', '\\u0026', '&', /the encoder writes/],
  ['etcd-endpoints', '\\u0026', '\\u0026\\u0027', /the encoder writes/],
  ['etcd-endpoints', '"10":"a","9":"b\\u0026c"', '"9":"b\\u0026c","10":"a"', /^order of Metadata/],
  ['etcd-endpoints', '"weight":10', '"weight":"10"', /^weight is/],
  ['etcd-endpoints', '"weight":10', '"weight":10.0', /the encoder writes/],
  ['etcd-endpoints', '{"10":"a","9":"b\\u0026c","weight":10}', '{}', /empty and not null/],
  ['etcd-endpoints', '"Op":0,', '"Op": 0,', /the encoder writes/],
  ['go-zero', '10.0.1.5:8080', 'grpc://10.0.1.5:8080', /^value is/],
  ['go-zero', '10.0.1.5', '10.0.1.6', /^value is/],
  ['kratos', '"id":"order-1","name":"order"', '"name":"order","id":"order-1"', /^fields of value/],
  ['kratos', '"version":"v1",', '', /^fields of value/],
  ['kratos', '"version":"v1",', '"version":"v1","zone":"a",', /^fields of value/],
  ['kratos', '"version":"v1"', '"version":1', /^cannot unmarshal/],
  ['kratos', '"version":"v1"', '"version":"v2"', /^version is/],
  ['kratos', '"name":"order"', '"name":"order-admin"', /^key by the names in the value/],
  ['kratos', '"id":"order-1"', '"id":"order-2"', /^key by the names in the value/],
  ['kratos', '\\u003c', '<', /the encoder writes/],
  ['kratos', '\\u003c', '\\u003C', /the encoder writes/],
  ['kratos', '"note":"a\\u003cb","weight":"20"', '"weight":"20","note":"a\\u003cb"', /^order of metadata/],
  ['kratos', '"weight":"20"', '"weight":20', /^cannot unmarshal/],
  ['kratos', '"weight":"20"', '"weight":"21"', /^weight is/],
  ['kratos', '{"note":"a\\u003cb","weight":"20"}', '{}', /empty and not null/],
  ['kratos', 'http://10', 'tcp://10', /^endpoint is/],
  ['kratos', '[fd00::5]', 'fd00::5', /^endpoint is no URL/],
  ['kratos', ',"grpc://[fd00::5]:9000"', '', /^number of endpoints/],
  ['kratos', '8080"', '8080/"', /^endpoint is/],
  [
    'kitex',
    '"network":"tcp","address":"10.0.1.5:8080"',
    '"address":"10.0.1.5:8080","network":"tcp"',
    /^fields/,
  ],
  ['kitex', '"network":"tcp",', '', /^fields of value/],
  ['kitex', '"network":"tcp"', '"network":"http"', /^network is http/],
  ['kitex', '5:8080', '6:8080', /^address in the key/],
  ['kitex', '"weight":20', '"weight":0', /^weight is 0/],
  ['kitex', '"weight":20', '"weight":"20"', /^cannot unmarshal/],
  ['kitex', '\\u003e', '>', /the encoder writes/],
  ['kitex', '"idc":"hl","note":"a\\u003eb"', '"note":"a\\u003eb","idc":"hl"', /^order of tags/],
  ['kitex', '{"idc":"hl","note":"a\\u003eb"}', '{}', /empty and not null/],
  ['kitex', '"idc":"hl"', '"idc":"hk"', /^tags is/],
  ['hertz', '<', '\\u003c', /the encoder writes/],
  ['hertz', '&', '\\u0026', /the encoder writes/],
  ['hertz', '"weight":20,', '"weight":20, ', /the encoder writes/],
  ['hertz', '"idc":"hl"', '"note":"<a&b>"', /^tags repeats a key/],
  ['hertz', '{"note":"<a&b>","idc":"hl"}', '{}', /empty and not null/],
  ['hertz', '"weight":20', '"weight":-1', /^weight is -1/],
  ['hertz', '5:8080', '6:8080', /^address in the key/],
  ['hertz', ',"weight":20', '', /^fields of value/],
  ['go-micro', '"name":"shop/order","version":"latest"', '"version":"latest","name":"shop/order"', /^fields/],
  ['go-micro', '"endpoints":[],', '', /^fields of value/],
  ['go-micro', '"endpoints":[]', '"endpoints":null', /^endpoints is null/],
  ['go-micro', '"metadata":null', '"metadata":{}', /^metadata of the service is empty/],
  ['go-micro', '"version":"latest"', '"version":""', /^version is/],
  ['go-micro', '"name":"shop/order"', '"name":"shop-order"', /^name is/],
  ['go-micro', '"id":"shop/order-1"', '"id":"shop-order-1"', /^id of the node/],
  ['go-micro', '"id":"shop/order-1"', '"id":"order-1"', /^last part of the key/],
  [
    'go-micro',
    '"id":"shop/order-1","address":"10.0.1.5:8080"',
    '"address":"10.0.1.5:8080","id":"shop/order-1"',
    /^fields of the node/,
  ],
  [
    'go-micro',
    '"nodes":[',
    '"nodes":[{"metadata":null,"id":"b","address":"10.0.1.6:80"},',
    /^number of nodes/,
  ],
  ['go-micro', '\\u0026', '&', /the encoder writes/],
  [
    'go-micro',
    '"note":"a\\u0026b","protocol":"grpc"',
    '"protocol":"grpc","note":"a\\u0026b"',
    /^order of metadata/,
  ],
  ['go-micro', '"protocol":"grpc"', '"protocol":"mucp"', /^protocol is/],
  ['go-kit', 'http:', 'grpc:', /^value is/],
  ['go-kit', ':8080', '', /^value is/],
  ['goframe', '"insecure":true', '"insecure":"true"', /^insecure is/],
  ['goframe', '"insecure":true', '"insecure":false', /^insecure is/],
  ['goframe', '"insecure":true,', '', /^insecure is/],
  ['goframe', '"http"', '"https"', /^protocol is/],
  ['goframe', ',"protocol":"http"', '', /^protocol is/],
  ['goframe', '"insecure":true,"note":"a\\u0026b"', '"note":"a\\u0026b","insecure":true', /^order of value/],
  ['goframe', '\\u0026', '&', /the encoder writes/],
  ['rpcx', 'group=a+%26+b&weight=10', 'weight=10&group=a+%26+b', /^value is/],
  ['rpcx', '+', '%20', /^value is/],
  ['rpcx', '%26', '%zz', /^value is no query/],
  ['rpcx', 'weight=10', 'weight=11', /^weight is/],
  ['rpcx', 'group=a+%26+b&weight=10', '{"group":"a"}', /^value is/],
  ['coredns', '"host":"10.0.1.5","port":8080', '"port":8080,"host":"10.0.1.5"', /^fields of value/],
  ['coredns', '"ttl":60,"group":"a\\u0026b"', '"group":"a\\u0026b","ttl":60', /^fields of value/],
  ['coredns', '"ttl":60', '"zone":60', /^fields of value/],
  ['coredns', '"port":8080', '"port":"8080"', /^cannot unmarshal/],
  ['coredns', '"port":8080', '"port":80', /^port is/],
  ['coredns', '"host":"10.0.1.5",', '', /^host is/],
  ['coredns', '"ttl":60', '"ttl":61', /^other fields/],
  ['coredns', '\\u0026', '&', /the encoder writes/],
];

describe('a value spoilt in one place', () => {
  it.each(spoilt)('%s: %s becomes %s', (layout, from, to, complaint) => {
    const { entry: one, expected } = sample(layout);
    expect(one.value).toContain(from);
    // A function, because a replacement text would give `$` and `&` a meaning.
    const value = one.value.replace(from, () => to);
    expect(reader(layout).checkForm({ ...one, value }, expected)).toContainEqual(
      expect.stringMatching(complaint),
    );
  });
});

describe('the key', () => {
  it('of go-zero ends in its own lease, to the last digit', () => {
    const { expected } = sample('go-zero');
    for (const last of ['7587875012669558000', '694d8c1f2a3b4c0c', '1', otherLease]) {
      const one = entry(`order.rpc/${last}`, '10.0.1.5:8080');
      expect(reader('go-zero').checkForm(one, expected)).toContainEqual(expect.stringMatching(/^key is/));
    }
  });

  it.each([
    ['etcd-endpoints', 'order/e1'],
    ['kitex', 'kitex/registry-etcd/order/10.0.1.6:8080'],
    ['hertz', 'hertz/registry-etcd/order/10.0.1.6:8080'],
    ['hertz', 'kitex/registry-etcd/order/10.0.1.5:8080'],
    ['kratos', '/microservices/order/order-2'],
    ['go-micro', '/micro/registry/shop/order/shop/order-1'],
    ['goframe', '/service/default/default/order/v1/10.0.1.5:8080'],
    ['rpcx', '/rpcx_test/order/10.0.1.5:8080'],
    ['rpcx', '/rpcx_test/order/tcp://10.0.1.5:8080'],
    ['coredns', '/skydns/order/local/x1'],
    ['coredns', '/skydns/local/order/x2'],
  ])('of %s is not %s', (layout, key) => {
    const { entry: one, expected } = sample(layout);
    expect(reader(layout).checkForm({ ...one, key }, expected)).toContainEqual(
      expect.stringMatching(/^key is/),
    );
  });

  it('of kitex holds no name with a slash', () => {
    const { entry: one, expected } = sample('kitex');
    const slashed = { ...one, key: one.key.replace('order', 'shop/order') };
    const complaints = reader('kitex').checkForm(slashed, { ...expected, service: 'shop/order' });
    expect(complaints).toEqual(['kitex refuses the name shop/order']);
  });

  it('of goframe holds several endpoints', () => {
    const two = [endpoint, { host: 'order-2.internal', port: 8080 }];
    const one = entry(
      '/service/default/default/order/latest/10.0.1.5:8080,order-2.internal:8080',
      '{"protocol":"grpc"}',
    );
    expect(reader('goframe').checkForm(one, { service: 'order', endpoints: two })).toEqual([]);
    expect(reader('goframe').checkForm(one, { service: 'order', endpoints: two.toReversed() })).not.toEqual(
      [],
    );
  });

  it('of coredns ends in one label', () => {
    const { entry: one, expected } = sample('coredns');
    const dotted = { ...one, key: '/skydns/local/order/x.1' };
    const complaints = reader('coredns').checkForm(dotted, { ...expected, id: 'x.1' });
    expect(complaints).toEqual(['not one label: x.1']);
  });
});

/** Key and value, each with a place for the host. */
const hosts: readonly (readonly [
  layout: string,
  right: string,
  wrong: string,
  key: string,
  value: string,
])[] = [
  ['plain', '[fd00::5]', 'fd00::5', '/services/order/HOST:80', 'HOST:80'],
  ['etcd-endpoints', '[fd00::5]', 'fd00::5', 'order/HOST:80', '{"Op":0,"Addr":"HOST:80","Metadata":null}'],
  ['go-zero', '[fd00::5]', 'fd00::5', `order/${lease}`, 'HOST:80'],
  [
    'kratos',
    '[fd00::5]',
    'fd00::5',
    '/microservices/order/a',
    '{"id":"a","name":"order","version":"","metadata":null,"endpoints":["grpc://HOST:80"]}',
  ],
  [
    'kitex',
    'fd00::5',
    '[fd00::5]',
    'kitex/registry-etcd/order/HOST:80',
    '{"network":"tcp","address":"HOST:80","weight":10,"tags":null}',
  ],
  [
    'hertz',
    '[fd00::5]',
    'fd00::5',
    'hertz/registry-etcd/order/HOST:80',
    '{"network":"tcp","address":"HOST:80","weight":10,"tags":null}',
  ],
  [
    'go-micro',
    '[fd00::5]',
    'fd00::5',
    '/micro/registry/order/a',
    '{"name":"order","version":"latest","metadata":null,"endpoints":[],"nodes":[{"id":"a","address":"HOST:80","metadata":null}]}',
  ],
  ['go-kit', '[fd00::5]', 'fd00::5', '/services/order/HOST:80', 'HOST:80'],
  ['go-kit', '[fd00::5]', 'fd00::5', '/services/order/HOST:80', 'http://HOST:80'],
  ['rpcx', '[fd00::5]', 'fd00::5', '/rpcx_test/order/tcp@HOST:80', ''],
  ['coredns', 'fd00::5', '[fd00::5]', '/skydns/order/x1', '{"host":"HOST","port":80}'],
];

describe('an IPv6 address', () => {
  it.each(hosts)('of %s is %s, not %s', (layout, right, wrong, key, value) => {
    const written = (host: string): ReaderEntry =>
      entry(key.replace('HOST', host), value.replace('HOST', host));
    const expected = { service: 'order', endpoints: [{ host: 'fd00::5', port: 80 }] };
    const { checkForm, read } = reader(layout);
    expect(checkForm(written(right), expected)).toEqual([]);
    expect(checkForm(written(wrong), expected)).not.toEqual([]);
    expect(read([written(right)], expected)).toHaveProperty('instances.length', 1);
  });

  it.each(['fd00::5', '[fd00::5]'])('has no place in goframe: %s', (host) => {
    const one = entry(`/service/default/default/order/latest/${host}:80`, '{"protocol":"grpc"}');
    const expected = { service: 'order', endpoints: [{ host: 'fd00::5', port: 80 }] };
    expect(reader('goframe').checkForm(one, expected)).toContain('last segment holds no host:port');
  });
});

describe('entries that clients take and sdctl would not write', () => {
  it.each<[string, ReaderEntry, ExpectedForm, RegExp]>([
    [
      'etcd-endpoints',
      entry('order/10.0.1.7', '{"Addr":"10.0.1.7","Metadata":"canary"}'),
      { service: 'order', endpoints: [{ host: '10.0.1.7', port: null }] },
      /^fields of value/,
    ],
    [
      'kitex',
      entry(
        'kitex/registry-etcd/order/10.0.1.5:8080',
        '{"network":"tcp","address":"10.0.1.5:8080","weight":0,"tags":null}',
      ),
      { service: 'order', endpoints: [endpoint] },
      /^weight is 0/,
    ],
    [
      'coredns',
      entry('/skydns/order/x2', '{"host":"10.0.1.5","port":8080,"group":"g1","targetstrip":1}'),
      { service: 'order', endpoints: [endpoint] },
      /^fields of value/,
    ],
  ])('%s: %o', (layout, one, expected, complaint) => {
    const complaints = reader(layout).checkForm(one, expected);
    expect(complaints).toEqual([expect.stringMatching(complaint)]);
    expect(reader(layout).read([one], expected)).toHaveProperty('instances.length', 1);
  });
});

describe('JSON as it is written', () => {
  it('keeps integer-like and repeated keys in their order', () => {
    expect(rawKeys('{"b":1, "10":{"x":1,"y":[1,2]} ,"9":"a,b}\\"","b":2}')).toEqual(['b', '10', '9', 'b']);
    expect(rawMembers('{"n":7587875012669557772,"s":"a:b"}')).toEqual([
      { key: 'n', value: '7587875012669557772' },
      { key: 's', value: '"a:b"' },
    ]);
    expect(rawElements('[ {"a":[1,2]}, "x,y" ]')).toEqual(['{"a":[1,2]}', '"x,y"']);
    expect([rawKeys('{}'), rawKeys('[]'), rawKeys('{'), rawKeys('{"a":1}x')]).toEqual([
      [],
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('is decoded as strictly, and as loosely, as in Go', () => {
    const decode = goStruct({ name: goString, port: goInt });
    const value = (text: string): unknown => {
      const result = unmarshal(decode, text);
      return result.ok ? result.value : 'refused';
    };
    expect(value('{"Name":"a","other":1}')).toEqual({ name: 'a', port: 0 });
    expect(value('null')).toEqual({ name: '', port: 0 });
    expect(['{"port":1.0}', '{"port":1e3}', '{"port":"1"}', '{"name":1}', '[]', '"a"'].map(value)).toEqual(
      Array.from({ length: 6 }, () => 'refused'),
    );
  });

  it('is escaped as the one encoder does, or the other', () => {
    const text = '"\\u003c\\u003e&\\/\\u2028é😀\\u0000\\u007f"';
    expect(encodings(text, standard)[0]).toBe('"\\u003c\\u003e\\u0026/\\u2028é😀\\u0000\u007f"');
    expect(encodings(text, sonic)[0]).toBe('"<>&/\u2028é😀\\u0000\u007f"');
    expect(encodings('"\\b\\\\b"', standard)).toEqual(['"\\b\\\\b"', '"\\u0008\\\\b"']);
  });
});

it('a query is written as in Go', () => {
  expect(
    encodeQuery([
      ['b', "a b*~'é"],
      ['a', '&'],
      ['b', '1'],
    ]),
  ).toBe('a=%26&b=a+b%2A~%27%C3%A9&b=1');
  expect(parseQuery('a=1=2&b&c=%2B+')).toEqual([
    ['a', '1=2'],
    ['b', ''],
    ['c', '+ '],
  ]);
  expect(parseQuery('a=1;b=2')).toBeUndefined();
});
