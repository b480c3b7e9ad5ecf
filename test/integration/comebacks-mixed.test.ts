/** What is no return, several targets at once, and how long is looked. */
import { Etcd3 } from 'etcd3';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { uniqueName } from '../support/builders.js';
import { goZero } from '../support/imitators/go-zero.js';
import { kitex } from '../support/imitators/kitex.js';
import { kratos } from '../support/imitators/leased.js';
import { deregister, itemOf, itemsOf } from '../support/removal-runs.js';
import { type Etcd, startEtcd } from '../support/servers/index.js';

const SLOW = { timeout: 60_000 };
const WITHIN = { timeout: 10_000 };

describe.concurrent('after a removal on etcd', () => {
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

  /** What a process of go-zero has left behind that was killed a moment ago: a key, and a lease that nobody renews. */
  async function leftBehind(service: string, address: string): Promise<string> {
    const { ID } = await client.leaseClient.leaseGrant({ TTL: 60 });
    await client.put(`${service}/${ID}`).value(address).lease(ID);
    return ID;
  }

  it('a twin on the same address that was there before is no return', SLOW, async ({ expect }) => {
    const service = uniqueName('order');
    const dead = await leftBehind(service, '10.0.1.5:8080');
    using twin = await goZero(etcd, service, { watchesKey: true });
    const { key } = twin.entryOf(service);
    const running = deregister([`${service}/${dead}`, ...server, '--prefix', '', '-o', 'json']);
    // It is written anew while somebody looks, and stays what it was.
    await expect.poll(async () => etcd.get(`${service}/${dead}`), WITHIN).toBeUndefined();
    await client.delete().key(key);
    await expect.poll(() => twin.writes.length, WITHIN).toBe(2);
    const run = await running;
    const item = itemOf(run);
    expect([run.ended.code, item.outcome, item.comeback]).toEqual([0, 'removed', null]);
    expect([...(await etcd.list(`${service}/`))]).toEqual([[key, '10.0.1.5:8080']]);
  });

  it('another address under a new key is no return', SLOW, async ({ expect }) => {
    const service = uniqueName('order');
    const dead = await leftBehind(service, '10.0.1.6:8080');
    const running = deregister([`${service}/${dead}`, ...server, '--prefix', '', '-o', 'json']);
    await expect.poll(async () => etcd.get(`${service}/${dead}`), WITHIN).toBeUndefined();
    using other = await goZero(etcd, service, { watchesKey: true });
    const run = await running;
    expect([run.ended.code, itemOf(run).comeback]).toEqual([0, null]);
    expect(other.writes).toHaveLength(1);
  });

  it('of two targets one comes back: 8, and each is told', SLOW, async ({ expect }) => {
    const run = async (flags: readonly string[]) => {
      const [gone, back] = [uniqueName('gone'), uniqueName('back')];
      using silent = await kratos(etcd, gone);
      using stubborn = await goZero(etcd, back, { watchesKey: true });
      const names = [silent.entryOf(gone).key.replace('/microservices/', ''), stubborn.entryOf(back).key];
      const roots = ['--prefix', '/microservices/', '--prefix', '', '--confirm', 'etcd'];
      return { names, ended: await deregister([...names, ...roots, ...server, ...flags]) };
    };
    const [people, programs] = await Promise.all([run([]), run(['-o', 'json'])]);
    const { code } = people.ended.ended;
    expect([code, people.ended.stdout]).toEqual([8, `${people.names.join('\n')}\n`]);
    const [silent = '', stubborn = ''] = people.names;
    expect(people.ended.stderr).toMatch(/^Gone, and still gone after 3s\.$/m);
    expect(people.ended.stderr).toMatch(
      new RegExp(`^ {2}${stubborn}: ${stubborn} came back after \\d+ms`, 'm'),
    );
    expect(people.ended.stderr).not.toContain(`${silent}: `);
    expect(people.ended.stderr).toContain('1 of 2 targets are not as asked for');
    expect(programs.ended.ended.code).toBe(8);
    expect(itemsOf(programs.ended)).toMatchObject([
      { outcome: 'removed', error: null, comeback: null },
      {
        outcome: 'came-back',
        goneForSeconds: null,
        error: { code: 'E_CAME_BACK' },
        comeback: { entry: { key: programs.names[1] } },
      },
    ]);
    expect(itemsOf(programs.ended)[0]?.goneForSeconds).toBeGreaterThanOrEqual(3);
  });

  it('both of two targets come back: 6, and one does not hold up the other', SLOW, async ({ expect }) => {
    const [soon, later] = [uniqueName('soon'), uniqueName('later')];
    using first = await goZero(etcd, soon, { watchesKey: true });
    using second = await kitex(etcd, later, { looksAfterMs: 2_000 });
    const names = [first.entryOf(soon).key, `${later}/10.0.1.5:8888`];
    const roots = ['--prefix', '', '--prefix', 'kitex/registry-etcd/', '--confirm', 'etcd'];
    const run = await deregister([...names, ...roots, ...server, '-o', 'json']);
    expect(run.ended.code).toBe(6);
    const items = itemsOf(run);
    expect(items.map(({ outcome }) => outcome)).toEqual(['came-back', 'came-back']);
    expect(items[0]?.comeback?.afterSeconds).toBeLessThan(1.5);
    expect(items[1]?.comeback?.afterSeconds).toBeGreaterThan(1.5);
    expect(second.checks).toBe(1);
  });

  it('--verify 0 does not look', SLOW, async ({ expect }) => {
    const service = uniqueName('order');
    using process = await goZero(etcd, service, { watchesKey: true });
    const { key } = process.entryOf(service);
    const run = await deregister([key, '--verify', '0', ...server, '--prefix', '', '-o', 'json']);
    const { outcome, goneForSeconds, comeback } = itemOf(run);
    expect([run.ended.code, outcome, goneForSeconds, comeback]).toEqual([0, 'removed', null, null]);
    expect(run.stderr).not.toContain('still gone');
    await expect.poll(() => process.writes.length, WITHIN).toBe(2);
  });

  it('--verify looks as long as it says: too short to see kitex, long enough', SLOW, async ({ expect }) => {
    const root = ['--prefix', 'kitex/registry-etcd/'];
    const look = async (verify: string) => {
      const service = uniqueName('order');
      using _process = await kitex(etcd, service, { looksAfterMs: 5_000 });
      return await deregister([`${service}/10.0.1.5:8888`, '--verify', verify, ...server, ...root]);
    };
    const [short, long] = await Promise.all([look('1s'), look('8s')]);
    expect([short.ended.code, short.stderr]).toEqual([
      0,
      expect.stringContaining('Gone, and still gone after 1s.'),
    ]);
    expect([long.ended.code, long.stderr]).toEqual([6, expect.stringContaining('came back after 5s')]);
  });
});
