import { describe, expect, it } from 'vitest';
import { readEntry } from '../../src/lib/registry/etcd/entries.js';
import { findRoots } from '../../src/lib/registry/etcd/find-roots.js';
import { intersection, prefixRange } from '../../src/lib/registry/etcd/key-range.js';
import { FakeKv } from '../support/fake-kv.js';
import { fixtureBytes, fixturesOf } from '../support/layout-fixtures.js';

const limits = { signal: new AbortController().signal, timeoutMs: 1_000 };
const fixtures = fixturesOf('etcd');
const SAMPLE = 50;
const MOST_LOOKS = 100;

type Entry = readonly [key: string | Buffer, value: string | Buffer];

const entriesOf = (layout: string): readonly Entry[] =>
  fixtures.filter((one) => one.layout === layout).map((one) => [one.key, fixtureBytes(one)]);
const junk = (prefix: string, count: number): readonly Entry[] =>
  numbered(count, (text) => [prefix + text, 'x']);
/** An entry of rpcx, which is recognised at any depth. */
const rpcx = (key: string): Entry => [key, 'weight=1'];
/** An entry of kratos below its usual root. */
const kratos = (id: string): Entry => [
  `/microservices/order/${id}`,
  JSON.stringify({ id, name: 'order', version: 'v1', metadata: {}, endpoints: ['http://10.0.1.5:8000'] }),
];
const goframe = (deployment: string, host: string): Entry => [
  `/service/${deployment}/default/order/latest/${host}:8000`,
  '{}',
];

function numbered<T>(count: number, make: (text: string) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(String(index).padStart(5, '0')));
}

interface Found {
  /** Root and layout, in the order of the alphabet. */
  readonly roots: readonly string[];
  readonly looks: number;
  readonly read: readonly string[];
}

/** Looks for roots; no request may ask for a key of Kubernetes. */
async function find(entries: readonly Entry[]): Promise<Found> {
  const kv = new FakeKv(entries);
  const uses = await findRoots(kv.calls, () => limits);
  for (const { key = Buffer.alloc(0), range_end: end, limit } of kv.requests) {
    const range = { key, range_end: end ?? Buffer.concat([key, Buffer.from([0])]) };
    expect(intersection(range, prefixRange('/registry/'))).toBeNull();
    expect(limit).toBe(SAMPLE);
  }
  expect(kv.read.length).toBeLessThanOrEqual(SAMPLE * kv.requests.length);
  return {
    roots: uses.map(({ root, layout }) => `${root} ${layout}`).sort(),
    looks: kv.requests.length,
    read: kv.read.map((key) => key.toString('latin1')),
  };
}

/** What reading every entry would find. */
function rootsIn(entries: readonly Entry[]): readonly string[] {
  const found = entries.flatMap(([key, value]) => {
    const rest = { create_revision: '1', mod_revision: '1', version: '1', lease: '0' };
    const kv = { key: Buffer.from(key), value: Buffer.from(value), ...rest };
    const decoded = readEntry(kv, { prefixes: [''], layout: 'auto' });
    if (decoded.state !== 'instance') return [];
    return [`${decoded.instance.root ?? ''} ${decoded.instance.layout}`];
  });
  return [...new Set(found)].sort();
}

describe('the roots of a store', () => {
  it.each([
    ['apisix', ['/apisix/upstreams/']],
    ['coredns', ['/skydns/']],
    ['dubbo-go-app', ['/services/']],
    ['dubbo-go-interface', ['/dubbo/']],
    ['dubbo-java-app', ['/services/']],
    ['dubbo-java-interface', ['/dubbo/']],
    ['etcd-endpoints', ['']],
    ['go-kit', ['/services/']],
    ['go-micro', ['/micro/registry/']],
    ['go-zero', ['']],
    ['goframe', ['/service/default/default/', '/service/prod/trade/']],
    ['hertz', ['hertz/registry-etcd/']],
    ['kitex', ['/', 'kitex/registry-etcd/']],
    ['kratos', ['/microservices/']],
    ['kubernetes', []],
    ['milvus', ['by-dev/']],
    ['patroni', ['/service/']],
    ['plain', ['/', '/etcdv3_resolver/', '/grpclb/', '/services/']],
    ['rpcx', ['/rpcx_test/']],
    ['traefik', ['Traefik/TCP/Services/', 'traefik/http/services/']],
  ])('of %s are %j', async (layout, expected) => {
    const { roots } = await find(entriesOf(layout));
    expect(roots).toEqual(expected.map((root) => `${root} ${layout}`));
  });

  it('of all layouts beside each other are found, each once', async () => {
    const entries = new Map(fixtures.map((one) => [one.key, fixtureBytes(one)]));
    const { roots, looks } = await find([...entries]);
    expect(roots).toEqual(rootsIn([...entries]));
    expect(looks).toBeLessThan(entries.size);
  });

  it('are found among trees of others, however large those are', async () => {
    const others = ['/calico/', '/aaa/', 'vault/', '/registry/pods/', '/registrz/', '/zzz/'];
    const { roots, looks, read } = await find([
      ...others.flatMap((prefix) => junk(prefix, 3_000)),
      ...entriesOf('kratos'),
      ...entriesOf('go-zero'),
      ...numbered(3_000, (text) => rpcx(`/rpcx_test/order/tcp@10.0.1.5:${text}`)),
    ]);
    expect(roots).toEqual([' go-zero', '/microservices/ kratos', '/rpcx_test/ rpcx']);
    expect(looks).toBeLessThanOrEqual(15);
    expect(read.filter((key) => key.startsWith('/registry/'))).toEqual([]);
  });

  it('are none in an empty store, in one of keys without a tree, and in one of Kubernetes alone', async () => {
    expect(await find([])).toMatchObject({ roots: [], looks: 2 });
    expect(await find(junk('alone', 20))).toMatchObject({ roots: [] });
    expect(await find(junk('/registry/services/specs/', 2_000))).toEqual({ roots: [], looks: 2, read: [] });
  });

  it('do not stand below /registry/, whatever lies there', async () => {
    const { roots, read } = await find([
      rpcx('/registry/order/tcp@10.0.1.5:80'),
      rpcx('/registry0/order/tcp@10.0.1.6:80'),
    ]);
    expect(roots).toEqual(['/registry0/ rpcx']);
    expect(read).toEqual(['/registry0/order/tcp@10.0.1.6:80']);
  });

  it('are looked for two hundred times, not once for each of thousands of trees', async () => {
    const trees = numbered(5_000, (text) => [`/tree-${text}/key`, 'x'] as const);
    const { roots, looks } = await find([...entriesOf('kratos'), ...trees]);
    expect(roots).toEqual(['/microservices/ kratos']);
    expect(looks).toBeLessThanOrEqual(2 * MOST_LOOKS);
    for (const entries of [
      junk('alone', 5_000),
      numbered(5_000, (text) => rpcx(`/${text}/order/tcp@10.0.1.5:80`)),
    ])
      expect((await find(entries)).looks).toBeLessThanOrEqual(2 * MOST_LOOKS);
  });

  it('are found behind services whose root is "/"', async () => {
    const { roots } = await find([
      ['/alpha/10.0.1.7:8888', '10.0.1.7:8888'],
      kratos('host-1'),
      ['/order/v1.2.0/10.0.1.5:8080', '10.0.1.5:8080'],
    ]);
    expect(roots).toContain('/microservices/ kratos');
  });

  it('are found behind one another in a tree, though it begins with what nobody can read', async () => {
    const hosts = numbered(2 * SAMPLE, (text) => goframe('default', `10.0.1.${text}`));
    const expected = ['/service/default/default/ goframe', '/service/prod/default/ goframe'];
    expect((await find([...hosts, goframe('prod', '10.0.2.1')])).roots).toEqual(expected);
    expect((await find([...junk('/service/aaa/', 1), ...hosts, goframe('prod', '10.0.2.1')])).roots).toEqual(
      expected,
    );
  });

  it('are found behind a tree whose name is not UTF-8', async () => {
    const entries = numbered(3, (text) => [Buffer.from(`/a\u{ff}/${text}`, 'latin1'), 'x'] as const);
    const { roots, looks } = await find([...entries, kratos('host-1')]);
    expect(roots).toEqual(['/microservices/ kratos']);
    expect(looks).toBeLessThanOrEqual(6);
  });
});
