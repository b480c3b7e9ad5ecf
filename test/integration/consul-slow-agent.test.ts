/** An agent that takes a registration and is late with everything that is asked afterwards. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openConsul } from '../../src/lib/registry/consul/open-consul.js';
import { aConnection, aSpec, testDeps } from '../support/builders.js';

const signal = new AbortController().signal;

interface Sent {
  readonly ID: string;
  readonly Name: string;
  readonly Address: string;
  readonly Port: number;
  readonly Tags: readonly string[];
  readonly Meta: object;
  readonly Weights: object;
}

describe('a registration that its agent has confirmed', () => {
  const servers: http.Server[] = [];

  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  /** @param late beginnings of the paths that are never answered */
  async function startAgent(...late: readonly string[]): Promise<string> {
    let kept: Sent | null = null;
    const answers: Readonly<Record<string, () => unknown>> = {
      '/v1/status/leader': () => '127.0.0.1:8300',
      '/v1/agent/self': () => ({ Config: { NodeName: 'node-a', Datacenter: 'dc1' } }),
      '/v1/agent/service/': () =>
        kept === null ? undefined : { ...kept, Service: kept.Name, ContentHash: 'abc' },
      '/v1/health/service/': () => [],
    };
    const server = http.createServer((request, response) => {
      const { method, url = '' } = request;
      if (late.some((start) => url.startsWith(start))) return;
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        if (method === 'PUT') {
          if (url.startsWith('/v1/agent/service/register')) kept = JSON.parse(body) as Sent;
          response.end();
          return;
        }
        const value = Object.entries(answers).find(([start]) => url.startsWith(start))?.[1]();
        response.writeHead(value === undefined ? 404 : 200, { 'content-type': 'application/json' });
        response.end(value === undefined ? 'unknown service ID' : JSON.stringify(value));
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it.each([
    ['its checks', ['/v1/agent/checks']],
    ['catalog and checks', ['/v1/agent/checks', '/v1/health/']],
  ])('stands, whether or not %s can be read in time', async (_what, late) => {
    const url = await startAgent(...late);
    await using handle = openConsul(aConnection({ backend: 'consul', servers: [url] }), testDeps());
    const spec = aSpec();
    const registration = await handle.registry.register(spec, { signal, ttlMs: 20_000, timeoutMs: 3_000 });
    const { instance } = registration;
    expect(instance).toMatchObject({ service: spec.service, id: spec.id, node: 'node-a', health: 'passing' });
    expect(instance.owner).toEqual(spec.owner);
    expect(instance.lease).toEqual({ id: `service:${spec.id}`, ttlSeconds: 20, leftSeconds: null });
    expect(instance.warnings).toEqual([]);
  });

  it('is none where the agent itself does not answer', async () => {
    const url = await startAgent('/v1/agent/service/register');
    await using handle = openConsul(aConnection({ backend: 'consul', servers: [url] }), testDeps());
    const registering = handle.registry.register(aSpec(), { signal, ttlMs: 20_000, timeoutMs: 500 });
    await expect(registering).rejects.toMatchObject({ code: 'E_TIMEOUT' });
  });
});
