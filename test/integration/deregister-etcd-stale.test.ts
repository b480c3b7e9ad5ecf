/** `deregister --stale` on real etcd: leases that are over, keys without one, copies that nobody renews. */
import { createServer } from 'node:net';
import { Etcd3 } from 'etcd3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runBinary, startBinary } from '../support/binary.js';
import { EtcdEntries, kratosKey } from '../support/etcd-entries.js';
import { type Etcd, freePort, startEtcd } from '../support/servers/index.js';
import { makeTempDir } from '../support/servers/lifetime.js';
import { startUnrevokingEtcd } from '../support/unrevoking-etcd.js';

const SLOW = { timeout: 90_000 };
const keyOf = (id: string): string => kratosKey('order', id);

interface Result {
  readonly items: readonly { readonly instance: string; readonly outcome: string }[];
}

const home = makeTempDir('stale');

/** Does not wait to see whether anything comes back. */
async function stale(service: string, ...args: readonly string[]): ReturnType<typeof runBinary> {
  const command = ['deregister', service, '--stale', '--verify', '0', '-o', 'json', ...args];
  return runBinary(command, { home, withinMs: 60_000 });
}

function outcomes(stdout: string): readonly (readonly string[])[] {
  return (JSON.parse(stdout) as Result).items.map(({ instance, outcome }) => [instance, outcome]);
}

describe.each(['3.4', '3.5'] as const)('stale entries of etcd %s', (version) => {
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

  const flags = () => ['--backend', 'etcd', '--server', etcd.url, '--prefix', '/microservices/'];
  const staleOrders = async (...args: readonly string[]) =>
    stale('order', '--yes', '--confirm', 'order', ...args, ...flags());

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
      const untold = await staleOrders();
      expect(outcomes(untold.stdout)).toEqual([]);
      expect(untold.stderr).toContain('2 instances have no lease where others have one: --probe tcp tells');
      const done = await staleOrders('--probe', 'tcp');
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
        ...flags(),
      ],
      { home },
    );
    await member.line('registered', 30_000);
    // It looks twice, half of that apart; the rest is for its start.
    await entries.kratos('order', 'dead', { endpoint, ttl: 32 });
    await entries.kratos('order', 'bare', { endpoint, ttl: null });
    await entries.kratos('order', 'else', { endpoint: 'http://10.0.1.6:8000', ttl: 32 });
    const done = await staleOrders();
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
});

describe.each(['3.4', '3.5'] as const)('stale entries of an etcd %s that does not revoke', (version) => {
  let etcd: Awaited<ReturnType<typeof startUnrevokingEtcd>>;

  beforeAll(async () => {
    etcd = await startUnrevokingEtcd(version);
  });
  afterAll(async () => {
    await etcd.stop();
  });

  it('a lease that is over and was not revoked goes, unless most of its service is so', SLOW, async () => {
    const entries = new EtcdEntries(etcd.client);
    const flags = [...etcd.flags, '--prefix', '/microservices/'];
    const ended = [await entries.kratos('order', 'over', { ttl: 4 })];
    for (const id of ['a', 'b']) await entries.kratos('order', id);
    for (const id of ['x', 'y']) ended.push(await entries.kratos('pay', id, { ttl: 4 }));
    for (const lease of ended) {
      await expect
        .poll(async () => (await entries.timeToLive(lease)).left, { timeout: 20_000, interval: 200 })
        .toBeLessThan(0);
    }
    const [order, pay] = await Promise.all([
      stale('order', '--yes', '--confirm', 'order', ...flags),
      stale('pay', '--dry-run', ...flags),
    ]);
    expect(order.ended.code, order.said).toBe(0);
    expect(order.stderr).toContain('order/over: its lease has expired and was not revoked\n');
    expect(outcomes(order.stdout)).toEqual([['over', 'removed']]);
    expect(await entries.keys()).not.toContain(keyOf('over'));
    expect(outcomes(pay.stdout), pay.said).toEqual([]);
    expect(pay.stderr).toContain('left alone: 2 of 2 of service pay are down together');
  });
});
