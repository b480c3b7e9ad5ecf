import { Etcd3 } from 'etcd3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runBinary, startBinary } from '../support/binary.js';
import { readers } from '../support/readers/index.js';
import type { ExpectedForm, ReaderEntry } from '../support/readers/types.js';
import { type Consul, type Etcd, startConsul, startEtcd } from '../support/servers/index.js';

interface Case {
  readonly layout: string;
  readonly flags: readonly string[];
  readonly service?: string;
  readonly expected: Omit<ExpectedForm, 'service'>;
  readonly ttlSeconds: number;
}

const odd = 'a&b <c> d=e';
const v4 = { host: '10.0.1.5', port: 8080 };
const v6 = { host: 'fd00::5', port: 8080 };

const cases: readonly Case[] = [
  { layout: 'plain', flags: ['--endpoint', '10.0.1.5:8080'], expected: { endpoints: [v4] }, ttlSeconds: 10 },
  { layout: 'plain', flags: ['--endpoint', '[fd00::5]:8080'], expected: { endpoints: [v6] }, ttlSeconds: 10 },
  {
    layout: 'etcd-endpoints',
    flags: ['--endpoint', '10.0.1.5:8080'],
    expected: { endpoints: [v4] },
    ttlSeconds: 30,
  },
  {
    layout: 'etcd-endpoints',
    flags: ['--endpoint', '[fd00::5]:8080', '--meta', `zone=${odd}`, '--meta', 'a=b', '--weight', '10'],
    expected: { endpoints: [v6], metadata: { a: 'b', weight: 10, zone: odd } },
    ttlSeconds: 30,
  },
  {
    layout: 'go-zero',
    flags: ['--endpoint', '10.0.1.5:8080'],
    expected: { endpoints: [v4] },
    ttlSeconds: 10,
  },
  {
    layout: 'go-zero',
    flags: ['--endpoint', '[fd00::5]:8080'],
    expected: { endpoints: [v6] },
    ttlSeconds: 10,
  },
  {
    layout: 'kratos',
    flags: ['--endpoint', 'http://10.0.1.5:8080', '--endpoint', 'grpc://10.0.1.5:9000', '--id', 'i-1'],
    expected: {
      id: 'i-1',
      endpoints: [
        { protocol: 'http', ...v4 },
        { protocol: 'grpc', ...v4, port: 9000 },
      ],
    },
    ttlSeconds: 15,
  },
  {
    layout: 'kratos',
    flags: [
      '--endpoint',
      'grpc://[fd00::5]:8080',
      '--meta',
      'version=1.2',
      '--meta',
      `x=${odd}`,
      '--weight',
      '20',
    ],
    expected: {
      endpoints: [{ protocol: 'grpc', ...v6 }],
      version: '1.2',
      weight: 20,
      metadata: { weight: '20', x: odd },
    },
    ttlSeconds: 15,
  },
  {
    layout: 'kitex',
    flags: ['--endpoint', '10.0.1.5:8080'],
    expected: { endpoints: [v4], weight: 10 },
    ttlSeconds: 60,
  },
  {
    layout: 'kitex',
    flags: [
      '--endpoint',
      'tcp://[fd00::5]:8080',
      '--meta',
      `idc=${odd}`,
      '--meta',
      'cluster=blue',
      '--weight',
      '7',
    ],
    expected: { endpoints: [{ protocol: 'tcp', ...v6 }], weight: 7, metadata: { cluster: 'blue', idc: odd } },
    ttlSeconds: 60,
  },
  {
    layout: 'hertz',
    flags: ['--endpoint', '10.0.1.5:8080'],
    expected: { endpoints: [v4], weight: 10 },
    ttlSeconds: 60,
  },
  {
    layout: 'hertz',
    flags: ['--endpoint', 'tcp://[fd00::5]:8080', '--meta', `idc=${odd}`, '--meta', 'cluster=blue'],
    expected: { endpoints: [{ protocol: 'tcp', ...v6 }], metadata: { idc: odd, cluster: 'blue' } },
    ttlSeconds: 60,
  },
  {
    layout: 'go-micro',
    flags: ['--endpoint', 'grpc://10.0.1.5:8080', '--id', 'order-7d3f', '--meta', `note=${odd}`],
    expected: { id: 'order-7d3f', endpoints: [v4], version: 'latest' },
    ttlSeconds: 90,
  },
  {
    layout: 'go-micro',
    flags: ['--endpoint', '[fd00::5]:8080'],
    expected: { endpoints: [v6] },
    ttlSeconds: 90,
  },
  {
    layout: 'go-kit',
    flags: ['--endpoint', 'http://10.0.1.5:8080'],
    expected: { endpoints: [{ protocol: 'http', ...v4 }] },
    ttlSeconds: 10,
  },
  {
    layout: 'go-kit',
    flags: ['--endpoint', '[fd00::5]:8080'],
    expected: { endpoints: [v6] },
    ttlSeconds: 10,
  },
  {
    layout: 'goframe',
    flags: ['--endpoint', 'http://10.0.1.5:8080', '--meta', `x=${odd}`],
    expected: { endpoints: [v4], version: 'latest', metadata: { insecure: true, protocol: 'http', x: odd } },
    ttlSeconds: 10,
  },
  {
    layout: 'goframe',
    flags: [
      '--endpoint',
      'grpc://10.0.1.5:8080',
      '--endpoint',
      'grpc://192.168.7.5:8080',
      '--meta',
      'version=v1',
    ],
    expected: {
      endpoints: [v4, { host: '192.168.7.5', port: 8080 }],
      version: 'v1',
      metadata: { protocol: 'grpc' },
    },
    ttlSeconds: 10,
  },
  {
    layout: 'rpcx',
    flags: ['--prefix', '/rpcx_test', '--endpoint', '10.0.1.5:8080'],
    expected: { root: '/rpcx_test', endpoints: [{ protocol: 'tcp', ...v4 }] },
    ttlSeconds: 30,
  },
  {
    layout: 'rpcx',
    flags: [
      '--prefix',
      'base/',
      '--endpoint',
      'quic://[fd00::5]:8080',
      '--weight',
      '3',
      '--meta',
      `group=${odd}`,
    ],
    expected: {
      root: 'base',
      endpoints: [{ protocol: 'quic', ...v6 }],
      metadata: { group: odd, weight: '3' },
    },
    ttlSeconds: 30,
  },
  {
    layout: 'coredns',
    service: 'order.skydns.local',
    flags: ['--endpoint', '10.0.1.5:8080', '--id', 'x1', '--weight', '100'],
    expected: { id: 'x1', endpoints: [v4], weight: 100 },
    ttlSeconds: 30,
  },
];

describe.each(['3.4', '3.5'] as const)('register --layout on etcd %s', (version) => {
  let etcd: Etcd;
  let client: Etcd3;
  let server: readonly string[];

  beforeAll(async () => {
    etcd = await startEtcd({ version });
    client = new Etcd3({ hosts: etcd.url });
    server = ['--backend', 'etcd', '--server', etcd.url];
  });
  afterEach(async () => {
    await client.delete().all();
    const { leases } = await client.leaseClient.leaseLeases();
    await Promise.all(leases.map(({ ID }) => client.leaseClient.leaseRevoke({ ID })));
  });
  afterAll(async () => {
    client.close();
    await etcd.stop();
  });

  async function store(): Promise<ReaderEntry[]> {
    const { kvs } = await client.getAll().exec();
    return kvs.map(({ key, value, lease }) => ({
      key: key.toString(),
      value: value.toString(),
      lease: lease === '0' ? null : lease,
    }));
  }

  it.each(cases.map((one) => [one.layout, one.flags.join(' '), one] as const))(
    'writes what the clients of %s accept: %s',
    async (layout, _flags, { service = 'order', flags, expected, ttlSeconds }) => {
      const reader = readers[layout];
      if (reader === undefined) throw new Error(`no reader for ${layout}`);
      await using registering = startBinary([
        'register',
        service,
        ...flags,
        '--layout',
        layout,
        ...server,
        '-o',
        'jsonl',
      ]);
      const { line } = await registering.line('registered', 5_000);
      expect(line).toMatchObject({ ttlSeconds, entry: { layout, health: 'passing' } });
      const entries = await store();
      expect(entries).toHaveLength(1);
      const root = expected.root === undefined ? {} : { root: expected.root };
      const query = {
        service,
        ...root,
        ...(expected.version === undefined ? {} : { version: expected.version }),
      };
      const found = reader.read(entries, query);
      expect(found).toMatchObject({ outcome: 'found', skipped: [] });
      expect(found.outcome === 'found' && found.instances).toHaveLength(1);
      const [entry] = entries;
      if (entry === undefined) throw new Error('nothing was written');
      expect(reader.checkForm(entry, { service, ...expected })).toEqual([]);
      registering.signal('SIGTERM');
      expect((await registering.exit(5_000)).code).toBe(0);
      expect(await store()).toEqual([]);
      expect(await etcd.ctl(['lease', 'list'])).toMatch(/found 0 leases/);
    },
  );

  it.each(['go-micro', 'hertz', 'etcd-endpoints'])('takes a name with a slash in %s', async (layout) => {
    const args = ['register', 'shop/order', '--endpoint', '10.0.1.5:8080', '--layout', layout, ...server];
    await using registering = startBinary([...args, '-o', 'jsonl']);
    const { line } = await registering.line('registered', 5_000);
    expect(line['entry']).toMatchObject({ service: 'shop/order', layout });
    const [entry] = await store();
    const query = { service: 'shop/order' };
    expect(readers[layout]?.read(entry === undefined ? [] : [entry], query)).toMatchObject({
      outcome: 'found',
    });
  });

  it('copies what instances of go-micro beside it have', async () => {
    const node = {
      metadata: { broker: 'nats', protocol: 'mucp', registry: 'etcd', server: 'mucp', transport: 'nats' },
    };
    const value = {
      name: 'order',
      version: '3.1',
      metadata: null,
      endpoints: [],
      nodes: [{ ...node, id: 'order-1', address: '10.0.1.4:80' }],
    };
    await client.put('/micro/registry/order/order-1').value(JSON.stringify(value));
    await using registering = startBinary([
      'register',
      'order',
      '--endpoint',
      '10.0.1.5:8080',
      '--layout',
      'go-micro',
      ...server,
      '-o',
      'jsonl',
    ]);
    const { line } = await registering.line('registered', 5_000);
    expect(line['entry']).toMatchObject({ version: '3.1', protocol: 'mucp', metadata: node.metadata });
  });

  it('announces a lost go-zero entry under a new key, names both and leaves nothing of the old one', async () => {
    await using registering = startBinary([
      'register',
      'order.rpc',
      '--endpoint',
      '10.0.1.5:8080',
      '--layout',
      'go-zero',
      ...server,
      '-o',
      'jsonl',
    ]);
    await registering.line('registered', 5_000);
    const [before] = await store();
    // While it sleeps, the key is taken off its lease, so that it outlives it.
    registering.signal('SIGSTOP');
    await client.put(before?.key ?? '').value(before?.value ?? '');
    await client.leaseClient.leaseRevoke({ ID: before?.lease ?? '' });
    registering.signal('SIGCONT');
    const { line } = await registering.line('restored', 10_000);
    const [after, ...others] = await store();
    expect(others).toEqual([]);
    expect(after?.key).not.toBe(before?.key);
    expect(after?.key).toBe(`order.rpc/${after?.lease ?? ''}`);
    expect(line).toMatchObject({
      previousKey: before?.key,
      previousInstance: before?.lease,
      instance: after?.lease,
      entry: { key: after?.key },
    });
    await registering.says(after?.lease ?? '?', 5_000);
    expect(registering.stderr).toContain(before?.lease);
  });

  it('comes back under the same key where the lease is not in it', async () => {
    await using registering = startBinary([
      'register',
      'order',
      '--endpoint',
      'grpc://10.0.1.5:8080',
      '--layout',
      'kratos',
      ...server,
      '-o',
      'jsonl',
    ]);
    await registering.line('registered', 5_000);
    const [before] = await store();
    await client.leaseClient.leaseRevoke({ ID: before?.lease ?? '' });
    const { line } = await registering.line('restored', 10_000);
    const [after] = await store();
    expect(after).toMatchObject({ key: before?.key, value: before?.value });
    expect(line).toMatchObject({ previousKey: null, previousInstance: null });
  });

  it('leaves an entry of another program alone, also one of the same value', async () => {
    const { ID } = await client.leaseClient.leaseGrant({ TTL: 600 });
    await client
      .put('kitex/registry-etcd/order/10.0.1.5:8080')
      .value('{"network":"tcp","address":"10.0.1.5:8080","weight":10,"tags":null}')
      .lease(ID);
    const args = ['register', 'order', '--endpoint', '10.0.1.5:8080', '--layout', 'kitex', ...server];
    await using waiting = startBinary(args);
    await waiting.says('already registered by another program', 5_000);
    await waiting.kill();
    const [entry] = await store();
    expect(entry?.lease).toBe(ID);
  });

  describe('refuses with 6, and writes nothing,', () => {
    const kratos =
      '{"id":"a","name":"order","version":"","metadata":null,"endpoints":["grpc://10.0.1.9:9000"]}';

    async function refused(args: readonly string[]): Promise<string> {
      const before = await store();
      const run = await runBinary(['register', ...args, ...server]);
      expect([run.ended.code, run.stderr]).toEqual([6, expect.stringContaining('E_CONFLICT')]);
      expect(await store()).toEqual(before);
      expect(await etcd.ctl(['lease', 'list'])).toMatch(/found 0 leases/);
      return run.stderr;
    }

    it.each([
      ['sdctl', 'kratos', '/services/order/a', kratos],
      ['sdctl', 'plain', '/services/order/10.0.1.9:80', '10.0.1.9:80'],
      ['sdctl', 'go-kit', '/services/order/10.0.1.9:80', 'http://10.0.1.9:80'],
      [
        'sdctl',
        'etcd-endpoints',
        '/services/order/10.0.1.9:80',
        '{"Op":0,"Addr":"10.0.1.9:80","Metadata":null}',
      ],
    ])('%s where the service has entries of %s', async (_ours, theirs, key, value) => {
      await client.put(key).value(value);
      expect(await refused(['order', '--endpoint', 'http://10.0.1.5:80'])).toContain(`--layout ${theirs}`);
    });

    it('a foreign layout where another one stands', async () => {
      await client.put('/services/order/10.0.1.9:80').value('http://10.0.1.9:80');
      const args = ['order', '--endpoint', '10.0.1.5:80', '--layout', 'plain'];
      expect(await refused(args)).toContain('--layout go-kit');
    });

    it('a framework whose readers break, under a root of others', async () => {
      await client.put('/svc/pay/10.0.1.9:80').value('10.0.1.9:80');
      const args = ['pa', '--endpoint', 'grpc://10.0.1.5:80', '--layout', 'kratos', '--prefix', '/svc/'];
      expect(await refused(args)).toContain('plain');
    });

    it('under the root of a framework whose readers break', async () => {
      await client.put('/microservices/payment/a').value(kratos.replace('"order"', '"payment"'));
      const args = ['order', '--endpoint', 'http://10.0.1.5:80', '--prefix', '/microservices/'];
      expect(await refused(args)).toContain('--layout kratos');
    });
  });

  it.each([
    ['a read-only layout', ['--layout', 'apisix'], 'read-only'],
    ['a layout that is only read', ['--layout', 'dubbo-go-app'], 'only read'],
    ['rpcx without a root', ['--layout', 'rpcx'], '--prefix'],
    ['the tree of Kubernetes', ['--prefix', '/registry/'], 'never written'],
    ['several roots', ['--prefix', '/a/', '--prefix', '/b/'], 'one root'],
    ['what a layout cannot hold', ['--layout', 'go-zero', '--meta', 'a=b'], 'no metadata'],
    ['an id that cannot be chosen', ['--layout', 'kitex', '--id', 'x'], 'the id is the address'],
    ['IPv6 for goframe', ['--layout', 'goframe', '--endpoint', 'http://[fd00::5]:80'], 'panic'],
    ['kratos without a scheme', ['--layout', 'kratos'], 'scheme'],
    ['a layout nobody has', ['--layout', 'kratso'], '--layout kratos'],
    ['a root that goframe cannot have', ['--layout', 'goframe', '--prefix', '/x/'], 'its clients'],
    ['metadata that changes the layout', ['--layout', 'goframe', '--meta', 'addr=x'], 'its clients'],
  ])('refuses %s with 2', async (_what, flags, said) => {
    const endpoint = flags.includes('--endpoint') ? [] : ['--endpoint', '10.0.1.5:80'];
    const run = await runBinary(['register', 'order', ...endpoint, ...flags, ...server]);
    expect([run.ended.code, run.stderr]).toEqual([2, expect.stringContaining(said)]);
    expect(await store()).toEqual([]);
  });
});

describe('register --layout on Consul', () => {
  let consul: Consul;

  beforeAll(async () => {
    consul = await startConsul();
  });
  afterAll(async () => {
    await consul.stop();
  });

  it('is refused with 2 for all but sdctl', async () => {
    const server = ['--backend', 'consul', '--server', consul.url];
    const args = ['register', 'order', '--endpoint', 'grpc://10.0.1.5:80', ...server];
    for (const layout of ['kratos', 'consul-kratos', 'go-micro']) {
      const run = await runBinary([...args, '--layout', layout]);
      expect([run.ended.code, run.stderr]).toEqual([2, expect.stringContaining('--layout sdctl')]);
    }
    await using registering = startBinary([...args, '--layout', 'sdctl', '-o', 'jsonl']);
    expect((await registering.line('registered', 5_000)).line['entry']).toMatchObject({ layout: 'sdctl' });
  });
});
