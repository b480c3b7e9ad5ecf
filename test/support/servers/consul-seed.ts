/** Putting many services into Consul quickly, over few connections. */
import http from 'node:http';
import https from 'node:https';
import type { ConsulApi } from './consul-api.js';

/** An agent refuses more than 200 connections of one client; the tests stay far below. */
const CONNECTIONS = 8;
/** Operations that Consul accepts in one transaction. */
const TXN_OPERATIONS = 64;

export interface SeedService {
  readonly id: string;
  readonly name: string;
  readonly address?: string;
  readonly port?: number;
  readonly tags?: readonly string[];
  readonly meta?: Readonly<Record<string, string>>;
  /** With a TTL check of that time, passing; only `into: 'agent'`. */
  readonly ttl?: string;
}

/**
 * Where the services come to be: `agent` registers with the agent, as applications do, and they survive; `catalog`
 * is much faster and puts them on an external node, which no agent's synchronisation removes them from.
 */
export interface SeedConsulOptions {
  readonly into?: 'agent' | 'catalog';
  /** The external node of `catalog`. */
  readonly node?: string;
}

/** Registers all services and returns how many there were. */
export async function seedConsul(
  consul: ConsulApi,
  services: readonly SeedService[],
  options: SeedConsulOptions = {},
): Promise<number> {
  const kept = { keepAlive: true, maxSockets: CONNECTIONS };
  const agent = consul.url.startsWith('https') ? new https.Agent(kept) : new http.Agent(kept);
  const send = async (path: string, body: unknown): Promise<void> => {
    const answer = await consul.api('PUT', path, body, { agent, timeoutMs: 30_000 });
    if (answer.status !== 200)
      throw new Error(`${path}: ${String(answer.status)} ${JSON.stringify(answer.body)}`);
  };
  try {
    if (options.into === 'catalog') await seedCatalog(send, services, options.node ?? 'seeded');
    else await each(services, async (service) => send('/v1/agent/service/register', agentService(service)));
  } finally {
    agent.destroy();
  }
  return services.length;
}

async function seedCatalog(
  send: (path: string, body: unknown) => Promise<void>,
  services: readonly SeedService[],
  node: string,
): Promise<void> {
  await send('/v1/catalog/register', {
    Node: node,
    Address: '127.0.0.1',
    NodeMeta: { 'external-node': 'true' },
  });
  const batches: unknown[][] = [];
  for (let start = 0; start < services.length; start += TXN_OPERATIONS) {
    const part = services.slice(start, start + TXN_OPERATIONS);
    batches.push(
      part.map((service) => ({ Service: { Verb: 'set', Node: node, Service: catalogService(service) } })),
    );
  }
  await each(batches, async (batch) => send('/v1/txn', batch));
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
}

function agentService(service: SeedService): Record<string, unknown> {
  return {
    ID: service.id,
    Name: service.name,
    Address: service.address ?? '127.0.0.1',
    Port: service.port ?? 8080,
    Tags: service.tags ?? [],
    Meta: service.meta ?? {},
    ...(service.ttl === undefined ? {} : { Check: { TTL: service.ttl, Status: 'passing' } }),
  };
}

/** The transaction endpoint calls the name of a service `Service`, unlike the agent's. */
function catalogService(service: SeedService): Record<string, unknown> {
  const { Name, ...rest } = agentService(service);
  return { ...rest, Service: Name };
}
