/** What doctor gets to know of a Consul beside its services: from agents and servers that are well, away, or say no. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackendFacts } from '../../src/lib/model/backend-facts.js';
import type { Connection } from '../../src/lib/registry/connection.js';
import { orphanNode } from '../../src/lib/doctor/rules/sd403-orphan-node.js';
import { openConsul } from '../../src/lib/registry/consul/open-consul.js';
import type { RegistryHandle } from '../../src/lib/registry/types.js';
import { aConnection, testDeps } from '../support/builders.js';
import {
  type Consul,
  type ConsulCluster,
  startConsul,
  startConsulCluster,
  startProxy,
} from '../support/servers/index.js';
import { anExamination, run } from '../unit/doctor/premises.js';
import { startRequestCounter } from './consul-request-counter.js';

const signal = new AbortController().signal;
const SLOW = { timeout: 60_000 };

function open(servers: readonly string[], overrides: Partial<Connection> = {}): RegistryHandle {
  return openConsul(aConnection({ backend: 'consul', servers, ...overrides }), testDeps());
}

async function read(servers: readonly string[], overrides: Partial<Connection> = {}): Promise<BackendFacts> {
  await using handle = open(servers, overrides);
  return await handle.operations.readFacts({ signal });
}

function nodeOf({ nodes }: BackendFacts, name: string) {
  return nodes?.find((node) => node.name === name);
}

/** Registers on an agent, and waits until the catalog has it. */
async function register(agent: Consul, id: string, body: object = {}): Promise<void> {
  const check = { CheckID: `service:${id}`, TTL: '600s', Status: 'passing' };
  const service = { ID: id, Name: id, Port: 80, Tags: ['b', 'a'], Check: check, ...body };
  expect((await agent.api('PUT', '/v1/agent/service/register', service)).status).toBe(200);
  await expect
    .poll(async () => (await agent.api('GET', `/v1/health/service/${id}?passing`)).body)
    .toHaveLength(1);
}

describe('facts of three Consul servers', () => {
  let cluster: ConsulCluster;
  const client = (index: number): Consul => {
    const agent = cluster.clients[index];
    if (agent === undefined) throw new Error('no such agent');
    return agent;
  };
  /** Writes to the catalog what no agent knows of. */
  const edit = async (node: string, body: object): Promise<void> => {
    const base = { Node: node, Address: '127.0.0.1', SkipNodeUpdate: true };
    expect((await client(0).api('PUT', '/v1/catalog/register', { ...base, ...body })).status).toBe(200);
  };

  beforeAll(async () => {
    cluster = await startConsulCluster({ servers: 3, clients: 2 });
  });

  afterAll(async () => {
    await cluster.stop();
  });

  it('are what each agent says of itself, the members, the nodes and the servers’ health', SLOW, async () => {
    const facts = await read(cluster.urls);
    const leader = (await cluster.leader()).raftAddress;
    const names = [...cluster.servers, ...cluster.clients].map(({ nodeName }) => nodeName);
    expect(facts.servers.map(({ server }) => server)).toEqual(cluster.urls);
    expect(facts.servers.map(({ memberId }) => memberId)).toEqual(names);
    for (const server of facts.servers) {
      expect(server).toMatchObject({ problem: null, leader, clusterId: 'dc1', canReadFromLeader: true });
      expect(server.version).toMatch(/^\d+\.\d+\.\d+/);
    }
    const members = new Map(facts.members?.map((member) => [member.name, member]));
    expect([...members.keys()].sort()).toEqual([...names].sort());
    expect(members.get('server-1')).toMatchObject({ state: 'alive', isServer: true, isLearner: false });
    expect(members.get('client-1')).toMatchObject({ state: 'alive', isServer: false, address: '127.0.0.1' });
    // The servers' own service does not count.
    expect(nodeOf(facts, 'server-1')).toMatchObject({ alive: true, services: 0, isExternal: false });
    expect(facts).toMatchObject({ alarms: null, denied: [], drift: [], isFiltered: false });
    // The leader takes its servers for stable only after a while.
    await expect
      .poll(async () => read([client(0).url]), { timeout: 30_000, interval: 500 })
      .toMatchObject({ isHealthy: true, failureTolerance: 1 });
  });

  it('tell external nodes, nodes that nobody runs, and maintenance', async () => {
    const service = { Service: { ID: 's', Service: 's' } };
    await edit('outside', { NodeMeta: { 'external-node': 'true' }, ...service });
    await edit('forgotten', service);
    await client(0).api('PUT', '/v1/agent/maintenance?enable=true&reason=new%20disk');
    const facts = await read([client(1).url]);
    expect(nodeOf(facts, 'outside')).toMatchObject({ alive: null, isExternal: true, services: 1 });
    expect(nodeOf(facts, 'forgotten')).toMatchObject({ alive: null, isExternal: false, services: 1 });
    expect(nodeOf(facts, 'client-0')).toMatchObject({ alive: true, maintenance: 'new disk' });
    expect(nodeOf(facts, 'client-1')?.maintenance).toBeNull();
    await client(0).api('PUT', '/v1/agent/maintenance?enable=false');
    for (const Node of ['outside', 'forgotten'])
      await client(0).api('PUT', '/v1/catalog/deregister', { Node });
  });

  it('tell what an agent and the catalog have otherwise', SLOW, async () => {
    const { nodeName, url } = client(0);
    for (const id of ['moved', 'retagged', 'lost', 'ill', 'same']) await register(client(0), id);
    await register(client(0), 'free', { EnableTagOverride: true });
    expect((await read([url])).drift).toEqual([]);
    // An agent may bring its entries back at any time: then it is done again.
    const spoil = async (): Promise<void> => {
      const service = { Port: 80, Tags: ['a', 'b'] };
      await edit(nodeName, { Service: { ...service, ID: 'moved', Service: 'moved', Address: '10.9.9.9' } });
      await edit(nodeName, { Service: { ...service, ID: 'retagged', Service: 'retagged', Tags: ['z'] } });
      const free = { ...service, ID: 'free', Service: 'free', Tags: ['z'], EnableTagOverride: true };
      await edit(nodeName, { Service: free });
      await edit(nodeName, { Service: { ...service, ID: 'ghost', Service: 'ghost' } });
      await edit(nodeName, {
        Check: { CheckID: 'service:ill', ServiceID: 'ill', Name: 'x', Status: 'critical' },
      });
      await client(0).api('PUT', '/v1/catalog/deregister', { Node: nodeName, ServiceID: 'lost' });
    };
    const at = (instance: string) => ({ node: nodeName, service: instance, instance });
    const drift = async () => {
      await spoil();
      return (await read([url, client(1).url])).drift;
    };
    await expect.poll(drift, { timeout: 30_000 }).toEqual([
      { ...at('ghost'), kind: 'missing', agent: null, catalog: ':80' },
      { ...at('ill'), kind: 'status', agent: 'service:ill: passing', catalog: 'service:ill: critical' },
      { ...at('lost'), kind: 'extra', agent: ':80', catalog: null },
      { ...at('moved'), kind: 'address', agent: ':80', catalog: '10.9.9.9:80' },
      { ...at('retagged'), kind: 'tags', agent: 'a, b', catalog: 'z' },
    ]);
    // Only agents that are configured are asked.
    expect((await read([client(1).url])).drift).toEqual([]);
  });

  it('take few requests over at most eight connections', async () => {
    const counter = await startRequestCounter(client(0).url);
    const proxies = await Promise.all(cluster.urls.map(async (url) => startProxy(url)));
    try {
      await read([counter.url]);
      console.log(`facts over one agent: ${counter.requests.length} requests (limit 14)`);
      expect(counter.requests.length).toBeLessThanOrEqual(14);
      expect(counter.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
      await read(proxies.map(({ url }) => url));
      const peak = peakOf(proxies.flatMap(({ history }) => history));
      console.log(`facts over five agents: ${peak} connections at a time (limit 8)`);
      expect(peak).toBeLessThanOrEqual(8);
    } finally {
      await Promise.all([counter.stop(), ...proxies.map(async (proxy) => proxy.stop())]);
    }
  });

  it('are the same where Consul does not have the request of its own pages', async () => {
    const old = await startWithout('/v1/internal/', client(0).url);
    try {
      const sorted = (facts: BackendFacts) => facts.nodes?.toSorted((a, b) => (a.name < b.name ? -1 : 1));
      expect(sorted(await read([old.url]))).toEqual(sorted(await read([client(0).url])));
      expect(old.refused()).toBeGreaterThan(0);
    } finally {
      old.stop();
    }
  });

  it('name an agent that has failed and a server that is down', SLOW, async () => {
    await register(client(1), 'stranded');
    await client(1).kill();
    await expect
      .poll(
        async () => {
          const facts = await read([client(0).url]);
          const member = facts.members?.find(({ name }) => name === 'client-1');
          return [member?.state, nodeOf(facts, 'client-1')?.alive];
        },
        { timeout: 30_000, interval: 300 },
      )
      .toEqual(['failed', false]);
    const facts = await read([client(1).url, client(0).url]);
    expect(facts.servers).toMatchObject([
      { problem: expect.stringContaining('ECONNREFUSED') as string, version: null, leader: null },
      { problem: null, canReadFromLeader: true },
    ]);
    expect(nodeOf(facts, 'client-1')).toMatchObject({ services: 1 });
    expect(facts.drift?.every(({ node }) => node === 'client-0')).toBe(true);
    await using handle = open([client(0).url]);
    const snapshot = await handle.operations.listAll({ signal });
    const found = run(orphanNode, anExamination([], { backend: 'consul', snapshot, facts }));
    expect(found).toMatchObject([
      {
        subject: { node: 'client-1' },
        fix: { commands: [expect.anything(), ['sdctl', 'deregister', 'stranded/stranded@client-1']] },
      },
    ]);
  });

  it('say so when there is no leader, in bounded time', SLOW, async () => {
    const [first, second] = cluster.servers;
    await Promise.all([first?.kill(), second?.kill()]);
    await expect
      .poll(async () => (await client(0).api('GET', '/v1/status/leader')).body, { timeout: 30_000 })
      .toBe('');
    const startedMs = performance.now();
    const facts = await read(cluster.urls);
    const tookMs = performance.now() - startedMs;
    console.log(`facts without a leader: ${tookMs.toFixed(0)} ms (limit 10000 ms)`);
    expect(tookMs).toBeLessThan(10_000);
    const answers = facts.servers.filter(({ problem }) => problem === null);
    expect(answers).toHaveLength(2);
    for (const server of answers) expect(server).toMatchObject({ leader: '', canReadFromLeader: false });
    expect(facts).toMatchObject({ nodes: null, drift: null, isHealthy: null, denied: [] });
    expect(facts.members).toHaveLength(5);
  });
});

/** Most connections that were open at a time. */
function peakOf(
  history: readonly { readonly openedAt: number; readonly closedAt?: number | undefined }[],
): number {
  const open = (atMs: number): number =>
    history.filter(({ openedAt, closedAt }) => openedAt <= atMs && (closedAt ?? Infinity) > atMs).length;
  return Math.max(0, ...history.map(({ openedAt }) => open(openedAt)));
}

/** An agent that answers 404 to all paths with that beginning. */
async function startWithout(
  start: string,
  target: string,
): Promise<{ readonly url: string; readonly refused: () => number; stop(): void }> {
  let refused = 0;
  const server = http.createServer((incoming, outgoing) => {
    const { url = '/', headers } = incoming;
    if (url.startsWith(start)) {
      refused += 1;
      outgoing.writeHead(404).end();
      return;
    }
    http.get(new URL(url, target), { headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    refused: () => refused,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe('facts of a Consul with access rules, default deny', () => {
  let consul: Consul;
  const createToken = async (rules: string): Promise<NonNullable<Connection['token']>> => {
    const name = `policy-${rules.length}`;
    expect((await consul.api('PUT', '/v1/acl/policy', { Name: name, Rules: rules })).status).toBe(200);
    const { body } = await consul.api('PUT', '/v1/acl/token', { Policies: [{ Name: name }] });
    const { SecretID: id } = body as { readonly SecretID: string };
    return { origin: 'test', read: () => id };
  };

  beforeAll(async () => {
    consul = await startConsul({ acl: 'deny' });
    for (const ID of ['web', 'hidden'])
      await consul.api('PUT', '/v1/agent/service/register', { ID, Name: ID, Port: 80 });
  });

  afterAll(async () => {
    await consul.stop();
  });

  it('name each call that is refused to nobody', async () => {
    const facts = await read([consul.url]);
    expect(facts.denied.map(({ call }) => call)).toEqual([
      'agent/members',
      'agent/self',
      'catalog/nodes',
      'operator/autopilot/health',
    ]);
    expect(facts).toMatchObject({
      members: null,
      nodes: null,
      isHealthy: null,
      drift: null,
      isFiltered: true,
    });
    expect(facts.servers).toMatchObject([{ problem: null, version: null, canReadFromLeader: true }]);
  });

  it('are whole for a role that only reads', async () => {
    const token = await createToken(
      'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" } agent_prefix "" { policy = "read" } operator = "read"',
    );
    const facts = await read([consul.url], { token });
    expect(facts).toMatchObject({ denied: [], drift: [], isFiltered: false });
    expect(nodeOf(facts, consul.nodeName)?.services).toBe(2);
    expect(JSON.stringify(facts)).not.toContain(token.read());
  });

  it('see a part with a token for a part, and do not take what is hidden for drift', async () => {
    const token = await createToken(
      'service "web" { policy = "read" } node_prefix "" { policy = "read" } agent_prefix "" { policy = "read" }',
    );
    const facts = await read([consul.url], { token });
    expect(facts).toMatchObject({ drift: [], isFiltered: true });
    expect(facts.denied.map(({ call }) => call)).toEqual(['operator/autopilot/health']);
    expect(nodeOf(facts, consul.nodeName)?.services).toBe(1);
    const noNodes = await createToken(
      'service_prefix "" { policy = "read" } agent_prefix "" { policy = "read" }',
    );
    const others = await read([consul.url], { token: noNodes });
    expect(others).toMatchObject({ nodes: null, drift: null, isFiltered: true });
  });

  it('with a token that Consul does not know are refused, and the token appears nowhere', async () => {
    const unknown = '11111111-2222-3333-4444-555555555555';
    const facts = await read([consul.url], { token: { origin: 'test', read: () => unknown } });
    expect(facts.servers).toMatchObject([{ problem: null, canReadFromLeader: null }]);
    expect(facts.denied.map(({ call }) => call)).toContain('catalog/services');
    expect(JSON.stringify(facts)).not.toContain(unknown);
  });
});
