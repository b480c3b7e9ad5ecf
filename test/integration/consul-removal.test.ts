/** Planned removal on Consul: who has to be asked, what is refused, and putting back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SdctlError } from '../../src/lib/errors.js';
import type { Instance } from '../../src/lib/model/instance.js';
import type { RemovalPlan } from '../../src/lib/model/removal.js';
import type { Connection } from '../../src/lib/registry/connection.js';
import { openConsul } from '../../src/lib/registry/consul/open-consul.js';
import { registrationBody } from '../../src/lib/registry/consul/registration-body.js';
import type { RegistryHandle, RemovalOptions } from '../../src/lib/registry/types.js';
import { aConnection, anInstance, anOwner, aSpec, testDeps, uniqueName } from '../support/builders.js';
import { type Consul, type ConsulCluster, makeCerts, startConsulCluster } from '../support/servers/index.js';
import { startFakeConsul } from './fake-consul.js';

const signal = new AbortController().signal;
const SLOW = { timeout: 60_000 };

function open(server: string, overrides: Partial<Connection> = {}): RegistryHandle {
  return openConsul(aConnection({ backend: 'consul', servers: [server], ...overrides }), testDeps());
}

function secret(text: string): NonNullable<Connection['token']> {
  return { origin: 'test', read: () => text };
}

async function failureOf(work: Promise<unknown>): Promise<SdctlError> {
  return work.then(
    (value) => expect.fail(`no failure but ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown as SdctlError,
  );
}

async function put(agent: Consul, path: string, body?: unknown): Promise<void> {
  const answer = await agent.api('PUT', path, body);
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

async function seen(handle: RegistryHandle, service: string): Promise<Instance> {
  const find = async (): Promise<readonly Instance[]> =>
    (await handle.registry.list(service, { signal })).instances;
  await expect.poll(find, { timeout: 10_000 }).toHaveLength(1);
  const [instance] = await find();
  if (instance === undefined) throw new Error('gone again');
  return instance;
}

async function isThere(handle: RegistryHandle, service: string): Promise<boolean> {
  return (await handle.registry.list(service, { signal })).instances.length > 0;
}

/** The record of an entry without what changes by itself. */
async function recordOf(agent: Consul, service: string): Promise<{ service: unknown; checks: unknown }> {
  const answer = await agent.api('GET', `/v1/health/service/${service}?consistent`);
  const [found] = answer.body as readonly {
    readonly Service: Record<string, unknown>;
    readonly Checks: readonly Record<string, unknown>[];
  }[];
  const strip = (record: Record<string, unknown>): unknown =>
    Object.fromEntries(
      Object.entries({ ...record, Meta: record['Meta'] ?? {} }).filter(
        ([key]) => !/Index|^Output$|^Status$/.test(key),
      ),
    );
  return {
    service: strip(found?.Service ?? {}),
    checks: (found?.Checks ?? []).filter((check) => check['ServiceID'] !== '').map(strip),
  };
}

async function statusesOf(agent: Consul, service: string): Promise<Record<string, string>> {
  const { body } = await agent.api('GET', `/v1/health/checks/${service}?consistent`);
  const checks = body as readonly { readonly CheckID: string; readonly Status: string }[];
  return Object.fromEntries(checks.map(({ CheckID, Status }) => [CheckID, Status]));
}

function member(agents: readonly Consul[], index: number): Consul {
  const agent = agents[index];
  if (agent === undefined) throw new Error('no such agent');
  return agent;
}

describe('consul removal, agents at addresses of their own', () => {
  let cluster: ConsulCluster;
  let server: Consul;
  let client: Consul;

  beforeAll(async () => {
    cluster = await startConsulCluster({ servers: 1, clients: 2, ownAddresses: true });
    server = member(cluster.servers, 0);
    client = member(cluster.clients, 0);
  });

  afterAll(async () => {
    await cluster.stop();
  });

  const plan = async (
    handle: RegistryHandle,
    service: string,
    options: Partial<RemovalOptions> = {},
  ): Promise<RemovalPlan> =>
    handle.operations.planRemoval(await seen(handle, service), { signal, ...options });

  /** An entry that an agent owns, and whose program has died without a word. */
  const abandon = async (service: string, id = 'order-1', owner = client): Promise<void> => {
    const limits = { ttlMs: 30_000, deregisterAfterMs: 600_000 };
    await put(owner, '/v1/agent/service/register', registrationBody(aSpec({ service, id }), limits));
  };

  it('finds the owner at the address of its node, and asks it', SLOW, async () => {
    const service = uniqueName('owned');
    await abandon(service);
    await using handle = open(server.url);
    const planned = await plan(handle, service);
    expect(planned).toMatchObject({ method: 'agent', at: client.url, agent: 'alive', falls: [], takesMs: 0 });
    expect(planned.at).toMatch(/^http:\/\/127\.0\.0\.2:/);
    expect(await isThere(handle, service)).toBe(true);
    expect(await handle.operations.remove(planned, { signal })).toBe('removed');
    expect(await isThere(handle, service)).toBe(false);
    expect((await client.api('GET', `/v1/agent/service/order-1`)).status).toBe(404);
    expect(await handle.operations.remove(planned, { signal })).toBe('absent');
  });

  it('the port for applications finds it too', SLOW, async () => {
    const service = uniqueName('app');
    await abandon(service);
    await using handle = open(server.url);
    expect(await handle.registry.deregister({ service, id: 'order-1' }, { signal })).toBe('removed');
    expect((await client.api('GET', `/v1/agent/service/order-1`)).status).toBe(404);
  });

  it('leaves alone what is another entry by now, and takes what only its agent still has', SLOW, async () => {
    const service = uniqueName('moved');
    await abandon(service);
    await using handle = open(server.url);
    const planned = await plan(handle, service);
    await put(client, '/v1/agent/service/deregister/order-1');
    await abandon(service);
    expect(await handle.operations.remove(planned, { signal })).toBe('changed');
    expect(await isThere(handle, service)).toBe(true);

    const again = await plan(handle, service);
    await put(server, '/v1/catalog/deregister', { Node: client.nodeName, ServiceID: 'order-1' });
    expect(await handle.operations.remove(again, { signal })).toBe('removed');
    expect((await client.api('GET', `/v1/agent/service/order-1`)).status).toBe(404);
  });

  it('a check that changes its state does not make another entry of it', SLOW, async () => {
    const service = uniqueName('flips');
    await abandon(service);
    await using handle = open(server.url);
    const planned = await plan(handle, service);
    await put(client, '/v1/agent/check/fail/service:order-1');
    await expect.poll(async () => (await seen(handle, service)).health).toBe('critical');
    expect(await handle.operations.remove(planned, { signal })).toBe('removed');
  });

  it('from the catalog alone it is back once its agent has something to say', SLOW, async () => {
    const service = uniqueName('back');
    await abandon(service);
    await using handle = open(server.url);
    const planned = await plan(handle, service, { how: 'catalog' });
    expect(planned).toMatchObject({ method: 'catalog', at: null, agent: 'alive' });
    expect(await handle.operations.remove(planned, { signal })).toBe('removed');
    await put(client, '/v1/agent/check/fail/service:order-1');
    await expect.poll(async () => isThere(handle, service), { timeout: 10_000 }).toBe(true);
    const gone = await plan(handle, service);
    expect(await handle.operations.remove(gone, { signal })).toBe('removed');
    const failed = await client.api('PUT', '/v1/agent/check/fail/service:order-1');
    expect(failed.status).not.toBe(200);
    expect(await isThere(handle, service)).toBe(false);
  });

  it('an orphan goes from the catalog: its agent does not have it', SLOW, async () => {
    const service = uniqueName('orphan');
    await put(server, '/v1/catalog/register', {
      Node: client.nodeName,
      Address: client.bindAddress,
      SkipNodeUpdate: true,
      Service: { ID: 'lost', Service: service },
    });
    await using handle = open(server.url);
    const planned = await plan(handle, service);
    expect(planned).toMatchObject({ method: 'catalog', at: null, agent: 'none' });
    expect(await handle.operations.remove(planned, { signal })).toBe('removed');
    expect(await isThere(handle, service)).toBe(false);
  });

  it('without an agent the catalog is right; the neighbours stay', SLOW, async () => {
    const service = uniqueName('external');
    for (const [id, name] of [
      ['x', service],
      ['y', `${service}-other`],
    ]) {
      await put(server, '/v1/catalog/register', {
        Node: 'outside',
        Address: '10.9.9.9',
        Service: { ID: id, Service: name },
      });
    }
    await using handle = open(server.url);
    const planned = await plan(handle, service, { how: 'delete' });
    expect(planned).toMatchObject({ method: 'catalog', at: null, agent: 'none' });
    expect(await handle.operations.remove(planned, { signal })).toBe('removed');
    expect(await isThere(handle, service)).toBe(false);
    expect(await isThere(handle, `${service}-other`)).toBe(true);
  });

  it('sends nothing to an address that is none of a live member', SLOW, async () => {
    const fake = await startFakeConsul({}, { host: '127.0.0.9', port: server.httpPort });
    // Whatever comes is counted.
    await (await fetch(`${fake.url}/v1/agent/self`)).text();
    expect(fake.requests).toHaveLength(1);
    await using handle = open(server.url, { token: secret('top-secret') });
    const alive = { CheckID: 'serfHealth', Name: 'alive', Status: 'passing' };
    for (const node of ['ghost', client.nodeName]) {
      const service = uniqueName('forged');
      const address = { Node: node, Address: '127.0.0.9' };
      await put(server, '/v1/catalog/register', {
        ...address,
        Service: { ID: 'x', Service: service },
        Check: { ...alive, Node: node },
      });
      const error = await failureOf(plan(handle, service));
      expect(error).toMatchObject({ code: 'E_UNREACHABLE', exitCode: 4 });
      expect(error.message).toBe(`the agent of node ${node} cannot be asked to remove ${service}/x`);
      expect(error.why).toContain(`${fake.url}: it was not asked: `);
      expect(error.why).toContain(node === 'ghost' ? 'no live member' : client.bindAddress);
      expect(await handle.registry.deregister({ service, id: 'x' }, { signal })).toBe('not-owner');
      const entry = await handle.operations.save(await seen(handle, service), { signal });
      await put(server, '/v1/catalog/deregister', { Node: node, ServiceID: 'x' });
      if (entry === null) throw new Error('not saved');
      // The real agent of that name puts its own address back whenever it synchronises.
      await put(server, '/v1/catalog/register', address);
      expect(await failureOf(handle.operations.restore(entry, { signal }))).toMatchObject({
        code: 'E_UNREACHABLE',
        hint: '--owner-port PORT',
      });
    }
    expect(fake.requests).toHaveLength(1);
    await fake.stop();
    await put(server, '/v1/catalog/deregister', { Node: 'ghost' });
    await put(server, '/v1/catalog/register', { Node: client.nodeName, Address: client.bindAddress });
  });

  it('does not wait long for an address that says nothing', SLOW, async () => {
    const service = uniqueName('mute');
    await abandon(service);
    const mute = await startFakeConsul('mute', { host: client.bindAddress, port: 0 });
    await using handle = open(server.url);
    const instance = await seen(handle, service);
    const startedMs = performance.now();
    const error = await failureOf(handle.operations.planRemoval(instance, { signal, ownerPort: mute.port }));
    const tookMs = performance.now() - startedMs;
    console.log(`given up after ${tookMs.toFixed(0)} ms (limit 3000 ms)`);
    expect(tookMs).toBeLessThan(3_000);
    expect(error).toMatchObject({ code: 'E_UNREACHABLE' });
    expect(error.why).toContain(`${mute.url}: no complete answer within`);
    await mute.stop();
  });

  it('puts back at the agent what it removed there, once', SLOW, async () => {
    const service = uniqueName('undo');
    const id = 'undo/1 x';
    await put(client, '/v1/agent/service/register', {
      ID: id,
      Name: service,
      Address: '10.1.2.3',
      Port: 8_080,
      Tags: ['blue', 'v=1'],
      Meta: { zone: 'b', 'sdctl-ttl': '45' },
      TaggedAddresses: {
        grpc: { Address: 'grpc://10.1.2.3:9', Port: 9 },
        lan: { Address: '10.1.2.3', Port: 1 },
      },
      Weights: { Passing: 7, Warning: 2 },
      EnableTagOverride: true,
      Checks: [
        { CheckID: `own:${id}`, Name: 'beat', Notes: 'mine', TTL: '45s', Status: 'passing' },
        { CheckID: `http:${id}`, Name: 'page', HTTP: 'http://127.0.0.1:1/', Interval: '10m' },
      ],
    });
    await using handle = open(server.url);
    const instance = await seen(handle, service);
    const before = await recordOf(server, service);
    const entry = await handle.operations.save(instance, { signal });
    if (entry?.backend !== 'consul') throw new Error('not saved');
    expect(entry).toMatchObject({ isExternal: false, ttlSeconds: 45, node: client.nodeName });
    expect(entry.lostChecks).toEqual([{ id: `http:${id}`, name: 'page', type: 'http' }]);
    expect(JSON.parse(JSON.stringify(entry))).toEqual(entry);
    expect((await handle.operations.restore(entry, { signal })).outcome).toBe('occupied');

    const planned = await handle.operations.planRemoval(instance, { signal });
    expect(await handle.operations.remove(planned, { signal })).toBe('removed');
    expect(await handle.operations.restore(entry, { signal })).toEqual({
      outcome: 'restored',
      leaseId: null,
      endsInSeconds: null,
      revision: null,
    });
    const after = await recordOf(server, service);
    expect(after.service).toEqual(before.service);
    expect(after.checks).toEqual([
      expect.objectContaining({ CheckID: `own:${id}`, Name: 'beat', Notes: 'mine' }),
    ]);
    expect(await statusesOf(server, service)).toEqual({ [`own:${id}`]: 'critical' });
    // Its program finds its check again.
    await put(client, `/v1/agent/check/pass/${encodeURIComponent(`own:${id}`)}`);
    await expect.poll(async () => statusesOf(server, service)).toEqual({ [`own:${id}`]: 'passing' });
    expect((await handle.operations.restore(entry, { signal })).outcome).toBe('occupied');
    expect(await handle.operations.save(instance, { signal })).toBeNull();
  });

  it('puts back a proxy, one whose only check is lost, and one without checks', SLOW, async () => {
    await using handle = open(server.url);
    const name = uniqueName('kinds');
    const proxy = {
      DestinationServiceName: 'web',
      LocalServicePort: 80,
      Config: { a: 1 },
      Upstreams: [{ DestinationName: 'db', LocalBindPort: 9_191 }],
    };
    const http = { HTTP: 'http://127.0.0.1:1/', Interval: '10m', Name: 'page' };
    const cases = [
      { service: `${name}-proxy`, more: { Kind: 'connect-proxy', Port: 21_000, Proxy: proxy }, left: {} },
      { service: `${name}-native`, more: { Connect: { Native: true } }, left: {} },
      { service: `${name}-http`, more: { Check: http }, left: { [`service:${name}-http`]: 'critical' } },
      { service: `${name}-repair`, more: {}, left: { [`service:${name}-repair`]: 'critical' } },
    ];
    for (const { service, more, left } of cases) {
      await put(client, '/v1/agent/service/register', { ID: service, Name: service, ...more });
      if (service.endsWith('repair'))
        await put(client, `/v1/agent/service/maintenance/${service}?enable=true`);
      await seen(handle, service);
      const before = await recordOf(server, service);
      const planned = await plan(handle, service);
      const entry = await handle.operations.save(planned.instance, { signal });
      if (entry === null) throw new Error('not saved');
      expect(await handle.operations.remove(planned, { signal })).toBe('removed');
      expect((await handle.operations.restore(entry, { signal })).outcome).toBe('restored');
      expect((await recordOf(server, service)).service).toEqual(before.service);
      expect(await statusesOf(server, service)).toEqual(left);
    }
  });

  it('puts back in the catalog what no agent keeps, checks and all', SLOW, async () => {
    const service = uniqueName('outer');
    const node = uniqueName('router');
    const nodeMeta = { 'external-node': 'true', 'external-probe': 'true' };
    const check = {
      Node: node,
      CheckID: 'ping',
      Name: 'ping',
      Status: 'passing',
      ServiceID: 'e1',
      Definition: { TCP: '10.8.8.8:5', Interval: '30s' },
    };
    await put(server, '/v1/catalog/register', {
      Node: node,
      Address: '10.8.8.8',
      NodeMeta: nodeMeta,
      Service: {
        ID: 'e1',
        Service: service,
        Port: 5,
        Address: 'printer.example',
        TaggedAddresses: { wan: { Address: '1.2.3.4', Port: 6 } },
      },
      Checks: [check],
    });
    await using handle = open(server.url);
    const instance = await seen(handle, service);
    const before = await recordOf(server, service);
    const entry = await handle.operations.save(instance, { signal });
    if (entry?.backend !== 'consul') throw new Error('not saved');
    expect(entry).toMatchObject({ isExternal: true, lostChecks: [], nodeAddress: '10.8.8.8' });
    expect((await handle.operations.restore(entry, { signal })).outcome).toBe('occupied');
    // Even the node may be gone meanwhile.
    await put(server, '/v1/catalog/deregister', { Node: node });
    expect((await handle.operations.restore(entry, { signal })).outcome).toBe('restored');
    expect(await recordOf(server, service)).toEqual(before);
    expect(await statusesOf(server, service)).toEqual({ ping: 'critical' });
    const { body } = await server.api('GET', `/v1/catalog/node/${node}`);
    expect(body).toMatchObject({ Node: { Address: '10.8.8.8', Meta: nodeMeta } });
    // Another service of that id stands in the way as well; Consul ignores the case.
    const other = { ...entry, service: `${service}-other`, id: 'E1' };
    expect((await handle.operations.restore(other, { signal })).outcome).toBe('occupied');
  });

  it('refuses entries of another registry, and names that would hit the node', SLOW, async () => {
    await using handle = open(server.url);
    const local = { backend: 'local', service: 'a', id: 'b', value: '', ttlMs: null } as const;
    expect(await failureOf(handle.operations.restore(local, { signal }))).toMatchObject({ code: 'E_USAGE' });
    const instance = anInstance({ service: 'order', id: 'x', node: client.nodeName, key: null });
    const base = { method: 'catalog', at: null, agent: 'none', falls: [], takesMs: 0 } as const;
    for (const part of [{ service: '' }, { id: '' }, { node: '' }, { node: null }]) {
      const empty = { ...instance, ...part };
      const planning = handle.operations.planRemoval(empty, { signal, how: 'catalog' });
      expect(await failureOf(planning)).toMatchObject({ code: 'E_USAGE', exitCode: 2 });
      const removing = handle.operations.remove({ ...base, instance: empty }, { signal });
      expect(await failureOf(removing)).toMatchObject({ code: 'E_USAGE' });
    }
    const { body } = await server.api('GET', '/v1/catalog/nodes');
    expect(JSON.stringify(body)).toContain(client.nodeName);
    const revoked = await failureOf(handle.operations.planRemoval(instance, { signal, how: 'revoke' }));
    expect(revoked).toMatchObject({
      code: 'E_USAGE',
      hint: expect.stringContaining('lease revoke') as string,
    });
  });

  it('a dead node: from the catalog, and back there', { timeout: 90_000 }, async () => {
    const dying = member(cluster.clients, 1);
    const service = uniqueName('dead');
    await abandon(service, 'order-1', dying);
    await using handle = open(server.url);
    const alive = await plan(handle, service);
    expect(alive).toMatchObject({ method: 'agent', agent: 'alive' });
    const entry = await handle.operations.save(alive.instance, { signal });
    if (entry === null) throw new Error('not saved');
    await dying.kill();
    await expect
      .poll(async () => (await seen(handle, service)).nodeChecks[0]?.health, { timeout: 30_000 })
      .toBe('critical');
    const planned = await plan(handle, service);
    expect(planned).toMatchObject({ method: 'catalog', at: null, agent: 'dead' });
    expect(await handle.operations.remove(planned, { signal })).toBe('removed');
    expect(await isThere(handle, service)).toBe(false);
    expect((await handle.operations.restore(entry, { signal })).outcome).toBe('restored');
    expect(await statusesOf(server, service)).toEqual({ 'service:order-1': 'critical' });

    // Once the agent is back, the catalog is not enough any more.
    const late = await plan(handle, service);
    await dying.start();
    await expect
      .poll(async () => (await seen(handle, service)).nodeChecks[0]?.health, { timeout: 30_000 })
      .toBe('passing');
    expect(['not-owner', 'changed']).toContain(await handle.operations.remove(late, { signal }));
    expect(await isThere(handle, service)).toBe(true);
  });
});

describe('consul removal, agents on ports of their own', () => {
  let cluster: ConsulCluster;
  let server: Consul;
  let client: Consul;

  beforeAll(async () => {
    cluster = await startConsulCluster({ servers: 1, clients: 1 });
    server = member(cluster.servers, 0);
    client = member(cluster.clients, 0);
  });

  afterAll(async () => {
    await cluster.stop();
  });

  it('asks at the port that is named; else says what was tried and what to do there', SLOW, async () => {
    const service = uniqueName('port');
    await put(client, '/v1/agent/service/register', { ID: `${service}:1`, Name: service });
    await using handle = open(server.url);
    const instance = await seen(handle, service);
    const wrong = await failureOf(handle.operations.planRemoval(instance, { signal, ownerPort: 1 }));
    expect(wrong).toMatchObject({
      code: 'E_UNREACHABLE',
      message: `the agent of node ${client.nodeName} cannot be asked to remove ${service}/${service}:1`,
      hint: `on that node: consul services deregister -id=${service}:1`,
      details: {
        node: client.nodeName,
        tried: [
          { url: server.url, problem: `it is the agent of node ${server.nodeName}` },
          { url: 'http://127.0.0.1:1', problem: expect.stringContaining('ECONNREFUSED') as string },
        ],
      },
    });
    const unknown = await failureOf(handle.operations.planRemoval(instance, { signal }));
    expect(unknown.details).toMatchObject({ tried: [{ url: server.url }] });
    const catalog = await handle.operations.planRemoval(instance, { signal, how: 'catalog', ownerPort: 1 });
    expect(catalog).toMatchObject({ method: 'catalog', at: null, agent: 'alive' });

    const planned = await handle.operations.planRemoval(instance, { signal, ownerPort: client.httpPort });
    expect(planned).toMatchObject({ method: 'agent', at: client.url, agent: 'alive' });
    const entry = await handle.operations.save(instance, { signal });
    expect(await handle.operations.remove(planned, { signal })).toBe('removed');
    expect(await isThere(handle, service)).toBe(false);
    if (entry === null) throw new Error('not saved');
    expect(await failureOf(handle.operations.restore(entry, { signal }))).toMatchObject({
      code: 'E_UNREACHABLE',
      message: `the agent of node ${client.nodeName} cannot be asked to register ${service}/${service}:1`,
    });
    const restored = await handle.operations.restore(entry, { signal, ownerPort: client.httpPort });
    expect(restored.outcome).toBe('restored');
    expect(await isThere(handle, service)).toBe(true);
  });

  it('offers no command that a shell would take apart', SLOW, async () => {
    const service = uniqueName('shell');
    const id = 'x; rm -rf /';
    await put(client, '/v1/agent/service/register', { ID: id, Name: service });
    await using handle = open(server.url);
    const error = await failureOf(handle.operations.planRemoval(await seen(handle, service), { signal }));
    expect(error.hint).toBe('--owner-port PORT, or --how catalog');
  });

  it('an id that no path can hold is replaced, at the agent that has it', SLOW, async () => {
    const service = uniqueName('odd');
    await put(client, '/v1/agent/service/register', { ID: 'a//b', Name: service });
    await using handle = open(server.url);
    await using owner = open(client.url);
    const instance = await seen(handle, service);
    const planned = await handle.operations.planRemoval(instance, { signal, ownerPort: client.httpPort });
    expect(planned).toMatchObject({ method: 'replace', at: client.url, agent: 'alive', takesMs: 120_000 });
    expect(await failureOf(owner.registry.deregister({ service, id: 'a//b' }, { signal }))).toMatchObject({
      code: 'E_USAGE',
    });
    // The waiting may be broken off; somebody who registers it again meanwhile keeps it.
    const stop = new AbortController();
    const notices: string[] = [];
    const broken = handle.operations.remove(planned, {
      signal: stop.signal,
      notify: ({ text }) => notices.push(text),
    });
    await expect.poll(async () => (await seen(handle, service)).health).toBe('critical');
    stop.abort();
    expect(await failureOf(broken)).toMatchObject({ code: 'E_ABORTED' });
    expect(notices.join()).toContain('by itself');
    const second = await owner.operations.planRemoval(await seen(handle, service), { signal });
    expect(second).toMatchObject({ method: 'replace', at: client.url });
    const waiting = owner.operations.remove(second, { signal });
    await expect.poll(async () => (await seen(handle, service)).revision).not.toBe(second.instance.revision);
    await put(client, '/v1/agent/service/register?replace-existing-checks=true', {
      ID: 'a//b',
      Name: service,
    });
    expect(await waiting).toBe('changed');
    expect(await isThere(handle, service)).toBe(true);
  });
});

describe('consul removal over TLS', () => {
  it('trusts and identifies itself to the owner as to the server it was given', SLOW, async () => {
    const certs = await makeCerts();
    const tls = {
      ca: certs.ca,
      ...certs.server,
      verifyIncoming: true,
      clientCert: certs.client.cert,
      clientKey: certs.client.key,
    };
    const cluster = await startConsulCluster({ servers: 1, clients: 1, agent: { tls } });
    const [server, client] = [member(cluster.servers, 0), member(cluster.clients, 0)];
    const service = uniqueName('secure');
    await put(client, '/v1/agent/service/register', { ID: 'x', Name: service });
    const files = { caFile: certs.ca, certFile: certs.client.cert, keyFile: certs.client.key };
    const settings = { ...files, serverName: null, insecureSkipVerify: false };
    await using handle = open(server.url, { tls: settings });
    const instance = await seen(handle, service);
    const planned = await handle.operations.planRemoval(instance, { signal, ownerPort: client.httpPort });
    expect(planned).toMatchObject({ method: 'agent', at: client.url });
    expect(client.url).toMatch(/^https:/);
    expect(await handle.operations.remove(planned, { signal })).toBe('removed');
    expect(await isThere(handle, service)).toBe(false);
    await cluster.stop();
    certs.remove();
  });
});

describe('consul removal with access rules, default deny', () => {
  let cluster: ConsulCluster;
  let server: Consul;
  let client: Consul;

  beforeAll(async () => {
    cluster = await startConsulCluster({
      servers: 1,
      clients: 2,
      ownAddresses: true,
      agent: { acl: 'deny' },
    });
    server = member(cluster.servers, 0);
    client = member(cluster.clients, 0);
  });

  afterAll(async () => {
    await cluster.stop();
  });

  const tokenFor = async (rules: string): Promise<Partial<Connection>> => {
    const name = uniqueName('policy');
    await put(server, '/v1/acl/policy', { Name: name, Rules: rules });
    const { body } = await server.api('PUT', '/v1/acl/token', { Policies: [{ Name: name }] });
    return { token: secret((body as { readonly SecretID: string }).SecretID) };
  };

  it('a token for services alone is enough: the owner is known by the node of its checks', SLOW, async () => {
    const service = uniqueName('rules');
    const rules = `service_prefix "${service}" { policy = "write" } node_prefix "" { policy = "read" }`;
    const connection = await tokenFor(rules);
    await using handle = open(server.url, connection);
    await using blind = open(server.url, await tokenFor(rules.replace('write', 'read')));
    const http = { HTTP: 'http://127.0.0.1:1/', Interval: '10m' };
    await put(client, '/v1/agent/service/register', { ID: service, Name: service, Check: http });
    const planned = await handle.operations.planRemoval(await seen(handle, service), { signal });
    expect(planned).toMatchObject({ method: 'agent', at: client.url });
    expect(await failureOf(blind.operations.remove(planned, { signal }))).toMatchObject({
      code: 'E_FORBIDDEN',
    });
    const entry = await handle.operations.save(planned.instance, { signal });
    expect(await handle.operations.remove(planned, { signal })).toBe('removed');
    await using full = open(server.url, { token: secret(server.masterToken ?? '') });
    expect(await isThere(full, service)).toBe(false);
    if (entry === null) throw new Error('not saved');
    // Without a check and without the entry nothing tells that it is the right agent.
    const error = await failureOf(handle.operations.restore(entry, { signal }));
    expect(error).toMatchObject({ code: 'E_UNREACHABLE' });
    expect(error.why).toContain('does not say of which node it is');
    expect((await full.operations.restore(entry, { signal })).outcome).toBe('restored');
  });

  it('without checks the entry itself is the proof, and not the like of another node', SLOW, async () => {
    const service = uniqueName('proof');
    const [one, two] = [client, member(cluster.clients, 1)];
    for (const agent of [one, two]) {
      await put(agent, '/v1/agent/service/register', { ID: 'x', Name: service, Port: agent === one ? 1 : 2 });
    }
    const rules = `service "${service}" { policy = "write" } node_prefix "" { policy = "read" }`;
    const connection = await tokenFor(rules);
    await using handle = openConsul(
      aConnection({ backend: 'consul', servers: [two.url, server.url], ...connection }),
      testDeps(),
    );
    const list = async (): Promise<readonly Instance[]> =>
      (await handle.registry.list(service, { signal })).instances;
    await expect.poll(list, { timeout: 10_000 }).toHaveLength(2);
    const first = (await list()).find(({ node }) => node === one.nodeName);
    if (first === undefined) throw new Error('not there');
    const planned = await handle.operations.planRemoval(first, { signal });
    expect(planned.at).toBe(one.url);
    expect(await handle.operations.remove(planned, { signal })).toBe('removed');
    expect((await list()).map(({ node }) => node)).toEqual([two.nodeName]);
  });
});

describe('consul removal, what is asked of whom', () => {
  const place = (node: string, address: string): object => ({
    Node: { Node: node, Address: address },
    Service: { ID: 'x', Service: 'pay', ModifyIndex: 4 },
    Checks: [{ Node: node, CheckID: 'serfHealth', Status: 'passing' }],
  });
  const seenEntry = anInstance({ service: 'pay', id: 'x', node: 'n1', key: null, revision: '4' });

  it('an address of IPv6 in whatever form, in the datacenter that is named', async () => {
    const owner = await startFakeConsul(
      {
        '/v1/agent/self': { Config: { NodeName: 'N1', Datacenter: 'west' } },
        '/v1/agent/service/x': { ID: 'x', Service: 'pay' },
      },
      { host: '::1', port: 0 },
    );
    const members = [{ Name: 'n1', Addr: '0:0:0:0:0:0:0:1', Status: 1, Tags: { dc: 'west' } }];
    const front = await startFakeConsul({
      '/v1/health/service/pay': [place('n1', '::1')],
      '/v1/agent/self': { Config: { NodeName: 'n1', Datacenter: 'east' } },
      '/v1/agent/members': members,
    });
    await using handle = open(front.url, { datacenter: 'west', token: secret('t1') });
    const options = { signal, ownerPort: owner.port };
    const planned = await handle.operations.planRemoval(seenEntry, options);
    expect(planned).toMatchObject({ method: 'agent', at: `http://[::1]:${owner.port}` });
    expect(new Set(owner.requests.map(({ headers }) => headers['x-consul-token']))).toEqual(new Set(['t1']));
    owner.requests.length = 0;

    await using elsewhere = open(front.url, { datacenter: 'south', token: secret('t1') });
    const error = await failureOf(elsewhere.operations.planRemoval(seenEntry, options));
    expect(error.why).toContain('it is an agent of datacenter east');
    expect(error.why).toContain('no live member');
    for (const change of [{ Status: 4 }, { Addr: '::2' }, { Name: 'n2' }]) {
      front.answers['/v1/agent/members'] = [{ ...members[0], ...change }];
      expect(await failureOf(handle.operations.planRemoval(seenEntry, options))).toMatchObject({
        code: 'E_UNREACHABLE',
      });
    }
    front.answers['/v1/agent/members'] = [];
    const hidden = await failureOf(handle.operations.planRemoval(seenEntry, options));
    expect(hidden.why).toContain('may not see the members');
    front.answers['/v1/agent/members'] = 403;
    const denied = await failureOf(handle.operations.planRemoval(seenEntry, options));
    expect(denied.why).toContain('cannot be read');
    expect(owner.requests).toEqual([]);
    await Promise.all([owner.stop(), front.stop()]);
  });

  it('behind a unix socket the port has to be named; a node needs an address that can be asked', async () => {
    const front = await startFakeConsul(
      {
        '/v1/health/service/pay': [place('n1', '127.0.0.1')],
        '/v1/agent/self': { Config: { NodeName: 'n0' } },
        '/v1/agent/members': [{ Name: 'n1', Addr: '127.0.0.1', Status: 1 }],
      },
      'unix',
    );
    const owner = await startFakeConsul({
      '/v1/agent/self': { Config: { NodeName: 'n1' } },
      '/v1/agent/service/x': { ID: 'x', Service: 'pay' },
    });
    await using handle = open(front.url);
    const error = await failureOf(handle.operations.planRemoval(seenEntry, { signal }));
    expect(error.why).toContain('the HTTP port at 127.0.0.1 is not known');
    const planned = await handle.operations.planRemoval(seenEntry, { signal, ownerPort: owner.port });
    expect(planned.at).toBe(owner.url);
    for (const address of ['', 'host.example', 'fe80::1%lo', '127.0.0.1/x?', '127.0.0.1@evil']) {
      front.answers['/v1/health/service/pay'] = [place('n1', address)];
      const refused = await failureOf(handle.operations.planRemoval(seenEntry, { signal, ownerPort: 1 }));
      expect(refused.why).toMatch(/no address of its node|is none that can be asked/);
    }
    await Promise.all([front.stop(), owner.stop()]);
  });

  it('an agent that has something else under that id by now keeps it', async () => {
    const owner = await startFakeConsul({
      '/v1/health/service/pay': [place('n1', '127.0.0.1')],
      '/v1/agent/self': { Config: { NodeName: 'n1' } },
      '/v1/agent/service/x': { ID: 'x', Service: 'pay' },
    });
    await using handle = open(owner.url);
    const planned = await handle.operations.planRemoval(seenEntry, { signal });
    expect(planned).toMatchObject({ method: 'agent', at: owner.url });
    const mark = JSON.stringify(anOwner());
    for (const change of [{ Service: 'shop' }, { Meta: { 'sdctl-owner': mark } }]) {
      owner.answers['/v1/agent/service/x'] = { ID: 'x', Service: 'pay', ...change };
      expect(await handle.operations.remove(planned, { signal })).toBe('changed');
      const deregistered = handle.registry.deregister({ service: 'pay', id: 'x' }, { signal });
      expect(await deregistered).toBe('changed');
    }
    owner.answers['/v1/agent/self'] = { Config: { NodeName: 'n2' } };
    expect(await handle.operations.remove(planned, { signal })).toBe('not-owner');
    expect(owner.requests.map(({ method }) => method)).not.toContain('PUT');
    await owner.stop();
  });
});
