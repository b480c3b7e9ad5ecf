/** Removing instances so that they stay gone, in a datacenter of several agents. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openConsul } from '../../src/lib/registry/consul/open-consul.js';
import type { RegistryHandle } from '../../src/lib/registry/types.js';
import { aConnection, aSpec, anOwner, testDeps, uniqueName } from '../support/builders.js';
import { type ConsulCluster, startConsulCluster } from '../support/servers/index.js';

const signal = new AbortController().signal;
const SLOW = { timeout: 60_000 };

function open(...servers: string[]): RegistryHandle {
  return openConsul(aConnection({ backend: 'consul', servers }), testDeps());
}

describe('consul deregister', () => {
  let cluster: ConsulCluster;
  const at = (index: number): ConsulCluster['clients'][number] => {
    const agent = [...cluster.servers, ...cluster.clients][index];
    if (agent === undefined) throw new Error('no such agent');
    return agent;
  };

  beforeAll(async () => {
    cluster = await startConsulCluster({ servers: 1, clients: 2 });
  });

  afterAll(async () => {
    await cluster.stop();
  });

  it('leaves alone what another live agent owns; the owner removes it within a second', SLOW, async () => {
    const service = uniqueName('far');
    await using owner = open(at(1).url);
    await using elsewhere = open(at(2).url);
    const crash = new AbortController();
    await owner.registry.register(aSpec({ service, id: 'order-1' }), { signal: crash.signal, ttlMs: 30_000 });
    crash.abort();
    expect((await elsewhere.registry.list(service, { signal })).instances[0]?.node).toBe(at(1).nodeName);
    expect(await elsewhere.registry.deregister({ service, id: 'order-1' }, { signal })).toBe('not-owner');
    expect((await elsewhere.registry.list(service, { signal })).instances).toHaveLength(1);
    const nobody = 'http://127.0.0.1:1';
    await using ownerAway = open(at(2).url, nobody);
    const unclear = ownerAway.registry.deregister({ service, id: 'order-1' }, { signal });
    await expect(unclear).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
    await using both = open(at(2).url, nobody, at(1).url);
    const startedMs = performance.now();
    expect(await both.registry.deregister({ service, id: 'order-1' }, { signal })).toBe('removed');
    console.log(
      `gone through its owner after ${(performance.now() - startedMs).toFixed(0)} ms (limit 1000 ms)`,
    );
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    expect((await elsewhere.registry.list(service, { signal })).instances).toEqual([]);
  });

  it('asks which one where several nodes have the id', SLOW, async () => {
    const service = uniqueName('same');
    const crash = new AbortController();
    await using one = open(at(1).url);
    await using two = open(at(2).url);
    for (const handle of [one, two]) {
      await handle.registry.register(aSpec({ service, id: 'order-1', owner: anOwner() }), {
        signal: crash.signal,
        ttlMs: 30_000,
      });
    }
    crash.abort();
    const error: unknown = await one.registry
      .deregister({ service, id: 'order-1' }, { signal })
      .catch((thrown: unknown) => thrown);
    const candidates = [at(1), at(2)].map(({ nodeName }) => `${service}/order-1@${nodeName}`).sort();
    expect(error).toMatchObject({ code: 'E_AMBIGUOUS', exitCode: 2, details: { candidates } });
    const target = { service, id: 'order-1', node: at(1).nodeName.toUpperCase() };
    expect(await one.registry.deregister(target, { signal })).toBe('removed');
    const left = (await two.registry.list(service, { signal })).instances;
    expect(left.map(({ node }) => node)).toEqual([at(2).nodeName]);
    expect(await one.registry.deregister({ ...target, node: 'nowhere' }, { signal })).toBe('absent');
    expect(await two.registry.deregister({ service, id: 'order-1' }, { signal })).toBe('removed');
  });

  it('removes from the catalog what has no agent: an external node and a dead one', SLOW, async () => {
    const service = uniqueName('external');
    await at(0).api('PUT', '/v1/catalog/register', {
      Node: 'outside',
      Address: '10.9.9.9',
      Service: { ID: 'x', Service: service },
    });
    await at(0).api('PUT', '/v1/catalog/register', {
      Node: 'outside',
      Address: '10.9.9.9',
      Service: { ID: 'stays', Service: service },
    });
    await using handle = open(at(0).url);
    expect(await handle.registry.deregister({ service, id: 'x' }, { signal })).toBe('removed');
    expect((await handle.registry.list(service, { signal })).instances.map(({ id }) => id)).toEqual([
      'stays',
    ]);

    const dying = uniqueName('dying');
    const crash = new AbortController();
    await using owner = open(at(2).url);
    await owner.registry.register(aSpec({ service: dying, id: 'order-1' }), {
      signal: crash.signal,
      ttlMs: 30_000,
    });
    crash.abort();
    await at(2).kill();
    await expect
      .poll(async () => (await handle.registry.list(dying, { signal })).instances[0]?.health, {
        timeout: 30_000,
      })
      .toBe('critical');
    expect(await handle.registry.deregister({ service: dying, id: 'order-1' }, { signal })).toBe('removed');
    expect((await handle.registry.list(dying, { signal })).instances).toEqual([]);
  });
});

describe('consul deregister, what is sent', () => {
  const seen: { readonly method: string; readonly path: string; readonly body: string }[] = [];
  let gone = false;
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { method = '', url: path = '' } = request;
      seen.push({ method, path, body });
      if (path.startsWith('/v1/catalog/deregister')) gone = true;
      const entry = {
        Node: { Node: 'n1' },
        Service: { ID: 'x', Service: 'pay', ModifyIndex: 4 },
        Checks: [],
      };
      response.writeHead(200, { 'content-type': 'application/json', 'x-consul-index': '5' });
      response.end(method === 'PUT' ? 'true' : JSON.stringify(gone ? [] : [entry]));
    });
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('refuses empty names without a request; the datacenter is in the body', async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await using handle = openConsul(
      aConnection({ backend: 'consul', servers: [url], datacenter: 'west' }),
      testDeps(),
    );
    for (const target of [
      { service: 'pay', id: '' },
      { service: '', id: 'x' },
      { service: 'pay', id: 'x', node: '' },
    ]) {
      await expect(handle.registry.deregister(target, { signal })).rejects.toMatchObject({ code: 'E_USAGE' });
    }
    expect(seen).toEqual([]);
    expect(await handle.registry.deregister({ service: 'pay', id: 'x' }, { signal })).toBe('removed');
    const sent = seen.filter(({ method }) => method === 'PUT');
    expect(sent).toHaveLength(1);
    expect(JSON.parse(sent[0]?.body ?? '')).toEqual({ Datacenter: 'west', Node: 'n1', ServiceID: 'x' });
    expect(seen.some(({ path }) => path.includes('consistent'))).toBe(true);
  });

  it('removes at the agent what the catalog does not know yet', async () => {
    const paths: string[] = [];
    const fresh = http.createServer((request, response) => {
      const { method = '', url: path = '' } = request;
      paths.push(`${method} ${path}`);
      const answers: readonly (readonly [string, unknown])[] = [
        ['/v1/catalog/services', { consul: [] }],
        ['/v1/agent/self', { Config: { NodeName: 'n1', Datacenter: 'dc1' } }],
        ['/v1/agent/service/x', { ID: 'x', Service: 'pay', ContentHash: 'h' }],
      ];
      const answer = answers.find(([start]) => path.startsWith(start));
      response.writeHead(200, { 'content-type': 'application/json', 'x-consul-index': '5' });
      response.end(JSON.stringify(answer === undefined ? [] : answer[1]));
    });
    await new Promise<void>((resolve) => fresh.listen(0, '127.0.0.1', resolve));
    await using handle = open(`http://127.0.0.1:${(fresh.address() as AddressInfo).port}`);
    const deregister = async (service: string, node: string): Promise<unknown> =>
      handle.registry.deregister({ service, id: 'x', node }, { signal });
    expect(await deregister('other', 'n1')).toBe('absent');
    expect(await deregister('pay', 'n2')).toBe('absent');
    expect(paths.filter((path) => path.startsWith('PUT'))).toEqual([]);
    expect(await deregister('pay', 'N1')).toBe('removed');
    expect(paths.filter((path) => path.startsWith('PUT'))).toEqual(['PUT /v1/agent/service/deregister/x']);
    fresh.closeAllConnections();
    fresh.close();
  });
});
