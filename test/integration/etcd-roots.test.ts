import { Etcd3 } from 'etcd3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runBinary, startBinary, type Binary } from '../support/binary.js';
import { fixtureBytes, fixturesOf, type Json } from '../support/layout-fixtures.js';
import { type Etcd, enableAuth, seedEtcd, startEtcd } from '../support/servers/index.js';

interface Document {
  readonly items: readonly Json[];
  readonly undecoded: readonly Json[];
  readonly skipped: readonly Json[];
  readonly partial: boolean;
}

const kratos = (name: string, id: string): string =>
  JSON.stringify({ id, name, version: '', metadata: null, endpoints: ['http://10.0.1.5:8000'] });

describe.each(['3.4', '3.5'] as const)('roots of etcd %s', (version) => {
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
  });
  afterAll(async () => {
    client.close();
    await etcd.stop();
  });

  async function document(args: readonly string[]): Promise<Document & { readonly said: string }> {
    const run = await runBinary([...args, ...server, '-o', 'json']);
    expect(run.ended.code, run.said).toBe(0);
    return { ...(JSON.parse(run.stdout) as Document), said: run.stderr };
  }

  async function failure(code: number, args: readonly string[]): Promise<{ error: Json; said: string }> {
    const run = await runBinary([...args, ...server, '-o', 'json']);
    expect(run.ended.code, run.said).toBe(code);
    return { error: (JSON.parse(run.stdout) as { error: Json }).error, said: run.stderr };
  }

  const ids = ({ items }: Document): unknown[] => items.map(({ id }) => id).sort();

  it('never mix services of which one name begins with another', async () => {
    await seedEtcd(etcd, [
      ['/services/order/10.0.1.1:80', '10.0.1.1:80'],
      ['/services/order-admin/10.0.1.2:80', '10.0.1.2:80'],
      ['/services/order.rpc/10.0.1.3:80', '10.0.1.3:80'],
      ['/microservices/order/a', kratos('order', 'a')],
      ['/microservices/order-admin/b', kratos('order-admin', 'b')],
      ['order.rpc/1', '10.0.1.4:80'],
      ['order/10.0.1.6:80', '{"Op":0,"Addr":"10.0.1.6:80","Metadata":null}'],
    ]);
    expect(ids(await document(['list', 'order']))).toEqual(['10.0.1.1:80']);
    expect(ids(await document(['list', 'order', '--layout', 'kratos']))).toEqual(['a']);
    expect(ids(await document(['list', 'order', '--prefix', '']))).toEqual([
      '10.0.1.1:80',
      '10.0.1.6:80',
      'a',
    ]);
    expect(ids(await document(['list', 'order.rpc', '--layout', 'go-zero']))).toEqual(['1']);
    const both = ['--prefix', '/services/', '--prefix', '/microservices'];
    expect(ids(await document(['list', 'order-admin', ...both]))).toEqual(['10.0.1.2:80', 'b']);
    const rows = (await document(['list', ...both])).items.map(({ service, root, layouts }) => [
      service,
      root,
      layouts,
    ]);
    expect(rows).toHaveLength(5);
    expect(rows).toContainEqual(['order', '/microservices/', ['kratos']]);
  });

  it('keep services of one name apart in resolve and deregister', async () => {
    await seedEtcd(etcd, [
      ['/services/order/a', '10.0.1.1:80'],
      ['/microservices/order/a', kratos('order', 'a')],
    ]);
    const roots = ['--prefix', '/services/', '--prefix', '/microservices/'];
    const { error } = await failure(2, ['resolve', 'order', ...roots]);
    expect(error).toMatchObject({ code: 'E_AMBIGUOUS' });
    expect(`${String(error['why'])} ${String(error['hint'])}`).toMatch(
      /--layout.*--prefix|--prefix.*--layout/,
    );
    const removal = await failure(2, ['deregister', 'order/a', '--yes', ...roots]);
    expect(removal.error).toMatchObject({ code: 'E_AMBIGUOUS' });
    const resolved = await runBinary(['resolve', 'order', ...roots, '--layout', 'kratos', ...server]);
    expect(resolved.stdout).toBe('http://10.0.1.5:8000\n');
    const removed = await runBinary(['deregister', 'order/a', '--yes', '--prefix', '/services/', ...server]);
    expect(removed.ended.code, removed.said).toBe(0);
    expect(await client.get('/services/order/a')).toBeNull();
    expect(await client.get('/microservices/order/a')).not.toBeNull();
  });

  it('show IPv6 without brackets as an address and with them in URLs', async () => {
    const endpoints = ['http://[2001:db8::17]:8000', 'grpc://[2001:db8::17]:9000'];
    await client
      .put('/microservices/order/a')
      .value(kratos('order', 'a').replace('"http://10.0.1.5:8000"', JSON.stringify(endpoints).slice(1, -1)));
    const at = ['--layout', 'kratos'];
    expect((await document(['list', 'order', ...at])).items).toMatchObject([
      { address: '2001:db8::17', port: 8000 },
    ]);
    const out = async (...flags: string[]): Promise<string> =>
      (await runBinary(['resolve', 'order', ...at, ...flags, ...server])).stdout;
    expect(await out()).toBe('http://[2001:db8::17]:8000\n');
    expect(await out('--protocol', 'grpc')).toBe('[2001:db8::17]:9000\n');
    expect(await out('--protocol', 'grpc', '--url')).toBe('grpc://[2001:db8::17]:9000\n');
  });

  it('keep lease ids above 2^53 exact', async () => {
    for (const ID of ['9223372036854775807', '9007199254740993']) {
      await client.leaseClient.leaseGrant({ ID, TTL: 60 });
      await client.put(`order.rpc/${ID}`).value('10.0.1.5:80').lease(ID);
      const { items } = await document(['list', 'order.rpc', '--layout', 'go-zero']);
      expect(items).toMatchObject([
        { id: ID, lease: { idDecimal: ID, id: BigInt(ID).toString(16).padStart(16, '0') } },
      ]);
      await client.leaseClient.leaseRevoke({ ID });
    }
  });

  it('show what cannot be read: binary, 1 MB, keys that are not UTF-8', async () => {
    const binaryKey = Buffer.concat([Buffer.from('/services/order/'), Buffer.from([0xff, 0xfe])]);
    await client.put(binaryKey).value('10.0.1.9:80');
    await client.put('/services/order/binary').value(Buffer.from([0, 1, 2, 0xff]));
    await client.put('/services/order/large').value(Buffer.alloc(1_000_000, 'x'));
    await client.put('/services/order/a').value('10.0.1.1:80');
    const { items, undecoded } = await document(['list', 'order']);
    expect(items).toHaveLength(1);
    expect(undecoded).toHaveLength(3);
    expect(undecoded).toContainEqual(
      expect.objectContaining({ key: null, keyBase64: binaryKey.toString('base64') }),
    );
    expect(undecoded).toContainEqual(
      expect.objectContaining({ key: '/services/order/binary', sizeBytes: 4 }),
    );
    expect(undecoded).toContainEqual(
      expect.objectContaining({ key: '/services/order/large', sizeBytes: 1_000_000 }),
    );
    for (const { sha256 } of undecoded) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    const text = await runBinary(['list', 'order', ...server]);
    expect(text.stderr).toContain(String.raw`/services/order/\xff\xfe`);
  });

  it('are told from each other when the default one is empty', async () => {
    await client.put('/microservices/order/a').value(kratos('order', 'a'));
    await client.put('prod/order.rpc/1').value('10.0.1.5:80');
    const { said, items } = await document(['list']);
    expect(items).toEqual([]);
    expect(said).toMatch(/\/microservices\/ \(kratos\).*--prefix/);
    const missing = await failure(3, ['list', 'order']);
    expect(missing.said).toContain('/microservices/ (kratos)');
    const { items: layouts } = await document(['list', '--layouts']);
    expect(layouts).toEqual([
      { layout: 'go-zero', root: '', services: 1, instances: 1 },
      { layout: 'kratos', root: '/microservices/', services: 1, instances: 1 },
    ]);
  });

  it('come from SDCTL_PREFIX as a list and from a context as text or list', async () => {
    await client.put('/a/order/x').value('10.0.1.1:80');
    await client.put('/b/payment/y').value('10.0.1.2:80');
    const names = async (args: readonly string[], env: Record<string, string>): Promise<string> =>
      (await runBinary(['list', ...args, '-o', 'name'], { env })).stdout;
    expect(await names(server, { SDCTL_PREFIX: '/a/,/b/' })).toBe('order\npayment\n');
    expect(await names(server, { SDCTL_PREFIX: '' })).toBe('order\npayment\n');
    for (const [flags, expected] of [
      [['--prefix', '/a'], 'order\n'],
      [['--prefix', '/a', '--prefix', '/b/'], 'order\npayment\n'],
    ] as const) {
      const added = await runBinary(['context', 'add', 'x', ...server, ...flags]);
      expect(added.ended.code, added.said).toBe(0);
      const listed = await runBinary(['list', '-c', 'x', '-o', 'name'], { home: added.home });
      expect(listed.stdout).toBe(expected);
    }
  });

  it('step over foreign trees: no key of a large one is read, and what nobody can read is counted', async () => {
    await seedEtcd(etcd, numbered('/registry/pods/', 300, 'k8s\0pod'));
    await seedEtcd(etcd, numbered('/calico/ipam/', 900, 'handle'));
    await seedEtcd(etcd, numbered('/small/', 30, 'nothing'));
    await seedEtcd(etcd, [
      ['/services/order/a', '10.0.1.1:80'],
      ['zebra/order/b', '{"Op":0,"Addr":"10.0.1.2:80"}'],
    ]);
    const { items, skipped, undecoded, said } = await document(['list', '--prefix', '']);
    expect(items.map(({ service }) => service).sort()).toEqual(['order', 'zebra/order']);
    expect(skipped).toContainEqual(
      expect.objectContaining({ key: '/registry/', layout: 'kubernetes', reason: 'kubernetes', keys: 300 }),
    );
    expect(skipped).toContainEqual(
      expect.objectContaining({ key: '/calico/', layout: null, reason: 'foreign', keys: 900 }),
    );
    expect(undecoded).toHaveLength(30);
    expect(said).toContain('/calico/: 900 keys');
    // One readable entry at its end is found.
    await client.put('/calico/zz/10.0.9.9:80').value('10.0.9.9:80');
    const again = await document(['list', '--prefix', '']);
    expect(again.items.map(({ service }) => service)).toContain('zz');
  });

  describe('where the whole store is denied', () => {
    it('are what the roles of the user grant, and that is said', { timeout: 60_000 }, async () => {
      const secured = await startEtcd({ version });
      try {
        await seedEtcd(secured, [
          ['/services/order/a', '10.0.1.1:80'],
          ['/microservices/pay/b', kratos('pay', 'b')],
          ['/secret/x/10.0.1.3:80', '10.0.1.3:80'],
        ]);
        const grants = ['/services/', '/microservices/'].map(
          (key) => ({ permission: 'read', key, prefix: true }) as const,
        );
        await enableAuth(secured, {
          rootPassword: 'root-pw',
          users: [{ name: 'reader', password: 'pw', grants }],
        });
        const args = ['--backend', 'etcd', '--server', secured.url, '--username', 'reader'];
        const env = { SDCTL_PASSWORD: 'pw' };
        const run = await runBinary(['list', '--prefix', '', ...args, '-o', 'json'], { env });
        expect(run.ended.code, run.said).toBe(0);
        const list = JSON.parse(run.stdout) as Document;
        expect(list.items.map(({ service }) => service)).toEqual(['order', 'pay']);
        expect(list.partial).toBe(true);
        expect(run.stderr).toMatch(/denied to reader.*\/microservices\/, \/services\//);
        await using watching = startBinary(['watch', '--prefix', '', ...args, '-o', 'jsonl'], { env });
        await watching.line('synced', 5_000);
        await secured.ctl(['put', '/services/order/new', '10.0.1.7:80'], {
          username: 'root',
          password: 'root-pw',
        });
        expect((await watching.line('joined', 5_000)).line).toMatchObject({
          service: 'order',
          instance: 'new',
        });
      } finally {
        await secured.stop();
      }
    });
  });

  describe('followed by a watch', () => {
    async function watch(args: readonly string[]): Promise<Binary> {
      const watching = startBinary(['watch', ...args, ...server, '-o', 'jsonl']);
      await watching.line('synced', 5_000);
      return watching;
    }

    it('all report, each by a stream of its own', async () => {
      await client.put('/services/order/a').value('10.0.1.1:80');
      await using watching = await watch(['--prefix', '/services/', '--prefix', '/microservices/']);
      await client.put('/microservices/order/b').value(kratos('order', 'b'));
      expect((await watching.line('joined', 5_000)).line).toMatchObject({
        instance: 'b',
        entry: { layout: 'kratos' },
      });
      await client.delete().key('/services/order/a');
      expect((await watching.line('left', 5_000)).line).toMatchObject({ instance: 'a' });
    });

    it(
      'resume after an outage without losing what happened on any of them',
      { timeout: 60_000 },
      async () => {
        await using watching = await watch(['--prefix', '/services/', '--prefix', '/microservices/']);
        await etcd.restart();
        await client.put('/microservices/order/b').value(kratos('order', 'b'));
        await client.put('/services/order/a').value('10.0.1.1:80');
        await watching.line(({ type, instance }) => type === 'joined' && instance === 'a', 10_000);
        await watching.line(({ type, instance }) => type === 'joined' && instance === 'b', 10_000);
      },
    );

    it('a new root of the whole store is seen, foreign trees stay out', async () => {
      await seedEtcd(etcd, numbered('/registry/pods/', 40, 'k8s\0pod'));
      await using watching = await watch(['--prefix', '']);
      await client.put('/registry/pods/new').value('10.0.1.1:80');
      await client.put('brand/new/10.0.1.2:80').value('{"Op":0,"Addr":"10.0.1.2:80"}');
      expect((await watching.line('joined', 5_000)).line).toMatchObject({ service: 'brand/new' });
      expect(watching.types).toEqual(['synced', 'joined']);
    });

    it('one service of it reports only that', async () => {
      await using watching = await watch(['order', '--prefix', '']);
      await client.put('/microservices/pay/x').value(kratos('pay', 'x'));
      await client.put('/microservices/order/b').value(kratos('order', 'b'));
      await client.put('/microservices/order/b').value(kratos('pay', 'b'));
      await watching.line('left', 5_000);
      expect(watching.lines.map(({ line }) => [line.type, line['instance']]).slice(1)).toEqual([
        ['joined', 'b'],
        ['left', 'b'],
      ]);
    });
  });

  it('print names that address the same entry, hostile ones too', async () => {
    const odd = ['a%b', 'a%2Fb', 'x@y', 'sp ace', 'tab\there', 'back\\slash', 'ünï', '\u202egnp', '%', '%25'];
    await seedEtcd(
      etcd,
      odd.map((id, index) => [`/services/${id}/${id}`, `10.0.1.${index + 1}:80`] as const),
    );
    // The id of a go-micro entry stands in its value, slash and all.
    const node = { metadata: null, id: 'shop/order/7', address: '10.0.2.1:80' };
    await client
      .put('/micro/registry/shop-order/shop-order-7')
      .value(
        JSON.stringify({ name: 'shop/order', version: '1', metadata: null, endpoints: [], nodes: [node] }),
      );
    const roots = ['--prefix', '/services/', '--prefix', '/micro/registry/'];
    const overview = await document(['list', ...roots]);
    expect(overview.items).toHaveLength(odd.length + 1);
    for (const { service } of overview.items) {
      const printed = await runBinary([
        'list',
        String(service),
        '--id',
        '',
        ...roots,
        ...server,
        '-o',
        'name',
      ]);
      const name = printed.stdout.trimEnd();
      const entries = await document(['list', String(service), '--id', '', ...roots]);
      expect((await document(['list', name, ...roots])).items).toEqual(entries.items);
    }
  });

  it('take a name as a service first, and say so when it is an instance too', async () => {
    await seedEtcd(etcd, [
      ['/services/a/b/1', '10.0.1.1:80'],
      ['/services/a/b', '10.0.1.2:80'],
    ]);
    const { error } = await failure(2, ['list', 'a/b']);
    expect(error).toMatchObject({ code: 'E_AMBIGUOUS', hint: expect.stringContaining('--id') as unknown });
    expect(ids(await document(['list', 'a', '--id', 'b']))).toEqual(['b']);
    expect(ids(await document(['list', 'a/b', '--id', '']))).toEqual(['1']);
    await client.delete().key('/services/a/b');
    expect(ids(await document(['list', 'a/b']))).toEqual(['1']);
  });

  it('find a service by the name in its value, wherever its key stands', async () => {
    await client.put('/services/grp/10.0.0.1:80').value('{"name":"other","addr":"10.0.0.1:80"}');
    await client.put('/microservices/foo/k').value(kratos('pay', 'k'));
    expect(ids(await document(['list', 'other']))).toEqual(['10.0.0.1:80']);
    expect(ids(await document(['list', 'pay', '--layout', 'kratos']))).toEqual(['k']);
    expect(ids(await document(['list', 'pay/k', '--layout', 'kratos']))).toEqual(['k']);
  });

  it('that contain each other are one', async () => {
    await client.put('/services/pay/a').value('10.0.1.1:80');
    const roots = ['--prefix', '/services/pay/', '--prefix', '/services/'];
    await using watching = startBinary(['watch', ...roots, ...server, '-o', 'jsonl']);
    await watching.line('synced', 5_000);
    await client.put('/services/pay/b').value('10.0.1.2:80');
    expect((await watching.line('joined', 5_000)).line).toMatchObject({ service: 'pay', instance: 'b' });
    expect(ids(await document(['list', 'pay', ...roots]))).toEqual(['a', 'b']);
  });

  it('of another system are watched without an end, and without an event', async () => {
    const run = await runBinary([
      'watch',
      '--prefix',
      '/registry/',
      '--timeout',
      '1s',
      ...server,
      '-o',
      'jsonl',
    ]);
    expect(run.ended.code, run.said).toBe(0);
    expect(run.types).toEqual(['synced']);
  });

  it('never let go of what is read-only, nor of keys that are no instances', async () => {
    await client.put('/apisix/upstreams/1').value('{"id":"1","name":"order","nodes":{"10.0.1.5:8080":1}}');
    await client.put('/service/pg/leader').value('pg-1');
    const removal = await failure(2, ['deregister', 'order/1', '--yes', '--prefix', '/apisix/']);
    expect(removal.error).toMatchObject({
      code: 'E_USAGE',
      why: expect.stringContaining('read-only') as unknown,
    });
    await failure(3, ['deregister', 'pg/leader', '--yes', '--prefix', '/service/']);
    expect(await client.get('/service/pg/leader').string()).toBe('pg-1');
    expect(await client.get('/apisix/upstreams/1').string()).toContain('order');
  });

  it('resolve every layout to what its callers take', async () => {
    const cases = fixturesOf('etcd').filter(
      ({ expect: { skip, status } }) => skip !== true && status !== 'disabled' && status !== 'critical',
    );
    for (const fixture of cases) {
      await client.delete().all();
      await client.put(fixture.key).value(fixtureBytes(fixture));
      const { service, address, port, protocol } = fixture.expect as Readonly<
        Record<string, string | number | null | undefined>
      >;
      const run = await runBinary(['resolve', String(service), '--prefix', '', '-v', ...server]);
      if (port === null) {
        expect([fixture.key, run.ended.code]).toEqual([fixture.key, 3]);
        expect(run.stderr).toContain('no endpoint with a port');
        continue;
      }
      const host = String(address).includes(':') ? `[${address ?? ''}]` : (address ?? '');
      const place = `${host}:${port ?? ''}`;
      const isSecure = fixture.key.includes('/secure/');
      const spoken = isSecure ? 'https' : protocol;
      const expected = spoken === 'http' || spoken === 'https' ? `${spoken}://${place}` : place;
      expect([fixture.layout, fixture.key, run.stdout]).toEqual([
        fixture.layout,
        fixture.key,
        `${expected}\n`,
      ]);
      const url = await runBinary(['resolve', String(service), '--prefix', '', '--url', ...server]);
      expect(url.stdout).toBe(spoken === undefined ? `${place}\n` : `${spoken ?? ''}://${place}\n`);
    }
  }, 60_000);
});

function numbered(prefix: string, count: number, value: string): [key: string, value: string][] {
  return Array.from({ length: count }, (_, index) => [`${prefix}${String(index).padStart(6, '0')}`, value]);
}
