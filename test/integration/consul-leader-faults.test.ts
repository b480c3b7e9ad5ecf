/** A datacenter that lost its leader, and several agents of one datacenter. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { RegistrationEvent } from '../../src/lib/model/registration.js';
import { openConsul } from '../../src/lib/registry/consul/open-consul.js';
import type { RegistryHandle } from '../../src/lib/registry/types.js';
import { aConnection, aSpec, testDeps, uniqueName } from '../support/builders.js';
import { EventLog, Watching } from '../support/event-log.js';
import { type Consul, startConsulCluster } from '../support/servers/index.js';

const MARGIN_MS = 1_000;
const TTL_MS = 20_000;
const SLOW = { timeout: 90_000 };
const signal = new AbortController().signal;

function open(...servers: string[]): RegistryHandle {
  return openConsul(aConnection({ backend: 'consul', servers }), testDeps({ random: Math.random }));
}

function first<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined) throw new Error('nothing there');
  return item;
}

async function noLeader(agent: Consul): Promise<void> {
  for (;;) {
    const answer = await agent.api('GET', '/v1/status/leader').catch(() => null);
    if (answer?.status === 200 && answer.body === '') return;
    await sleep(20);
  }
}

async function leader(agent: Consul): Promise<number> {
  for (;;) {
    const answer = await agent.api('GET', '/v1/status/leader').catch(() => null);
    if (answer?.status === 200 && answer.body !== '') return performance.now();
    await sleep(10);
  }
}

describe('consul without a leader', () => {
  it('every call says so within two seconds; a registration and a watch live through it', SLOW, async () => {
    const cluster = await startConsulCluster({ servers: 2, clients: 1 });
    const client = first(cluster.clients);
    const lost = first(cluster.servers);
    await using handle = open(client.url);
    const service = uniqueName('led');
    const log = new EventLog<RegistrationEvent>();
    await handle.registry.register(aSpec({ service }), { signal, ttlMs: 6_000, onEvent: log.push });
    await using watching = new Watching(handle.registry, service);
    await watching.until('synced', 3_000);
    await lost.kill();
    await noLeader(client);
    const lostMs = performance.now();
    for (const [name, work] of Object.entries({
      list: () => handle.registry.list(service, { signal }),
      'list of all': () => handle.operations.listAll({ signal }),
      register: () =>
        handle.registry.register(aSpec({ service: 'late', id: 'late' }), { signal, ttlMs: TTL_MS }),
      deregister: () => handle.registry.deregister({ service, id: 'x' }, { signal }),
    })) {
      const startedMs = performance.now();
      await expect(work()).rejects.toMatchObject({ code: 'E_NO_QUORUM', exitCode: 4 });
      console.log(`no leader, ${name}: ${(performance.now() - startedMs).toFixed(0)} ms (limit 2000 ms)`);
      expect(performance.now() - startedMs).toBeLessThan(2_000 + MARGIN_MS);
    }
    await watching.until('stale', 6_000 + MARGIN_MS);
    console.log(`no leader, stale after ${(performance.now() - lostMs).toFixed(0)} ms (limit 6000 ms)`);
    await sleep(Math.max(0, lostMs + 8_000 - performance.now())); // longer than the TTL
    await lost.start({ noWait: true });
    const backMs = await leader(client);
    await watching.until('synced', 3_000 + MARGIN_MS, () => true, 1);
    console.log(
      `leader back, watch fresh after ${(performance.now() - backMs).toFixed(0)} ms (limit 3000 ms)`,
    );
    await expect
      .poll(
        async () => (await handle.registry.list(service, { signal })).instances.map(({ health }) => health),
        {
          timeout: 1_500 + MARGIN_MS,
        },
      )
      .toEqual(['passing']);
    expect(log.types).not.toContain('lost');
    await watching[Symbol.asyncDispose]();
    await handle[Symbol.asyncDispose]();
    await cluster.stop();
  });
});

describe('several agents of one datacenter', () => {
  it('a registration stays with its agent; reads move on, and back it is found again', SLOW, async () => {
    const cluster = await startConsulCluster({ servers: 1, clients: 2 });
    const [home, other] = cluster.clients;
    if (home === undefined || other === undefined) throw new Error('no clients');
    await using handle = open(home.url, other.url);
    const service = uniqueName('home');
    const log = new EventLog<RegistrationEvent>();
    const spec = aSpec({ service });
    const registration = await handle.registry.register(spec, { signal, ttlMs: 5_000, onEvent: log.push });
    expect(registration.instance.node).toBe(home.nodeName);
    await home.kill();
    await log.until('late', 2_000 + MARGIN_MS);
    expect((await handle.registry.list(service, { signal })).instances).toHaveLength(1);
    await log.until('late', 8_000, ({ leftSeconds }) => leftSeconds === 0);
    const atOther = await other.api('GET', '/v1/agent/services');
    expect(atOther.body).toEqual({});
    await home.start({ noWait: true });
    const backMs = await leader(home);
    await log.until('renewed', 5_000, ({ afterLate }) => afterLate);
    console.log(
      `renewed at its own agent after ${(performance.now() - backMs).toFixed(0)} ms (limit 1500 ms)`,
    );
    await expect
      .poll(
        async () => (await handle.registry.list(service, { signal })).instances.map(({ health }) => health),
        {
          timeout: 20_000,
        },
      )
      .toEqual(['passing']);
    expect(await registration.deregister({ signal })).toBe('removed');
    await handle[Symbol.asyncDispose]();
    await cluster.stop();
  });

  it('another agent behind the same address: late, never lost, never a second entry', SLOW, async () => {
    const cluster = await startConsulCluster({ servers: 1, clients: 2 });
    const [home, other] = cluster.clients;
    if (home === undefined || other === undefined) throw new Error('no clients');
    let target = home.httpPort;
    const balancer = createServer((socket) => {
      const upstream = connect(target, '127.0.0.1');
      socket.pipe(upstream).pipe(socket);
      for (const [one, its] of [
        [socket, upstream],
        [upstream, socket],
      ] as const) {
        one.on('error', () => undefined).on('close', () => its.destroy());
      }
      sockets.add(socket);
    });
    const sockets = new Set<Socket>();
    const turnTo = (port: number): void => {
      target = port;
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    };
    await new Promise<void>((resolve) => balancer.listen(0, '127.0.0.1', resolve));
    await using handle = open(`http://127.0.0.1:${(balancer.address() as AddressInfo).port}`);
    const service = uniqueName('balanced');
    const log = new EventLog<RegistrationEvent>();
    const registration = await handle.registry.register(aSpec({ service }), {
      signal,
      ttlMs: 6_000,
      onEvent: log.push,
    });
    turnTo(other.httpPort);
    await log.until('late', 4_000);
    await sleep(2_500); // long enough for several renewals through the wrong agent
    turnTo(home.httpPort);
    await log.until('renewed', 4_000, ({ afterLate }) => afterLate);
    expect(log.types).not.toContain('lost');
    expect((await other.api('GET', '/v1/agent/services')).body).toEqual({});
    turnTo(other.httpPort);
    await expect(registration.deregister({ signal })).rejects.toThrow(/another agent/);
    turnTo(home.httpPort);
    expect(await registration.deregister({ signal })).toBe('removed');
    await handle[Symbol.asyncDispose]();
    balancer.close();
    turnTo(0);
    await cluster.stop();
  });
});
