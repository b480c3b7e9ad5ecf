/** Thousands of instances in few requests over few connections. */
import { afterEach, describe, expect, it } from 'vitest';
import { openConsul } from '../../src/lib/registry/consul/open-consul.js';
import { aConnection, aSpec, anOwner, testDeps } from '../support/builders.js';
import { type Consul, type Proxy, seedConsul, startConsul, startProxy } from '../support/servers/index.js';

const signal = new AbortController().signal;
const SLOW = { timeout: 120_000 };

describe('consul at scale', () => {
  let consul: Consul;
  let proxy: Proxy;

  afterEach(async () => {
    await proxy.stop();
    await consul.stop();
  });

  const names = (count: number): { readonly id: string; readonly name: string }[] =>
    Array.from({ length: count }, (_, index) => ({ id: `s-${index}`, name: `service-${index}` }));

  it('5,000 instances of as many services under 3 s over at most 8 connections', SLOW, async () => {
    consul = await startConsul({ dev: true });
    await seedConsul(consul, names(5_000), { into: 'catalog' });
    proxy = await startProxy(consul.url);
    await using handle = openConsul(aConnection({ backend: 'consul', servers: [proxy.url] }), testDeps());
    const startedMs = performance.now();
    const snapshot = await handle.operations.listAll({ signal });
    const ms = performance.now() - startedMs;
    console.log(
      `5,000 instances by node: ${ms.toFixed(0)} ms (limit 3000 ms), ${proxy.peak} connections (limit 8)`,
    );
    expect(snapshot.instances).toHaveLength(5_001);
    expect(ms).toBeLessThan(3_000);
    expect(proxy.peak).toBeLessThanOrEqual(8);
  });

  it('the same where asking by service is shorter', SLOW, async () => {
    consul = await startConsul({ dev: true });
    for (let node = 0; node < 25; node += 1) {
      const services = Array.from({ length: 200 }, (_, index) => ({
        id: `s-${index}`,
        name: `service-${index % 20}`,
      }));
      await seedConsul(consul, services, { into: 'catalog', node: `node-${node}` });
    }
    proxy = await startProxy(consul.url);
    await using handle = openConsul(aConnection({ backend: 'consul', servers: [proxy.url] }), testDeps());
    const startedMs = performance.now();
    const snapshot = await handle.operations.listAll({ signal });
    const ms = performance.now() - startedMs;
    console.log(
      `5,000 instances by service: ${ms.toFixed(0)} ms (limit 3000 ms), ${proxy.peak} connections (limit 8)`,
    );
    expect(snapshot.instances).toHaveLength(5_001);
    expect(ms).toBeLessThan(3_000);
    expect(proxy.peak).toBeLessThanOrEqual(8);
  });

  it('10,000 instances of one service', SLOW, async () => {
    consul = await startConsul({ dev: true });
    const services = Array.from({ length: 10_000 }, (_, index) => ({ id: `i-${index}`, name: 'big' }));
    await seedConsul(consul, services, { into: 'catalog' });
    proxy = await startProxy(consul.url);
    await using handle = openConsul(aConnection({ backend: 'consul', servers: [proxy.url] }), testDeps());
    const startedMs = performance.now();
    const snapshot = await handle.registry.list('big', { signal });
    console.log(`10,000 instances of one service: ${(performance.now() - startedMs).toFixed(0)} ms`);
    expect(snapshot.instances).toHaveLength(10_000);
    const beganMs = performance.now();
    const spec = aSpec({ service: 'big', id: 'mine', owner: anOwner() });
    const registration = await handle.registry.register(spec, { signal, ttlMs: 20_000 });
    console.log(`one more registered: ${(performance.now() - beganMs).toFixed(0)} ms`);
    expect(await registration.deregister({ signal })).toBe('removed');
  });
});
