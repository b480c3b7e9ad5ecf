/** What is sent to Consul for its leases, what may come back, and how much it takes. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { SdctlError } from '../../src/lib/errors.js';
import type { LeaseRecord } from '../../src/lib/model/lease.js';
import type { Connection } from '../../src/lib/registry/connection.js';
import { openConsul } from '../../src/lib/registry/consul/open-consul.js';
import type { RegistryHandle } from '../../src/lib/registry/types.js';
import { aConnection, testDeps } from '../support/builders.js';
import { type Consul, startConsul, startProxy } from '../support/servers/index.js';

const signal = new AbortController().signal;
const SLOW = { timeout: 120_000 };
const SESSION = '11111111-1111-1111-1111-111111111111';

function open(server: string, overrides: Partial<Connection> = {}): RegistryHandle {
  return openConsul(aConnection({ backend: 'consul', servers: [server], ...overrides }), testDeps());
}

async function failureOf(work: Promise<unknown>): Promise<SdctlError> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SdctlError);
  return error as SdctlError;
}

async function need(handle: RegistryHandle, id: string): Promise<LeaseRecord> {
  const record = await handle.operations.readLease({ id, node: null }, { signal });
  if (record === null) throw new Error(`no lease ${id}`);
  return record;
}

describe('consul leases, what is sent and what may come back', () => {
  const session = { ID: SESSION, Name: '', Node: 'n1', TTL: '15s', Behavior: 'release' };
  const check = { Node: 'n1', CheckID: 'serfHealth', Status: 'passing', ServiceID: '' };
  type Reply = { readonly status?: number; readonly body?: string | Buffer; readonly silent?: boolean };
  interface FakeConsul extends AsyncDisposable {
    readonly url: string;
    readonly seen: readonly string[];
  }

  /** Answers as a small Consul with one session, but for the paths that begin as one of `replies`. */
  const startFake = async (replies: Readonly<Record<string, Reply>>): Promise<FakeConsul> => {
    const usual: Readonly<Record<string, Reply>> = {
      '/v1/catalog/services': { body: '{"consul":[]}' },
      '/v1/health/state/any': { body: JSON.stringify([check]) },
      '/v1/session/info': { body: JSON.stringify([session]) },
      '/v1/session/list': { body: JSON.stringify([session]) },
      '/v1/session/destroy': { body: 'true' },
      '/v1/status/leader': { body: '"127.0.0.1:1"' },
      '/v1/acl/token/self': { status: 401, body: 'ACL support disabled' },
    };
    const seen: string[] = [];
    const server = http.createServer((request, response) => {
      const { method = '', url: path = '' } = request;
      seen.push(`${method} ${path}`);
      const start =
        [...Object.keys(replies), ...Object.keys(usual)].find((part) => path.startsWith(part)) ?? '';
      const { status = 200, body = '', silent = false } = replies[start] ?? usual[start] ?? { status: 404 };
      if (silent) return;
      response.writeHead(status, { 'content-type': 'application/json', 'x-consul-index': '7' });
      response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      seen,
      [Symbol.asyncDispose]: async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  };

  it('the datacenter goes with every request', async () => {
    await using fake = await startFake({});
    await using handle = open(fake.url, { datacenter: 'west' });
    await handle.operations.listLeases({ signal });
    const seen = await need(handle, SESSION);
    expect(seen.knowsBindings).toBe(true);
    // The fake never lets go of its session.
    expect(await failureOf(handle.operations.revokeLease(seen, { signal }))).toMatchObject({
      code: 'E_FAILED',
      exitCode: 1,
    });
    const scoped = fake.seen.filter((line) => !line.includes('/status/leader'));
    expect(scoped.length).toBeGreaterThan(8);
    for (const line of scoped) expect(line).toMatch(/[?&]dc=west(&|$)/);
    expect(scoped.filter((line) => line.startsWith('PUT'))).toEqual([
      `PUT /v1/session/destroy/${SESSION}?dc=west`,
    ]);
    expect(scoped.at(-1)).toMatch(/^GET \/v1\/session\/info\/.*consistent/);
  });

  it('sessions that are refused cost nothing but themselves', async () => {
    const ttl = { ...check, CheckID: 'backup', Type: 'ttl' };
    await using fake = await startFake({
      '/v1/session/list': { status: 403, body: 'Permission denied' },
      '/v1/health/state/any': { body: JSON.stringify([check, ttl]) },
    });
    await using handle = open(fake.url);
    const { leases, hidden, revision } = await handle.operations.listLeases({ signal });
    expect(leases).toMatchObject([{ id: 'backup', kind: 'ttl-check' }]);
    expect(hidden).toHaveLength(1);
    expect(hidden[0]).toContain('session:read');
    expect(revision).toBe('7');
  });

  it.each([
    ['refused', { status: 403, body: 'Permission denied' }],
    ['too many', { body: Buffer.alloc(65 * 1024 * 1024, ' ') }],
    ['never told', { silent: true }],
  ])('keys that are %s leave the session', async (_what, reply) => {
    await using fake = await startFake({ '/v1/kv/?': reply });
    await using handle = open(fake.url);
    const startedMs = performance.now();
    const lease = await handle.operations.readLease(
      { id: SESSION, node: null },
      { signal, timeoutMs: 3_000 },
    );
    expect(lease).toMatchObject({ id: SESSION, bindings: [], knowsBindings: false });
    expect(performance.now() - startedMs).toBeLessThan(3_000);
  });

  it('keys that can no longer be compared keep a session from being revoked', async () => {
    await using fake = await startFake({ '/v1/kv/?': { status: 403, body: 'Permission denied' } });
    await using handle = open(fake.url);
    const seen = { ...(await need(handle, SESSION)), knowsBindings: true };
    expect(await failureOf(handle.operations.revokeLease(seen, { signal }))).toMatchObject({
      code: 'E_FORBIDDEN',
    });
    expect(fake.seen.filter((line) => line.startsWith('PUT'))).toEqual([]);
  });

  it.each(['/v1/health/state/any', '/v1/session/list'])(
    'what is no list at %s is no registry',
    async (path) => {
      await using fake = await startFake({ [path]: { body: '{"hello":"world"}' } });
      await using handle = open(fake.url);
      expect(await failureOf(handle.operations.listLeases({ signal }))).toMatchObject({
        code: 'E_NOT_A_REGISTRY',
      });
    },
  );
});

describe('consul leases at scale', () => {
  it('1,000 services with a TTL check each, over at most 8 connections', SLOW, async () => {
    const consul = await startConsul({ dev: true });
    const proxy = await startProxy(consul.url);
    try {
      await seed(consul, 1_000);
      await using handle = open(proxy.url);
      const startedMs = performance.now();
      const { leases } = await handle.operations.listLeases({ signal });
      const ms = performance.now() - startedMs;
      console.log(
        `1,000 TTL checks: ${ms.toFixed(0)} ms (limit 3000 ms), ${proxy.peak} connections (limit 8)`,
      );
      expect(leases).toHaveLength(1_000);
      for (const { grantedSeconds } of leases) expect(grantedSeconds).toBe(3_600);
      expect(proxy.peak).toBeLessThanOrEqual(8);
      expect(ms).toBeLessThan(3_000);
    } finally {
      await proxy.stop();
      await consul.stop();
    }
  });

  /** Into the catalog: an agent takes more than ten seconds for that many, and what is read of them is the same. */
  const seed = async (consul: Consul, count: number): Promise<void> => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
    const queue = Array.from({ length: count }, (_, index) => `service-${index}`).values();
    const work = async (): Promise<void> => {
      for (const name of queue) {
        const Meta = { 'sdctl-owner': '{}', 'sdctl-ttl': '3600' };
        const body = {
          Node: 'seeded',
          Address: '127.0.0.1',
          Service: { ID: name, Service: name, Meta },
          Check: { CheckID: `service:${name}`, Type: 'ttl', Status: 'passing', ServiceID: name },
        };
        const { status } = await consul.api('PUT', '/v1/catalog/register', body, { agent });
        expect(status).toBe(200);
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    agent.destroy();
  };
});
