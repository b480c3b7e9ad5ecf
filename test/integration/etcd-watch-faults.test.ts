import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { MembershipEvent } from '../../src/lib/model/membership.js';
import type { Connection } from '../../src/lib/registry/connection.js';
import { openEtcd } from '../../src/lib/registry/etcd/open-etcd.js';
import type { RegistryHandle } from '../../src/lib/registry/types.js';
import { aConnection, aSpec, anOwner, testDeps } from '../support/builders.js';
import { Watching } from '../support/event-log.js';
import {
  type Etcd,
  enableAuth,
  seedEtcd,
  startEtcd,
  startEtcdCluster,
  startProxy,
} from '../support/servers/index.js';

const SLACK_MS = 1_000;

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

function watchOn(handle: RegistryHandle, service: string | null = 'order'): Watching {
  const watching = new Watching(handle.registry, service, { timeoutMs: 5_000 });
  onTestFinished(() => watching[Symbol.asyncDispose]());
  return watching;
}

/** The set that somebody knows who has only seen the events. */
function netResult(events: readonly MembershipEvent[]): string[] {
  const known = new Map<string, string>();
  for (const event of events) {
    if (event.type === 'synced') {
      known.clear();
      for (const { id, endpoints } of event.snapshot.instances) known.set(id, String(endpoints[0]?.port));
    } else if (event.type === 'left') known.delete(event.instance.id);
    else if (event.type !== 'stale') known.set(event.instance.id, String(event.instance.endpoints[0]?.port));
  }
  return [...known].map(([id, port]) => `${id}:${port}`).sort();
}

const keyOf = (id: string): string => `/services/order/${id}`;
const put = (etcd: Etcd, id: string, port = 80): Promise<void> => etcd.put(keyOf(id), `10.0.0.1:${port}`);
const pairs = (count: number, stem = 'i'): [string, string][] =>
  Array.from({ length: count }, (_, index) => [keyOf(`${stem}${index}`), `10.0.0.1:${index + 1}`]);

function since(startedMs: number, what: string, limitMs: number): void {
  const tookMs = performance.now() - startedMs;
  console.log(`${what}: ${Math.round(tookMs)} ms (limit ${limitMs})`);
  expect(tookMs).toBeLessThan(limitMs + SLACK_MS);
}

async function truth(handle: RegistryHandle): Promise<string[]> {
  const { instances } = await handle.registry.list('order', { signal: AbortSignal.timeout(20_000) });
  return instances.map(({ id, endpoints }) => `${id}:${endpoints[0]?.port}`).sort();
}

async function waitFor(condition: () => boolean, withinMs: number, what: string): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(10);
  }
}

describe.each(['3.4', '3.5'] as const)('a watch on etcd %s', (version) => {
  it('goes on after a restart, with what happened meanwhile', { timeout: 60_000 }, async () => {
    const etcd = await keep(startEtcd({ version }));
    const handle = open([etcd.url]);
    await put(etcd, 'a');
    const watching = watchOn(handle);
    await watching.until('synced', 3_000);
    await etcd.restart({ downMs: 3_000 });
    const backMs = performance.now();
    await put(etcd, 'b');
    await watching.until('joined', 5_000, ({ instance }) => instance.id === 'b');
    since(backMs, `etcd ${version}: fresh after a restart`, 3_000);
    expect(watching.types).toEqual(['synced', 'stale', 'synced', 'joined']);
    expect(watching.all.at(-1)).toMatchObject({ resync: false });
  });

  it(
    'finds the differences after its data was wiped, even when the store has overtaken it',
    { timeout: 90_000 },
    async () => {
      const etcd = await keep(startEtcd({ version }));
      const handle = open([etcd.url]);
      for (const writes of [3, 40]) {
        await put(etcd, 'old', 1);
        const watching = watchOn(handle);
        await watching.until('synced', 3_000);
        // The watch must not come back before the new writes are there: the store has overtaken it then.
        const gate = etcd.restart({ wipe: true });
        await gate;
        const backMs = performance.now();
        await seedEtcd(etcd, pairs(writes, `new${writes}-`), { concurrency: 1 });
        for (let index = 0; index < writes; index += 1) if (writes > 3) await put(etcd, 'again', index + 1);
        const expected = await truth(handle);
        await waitFor(
          () => String(netResult(watching.all)) === String(expected),
          5_000,
          String(netResult(watching.all)),
        );
        if (writes === 3) since(backMs, `etcd ${version}: fresh after a wipe`, 3_000);
        const left = await watching.until('left', 1_000, ({ instance }) => instance.id === 'old');
        expect(left).toMatchObject({ reason: 'resync', resync: true, instance: { id: 'old' } });
        await watching.stop();
      }
    },
  );

  it(
    'survives compaction past its revision, with a deletion that was compacted',
    { timeout: 60_000 },
    async () => {
      const etcd = await keep(startEtcd({ version }));
      const proxy = await keep(startProxy(etcd.url));
      const handle = open([proxy.url]);
      await seedEtcd(etcd, pairs(3));
      const watching = watchOn(handle);
      await watching.until('synced', 3_000);
      await proxy.refuse(true);
      proxy.cut();
      await watching.until('stale', 3_000);
      await put(etcd, 'late');
      await etcd.del(keyOf('i1'));
      const { revision } = await etcd.status();
      await etcd.ctl(['compact', String(revision)]);
      const backMs = performance.now();
      await proxy.refuse(false);
      await watching.until('left', 5_000, ({ instance }) => instance.id === 'i1');
      since(backMs, `etcd ${version}: fresh after compaction`, 3_000);
      expect(netResult(watching.all)).toEqual(await truth(open([etcd.url])));
      expect(watching.types.slice(0, 3)).toEqual(['synced', 'stale', 'synced']);
      expect(watching.all.slice(3).every((event) => 'resync' in event && event.resync)).toBe(true);
    },
  );

  it('does not miss the deletion at the compacted revision', { timeout: 60_000 }, async () => {
    const etcd = await keep(startEtcd({ version }));
    const proxy = await keep(startProxy(etcd.url));
    await seedEtcd(etcd, pairs(3));
    const watching = watchOn(open([proxy.url]));
    await watching.until('synced', 3_000);
    await proxy.refuse(true);
    proxy.cut();
    await watching.until('stale', 3_000);
    await etcd.del(keyOf('i1'));
    await etcd.ctl(['compact', String((await etcd.status()).revision)]);
    await put(etcd, 'late');
    await proxy.refuse(false);
    await watching.until('left', 5_000, ({ instance }) => instance.id === 'i1');
    await waitFor(() => netResult(watching.all).includes('late:80'), 3_000, 'late');
  });

  it('loses nothing when it is cut after the resume and between batches', { timeout: 90_000 }, async () => {
    const etcd = await keep(startEtcd({ version }));
    const proxy = await keep(startProxy(etcd.url));
    const watching = watchOn(open([proxy.url]));
    await watching.until('synced', 3_000);
    await proxy.refuse(true);
    proxy.cut();
    for (let round = 0; round < 5; round += 1) {
      const rounds = Array.from({ length: 1_000 }, (_, index): [string, string] => [
        keyOf(`r${round}-${index}`),
        '10.0.0.1:7',
      ]);
      // One revision per entry, so that the history takes several batches.
      await Promise.all(
        Array.from({ length: 10 }, (_, part) =>
          seedOneByOne(etcd, rounds.slice(part * 100, part * 100 + 100)),
        ),
      );
    }
    for (const bytes of [300, 1_500, 60_000, 120_000, 200_000]) {
      proxy.passAfterBytes(bytes, 'close');
      await proxy.refuse(false);
      const seen = watching.types.filter((type) => type === 'synced').length;
      await watching.until('stale', 10_000, () => true, watching.all.length).catch(() => undefined);
      console.log(`cut after ${bytes} bytes: ${watching.all.length} events, ${seen} syncs`);
    }
    proxy.passAfterBytes(null);
    const expected = await truth(open([etcd.url]));
    expect(expected).toHaveLength(5_000);
    await waitFor(() => netResult(watching.all).length === 5_000, 10_000, 'all entries');
    expect(netResult(watching.all)).toEqual(expected);
    expect(watching.types.filter((type) => type === 'joined')).toHaveLength(5_000);
    expect(watching.all.some((event) => 'resync' in event && event.resync)).toBe(false);
  });

  it('says stale when the server is frozen and goes on when it is back', { timeout: 60_000 }, async () => {
    const etcd = await keep(startEtcd({ version }));
    const watching = watchOn(open([etcd.url]));
    await watching.until('synced', 3_000);
    await put(etcd, 'a');
    await watching.until('joined', 1_000);
    const frozenMs = performance.now();
    etcd.freeze();
    await watching.until('stale', 12_000);
    since(frozenMs, `etcd ${version}: stale after freezing`, 8_500);
    await sleep(3_000);
    etcd.thaw();
    const backMs = performance.now();
    await watching.until('synced', 6_000, () => true, 2);
    since(backMs, `etcd ${version}: fresh after thawing`, 3_000);
  });

  it('goes on through another member when its own is frozen', { timeout: 60_000 }, async () => {
    const cluster = await keep(startEtcdCluster({ version }));
    const watching = watchOn(open(cluster.urls));
    await watching.until('synced', 3_000);
    const [own, other] = cluster.members;
    // The watch may still be about to open when the first set is shown; a change proves that it is.
    if (other !== undefined) await put(other, 'a');
    await watching.until('joined', 3_000);
    const frozenMs = performance.now();
    own?.freeze();
    onTestFinished(() => own?.thaw());
    await watching.until('stale', 12_000);
    since(frozenMs, `etcd ${version}: stale with a frozen member`, 8_500);
    if (other !== undefined) await put(other, 'b');
    await watching.until('joined', 6_000, ({ instance }) => instance.id === 'b');
    since(frozenMs, `etcd ${version}: through another member`, 10_500);
  });

  it('is told that the quorum is lost and lives again by itself', { timeout: 90_000 }, async () => {
    const cluster = await keep(startEtcdCluster({ version }));
    const [own, ...others] = cluster.members;
    const watching = watchOn(open([own?.url ?? '']));
    await watching.until('synced', 3_000);
    await Promise.all(others.map((member) => member.kill()));
    const lostMs = performance.now();
    const stale = await watching.until('stale', 12_000);
    since(lostMs, `etcd ${version}: told of the lost quorum (${stale.cause.code})`, 8_500);
    await Promise.all(others.map((member) => member.start()));
    const backMs = performance.now();
    if (own !== undefined) await put(own, 'b');
    await watching.until('joined', 10_000);
    since(backMs, `etcd ${version}: fresh with the quorum`, 3_000);
  });

  it('logs in again after a restart has forgotten every token', { timeout: 60_000 }, async () => {
    const etcd = await keep(startEtcd({ version }));
    const key = '/services/';
    const grants = [{ permission: 'read', key, prefix: true } as const];
    await enableAuth(etcd, { rootPassword: 'root-pw', users: [{ name: 'reader', password: 'pw', grants }] });
    const handle = open([etcd.url], { username: 'reader', password: { origin: 'test', read: () => 'pw' } });
    const watching = watchOn(handle);
    await watching.until('synced', 3_000);
    const elsewhere = open([etcd.url], {
      username: 'reader',
      password: { origin: 'test', read: () => 'pw' },
      prefixes: ['/elsewhere/'],
    });
    await expect(watchOn(elsewhere).done).rejects.toMatchObject({ code: 'E_FORBIDDEN' });
    await etcd.restart();
    const backMs = performance.now();
    await put(etcd, 'a');
    await watching.until('joined', 6_000);
    since(backMs, `etcd ${version}: logged in again`, 3_000);
    expect(watching.types).toEqual(['synced', 'stale', 'synced', 'joined']);
  });

  it('goes on after users were changed under JWT tokens', { timeout: 60_000 }, async () => {
    const etcd = await keep(startEtcd({ version, auth: 'jwt' }));
    await enableAuth(etcd, { rootPassword: 'root-pw' });
    const proxy = await keep(startProxy(etcd.url));
    const handle = open([proxy.url], {
      username: 'root',
      password: { origin: 'test', read: () => 'root-pw' },
    });
    const watching = watchOn(handle);
    await watching.until('synced', 3_000);
    await etcd.ctl(['user', 'add', 'other:pw']);
    proxy.cut();
    await watching.until('synced', 5_000, () => true, 1);
    await put(etcd, 'a');
    await watching.until('joined', 3_000);
    expect(await truth(handle)).toEqual(['a:80']);
  });

  it('takes 6 MB of history', { timeout: 60_000 }, async () => {
    const etcd = await keep(startEtcd({ version }));
    const proxy = await keep(startProxy(etcd.url));
    const watching = watchOn(open([proxy.url]));
    await watching.until('synced', 3_000);
    await proxy.refuse(true);
    proxy.cut();
    const big = JSON.stringify({
      sdctl: 1,
      endpoints: ['http://10.0.0.1:9'],
      metadata: { big: 'x'.repeat(200_000) },
    });
    await seedEtcd(
      etcd,
      Array.from({ length: 30 }, (_, index) => [keyOf(`big${index}`), big]),
      { concurrency: 1 },
    );
    const backMs = performance.now();
    await proxy.refuse(false);
    await waitFor(() => netResult(watching.all).length === 30, 6_000, 'all entries');
    since(backMs, `etcd ${version}: 6 MB of history`, 3_000);
  });

  it('tells a deletion from the end of a lease', { timeout: 60_000 }, async () => {
    const etcd = await keep(startEtcd({ version }));
    const handle = open([etcd.url]);
    const watching = watchOn(handle);
    await watching.until('synced', 3_000);
    const signal = AbortSignal.timeout(50_000);
    const register = (id: string) =>
      handle.registry.register(aSpec({ id, owner: anOwner() }), { signal, ttlMs: 20_000 });
    await put(etcd, 'bare');
    await etcd.del(keyOf('bare'));
    const released = await register('released');
    await released.deregister({ signal });
    const revoked = await register('revoked');
    await etcd.ctl(['lease', 'revoke', revoked.instance.lease?.id ?? '']);
    const reasonOf = async (id: string) =>
      (await watching.until('left', 3_000, ({ instance }) => instance.id === id)).reason;
    expect(await reasonOf('bare')).toBe('deleted');
    expect(await reasonOf('released')).toBe('deleted');
    expect(await reasonOf('revoked')).toBe('unknown');
    await revoked.deregister({ signal });
  });
});

/** One transaction, and so one revision, per entry. */
async function seedOneByOne(etcd: Etcd, entries: readonly (readonly [string, string])[]): Promise<void> {
  for (const entry of entries) await seedEtcd(etcd, [entry]);
}
