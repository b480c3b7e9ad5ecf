/** Entries whose ids Consul's HTTP interface cannot be asked for: its reaper takes them, after a minute and a half. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { openConsul } from '../../src/lib/registry/consul/open-consul.js';
import type { RegistryHandle } from '../../src/lib/registry/types.js';
import { aConnection, testDeps, uniqueName } from '../support/builders.js';
import { type Consul, type ConsulCluster, startConsulCluster } from '../support/servers/index.js';

const SLOW = { timeout: 300_000 };
const signal = new AbortController().signal;

describe.concurrent('consul, ids that no path can hold', () => {
  let cluster: ConsulCluster;
  let owner: Consul;
  let handle: RegistryHandle;

  beforeAll(async () => {
    cluster = await startConsulCluster({ servers: 1, clients: 1, ownAddresses: true });
    const [client] = cluster.clients;
    if (client === undefined) throw new Error('no client');
    owner = client;
    handle = openConsul(
      aConnection({ backend: 'consul', servers: [...cluster.urls.slice(0, 1)] }),
      testDeps(),
    );
  });

  afterAll(async () => {
    await handle[Symbol.asyncDispose]();
    await cluster.stop();
  });

  it.for(['a//b', 'a/../b', 'line\nbreak'])(
    '%j is gone within two minutes, and stays so',
    SLOW,
    async (id, { expect }) => {
      const service = uniqueName('odd');
      const check = { CheckID: `beat:${id}`, TTL: '10m', Status: 'passing' };
      const registered = await owner.api('PUT', '/v1/agent/service/register', {
        ID: id,
        Name: service,
        Check: check,
      });
      expect(registered.status).toBe(200);
      // What is measured is what Consul cannot do.
      const direct = await owner.api('PUT', `/v1/agent/service/deregister/${encodeURIComponent(id)}`);
      expect([301, 400]).toContain(direct.status);
      const list = async (): Promise<readonly { readonly id: string }[]> =>
        (await handle.registry.list(service, { signal })).instances;
      await expect.poll(list, { timeout: 5_000 }).toHaveLength(1);
      const [instance] = (await handle.registry.list(service, { signal })).instances;
      if (instance === undefined) throw new Error('not there');
      const planned = await handle.operations.planRemoval(instance, { signal });
      expect(planned).toMatchObject({ method: 'replace', at: owner.url });
      const startedMs = performance.now();
      expect(await handle.operations.remove(planned, { signal })).toBe('removed');
      const tookMs = performance.now() - startedMs;
      console.log(
        `${JSON.stringify(id)} gone after ${(tookMs / 1_000).toFixed(1)} s (limit ${planned.takesMs / 1_000} s)`,
      );
      expect(tookMs).toBeLessThan(planned.takesMs);
      const { body } = await owner.api('GET', '/v1/agent/services');
      expect(Object.keys(body as object)).not.toContain(id);
      await sleep(5_000);
      expect(await list()).toEqual([]);
    },
  );
});
