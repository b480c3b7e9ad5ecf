/** What doctor finds while real processes and servers fail. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBinary, type Binary } from '../support/binary.js';
import { aSpec } from '../support/builders.js';
import { untilJudged } from '../support/consul-fleet.js';
import { inShort, runDoctor, type DoctorRun } from '../support/doctor-runs.js';
import { EtcdFleet } from '../support/etcd-fleet.js';
import {
  enableAuth,
  freePort,
  startConsul,
  startConsulCluster,
  startEtcd,
  startEtcdCluster,
  type Consul,
  type ConsulCluster,
  type Etcd,
} from '../support/servers/index.js';

const SLOW = { timeout: 90_000 };
/** In every run on a single server, and of no interest here. */
const ALONE = ['--skip', 'SD501'];

async function register(args: readonly string[], server: readonly string[]): Promise<Binary> {
  const registering = startBinary(['register', 'order', ...args, ...server, '-o', 'jsonl']);
  await registering.line('registered', 10_000);
  return registering;
}

function reasonOf(run: DoctorRun, id: string): string | null | undefined {
  return run.outcomes.find(({ rule }) => rule === id)?.reason;
}

describe('one etcd', () => {
  let etcd: Etcd;
  const server = (): readonly string[] => ['--backend', 'etcd', '--server', etcd.url];

  beforeAll(async () => {
    etcd = await startEtcd({ version: '3.5', quotaBytes: 2 * 1024 * 1024 });
  });

  afterAll(async () => {
    await etcd.stop();
  });

  it('shows processes that stand still as late, and those beside them as well', SLOW, async () => {
    const args = (id: string, ttl: string, host: number) => [
      ...['--id', id, '--ttl', ttl, '--endpoint', `http://10.0.0.${host}:80`],
    ];
    await using lost = await register(args('lost', '6s', 1), server());
    await using late = await register(args('late', '14s', 2), server());
    await using well = await register(args('well', '6s', 3), server());
    for (const one of [lost, late]) one.signal('SIGSTOP');
    const run = await runDoctor([...server(), ...ALONE, '--observe', '10s']);
    expect(inShort(run), run.said).toEqual(['SD105 error order/lost', 'SD105 warning order/late']);
    expect(run.code).toBe(10);
    for (const one of [lost, late]) one.signal('SIGCONT');
    for (const one of [lost, late, well]) {
      one.signal('SIGTERM');
      await one.exit(10_000);
    }
  });

  it('with its database full is one alarm, and what is registered is judged all the same', SLOW, async () => {
    using fleet = new EtcdFleet([etcd.url]);
    await fleet.register({ layout: 'sdctl', spec: aSpec({ id: 'kept' }), ttlSeconds: 30 });
    const value = 'x'.repeat(120_000);
    for (let isFull = false; !isFull;) {
      isFull = await etcd.put('/fill', value).then(
        () => false,
        (error: unknown) => String(error).includes('space exceeded'),
      );
    }
    const run = await runDoctor([...server(), ...ALONE]);
    expect(inShort(run), run.said).toEqual([`SD002 error ${etcd.url}`]);
    expect(run.code).toBe(10);
    expect(run.idsOf('pass')).toContain('SD101');
  });
});

describe('a user of etcd that may read the services alone', () => {
  let etcd: Etcd;
  const server = (): readonly string[] => [
    ...['--backend', 'etcd', '--server', etcd.url, '--username', 'app', ...ALONE],
  ];
  const env = { SDCTL_PASSWORD: 'app-pw-8f2c' };

  beforeAll(async () => {
    etcd = await startEtcd({ version: '3.5' });
    using fleet = new EtcdFleet([etcd.url]);
    for (const host of [1, 2]) {
      const endpoints = [{ protocol: 'http', address: `10.0.0.${host}`, port: 80 }];
      await fleet.register({ layout: 'sdctl', spec: aSpec({ id: `i-${host}`, endpoints }), ttlSeconds: 600 });
    }
    // What hangs on this lease is none of its business, so that it may not list the leases.
    await fleet.put('/locks/job', 'held', await fleet.grantOnce(600));
    const grants = [{ permission: 'read', key: '/services/', prefix: true }] as const;
    const users = [{ name: 'app', password: env.SDCTL_PASSWORD, grants }];
    await enableAuth(etcd, { rootPassword: 'root-pw', users });
  });

  afterAll(async () => {
    await etcd.stop();
  });

  it('is told what it does not see, and that is no failure', SLOW, async () => {
    const run = await runDoctor(server(), { env });
    expect(inShort(run), run.said).toEqual([
      'SD004 warning the registry',
      'SD103 warning order/i-1',
      'SD103 warning order/i-2',
    ]);
    expect(run.code).toBe(0);
    expect(run.said).not.toMatch(/app-pw-8f2c|root-pw/);
    const strict = await runDoctor([...server(), '--fail-on', 'warning'], { env });
    expect(strict.code).toBe(10);
  });

  it('leaves unknown what cannot be decided', SLOW, async () => {
    const run = await runDoctor([...server(), '--observe', '4s'], { env });
    console.log(`unknown: ${run.idsOf('unknown').join(', ')}`);
    expect(run.idsOf('unknown')).toEqual(['SD102']);
    expect(run.code).toBe(0);
  });

  it('cannot look at all where it may read no service', SLOW, async () => {
    const run = await runDoctor([...server(), '--prefix', '/microservices/'], { env });
    expect(run.code).toBe(5);
    expect(run.findings).toEqual([]);
  });
});

describe('servers that are away', () => {
  it('are 4, as all commands have it', SLOW, async () => {
    const port = await freePort();
    for (const backend of ['etcd', 'consul']) {
      const server = ['--backend', backend, '--server', `http://127.0.0.1:${port}`];
      const run = await runDoctor(server);
      expect(run.code, run.said).toBe(4);
      expect(run.findings).toEqual([]);
    }
  });

  it('are 4 without a majority, because nothing can be read for certain', SLOW, async () => {
    const cluster = await startEtcdCluster({ version: '3.5' });
    try {
      const server = ['--backend', 'etcd', '--server', cluster.urls.join(','), '--timeout', '5s'];
      const [one, ...others] = await cluster.followers();
      await one?.kill();
      const still = await runDoctor(server);
      expect(inShort(still), still.said).toEqual([]);
      expect(still.code).toBe(0);
      await Promise.all(others.map(async (member) => member.kill()));
      const run = await runDoctor(server);
      expect(run.code, run.said).toBe(4);
    } finally {
      await cluster.stop();
    }
  });
});

describe('three servers of Consul and two clients', () => {
  let cluster: ConsulCluster;
  const client = (at: number): Consul => {
    const agent = cluster.clients[at];
    if (agent === undefined) throw new Error('no such agent');
    return agent;
  };
  const serverOf = (agent: Consul): readonly string[] => ['--backend', 'consul', '--server', agent.url];
  const put = async (agent: Consul, id: string, name = 'order'): Promise<void> => {
    const Check = { TTL: '600s', Status: 'passing' };
    const service = { ID: id, Name: name, Address: `10.0.1.${id.length}`, Port: 80, Check };
    expect((await agent.api('PUT', '/v1/agent/service/register', service)).status).toBe(200);
    await expect
      .poll(async () => (await agent.api('GET', `/v1/health/service/${name}`)).body)
      .toEqual(
        expect.arrayContaining([
          expect.objectContaining({ Service: expect.objectContaining({ ID: id }) as unknown }),
        ]),
      );
  };

  beforeAll(async () => {
    cluster = await startConsulCluster({ servers: 3, clients: 2, ownAddresses: true });
    await untilJudged(cluster.servers[0]);
  });

  afterAll(async () => {
    await cluster.stop();
  });

  it('show a TTL check that nobody passes any more', SLOW, async () => {
    const args = (id: string, host: number) => [
      ...['--id', id, '--ttl', '5s', '--endpoint', `http://10.0.0.${host}:80`],
    ];
    await using killed = await register(args('killed', 1), serverOf(client(0)));
    await using well = await register(args('well', 2), serverOf(client(1)));
    expect(inShort(await runDoctor(serverOf(client(0))))).toEqual([]);
    await killed.kill();
    const observed = await runDoctor([...serverOf(client(0)), '--observe', '10s']);
    expect(inShort(observed), observed.said).toEqual(['SD105 error order/killed']);
    const run = await runDoctor(serverOf(client(0)));
    expect(inShort(run), run.said).toEqual(['SD304 error order/killed']);
    expect(run.code).toBe(10);
    well.signal('SIGTERM');
    await well.exit(10_000);
    await client(0).api('PUT', '/v1/agent/service/deregister/killed');
  });

  it('show an agent that the catalog contradicts, until it has mended that', SLOW, async () => {
    const agent = client(0);
    await put(agent, 'mine');
    await put(client(1), 'others');
    const base = { Node: agent.nodeName };
    await agent.api('PUT', '/v1/catalog/deregister', { ...base, ServiceID: 'mine' });
    const settings = { thresholds: { syncPeriodSeconds: 3 } };
    const run = await runDoctor([...serverOf(agent), '--observe', '5s'], { settings });
    expect(inShort(run), run.said).toEqual(['SD401 error order/mine']);
    // For less than a period it may be on its way.
    const short = await runDoctor([...serverOf(agent), '--observe', '3s']);
    expect(inShort(short), short.said).toEqual([]);
    expect(short.idsOf('unknown')).toEqual(['SD401']);
    expect(reasonOf(short, 'SD401')).toContain('--observe 2m');
    expect(short.code).toBe(0);
    await put(agent, 'mine');
    const mended = await runDoctor([...serverOf(agent), '--observe', '5s'], { settings });
    expect(inShort(mended), mended.said).toEqual([]);
    for (const [one, id] of [
      [agent, 'mine'],
      [client(1), 'others'],
    ] as const)
      await one.api('PUT', `/v1/agent/service/deregister/${id}`);
  });

  it('show a node that has failed as one fault, whatever stood on it', SLOW, async () => {
    for (const id of ['a', 'bb', 'ccc']) await put(client(1), id, 'stranded');
    await put(client(0), 'dddd');
    await client(1).kill();
    const failed = async (): Promise<string> =>
      JSON.stringify((await client(0).api('GET', '/v1/health/node/client-1')).body);
    await expect.poll(failed, { timeout: 40_000, interval: 300 }).toMatch(/serfHealth.*critical/);
    const run = await runDoctor(serverOf(client(0)));
    expect(inShort(run), run.said).toEqual(['SD403 error client-1']);
    expect(run.code).toBe(10);
  });

  it('show a server that is missing', SLOW, async () => {
    await cluster.servers[0]?.kill();
    // The leader misses it before its neighbours have given it up.
    const states = async (): Promise<readonly unknown[]> => {
      const health = await client(0).api('GET', '/v1/operator/autopilot/health');
      const { body } = await client(0).api('GET', '/v1/agent/members');
      const members = body as readonly { readonly Name: string; readonly Status: number }[];
      return [health.status, members.find(({ Name }) => Name === 'server-0')?.Status];
    };
    await expect.poll(states, { timeout: 40_000, interval: 300 }).toEqual([429, 4]);
    const run = await runDoctor([...serverOf(client(0)), '--only', 'backend,SD501']);
    expect(inShort(run), run.said).toEqual(['SD002 error server-0']);
  });
});

it('a Consul alone that is stopped is 4, and started again is well', SLOW, async () => {
  const consul = await startConsul();
  try {
    const server = ['--backend', 'consul', '--server', consul.url, ...ALONE];
    await consul.kill();
    expect((await runDoctor(server)).code).toBe(4);
    await consul.start();
    // A leader that was just elected has not judged the servers yet.
    const run = await runDoctor(server);
    expect(inShort(run), run.said).toEqual([]);
    expect(run.code).toBe(0);
  } finally {
    await consul.stop();
  }
});
