/** `deregister --stale` on real etcd: leases that are over, keys without one, copies that nobody renews. */
import { createServer } from 'node:net';
import { Etcd3 } from 'etcd3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runBinary, startBinary } from '../support/binary.js';
import { EtcdEntries, kratosKey } from '../support/etcd-entries.js';
import { type Etcd, freePort, startEtcd } from '../support/servers/index.js';
import { makeTempDir } from '../support/servers/lifetime.js';

const SLOW = { timeout: 90_000 };
const keyOf = (id: string): string => kratosKey('order', id);

interface Result {
  readonly items: readonly { readonly instance: string; readonly outcome: string }[];
}

describe.each(['3.4', '3.5'] as const)('stale entries of etcd %s', (version) => {
  const home = makeTempDir('stale');
  let etcd: Etcd;
  let client: Etcd3;
  let entries: EtcdEntries;

  beforeAll(async () => {
    etcd = await startEtcd({ version });
    client = new Etcd3({ hosts: etcd.url });
    entries = new EtcdEntries(client);
  });
  afterEach(async () => {
    await client.delete().all();
  });
  afterAll(async () => {
    client.close();
    await etcd.stop();
  });

  const flags = () => [
    '--backend',
    'etcd',
    '--server',
    etcd.url,
    '--prefix',
    '/microservices/',
    '--verify',
    '0',
  ];
  const stale = async (...args: readonly string[]) =>
    runBinary(
      ['deregister', 'order', '--stale', '--yes', '--confirm', 'order', ...args, '-o', 'json', ...flags()],
      {
        home,
        withinMs: 60_000,
      },
    );
  const outcomes = (stdout: string): readonly (readonly string[])[] =>
    (JSON.parse(stdout) as Result).items.map(({ instance, outcome }) => [instance, outcome]);

  it('a key without a lease goes where its address refuses, and stays where it answers', SLOW, async () => {
    const listener = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const address = listener.address();
    const open = typeof address === 'object' && address !== null ? address.port : 0;
    const at = (port: number) => ({ endpoint: `http://127.0.0.1:${port}`, ttl: null });
    try {
      await entries.kratos('order', 'kept');
      await entries.kratos('order', 'refuses', at(await freePort()));
      await entries.kratos('order', 'answers', at(open));
      const untold = await stale();
      expect(outcomes(untold.stdout)).toEqual([]);
      expect(untold.stderr).toContain('2 instances have no lease where others have one: --probe tcp tells');
      const done = await stale('--probe', 'tcp');
      expect(done.ended.code, done.said).toBe(0);
      expect(outcomes(done.stdout)).toEqual([['refuses', 'removed']]);
      expect(await entries.keys()).toEqual([keyOf('answers'), keyOf('kept')]);
    } finally {
      listener.close();
    }
  });

  it('of copies on one address the one that nobody renews goes', SLOW, async () => {
    const endpoint = 'http://10.0.1.5:8000';
    await using member = startBinary(
      [
        'register',
        'order',
        '--id',
        'live',
        '--endpoint',
        endpoint,
        '--ttl',
        '6s',
        '--layout',
        'kratos',
        '-o',
        'jsonl',
        ...flags().slice(0, 6),
      ],
      { home },
    );
    await member.line('registered', 10_000);
    await entries.kratos('order', 'dead', { endpoint, ttl: 20 });
    await entries.kratos('order', 'bare', { endpoint, ttl: null });
    await entries.kratos('order', 'else', { endpoint: 'http://10.0.1.6:8000', ttl: 20 });
    const done = await stale();
    expect(done.ended.code, done.said).toBe(0);
    expect(done.stderr).toContain(
      'order/dead: nobody renews it, while order/live on the same address is renewed',
    );
    expect(outcomes(done.stdout)).toEqual([
      ['bare', 'removed'],
      ['dead', 'removed'],
    ]);
    expect(await entries.keys()).toEqual([keyOf('else'), keyOf('live')]);
  });

  it('a lease that is over and was not revoked goes, unless most of its service is so', SLOW, async () => {
    await entries.crowdOfLeases(8);
    const over = await entries.kratos('order', 'over', { ttl: 8 });
    for (const id of ['a', 'b']) await entries.kratos('order', id);
    for (const id of ['x', 'y']) await entries.kratos('pay', id, { ttl: 8 });
    await expect
      .poll(async () => (await entries.timeToLive(over)).left, { timeout: 20_000, interval: 200 })
      .toBeLessThan(0);
    const [order, pay] = await Promise.all([
      stale(),
      runBinary(['deregister', 'pay', '--stale', '--dry-run', '-o', 'json', ...flags()], { home }),
    ]);
    expect(order.ended.code, order.said).toBe(0);
    expect(order.stderr).toContain('order/over: its lease has expired and was not revoked\n');
    expect(outcomes(order.stdout)).toEqual([['over', 'removed']]);
    expect(await entries.keys()).not.toContain(keyOf('over'));
    expect(outcomes(pay.stdout), pay.said).toEqual([]);
    expect(pay.stderr).toContain('left alone: 2 of 2 of service pay are down together');
  });
});
