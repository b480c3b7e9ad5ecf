/** Habits that take as long as the longest default look, and what lies beyond it. All at once, because each waits. */
import { Etcd3 } from 'etcd3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uniqueName } from '../support/builders.js';
import { dubboJavaInterface } from '../support/imitators/dubbo.js';
import { goMicro } from '../support/imitators/go-micro.js';
import { startGrpcProxy } from '../support/imitators/grpc-proxy.js';
import { kitex } from '../support/imitators/kitex.js';
import { etcdEndpoints, kratos, plain } from '../support/imitators/leased.js';
import { rpcx } from '../support/imitators/rpcx.js';
import { deregister, itemOf } from '../support/removal-runs.js';
import { type Etcd, startEtcd } from '../support/servers/index.js';
import { checkBack, checkGone, type Habit } from './comeback-checks.js';

const SLOW = { timeout: 90_000 };
const WITHIN = { timeout: 10_000 };

/** They looked for their key right before it was removed, so that they are as late as can be. */
const late: readonly (Habit & { readonly how: 'delete' | 'revoke' })[] = [
  {
    what: 'kitex',
    start: async (etcd, service) => kitex(etcd, service, { looksAfterMs: 30_000 }),
    root: 'kitex/registry-etcd/',
    says: 'kitex: back within 30 s',
    lease: 'new',
    withinSeconds: 31,
    how: 'delete',
  },
  {
    what: 'go-micro',
    start: async (etcd, service) => goMicro(etcd, service, { renews: 'interval', registersAfterMs: 30_000 }),
    root: '/micro/registry/',
    says: 'go-micro: back at the next interval of 30 s.',
    lease: 'new',
    withinSeconds: 31,
    how: 'revoke',
  },
  {
    what: 'kratos with a TTL of its own, which renews every 15 s,',
    start: async (etcd, service) => kratos(etcd, service, { ttlSeconds: 45 }),
    root: '/microservices/',
    says: 'kratos: back within about 5 s under the same key.',
    lease: 'new',
    withinSeconds: 16,
    how: 'revoke',
  },
];

/** Nobody can tell, so it is looked for as long as the slowest of them takes. */
const depends: readonly Habit[] = [
  {
    what: 'a program after a tutorial',
    start: async (etcd, service) => plain(etcd, service, 'nothing'),
    root: '/services/',
    says: 'plain: depends on the program',
    lookSeconds: 16,
  },
  {
    what: 'an application with the naming package',
    start: etcdEndpoints,
    root: '',
    says: 'etcd-endpoints: depends on the application',
    lookSeconds: 11,
  },
];

describe.concurrent('late after a removal', () => {
  let etcd: Etcd;
  let client: Etcd3;
  let server: readonly string[];

  beforeAll(async () => {
    etcd = await startEtcd({ version: '3.5' });
    client = new Etcd3({ hosts: etcd.url });
    server = ['--backend', 'etcd', '--server', etcd.url];
  });
  afterAll(async () => {
    client.close();
    await etcd.stop();
  });

  async function keys(root: string): Promise<readonly string[]> {
    return [...(await etcd.list(root)).keys()].sort();
  }

  it('says no more than it saw of rpcx with an interval beyond the look', SLOW, async () => {
    const service = uniqueName('order');
    using process = await rpcx(etcd, [service], 60_000);
    const name = `${service}/tcp@10.0.1.5:8972`;
    const run = await deregister([name, ...server, '--prefix', '/rpcx_test/']);
    expect([run.ended.code, run.stdout]).toEqual([0, `${name}\n`]);
    expect(run.stderr).toContain('rpcx: back at the next UpdateInterval.');
    expect(run.stderr).toContain('Gone, and still gone after 31s.');
    expect(run.stderr).not.toContain('stays gone');
    expect(process.entryOf(service)).toBe(process.writes.at(-1));
  });

  it.each(late)('$what comes back in the default look', SLOW, async (habit) => {
    await checkBack({ etcd, client, habit, how: habit.how });
  });

  it.each(depends)('$what stays gone', SLOW, async (habit) => {
    await checkGone({ etcd, client, habit, how: 'revoke' });
  });

  it('lists what falls with the lease of rpcx, and sees its target come back', SLOW, async ({ expect }) => {
    const [order, pay] = [uniqueName('order'), uniqueName('pay')];
    using process = await rpcx(etcd, [order, pay], 5_000);
    const before = process.entryOf(order);
    const how = ['--how', 'revoke', '--confirm', 'etcd', '--prefix', '/rpcx_test/'];
    const run = await deregister([`${order}/tcp@10.0.1.5:8972`, ...how, ...server, '-o', 'json']);
    expect([run.ended.code, run.stderr]).toEqual([6, expect.stringContaining('fall 4 more:')]);
    for (const key of [`/rpcx_test/${order}   marker of rpcx`, `/rpcx_test/${pay}/tcp@10.0.1.5:8972`])
      expect(run.stderr).toContain(key);
    expect(run.stderr).toContain('all services of the process vanish, back at the next UpdateInterval.');
    const item = itemOf(run);
    expect([...item.falls].sort()).toEqual(
      [
        '/rpcx_test',
        `/rpcx_test/${order}`,
        `/rpcx_test/${pay}`,
        `/rpcx_test/${pay}/tcp@10.0.1.5:8972`,
      ].sort(),
    );
    const after = process.entryOf(order);
    expect(after.lease).not.toBe(before.lease);
    expect(item.comeback?.entry).toMatchObject({ key: before.key, lease: { idDecimal: after.lease } });
    expect(item.comeback?.afterSeconds).toBeLessThan(6);
    // The one that was not asked for is back as well, the markers are not.
    await expect
      .poll(async () => keys(`/rpcx_test/${pay}`), WITHIN)
      .toEqual([`/rpcx_test/${pay}/tcp@10.0.1.5:8972`]);
    expect(await keys(`/rpcx_test/${order}`)).toEqual([before.key]);
  });

  it('sees Dubbo Java come back at its next renewal, with everything that fell', SLOW, async ({ expect }) => {
    const [order, pay] = [uniqueName('order'), uniqueName('pay')];
    using process = await dubboJavaInterface(etcd, [order, pay]);
    const [before, other] = [process.entryOf(order), process.entryOf(pay)];
    const how = ['--how', 'revoke', '--confirm', 'etcd', '--prefix', '/dubbo/'];
    const run = await deregister([`${order}/10.0.1.5:20880`, ...how, ...server, '-o', 'json']);
    const item = itemOf(run);
    expect([run.ended.code, item.outcome, item.falls]).toEqual([6, 'came-back', [other.key]]);
    const after = process.entryOf(order);
    expect(after).toMatchObject({ key: before.key, value: after.lease });
    expect(item.comeback?.entry).toMatchObject({ key: after.key, lease: { idDecimal: after.lease } });
    expect(item.comeback?.afterSeconds).toBeLessThan(11);
    await expect.poll(async () => etcd.get(other.key), WITHIN).toBe(after.lease);
  });

  describe('etcd grpc-proxy, the real one', () => {
    const TTL_SECONDS = 6;

    it('stays gone after its key is removed', SLOW, async ({ expect }) => {
      const service = uniqueName('proxy');
      await using proxy = await startGrpcProxy(etcd, service, TTL_SECONDS);
      await expect.poll(async () => keys(`${service}/`), WITHIN).toEqual([proxy.key]);
      const run = await deregister([proxy.key, ...server, '--prefix', '']);
      expect([run.ended.code, run.stdout]).toEqual([0, `${proxy.key}\n`]);
      expect(run.stderr).toContain('etcd-endpoints: stays gone; an etcd grpc-proxy too.');
      expect(run.stderr).toContain('Gone, and still gone after 3s.');
      expect(await keys(`${service}/`)).toEqual([]);
    });

    it('is back at its next renewal after its lease is revoked', SLOW, async ({ expect }) => {
      const service = uniqueName('proxy');
      await using proxy = await startGrpcProxy(etcd, service, TTL_SECONDS);
      await expect.poll(async () => keys(`${service}/`), WITHIN).toEqual([proxy.key]);
      const run = await deregister([proxy.key, '--how', 'revoke', ...server, '--prefix', '', '-o', 'json']);
      expect([run.ended.code, run.stderr]).toEqual([
        6,
        expect.stringContaining('an etcd grpc-proxy comes back at its next renewal.'),
      ]);
      const { comeback } = itemOf(run);
      expect(comeback?.entry).toMatchObject({ key: proxy.key, layout: 'etcd-endpoints' });
      expect(comeback?.afterSeconds).toBeLessThan(TTL_SECONDS / 3 + 2);
      expect(await keys(`${service}/`)).toEqual([proxy.key]);
    });
  });
});
