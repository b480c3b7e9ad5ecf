/** What doctor says of registries that are well: nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aHealthyConsulFleet, registerFleet, untilJudged } from '../support/consul-fleet.js';
import { inShort, runDoctor, type DoctorRun } from '../support/doctor-runs.js';
import { aHealthyFleet, EtcdFleet } from '../support/etcd-fleet.js';
import {
  startConsul,
  startConsulCluster,
  startEtcd,
  startEtcdCluster,
  type ConsulCluster,
} from '../support/servers/index.js';
import type { EtcdCluster } from '../support/servers/etcd-cluster.js';
import { aSpec } from '../support/builders.js';

const SLOW = { timeout: 90_000 };
/** Rules that need what these runs do not do. */
const needsMore = (run: DoctorRun): readonly string[] =>
  run.outcomes
    .filter(({ status, reason }) => status === 'skip' && reason?.startsWith('needs ') === true)
    .map(({ rule }) => rule)
    .sort();

function expectNothing(run: DoctorRun): void {
  expect(inShort(run), run.said).toEqual([]);
  expect(run.idsOf('unknown')).toEqual([]);
  expect(run.code).toBe(0);
}

describe('three members of etcd with 200 instances of ten services', () => {
  let cluster: EtcdCluster;
  let fleet: EtcdFleet;
  const server = (): readonly string[] => [
    ...['--backend', 'etcd', '--prefix', '', '--fail-on', 'info'],
    ...['--server', cluster.urls.join(',')],
  ];

  beforeAll(async () => {
    cluster = await startEtcdCluster({ version: '3.5' });
    fleet = new EtcdFleet(cluster.urls);
    await fleet.registerAll(aHealthyFleet());
  });

  afterAll(async () => {
    fleet[Symbol.dispose]();
    await cluster.stop();
  });

  it('have no finding at one look', SLOW, async () => {
    const run = await runDoctor(server());
    expectNothing(run);
    expect(needsMore(run)).toEqual(['SD102', 'SD105', 'SD302', 'SD309']);
    expect(run.idsOf('pass')).toContain('SD501');
  });

  it('have none while they are observed', SLOW, async () => {
    const run = await runDoctor([...server(), '--observe', '6s']);
    expectNothing(run);
    expect(run.idsOf('pass')).toEqual(expect.arrayContaining(['SD102', 'SD105']));
  });

  it('have none in one of them', SLOW, async () => {
    for (const service of ['order', 'catalog', 'user.rpc'])
      expectNothing(await runDoctor([service, ...server()]));
  });
});

describe('three servers of Consul and four clients with 200 instances', () => {
  let cluster: ConsulCluster;
  const server = (): readonly string[] => [
    ...['--backend', 'consul', '--fail-on', 'info'],
    ...['--server', cluster.urls.join(',')],
  ];

  beforeAll(async () => {
    cluster = await startConsulCluster({ servers: 3, clients: 4, ownAddresses: true });
    await untilJudged(cluster.servers[0]);
  });

  afterAll(async () => {
    await cluster.stop();
  });

  it('have no finding at one look, nor while they are observed', SLOW, async () => {
    const lists = aHealthyConsulFleet(cluster.clients.length, '30s');
    await registerFleet(cluster.clients, lists);
    const run = await runDoctor(server());
    expectNothing(run);
    expect(needsMore(run)).toEqual(['SD102', 'SD105', 'SD302', 'SD309', 'SD401']);
    await registerFleet(cluster.clients, lists);
    const observed = await runDoctor([...server(), '--observe', '4s']);
    expectNothing(observed);
    expect(observed.idsOf('pass')).toEqual(expect.arrayContaining(['SD102', 'SD105', 'SD401']));
  });
});

describe('one server for development, with allowLoopback', () => {
  const settings = { allowLoopback: true };
  const places = [7_001, 7_002].map((port) => ({ address: '127.0.0.1', port }));

  it('is an information on etcd', SLOW, async () => {
    const etcd = await startEtcd({ version: '3.5' });
    using fleet = new EtcdFleet([etcd.url]);
    try {
      for (const place of places) {
        const endpoints = [{ protocol: 'http', ...place }];
        const spec = aSpec({ id: `order-${place.port}`, endpoints });
        await fleet.register({ layout: 'sdctl', spec, ttlSeconds: 3 });
      }
      const server = ['--backend', 'etcd', '--server', etcd.url];
      const run = await runDoctor(server, { settings });
      expect(inShort(run), run.said).toEqual([`SD501 info ${etcd.url}`]);
      expect(run.code).toBe(0);
      const strict = await runDoctor([...server, '--fail-on', 'info'], { settings });
      expect(strict.code).toBe(10);
      // Without it there is much to say.
      const others = await runDoctor(server);
      expect(new Set(others.findings.map(({ rule }) => rule))).toEqual(new Set(['SD104', 'SD203', 'SD501']));
      expect(others.code).toBe(10);
    } finally {
      await etcd.stop();
    }
  });

  it('is an information on Consul', SLOW, async () => {
    const consul = await startConsul({ dev: true });
    try {
      await untilJudged(consul);
      const list = places.map(({ address, port }) => ({
        ...{ id: `order-${port}`, name: 'order', ttl: '30s' },
        ...{ address, port },
      }));
      await registerFleet([consul], [list]);
      const server = ['--backend', 'consul', '--server', consul.url];
      const run = await runDoctor(server, { settings });
      expect(inShort(run), run.said).toEqual([`SD501 info ${consul.url}`]);
      expect(run.code).toBe(0);
      const others = await runDoctor(server);
      expect(inShort(others)).toEqual(
        expect.arrayContaining(['SD203 error order/order-7001', 'SD203 error order/order-7002']),
      );
    } finally {
      await consul.stop();
    }
  });
});
