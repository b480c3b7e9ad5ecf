/** What a `watch` must come through without losing or inventing anything. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { uniqueName } from '../support/builders.js';
import type { Binary } from '../support/binary.js';
import { startConsul, startEtcd, startProxy } from '../support/servers/index.js';
import { watching } from './commands.js';
import { faultRow, type Row } from './fault-row.js';
import { consulServer, etcdServer, type RegistryServer } from './registry-server.js';
import { replay } from './replay.js';
import { consulStore, etcdStore, type Store } from './store.js';

const SLOW = { timeout: 120_000 };
const FRESH_MS = 3_000;

interface Scene {
  readonly server: RegistryServer;
  readonly store: Store;
  /** Forgets the history up to now; etcd only. */
  readonly compact?: () => Promise<void>;
}

interface Case {
  readonly name: string;
  readonly open: () => Promise<Scene>;
}

const etcdCase = (version: '3.4' | '3.5'): Case => ({
  name: `etcd ${version}`,
  async open() {
    const etcd = await startEtcd({ version });
    const compact = async (): Promise<void> => {
      const { revision } = await etcd.status();
      await etcd.ctl(['compact', '--physical', String(revision)]);
    };
    return { server: etcdServer(etcd), store: etcdStore(etcd), compact };
  },
});

const consulCase = (dev: boolean): Case => ({
  name: dev ? 'consul -dev' : 'consul',
  async open() {
    const consul = await startConsul({ dev });
    return { server: consulServer(consul), store: consulStore(consul) };
  },
});

const etcds = [etcdCase('3.5'), etcdCase('3.4')];
const durable = [...etcds, consulCase(false)];
const all = [...durable, consulCase(true)];

/** Resolves once the printed differences lead to the truth; checks all that was printed on the way. */
async function agrees(watch: Binary, store: Store, service: string): Promise<number> {
  const truth = await store.ids(service);
  const isTrue = (): boolean => {
    const ids = replayedIds(watch, service);
    return ids.length === truth.length && ids.every((id, index) => id === truth[index]);
  };
  while (!isTrue()) await watch.line(() => true, 10_000, watch.lines.length);
  const believed = replay(watch).entries.filter((entry) => entry.service === service);
  expect(believed.map(({ id }) => id).sort()).toEqual(truth);
  return watch.lines.at(-1)?.seenMs ?? 0;
}

/** As `replay`, for a moment in the middle, when a difference of a later `synced` is still to come. */
function replayedIds(watch: Binary, service: string): readonly string[] {
  const ids = new Set<string>();
  let first = true;
  for (const { line } of watch.lines) {
    const instance = String(line['instance']);
    if (line.type === 'synced' && first) {
      for (const entry of line['instances'] as readonly { readonly service: string; readonly id: string }[]) {
        if (entry.service === service) ids.add(entry.id);
      }
      first = false;
    } else if (line['service'] !== service) continue;
    else if (line.type === 'joined') ids.add(instance);
    else if (line.type === 'left') ids.delete(instance);
  }
  return [...ids].sort();
}

async function fill(store: Store, service: string, ids: readonly string[]): Promise<void> {
  for (const id of ids) await store.put(service, id);
}

async function until(holds: () => boolean, withinMs: number): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadlineMs) throw new Error(`not within ${withinMs} ms: ${holds.toString()}`);
    await sleep(10);
  }
}

async function staleThenSynced(watch: Binary, row: Row, what: string, backMs: number): Promise<void> {
  const stale = await watch.line('stale', 10_000);
  expect(stale.line['cause']).toMatchObject({ code: expect.stringMatching(/^E_/) as string });
  const synced = await watch.line('synced', 10_000, watch.lines.indexOf(stale));
  row.measure(what, FRESH_MS, synced.seenMs - backMs);
}

describe.concurrent('watch', () => {
  it.each(durable)('$name: a restart', SLOW, ({ name, open }) =>
    faultRow(`${name}: watch through a restart`, async (row) => {
      const { server, store } = await open();
      row.keep(server);
      const service = uniqueName('seen');
      await fill(store, service, ['a', 'b', 'c']);
      const watch = row.keep(await watching(server.flags, service));
      const watchAll = row.keep(await watching(server.flags, null));
      const backMs = await server.away(1_000);
      await store.remove(service, 'a');
      await store.put(service, 'd');
      await staleThenSynced(watch, row, 'synced after it answers', backMs);
      row.measure('fresh after it answers', FRESH_MS, (await agrees(watch, store, service)) - backMs);
      const allMs = await agrees(watchAll, store, service);
      row.measure('all services fresh after it answers', FRESH_MS, allMs - backMs);
      expect(watch.types.filter((type) => type === 'left' || type === 'joined')).toHaveLength(2);
    }),
  );

  it.each(all)('$name: data wiped, so that the history begins anew', SLOW, ({ name, open }) =>
    faultRow(`${name}: watch through a wipe`, async (row) => {
      const { server, store } = await open();
      row.keep(server);
      const service = uniqueName('seen');
      // Enough writes for the new history to be shorter than the old one.
      for (let round = 0; round < 30; round += 1) await fill(store, service, ['a', 'b']);
      await store.put(service, 'c');
      const watch = row.keep(await watching(server.flags, service));
      const watchAll = row.keep(await watching(server.flags, null));
      const backMs = await server.away(1_000, { wipe: true });
      await fill(store, service, ['b', 'x']);
      await staleThenSynced(watch, row, 'synced after it answers', backMs);
      row.measure('fresh after it answers', FRESH_MS, (await agrees(watch, store, service)) - backMs);
      const allMs = await agrees(watchAll, store, service);
      row.measure('all services fresh after it answers', FRESH_MS, allMs - backMs);
      const changedMs = performance.now();
      await store.put(service, 'y');
      const joined = await watch.line(({ instance }) => instance === 'y', 5_000);
      row.measure('next change after that', 500, joined.seenMs - changedMs);
      await agrees(watch, store, service);
      await agrees(watchAll, store, service);
    }),
  );

  it.each(durable)('$name: changes while the connection is cut', SLOW, ({ name, open }) =>
    faultRow(`${name}: watch through a cut`, async (row) => {
      const { server, store } = await open();
      row.keep(server);
      const proxy = row.keep(await startProxy(server.url));
      const service = uniqueName('seen');
      await fill(store, service, ['a', 'b', 'c']);
      const watch = row.keep(await watching([...server.flags.slice(0, 2), '--server', proxy.url], service));
      await proxy.refuse(true);
      proxy.cut();
      await watch.line('stale', 5_000);
      await store.remove(service, 'a');
      await fill(store, service, ['d', 'e']);
      // There and gone unseen.
      await store.remove(service, 'e');
      await proxy.refuse(false);
      const healedMs = performance.now();
      await staleThenSynced(watch, row, 'synced after the cut', healedMs);
      row.measure('fresh after the cut', FRESH_MS, (await agrees(watch, store, service)) - healedMs);
    }),
  );

  it.each(etcds)('$name: compaction past its revision while it is cut off', SLOW, ({ name, open }) =>
    faultRow(`${name}: watch through a compaction`, async (row) => {
      const { server, store, compact } = await open();
      row.keep(server);
      const proxy = row.keep(await startProxy(server.url));
      const service = uniqueName('seen');
      await fill(store, service, ['a', 'b', 'c']);
      const watch = row.keep(await watching([...server.flags.slice(0, 2), '--server', proxy.url], service));
      await proxy.refuse(true);
      proxy.cut();
      await watch.line('stale', 5_000);
      await store.remove(service, 'b');
      await fill(store, service, ['d', 'e', 'd']);
      await compact?.();
      await proxy.refuse(false);
      const healedMs = performance.now();
      await staleThenSynced(watch, row, 'synced after the compaction', healedMs);
      row.measure('fresh after the compaction', FRESH_MS, (await agrees(watch, store, service)) - healedMs);
      const left = await watch.line('left', 1_000);
      expect(left.line).toMatchObject({ instance: 'b', reason: 'resync', resync: true });
    }),
  );

  it.each(etcds)('$name: cuts between batches of the history', SLOW, ({ name, open }) =>
    faultRow(`${name}: watch through cuts in the history`, async (row) => {
      const { server, store } = await open();
      row.keep(server);
      const proxy = row.keep(await startProxy(server.url));
      const service = uniqueName('seen');
      await fill(store, service, ['a', 'b']);
      const watch = row.keep(await watching([...server.flags.slice(0, 2), '--server', proxy.url], service));
      await proxy.refuse(true);
      proxy.cut();
      await watch.line('stale', 5_000);
      const ids = Array.from({ length: 3_500 }, (_, index) => `id-${index}`);
      await Promise.all(
        Array.from({ length: 16 }, (_, worker) =>
          fill(
            store,
            service,
            ids.filter((_id, index) => index % 16 === worker),
          ),
        ),
      );
      await store.remove(service, 'a');
      // Each connection lives for one batch of 1000 revisions and a part of the next.
      proxy.passAfterBytes(100_000, 'close');
      const before = proxy.history.length;
      await proxy.refuse(false);
      await until(() => proxy.history.length >= before + 3, 20_000);
      proxy.passAfterBytes(null);
      proxy.cut();
      const healedMs = performance.now();
      const freshMs = await agrees(watch, store, service);
      row.measure('fresh after the last cut', FRESH_MS, freshMs - healedMs);
      expect(watch.types.filter((type) => type === 'joined')).toHaveLength(ids.length);
      expect(proxy.history.length).toBeGreaterThanOrEqual(before + 3);
    }),
  );
});
