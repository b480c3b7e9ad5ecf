/** What takes Consul minutes: its reaper, and the synchronisation that would bring a removed entry back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openConsul } from '../../src/lib/registry/consul/open-consul.js';
import type { RegistryHandle } from '../../src/lib/registry/types.js';
import { aConnection, aSpec, testDeps, uniqueName } from '../support/builders.js';
import { Watching } from '../support/event-log.js';
import { startConsul, startConsulCluster } from '../support/servers/index.js';

const SLOW = { timeout: 300_000 };
const signal = new AbortController().signal;

function open(url: string): RegistryHandle {
  return openConsul(aConnection({ backend: 'consul', servers: [url] }), testDeps());
}

describe.concurrent('consul over minutes', () => {
  it('removed at its owner, an entry does not return in 150 s', SLOW, async ({ expect }) => {
    const cluster = await startConsulCluster({ servers: 1, clients: 1 });
    const owner = cluster.clients[0];
    if (owner === undefined) throw new Error('no client');
    await using handle = open(owner.url);
    const service = uniqueName('stays');
    const crash = new AbortController();
    await handle.registry.register(aSpec({ service, id: 'order-1' }), {
      signal: crash.signal,
      ttlMs: 200_000,
    });
    crash.abort();
    expect(await handle.registry.deregister({ service, id: 'order-1' }, { signal })).toBe('removed');
    await using watching = new Watching(handle.registry, service);
    await watching.until('synced', 5_000);
    await sleep(150_000);
    expect(watching.types).toEqual(['synced']);
    await watching[Symbol.asyncDispose]();
    await handle[Symbol.asyncDispose]();
    await cluster.stop();
  });

  it('a killed registration is critical after its TTL, then removed by the reaper', SLOW, async () => {
    const consul = await startConsul({ dev: true });
    await using handle = open(consul.url);
    const service = uniqueName('reaped');
    const crash = new AbortController();
    const ttlMs = 5_000;
    await using watching = new Watching(handle.registry, service);
    await watching.until('synced', 5_000);
    await handle.registry.register(aSpec({ service, id: 'order-1' }), {
      signal: crash.signal,
      ttlMs,
      deregisterAfterMs: 60_000,
    });
    crash.abort();
    const startedMs = performance.now();
    await watching.until('updated', ttlMs + 2_000, ({ instance }) => instance.health === 'critical');
    console.log(
      `critical after ${(performance.now() - startedMs).toFixed(0)} ms (limit ${ttlMs + 2_000} ms)`,
    );
    const left = await watching.until('left', ttlMs + 60_000 + 35_000);
    console.log(`removed after ${(performance.now() - startedMs).toFixed(0)} ms`);
    expect(left.reason).toBe('expired');
    await watching[Symbol.asyncDispose]();
    await handle[Symbol.asyncDispose]();
    await consul.stop();
  });
});
