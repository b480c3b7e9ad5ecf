/** Registrations at several agents of one Consul, in zones of their own. */
import { vi } from 'vitest';
import type { ConsulApi } from './servers/consul-api.js';
import type { SeedService } from './servers/consul-seed.js';
import { seedConsul, type Consul } from './servers/index.js';

const services = ['order', 'order-admin', 'pay', 'catalog', 'search', 'mail', 'ledger', 'report'] as const;

/** 200 instances of eight services; one list for each agent. */
export function aHealthyConsulFleet(agents: number, ttl: string): readonly (readonly SeedService[])[] {
  const lists = Array.from({ length: agents }, (): SeedService[] => []);
  for (let index = 0; index < 200; index += 1) {
    const at = Math.floor(index / services.length) % agents;
    const name = services[index % services.length] ?? 'order';
    const address = `10.${at + 1}.0.${index + 1}`;
    lists[at]?.push({ id: `${name}-${index}`, name, address, meta: { zone: zoneOf(at) }, ttl });
  }
  return lists;
}

function zoneOf(agent: number): string {
  return 'abc'[agent % 3] ?? 'a';
}

/** Registers at each agent its list, and waits until the catalog has them all. */
export async function registerFleet(
  agents: readonly Consul[],
  lists: readonly (readonly SeedService[])[],
): Promise<void> {
  await Promise.all(agents.map(async (agent, at) => seedConsul(agent, lists[at] ?? [])));
  await Promise.all(
    agents.map(async (agent, at) =>
      inCatalog(
        agent,
        agent.nodeName,
        (lists[at] ?? []).map(({ id }) => id),
      ),
    ),
  );
}

/** Waits until the catalog has all these of a node, and their checks pass. */
async function inCatalog(api: ConsulApi, node: string, ids: readonly string[]): Promise<void> {
  await vi.waitFor(
    async () => {
      const { body } = await api.api('GET', `/v1/health/node/${node}`);
      const passing = new Set(
        (body as readonly { readonly ServiceID: string; readonly Status: string }[])
          .filter(({ Status }) => Status === 'passing')
          .map(({ ServiceID }) => ServiceID),
      );
      const missing = ids.filter((id) => !passing.has(id));
      if (missing.length > 0) throw new Error(`not in the catalog of ${node}: ${missing.join(', ')}`);
    },
    { timeout: 30_000, interval: 100 },
  );
}

/** Waits until the leader has looked at the servers for the first time: before that it does not call them healthy. */
export async function untilJudged(api: ConsulApi | undefined): Promise<void> {
  await vi.waitFor(
    async () => {
      const answer = await api?.api('GET', '/v1/operator/autopilot/health');
      if (answer?.status !== 200) throw new Error('the servers of Consul are not healthy');
    },
    { timeout: 20_000, interval: 200 },
  );
}
