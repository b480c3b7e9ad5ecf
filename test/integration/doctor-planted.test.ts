/** Twenty faults of twenty kinds in registries that are well otherwise: each is found once, and nothing else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aSpec } from '../support/builders.js';
import { aHealthyConsulFleet, registerFleet, untilJudged } from '../support/consul-fleet.js';
import { fileOf, inShort, runDoctor } from '../support/doctor-runs.js';
import { aHealthyFleet, EtcdFleet } from '../support/etcd-fleet.js';
import type { EtcdCluster } from '../support/servers/etcd-cluster.js';
import { makeTempDir } from '../support/servers/lifetime.js';
import {
  startConsulCluster,
  startEtcdCluster,
  type Consul,
  type ConsulCluster,
} from '../support/servers/index.js';

const SLOW = { timeout: 120_000 };
const http = (address: string, port = 8_080) => [{ protocol: 'http', address, port }];

describe('eleven faults on etcd', () => {
  let cluster: EtcdCluster;
  let fleet: EtcdFleet;
  let emptyLease: string;
  const server = (): readonly string[] => [
    ...['--backend', 'etcd', '--prefix', '', '--observe', '9s'],
    ...['--server', cluster.urls.join(',')],
  ];

  /** An instance of a service that is well, with a lease that is renewed unless told otherwise. */
  async function register(id: string, address: string, ttlSeconds = 30, lease?: string): Promise<void> {
    const spec = aSpec({ id, endpoints: http(address), zone: 'a' });
    await fleet.register({ layout: 'sdctl', spec, ttlSeconds }, lease);
  }

  beforeAll(async () => {
    cluster = await startEtcdCluster({ version: '3.5' });
    fleet = new EtcdFleet(cluster.urls);
    await fleet.registerAll(aHealthyFleet());
  });

  afterAll(async () => {
    fleet[Symbol.dispose]();
    await cluster.stop();
  });

  async function plant(): Promise<void> {
    const lease = await fleet.grant(30);
    await register('without-lease', '10.9.0.1', 30, '0');
    emptyLease = BigInt(await fleet.grant(6))
      .toString(16)
      .padStart(16, '0');
    await register('long', '10.9.0.3', 900);
    await register('short', '10.9.0.4', 4);
    await fleet.put('/services/order/broken', 'neither JSON nor an address', lease);
    const kratos = {
      id: 'i-2',
      name: 'catalog',
      endpoints: ['grpc://10.9.0.6:9000'],
      metadata: { zone: 'a' },
    };
    await fleet.put('/microservices/catalog/i-1', JSON.stringify(kratos), lease);
    await register('nowhere', '0.0.0.0');
    for (const id of ['first', 'second']) await register(id, '10.9.0.8');
    for (const host of [1, 2]) {
      const spec = aSpec({ service: 'moving', id: `m-${host}`, endpoints: http(`10.9.1.${host}`) });
      await fleet.register({ layout: 'sdctl', spec, ttlSeconds: 30 });
    }
    for (const host of [1, 3]) {
      const spec = aSpec({ service: 'moving', id: `m-${host}`, endpoints: http(`10.9.1.${host}`) });
      await fleet.register({ layout: 'kratos', spec, ttlSeconds: 30 });
    }
    await fleet.put('/dubbo/com.example.Gone/providers', '');
    // The last one, because it has six seconds.
    await register('stopped', '10.9.0.5', 6, await fleet.grantOnce(6));
  }

  it('are eleven findings', SLOW, async () => {
    await plant();
    const run = await runDoctor(server());
    expect(inShort(run), run.said).toEqual([
      'SD101 warning order/without-lease',
      `SD102 warning ${emptyLease}`,
      'SD103 warning order/long',
      'SD104 warning order/short',
      'SD105 error order/stopped',
      'SD201 warning /services/order/broken',
      'SD202 error catalog/i-2',
      'SD203 error order/nowhere',
      'SD204 warning order/first',
      'SD207 warning moving',
      'SD212 info /dubbo/com.example.Gone',
    ]);
    expect(run.idsOf('unknown')).toEqual([]);
    expect(run.code).toBe(10);
  });
});

describe('nine faults on Consul', () => {
  let cluster: ConsulCluster;
  const home = makeTempDir('home');
  const inventory = fileOf('services.yaml', { services: { report: { min: 2, max: 10 } } });
  const settings = {
    thresholds: {
      ...{ criticalWarningSeconds: 1, criticalErrorSeconds: 3_600 },
      ...{ maintenanceWarningSeconds: 1, maintenanceErrorSeconds: 3_600 },
    },
  };
  const server = (): readonly string[] => [
    ...['--backend', 'consul', '--inventory', inventory],
    ...['--server', cluster.urls.join(',')],
  ];
  const client = (at: number): Consul => {
    const agent = cluster.clients[at];
    if (agent === undefined) throw new Error('no such agent');
    return agent;
  };

  interface Registered {
    readonly id: string;
    readonly name?: string;
    readonly address: string;
    readonly port?: number;
    /** Absent: a check that passes for ten minutes. */
    readonly check?: object | null;
  }

  async function register(at: number, { id, name = 'order', address, port = 80, check }: Registered) {
    const own = check === undefined ? { TTL: '600s', Status: 'passing' } : check;
    const service = { ID: id, Name: name, Address: address, Port: port, Check: own ?? undefined };
    expect((await client(at).api('PUT', '/v1/agent/service/register', service)).status).toBe(200);
  }

  beforeAll(async () => {
    cluster = await startConsulCluster({ servers: 3, clients: 4, ownAddresses: true });
    await untilJudged(cluster.servers[0]);
    await registerFleet(cluster.clients, aHealthyConsulFleet(cluster.clients.length, '600s'));
  });

  afterAll(async () => {
    await cluster.stop();
  });

  async function plant(): Promise<void> {
    const ill = { TTL: '600s', Status: 'critical' };
    for (const at of [0, 1]) await register(at, { id: 'moved', address: '10.9.0.1' });
    for (const at of [0, 1])
      await register(at, { id: `down-${at}`, name: 'billing', address: `10.9.1.${at}`, check: ill });
    await register(0, { id: 'ill', address: '10.9.0.3', check: ill });
    await register(1, { id: 'expired', address: '10.9.0.4', check: { TTL: '1s', Status: 'passing' } });
    await register(2, { id: 'unchecked', address: '10.9.0.5', check: null });
    await register(3, { id: 'out', address: '10.9.0.6' });
    await client(3).api('PUT', '/v1/agent/service/maintenance/out?enable=true&reason=new%20disk');
    const Service = { ID: 'stranded', Service: 'order', Address: '10.9.0.7', Port: 80 };
    const Check = { CheckID: 'service:stranded', ServiceID: 'stranded', Name: 'x', Status: 'passing' };
    const node = { Node: 'forgotten', Address: '10.9.0.7' };
    expect((await client(0).api('PUT', '/v1/catalog/register', { ...node, Service, Check })).status).toBe(
      200,
    );
    for (const id of ['s-1', 's-2'])
      await register(2, { id, name: 'single', address: `10.9.2.${id.slice(2)}` });
    const states = async (): Promise<readonly unknown[]> => {
      const { body } = await client(0).api('GET', '/v1/health/checks/order');
      return (body as readonly { readonly ServiceID: string; readonly Status: string }[])
        .filter(({ Status }) => Status === 'critical')
        .map(({ ServiceID }) => ServiceID)
        .sort();
    };
    await expect.poll(states, { timeout: 20_000 }).toEqual(['expired', 'ill', 'out']);
  }

  it('are nine findings, two of which need a second run', SLOW, async () => {
    await plant();
    const first = await runDoctor(server(), { settings, home });
    const atOnce = [
      'SD206 error order/moved',
      'SD301 error billing',
      'SD304 error order/expired',
      'SD305 warning order/unchecked',
      'SD309 warning report',
      'SD403 error forgotten',
      'SD501 warning single',
    ];
    expect(inShort(first), first.said).toEqual(atOnce);
    // What was seen for over a second is too long here.
    await expect
      .poll(async () => inShort(await runDoctor(server(), { settings, home })), {
        timeout: 30_000,
        interval: 500,
      })
      .toEqual([...atOnce, 'SD303 warning order/ill', 'SD307 warning order/out'].sort());
  });
});
