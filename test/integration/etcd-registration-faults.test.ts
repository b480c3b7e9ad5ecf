import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RegistrationEvent } from '../../src/lib/model/registration.js';
import type { Connection } from '../../src/lib/registry/connection.js';
import { openEtcd } from '../../src/lib/registry/etcd/open-etcd.js';
import type { RegisterOptions, Registration, RegistryHandle } from '../../src/lib/registry/types.js';
import { aConnection, aSpec, anOwner, testDeps } from '../support/builders.js';
import { EventLog, Watching } from '../support/event-log.js';
import { type Etcd, enableAuth, startEtcd, startEtcdCluster, startProxy } from '../support/servers/index.js';

const TTL_MS = 3_000;
const SLACK_MS = 1_000;
const KEY = '/services/order/order-1';

async function keep<T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const server = await starting;
  onTestFinished(() => server.stop());
  return server;
}

function open(servers: readonly string[], overrides: Partial<Connection> = {}): RegistryHandle {
  const handle = openEtcd(aConnection({ backend: 'etcd', servers, ...overrides }), testDeps());
  onTestFinished(() => handle[Symbol.asyncDispose]());
  return handle;
}

interface Kept {
  readonly registration: Registration;
  readonly log: EventLog<RegistrationEvent>;
}

async function register(handle: RegistryHandle, overrides: Partial<RegisterOptions> = {}): Promise<Kept> {
  const log = new EventLog<RegistrationEvent>();
  const options = { signal: new AbortController().signal, ttlMs: TTL_MS, onEvent: log.push, ...overrides };
  const registration = await handle.registry.register(aSpec({ owner: anOwner() }), options);
  return { registration, log };
}

function since(startedMs: number, what: string, limitMs: number): void {
  const tookMs = performance.now() - startedMs;
  console.log(`${what}: ${Math.round(tookMs)} ms (limit ${limitMs})`);
  expect(tookMs).toBeLessThan(limitMs + SLACK_MS);
}

const NOTICE_MS = TTL_MS / 3 + 1_000;
const BACK_MS = 1_500;
const lostCount = (log: EventLog<RegistrationEvent>): number =>
  log.types.filter((type) => type === 'lost').length;

describe.each(['3.4', '3.5'] as const)('a registration on etcd %s', (version) => {
  it(
    'is late, then renewed, when the server is away for less than the TTL',
    { timeout: 60_000 },
    async () => {
      const etcd = await keep(startEtcd({ version }));
      const handle = open([etcd.url]);
      const { log } = await register(handle, { ttlMs: 9_000 });
      const watching = new Watching(handle.registry, 'order');
      onTestFinished(() => watching[Symbol.asyncDispose]());
      await watching.until('synced', 3_000);
      const awayMs = performance.now();
      await etcd.restart({ downMs: 4_000 });
      const backMs = performance.now();
      const late = await log.until('late', 1_000);
      expect(Date.parse(late.at) - Date.now() + performance.now() - awayMs).toBeLessThan(2_000);
      const renewed = await log.until('renewed', 5_000, ({ afterLate }) => afterLate);
      since(backMs, `etcd ${version}: renewed after a short outage`, BACK_MS);
      expect(renewed.leaseId).toBe(late.leaseId);
      expect(lostCount(log)).toBe(0);
      await watching.until('synced', 5_000, () => true, 1);
      expect(watching.types).not.toContain('left');
    },
  );

  it.each([false, true])(
    'is registered again after a long outage (wiped: %s)',
    { timeout: 60_000 },
    async (wipe) => {
      const etcd = await keep(startEtcd({ version }));
      const { log } = await register(open([etcd.url]));
      await etcd.restart({ wipe, downMs: 3 * TTL_MS });
      const backMs = performance.now();
      expect(log.all.some((event) => event.type === 'late' && event.leftSeconds === 0)).toBe(true);
      // A restart gives a lease that was kept on disk its whole TTL again, so that it is simply renewed.
      if (wipe) await log.until('restored', 6_000);
      else await log.until('renewed', 6_000, ({ afterLate }) => afterLate);
      since(backMs, `etcd ${version}: registered after a long outage (wiped: ${wipe})`, BACK_MS);
      expect(await etcd.get(KEY)).toBeDefined();
      expect(lostCount(log)).toBe(wipe ? 1 : 0);
    },
  );

  it(
    'is restored when the lease was revoked, the key deleted, or the key taken off its lease',
    { timeout: 60_000 },
    async () => {
      const etcd = await keep(startEtcd({ version }));
      const { log, registration } = await register(open([etcd.url]));
      const value = (await etcd.get(KEY)) ?? '';
      const harms: readonly [string, () => Promise<unknown>][] = [
        ['lease revoked', () => etcd.ctl(['lease', 'revoke', log.all.at(-1)?.leaseId ?? ''])],
        ['key deleted', () => etcd.del(KEY)],
        ['key taken off its lease', () => etcd.put(KEY, value)],
        ['key deleted again', () => etcd.del(KEY)],
      ];
      for (const [what, harm] of harms) {
        const from = log.all.length;
        const harmedMs = performance.now();
        await harm();
        const lost = await log.until('lost', 5_000, () => true, from);
        await log.until('restored', 3_000, () => true, from);
        since(harmedMs, `etcd ${version}: restored after ${what} (${lost.why})`, NOTICE_MS);
        await log.until('renewed', 3_000, () => true, from);
      }
      expect(await registration.deregister({ signal: new AbortController().signal })).toBe('removed');
      expect((await etcd.ctl(['lease', 'list'])).trim()).toMatch(/found 0 leases$/);
    },
  );

  it('ends when it was deleted and is not to be restored', { timeout: 60_000 }, async () => {
    const etcd = await keep(startEtcd({ version }));
    const { registration } = await register(open([etcd.url]), { onLost: 'exit' });
    const harmedMs = performance.now();
    await etcd.del(KEY);
    expect(await registration.ended).toMatchObject({ code: 'E_MEMBERSHIP_LOST' });
    since(harmedMs, `etcd ${version}: ended after a deletion`, NOTICE_MS);
  });

  it('ends when another lease takes it over, and leaves that alone', { timeout: 60_000 }, async () => {
    const etcd = await keep(startEtcd({ version }));
    const { registration } = await register(open([etcd.url]));
    const lease = /lease ([0-9a-f]+)/.exec(await etcd.ctl(['lease', 'grant', '60']))?.[1] ?? '';
    const harmedMs = performance.now();
    await etcd.ctl(['put', `--lease=${lease}`, KEY, '10.0.0.9:1']);
    expect(await registration.ended).toMatchObject({ code: 'E_TAKEN_OVER' });
    since(harmedMs, `etcd ${version}: ended after a takeover`, NOTICE_MS);
    expect(await etcd.get(KEY)).toBe('10.0.0.9:1');
  });

  it(
    'is late in time when the server is frozen, and restored when it goes on',
    { timeout: 60_000 },
    async () => {
      const etcd = await keep(startEtcd({ version }));
      const { log } = await register(open([etcd.url]));
      await log.until('renewed', 3_000);
      const frozenMs = performance.now();
      etcd.freeze();
      await log.until('late', 5_000);
      since(frozenMs, `etcd ${version}: late after freezing`, (2 * TTL_MS) / 3);
      await log.until('late', 8_000, ({ leftSeconds }) => leftSeconds === 0);
      since(frozenMs, `etcd ${version}: late with nothing left`, TTL_MS);
      await sleep(2 * TTL_MS);
      expect(lostCount(log)).toBe(0);
      const from = log.all.length;
      etcd.thaw();
      const backMs = performance.now();
      await log.until('restored', 6_000, () => true, from);
      since(backMs, `etcd ${version}: restored after thawing`, BACK_MS);
    },
  );

  it(
    'keeps its lease when the member in use is killed, frozen, or the leader',
    { timeout: 120_000 },
    async () => {
      const cluster = await keep(startEtcdCluster({ version }));
      const { log } = await register(open(cluster.urls), { ttlMs: 10_000 });
      const inUse = cluster.members[0];
      const survive = async (what: string, harm: () => unknown, heal: () => unknown): Promise<void> => {
        const from = log.all.length;
        await harm();
        const harmedMs = performance.now();
        await log.until('renewed', 15_000, () => true, from);
        since(harmedMs, `etcd ${version}: renewed with ${what}`, 6_700);
        await heal();
        await log.until('renewed', 15_000, () => true, log.all.length);
      };
      await survive(
        'the member in use killed',
        () => inUse?.kill(),
        () => inUse?.start(),
      );
      const leader = await cluster.leader();
      await survive(
        'the leader killed',
        () => leader.kill(),
        () => leader.start(),
      );
      for (const member of cluster.members) {
        await survive(
          'a member frozen',
          () => member.freeze(),
          () => member.thaw(),
        );
      }
      expect(lostCount(log)).toBe(0);
      expect(new Set(log.all.map(({ leaseId }) => leaseId)).size).toBe(1);
    },
  );

  it('survives that its connection is cut or hangs', { timeout: 60_000 }, async () => {
    const etcd = await keep(startEtcd({ version }));
    const proxy = await keep(startProxy(etcd.url));
    const { log } = await register(open([proxy.url]), { ttlMs: 6_000 });
    await log.until('renewed', 4_000);
    const cutMs = performance.now();
    proxy.cut();
    await log.until('late', 2_000);
    await log.until('renewed', 3_000, ({ afterLate }) => afterLate);
    since(cutMs, `etcd ${version}: renewed after a cut`, 1_000);
    const from = log.all.length;
    const hungMs = performance.now();
    proxy.stall('down');
    await log.until('late', 6_000, () => true, from);
    since(hungMs, `etcd ${version}: late on a hanging connection`, 4_000);
    proxy.stall(null);
    const backMs = performance.now();
    await log.until('renewed', 5_000, ({ afterLate }) => afterLate, from);
    since(backMs, `etcd ${version}: renewed on a connection that goes on`, BACK_MS);
    expect(lostCount(log)).toBe(0);
  });

  it('goes on when a restart has forgotten its token', { timeout: 60_000 }, async () => {
    const etcd = await keep(startEtcd({ version }));
    const grants = [{ permission: 'readwrite', key: '/services/', prefix: true } as const];
    await enableAuth(etcd, { rootPassword: 'root-pw', users: [{ name: 'writer', password: 'pw', grants }] });
    const handle = open([etcd.url], { username: 'writer', password: { origin: 'test', read: () => 'pw' } });
    const { log, registration } = await register(handle);
    await etcd.restart();
    const backMs = performance.now();
    await log.until('renewed', 6_000, () => true, log.all.length);
    since(backMs, `etcd ${version}: renewed with a new token`, BACK_MS);
    expect(lostCount(log)).toBe(0);
    expect(await registration.deregister({ signal: new AbortController().signal })).toBe('removed');
  });

  it('ends within its limit when the server is dead or frozen', { timeout: 60_000 }, async () => {
    const etcd = await keep(startEtcd({ version }));
    const signal = new AbortController().signal;
    const frozen = await register(open([etcd.url]));
    etcd.freeze();
    let startedMs = performance.now();
    await expect(frozen.registration.deregister({ signal })).rejects.toMatchObject({ code: 'E_TIMEOUT' });
    since(startedMs, `etcd ${version}: deregister from a frozen server`, 2_500);
    etcd.thaw();
    const dead = await register(open([etcd.url]), { takeover: true });
    await etcd.kill();
    startedMs = performance.now();
    await expect(dead.registration.deregister({ signal })).rejects.toMatchObject({ exitCode: 4 });
    since(startedMs, `etcd ${version}: deregister from a dead server`, 2_500);
  });

  it('reports a removal whose answer was lost', { timeout: 60_000 }, async () => {
    const etcd = await keep(startEtcd({ version }));
    const proxy = await keep(startProxy(etcd.url));
    await etcd.put(KEY, '10.0.0.1:80');
    const handle = open([proxy.url]);
    const signal = AbortSignal.timeout(20_000);
    const [expected] = (await handle.registry.list('order', { signal })).instances;
    if (expected === undefined) return expect.unreachable();
    // The request still goes up, its answer does not come down; the retry finds a way again.
    proxy.stall('down');
    const removing = handle.registry.deregister({ service: 'order', id: 'order-1' }, { signal, expected });
    await goneFrom(etcd);
    proxy.cut();
    proxy.stall(null);
    expect(await removing).toBe('removed');
    expect(await handle.registry.deregister({ service: 'order', id: 'order-1' }, { signal, expected })).toBe(
      'absent',
    );
  });
});

async function goneFrom(etcd: Etcd): Promise<void> {
  while ((await etcd.get(KEY)) !== undefined) await sleep(50);
}
