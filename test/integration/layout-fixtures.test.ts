import { Etcd3 } from 'etcd3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runBinary } from '../support/binary.js';
import {
  expectItem,
  expectSkipped,
  fixtureBytes,
  fixturesOf,
  type Fixture,
  type Json,
} from '../support/layout-fixtures.js';
import { type Consul, type Etcd, startConsul, startEtcd } from '../support/servers/index.js';

interface ListDocument {
  readonly items: readonly Json[];
  readonly undecoded: readonly Json[];
  readonly skipped: readonly Json[];
}

async function list(args: readonly string[]): Promise<ListDocument> {
  const run = await runBinary(['list', ...args, '-o', 'json']);
  expect(run.stderr).not.toContain('Error');
  return JSON.parse(run.stdout) as ListDocument;
}

describe.each(['3.4', '3.5'] as const)('on etcd %s, alone in the store,', (version) => {
  let etcd: Etcd;
  let client: Etcd3;

  beforeAll(async () => {
    etcd = await startEtcd({ version });
    client = new Etcd3({ hosts: etcd.url });
  });
  afterAll(async () => {
    client.close();
    await etcd.stop();
  });

  async function put(fixture: Fixture): Promise<string> {
    await client.delete().all();
    if (fixture.ttlSeconds === 0) {
      await client.put(fixture.key).value(fixtureBytes(fixture));
      return '0';
    }
    const { ID } = await client.leaseClient.leaseGrant({
      ID: fixture.leaseId ?? '0',
      TTL: fixture.ttlSeconds ?? 60,
    });
    await client.put(fixture.key).value(fixtureBytes(fixture)).lease(ID);
    return ID;
  }

  it.each(
    fixturesOf('etcd').map((fixture) => [`${fixture.layout} ${fixture.key.slice(0, 80)}`, fixture] as const),
  )('%s', async (_name, fixture) => {
    const lease = await put(fixture);
    try {
      const server = ['--backend', 'etcd', '--server', etcd.url, '--prefix', ''];
      const { skip, service } = fixture.expect;
      if (skip === true) {
        const { items, undecoded, skipped } = await list(server);
        expect([items, undecoded]).toEqual([[], []]);
        expectSkipped(skipped, fixture);
        return;
      }
      const { items, undecoded, skipped } = await list([String(service), ...server]);
      expect([undecoded, skipped]).toEqual([[], []]);
      expect(items).toHaveLength(1);
      expectItem(items[0] ?? {}, fixture, lease !== '0');
      expect(items[0]).toMatchObject({ key: fixture.key });
      if (lease !== '0') expect(items[0]).toMatchObject({ lease: { idDecimal: lease } });
    } finally {
      if (lease !== '0') await client.leaseClient.leaseRevoke({ ID: lease });
    }
  });
});

describe('on Consul, alone on its node,', () => {
  let consul: Consul;

  beforeAll(async () => {
    consul = await startConsul();
  });
  afterAll(async () => {
    await consul.stop();
  });

  it.each(fixturesOf('consul').map((fixture) => [`${fixture.layout} ${fixture.key}`, fixture] as const))(
    '%s',
    async (_name, fixture) => {
      const record = JSON.parse(fixture.value) as { Node: Json; Service: Json; Checks: readonly Json[] };
      const { Node, Address, Meta } = record.Node as { Node: string; Address: string; Meta: Json };
      const proxy =
        record.Service['Kind'] === 'connect-proxy' ? { Proxy: { DestinationServiceName: 'order' } } : {};
      const checks = record.Checks.map(({ Interval: _interval, Timeout: _timeout, ...check }) => check);
      const body = {
        Node,
        Address,
        NodeMeta: Meta,
        Service: { ...record.Service, ...proxy },
        Checks: checks,
      };
      await consul.api('PUT', '/v1/catalog/register', body);
      const server = ['--backend', 'consul', '--server', consul.url];
      const { items } = await list([String(fixture.expect['service']), ...server]);
      await consul.api('PUT', '/v1/catalog/deregister', { Node });
      expect(items).toHaveLength(1);
      expectItem(items[0] ?? {}, fixture, true);
    },
  );
});
