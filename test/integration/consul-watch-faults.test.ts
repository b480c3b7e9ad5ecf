/** Latency and cost of a watch on a real Consul, and what it does with answers that no sane server gives. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openConsul } from '../../src/lib/registry/consul/open-consul.js';
import type { RegistryHandle } from '../../src/lib/registry/types.js';
import { aConnection, testDeps, uniqueName } from '../support/builders.js';
import { Watching } from '../support/event-log.js';
import { type Consul, startConsul, startProxy } from '../support/servers/index.js';
import { startRequestCounter } from './consul-request-counter.js';

const MARGIN_MS = 1_000;
const SLOW = { timeout: 60_000 };

function open(...servers: string[]): RegistryHandle {
  return openConsul(aConnection({ backend: 'consul', servers }), testDeps({ random: Math.random }));
}

describe('consul watch', () => {
  let consul: Consul;

  beforeAll(async () => {
    consul = await startConsul({ dev: true });
  });

  afterAll(async () => {
    await consul.stop();
  });

  const put = async (name: string, id: string, version: number): Promise<void> => {
    const body = { ID: id, Name: name, Address: '10.0.0.1', Port: 80, Meta: { version: String(version) } };
    const answer = await consul.api('PUT', '/v1/agent/service/register', body);
    expect(answer.status).toBe(200);
  };

  it.each(['one service', 'all services'])('%s: a single change is seen at once', SLOW, async (what) => {
    await using handle = open(consul.url);
    const service = uniqueName('single');
    await using watching = new Watching(handle.registry, what === 'one service' ? service : null);
    await watching.until('synced', 2_000);
    const times: number[] = [];
    for (let version = 1; version <= 10; version += 1) {
      await sleep(1_050); // one change at a time: the budget of requests is full again
      const from = watching.all.length;
      const startedMs = performance.now();
      await put(service, 'a', version);
      await watching.until(version === 1 ? 'joined' : 'updated', 2_000, () => true, from);
      times.push(performance.now() - startedMs);
    }
    times.sort((a, b) => a - b);
    console.log(
      `${what}: p50 ${times[5]?.toFixed(1)} ms, worst of 10 ${times.at(-1)?.toFixed(1)} ms (limit 50 ms)`,
    );
    expect(times.at(-2)).toBeLessThan(50);
    expect(times.at(-1)).toBeLessThan(50 + MARGIN_MS);
  });

  it.each(['one service', 'all services'])('%s: 2,000 changes cost few requests', SLOW, async (what) => {
    const counter = await startRequestCounter(consul.url);
    await using handle = open(counter.url);
    const service = uniqueName('churn');
    await using watching = new Watching(handle.registry, what === 'one service' ? service : null);
    await watching.until('synced', 2_000);
    const startedMs = performance.now();
    const before = counter.requests.length;
    const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
    const change = async (version: number): Promise<unknown> =>
      consul.api(
        'PUT',
        '/v1/agent/service/register',
        { ID: `${service}-${version % 10}`, Name: service, Port: 80, Meta: { version: String(version) } },
        { agent },
      );
    let version = 0;
    const worker = async (): Promise<void> => {
      while (version < 2_000) await change(++version);
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
    await change(20_000);
    agent.destroy();
    const endedMs = performance.now();
    const types = ['joined', 'updated'] as const;
    await Promise.any(
      types.map(async (type) =>
        watching.until(type, 1_000 + MARGIN_MS, ({ instance }) => instance.version === '20000'),
      ),
    );
    const finalMs = performance.now() - endedMs;
    await sleep(Math.max(0, startedMs + 3_000 - performance.now()));
    const inThree = counter.requests.slice(before).filter(({ atMs }) => atMs < startedMs + 3_000).length;
    console.log(
      `${what}: ${version} changes in ${(endedMs - startedMs).toFixed(0)} ms, final state after ${finalMs.toFixed(0)} ms ` +
        `(limit 1000 ms), ${inThree} requests in 3 s (limit 20)`,
    );
    expect(inThree).toBeLessThanOrEqual(20);
    await watching[Symbol.asyncDispose]();
    await counter.stop();
  });

  it('a connection that is cut: stale, synced, and nothing invented', async () => {
    const proxy = await startProxy(consul.url);
    await using handle = open(proxy.url);
    const service = uniqueName('cut');
    await put(service, 'a', 1);
    await put(service, 'b', 1);
    await using watching = new Watching(handle.registry, service);
    await watching.until('synced', 2_000);
    await proxy.refuse(true);
    proxy.cut();
    await watching.until('stale', 3_000);
    await consul.api('PUT', '/v1/agent/service/deregister/b');
    await put(service, 'c', 1);
    await proxy.refuse(false);
    const again = await watching.until('synced', 3_000, () => true, 1);
    expect(again.snapshot.instances.map(({ id }) => id).sort()).toEqual(['a', 'c']);
    await watching.until('joined', 1_000);
    expect(watching.types).toEqual(['synced', 'stale', 'synced', 'left', 'joined']);
    expect(watching.all.at(-1)).toMatchObject({ resync: true });
    await watching[Symbol.asyncDispose]();
    await proxy.stop();
  });

  it('moves on to another server when the one in use goes away', async () => {
    const proxy = await startProxy(consul.url);
    await using handle = open(proxy.url, consul.url);
    const service = uniqueName('other');
    await using watching = new Watching(handle.registry, service);
    await watching.until('synced', 2_000);
    await proxy.refuse(true);
    proxy.cut();
    const startedMs = performance.now();
    await watching.until('synced', 3_000, () => true, 1);
    await put(service, 'a', 1);
    await watching.until('joined', 1_000 + MARGIN_MS);
    console.log(`through the other server after ${(performance.now() - startedMs).toFixed(0)} ms`);
    await watching[Symbol.asyncDispose]();
    await proxy.stop();
  });
});

/** Answers as Consul would, as told by the test. */
interface FakeConsul {
  readonly url: string;
  readonly paths: string[];
  leader: unknown;
  instances: readonly string[];
  index: (blocking: boolean) => string | undefined;
  /** Whether a blocking query waits; false: answers at once. */
  blocks: boolean;
  stop(): Promise<void>;
}

async function startFakeConsul(): Promise<FakeConsul> {
  const server = http.createServer((request, response) => {
    const path = request.url ?? '';
    fake.paths.push(path);
    const blocking = /[?&]index=/.test(path);
    const send = (body: unknown): void => {
      const index = fake.index(blocking);
      response.writeHead(200, {
        'content-type': 'application/json',
        ...(index === undefined ? {} : { 'x-consul-index': index }),
      });
      response.end(JSON.stringify(body));
    };
    if (path.startsWith('/v1/status/leader')) send(fake.leader);
    else if (path.startsWith('/v1/catalog/services')) send({ consul: [] });
    else if (blocking && fake.blocks)
      setTimeout(() => {
        send(entries());
      }, 300);
    else send(entries());
  });
  const entries = (): unknown =>
    fake.instances.map((id) => ({
      Node: { Node: 'n', Address: '10.0.0.1' },
      Service: { ID: id, Service: 'pay' },
      Checks: [],
    }));
  const fake: FakeConsul = {
    url: '',
    paths: [],
    leader: '10.0.0.1:8300',
    instances: ['a'],
    index: () => '7',
    blocks: true,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(fake, { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}` });
}

describe.concurrent('consul watch of a server with strange answers', () => {
  it('a server that does not block is asked at most five times a second', async () => {
    const fake = await startFakeConsul();
    fake.blocks = false;
    await using handle = open(fake.url);
    await using watching = new Watching(handle.registry, 'pay');
    await watching.until('synced', 2_000);
    await sleep(4_000);
    console.log(`${fake.paths.length} requests in 4 s (limit 20)`);
    expect(fake.paths.length).toBeLessThanOrEqual(20);
    expect(watching.types).toEqual(['synced']);
    await watching[Symbol.asyncDispose]();
    await fake.stop();
  });

  it.each(['0', undefined, 'abc', '-1', '1e9'])('the index %s is an error with a pause', async (index) => {
    const fake = await startFakeConsul();
    fake.index = (blocking) => (blocking ? index : '7');
    await using handle = open(fake.url);
    await using watching = new Watching(handle.registry, 'pay');
    const stale = await watching.until('stale', 3_000);
    expect(stale.cause.code).toBe('E_NOT_A_REGISTRY');
    await sleep(2_000);
    expect(fake.paths.length).toBeLessThanOrEqual(16);
    expect(watching.types).not.toContain('left');
    await watching[Symbol.asyncDispose]();
    await fake.stop();
  });

  it('an index that goes backwards: stale, then synced with what is there', async () => {
    const fake = await startFakeConsul();
    let index = 900;
    fake.index = () => String(index);
    await using handle = open(fake.url);
    await using watching = new Watching(handle.registry, 'pay');
    await watching.until('synced', 2_000);
    index = 12;
    fake.instances = ['b'];
    await watching.until('stale', 2_000);
    const again = await watching.until('synced', 2_000, () => true, 1);
    expect(again.snapshot.instances.map(({ id }) => id)).toEqual(['b']);
    await watching.until('joined', 1_000, ({ instance, resync }) => instance.id === 'b' && resync);
    await watching[Symbol.asyncDispose]();
    await fake.stop();
  });

  it('everything gone at once is confirmed by the leader before it is told', async () => {
    const fake = await startFakeConsul();
    let index = 7;
    fake.index = () => String(index);
    fake.instances = ['a', 'b'];
    await using handle = open(fake.url);
    await using watching = new Watching(handle.registry, 'pay');
    await watching.until('synced', 2_000);
    index = 8;
    fake.instances = [];
    await watching.until('left', 2_000, ({ instance }) => instance.id === 'b');
    expect(fake.paths.some((path) => /health\/service\/pay\?.*consistent/.test(path))).toBe(true);
    await watching[Symbol.asyncDispose]();
    await fake.stop();
  });

  it('a server that lost its leader: stale with the cause', async () => {
    const fake = await startFakeConsul();
    await using handle = open(fake.url);
    await using watching = new Watching(handle.registry, 'pay');
    await watching.until('synced', 2_000);
    fake.leader = '';
    const startedMs = performance.now();
    expect((await watching.until('stale', 6_000)).cause.code).toBe('E_NO_QUORUM');
    console.log(`no leader said after ${(performance.now() - startedMs).toFixed(0)} ms (limit 6000 ms)`);
    await watching[Symbol.asyncDispose]();
    await fake.stop();
  });
});
