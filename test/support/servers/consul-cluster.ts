/** Consul servers and client agents that form one datacenter. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Consul, type ConsulOptions, prepareConsul } from './consul.js';
import { freePort } from './ports.js';

export interface ConsulClusterOptions {
  readonly servers: number;
  /** Default 0. */
  readonly clients?: number;
  /**
   * Each agent has a loopback address of its own, from 127.0.0.1 on, and all have one HTTP port, as on hosts of their
   * own. Otherwise all have one address, and ports of their own.
   */
  readonly ownAddresses?: boolean;
  /** For all agents. */
  readonly agent?: Omit<
    ConsulOptions,
    'dev' | 'server' | 'dataDir' | 'join' | 'nodeName' | 'bootstrapExpect' | 'httpPort'
  >;
}

export interface ConsulCluster {
  readonly servers: readonly Consul[];
  readonly clients: readonly Consul[];
  readonly urls: readonly string[];
  /** The server that leads now; waits for an election that is under way. */
  leader(): Promise<Consul>;
  stop(): Promise<void>;
}

/** Starts all agents and waits until each of them can read the catalog, is in it, and is watched by the leader. */
export async function startConsulCluster(options: ConsulClusterOptions): Promise<ConsulCluster> {
  const servers: Consul[] = [];
  const clients: Consul[] = [];
  // One token for all: the first leader makes it, and every other agent has to present the same.
  const shared = { masterToken: randomUUID(), ...options.agent };
  const httpPort = options.ownAddresses === true ? await freePort() : 0;
  const place = (): Pick<ConsulOptions, 'bindAddress' | 'httpPort'> =>
    httpPort === 0 ? {} : { bindAddress: `127.0.0.${String(all().length + 1)}`, httpPort };
  const all = (): readonly Consul[] => [...servers, ...clients];
  const stop = async (): Promise<void> => {
    await Promise.all(all().map(async (agent) => agent.stop()));
  };
  for (let index = 0; index < options.servers; index += 1) {
    const first = servers[0];
    const join = first === undefined ? {} : { join: [first.serfAddress] };
    servers.push(
      await prepareConsul({
        ...shared,
        ...place(),
        ...join,
        nodeName: `server-${String(index)}`,
        bootstrapExpect: options.servers,
      }),
    );
  }
  const join = servers.map((server) => server.serfAddress);
  for (let index = 0; index < (options.clients ?? 0); index += 1) {
    clients.push(
      await prepareConsul({
        ...shared,
        ...place(),
        server: false,
        join,
        nodeName: `client-${String(index)}`,
      }),
    );
  }
  try {
    await Promise.all(all().map(async (agent) => agent.start()));
    await Promise.all(all().map(async (agent) => untilWatched(agent)));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    servers,
    clients,
    urls: all().map((agent) => agent.url),
    leader: async () => findLeader(servers),
    stop,
  };
}

/** An agent may be in the catalog before the leader has added its health: until then it looks like an external node. */
async function untilWatched(agent: Consul): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (Date.now() < deadline) {
    const { body } = await agent.api('GET', `/v1/health/node/${agent.nodeName}`);
    const checks = (Array.isArray(body) ? body : []) as readonly { readonly CheckID?: string }[];
    if (checks.some(({ CheckID }) => CheckID === 'serfHealth')) return;
    await sleep(20);
  }
  throw new Error(`the Consul servers do not watch ${agent.nodeName}`);
}

async function findLeader(servers: readonly Consul[]): Promise<Consul> {
  const deadline = Date.now() + 15_000;
  while (Date.now() < deadline) {
    for (const server of servers.filter((candidate) => candidate.running && !candidate.frozen)) {
      const answer = await server.api('GET', '/v1/status/leader').catch(() => undefined);
      // A follower may name a leader that has just died, so the one named has to be running.
      const leader = servers.find((candidate) => candidate.raftAddress === answer?.body);
      if (leader?.running === true && !leader.frozen) return leader;
    }
    await sleep(100);
  }
  throw new Error('the Consul servers have no leader');
}
