/** A membership that somebody else ends or takes. */
import { describe, expect, it } from 'vitest';
import { uniqueName } from '../support/builders.js';
import { type Consul, type Etcd, startConsul, startEtcd } from '../support/servers/index.js';
import { registering } from './commands.js';
import { faultRow } from './fault-row.js';
import { consulServer, etcdServer, type RegistryServer } from './registry-server.js';

const SLOW = { timeout: 120_000 };

interface Harm {
  readonly what: string;
  readonly harm: (service: string, leaseId: string) => Promise<unknown>;
}

interface Scene {
  readonly server: RegistryServer;
  /** How somebody else ends the membership. */
  readonly harms: readonly Harm[];
  /** Puts an entry that belongs to another program in the place of ours; answers what it holds. */
  readonly steal: (service: string) => Promise<unknown>;
  /** What stands in that place now. */
  readonly read: (service: string) => Promise<unknown>;
}

function etcdScene(etcd: Etcd): Scene {
  const key = (service: string): string => `/services/${service}/one`;
  return {
    server: etcdServer(etcd),
    harms: [
      { what: 'lease revoked', harm: (_service, lease) => etcd.ctl(['lease', 'revoke', lease]) },
      { what: 'key deleted', harm: (service) => etcd.del(key(service)) },
    ],
    async steal(service) {
      const lease = /lease (\S+)/.exec(await etcd.ctl(['lease', 'grant', '60']))?.[1] ?? '';
      const value = JSON.stringify({ sdctl: 1, service, id: 'one', endpoints: ['http://10.0.0.2:9'] });
      await etcd.ctl(['put', `--lease=${lease}`, '--', key(service), value]);
      return value;
    },
    read: (service) => etcd.get(key(service)),
  };
}

function consulScene(consul: Consul): Scene {
  const read = async (service: string): Promise<unknown> => {
    const { body } = await consul.api('GET', `/v1/catalog/service/${service}`);
    return (body as readonly { readonly ServiceAddress: string }[]).map((entry) => entry.ServiceAddress);
  };
  const put = async (path: string, body?: unknown): Promise<void> => {
    const { status } = await consul.api('PUT', path, body);
    expect(status).toBe(200);
  };
  return {
    server: consulServer(consul),
    harms: [{ what: 'service deregistered', harm: () => put('/v1/agent/service/deregister/one') }],
    async steal(service) {
      await put('/v1/agent/service/register', { ID: 'one', Name: service, Address: '10.0.0.2', Port: 9 });
      return ['10.0.0.2'];
    },
    read,
  };
}

interface Case {
  readonly name: string;
  readonly ttlSeconds: number;
  readonly harms: readonly string[];
  readonly open: () => Promise<Scene>;
}

const cases: readonly Case[] = [
  {
    name: 'etcd 3.5',
    ttlSeconds: 3,
    harms: ['lease revoked', 'key deleted'],
    open: async () => etcdScene(await startEtcd({ version: '3.5' })),
  },
  {
    name: 'etcd 3.4',
    ttlSeconds: 3,
    harms: ['lease revoked', 'key deleted'],
    open: async () => etcdScene(await startEtcd({ version: '3.4' })),
  },
  // Each test has an agent of its own, because there an id is taken for all services.
  {
    name: 'consul',
    ttlSeconds: 20,
    harms: ['service deregistered'],
    open: async () => consulScene(await startConsul()),
  },
];

describe.concurrent.each(cases)('$name', ({ name, ttlSeconds, harms, open }) => {
  const noticeMs = (ttlSeconds * 1_000) / 3 + 1_000;

  it.each(harms)('%s by somebody else: lost, then restored', SLOW, (what) =>
    faultRow(`${name}: ${what}`, async ({ keep, measure }) => {
      const { server, harms: known } = await open();
      keep(server);
      const service = uniqueName('harmed');
      const kept = keep(await registering(server.flags, service, ttlSeconds));
      const harmedMs = performance.now();
      await known.find((one) => one.what === what)?.harm(service, String(kept.lines[0]?.line['leaseId']));
      const lost = await kept.line('lost', 2 * noticeMs);
      expect(lost.line['why']).toBeTruthy();
      const restored = await kept.line('restored', 2 * noticeMs);
      const usableMs = await server.untilUsable(service, ['one'], 5_000);
      measure('restored', noticeMs, Math.max(restored.seenMs, usableMs) - harmedMs);
      await kept.line('renewed', noticeMs, kept.lines.indexOf(restored) + 1);
    }),
  );

  it.each(harms)('%s by somebody else with --on-lost exit: 7', SLOW, (what) =>
    faultRow(`${name}: ${what}, --on-lost exit`, async ({ keep, measure }) => {
      const { server, harms: known } = await open();
      keep(server);
      const service = uniqueName('ended');
      const kept = keep(
        await registering(server.flags, service, ttlSeconds, { more: ['--on-lost', 'exit'] }),
      );
      const harmedMs = performance.now();
      await known.find((one) => one.what === what)?.harm(service, String(kept.lines[0]?.line['leaseId']));
      const { code, endedMs } = await kept.exit(2 * noticeMs);
      measure('ended', noticeMs, endedMs - harmedMs);
      expect(code).toBe(7);
      expect(kept.types.slice(-2)).toEqual(['lost', 'Error']);
      expect(kept.lines.at(-1)?.line['error']).toMatchObject({ code: 'E_MEMBERSHIP_LOST', exitCode: 7 });
      expect(await server.usable(service)).toEqual([]);
    }),
  );

  it('taken over by another program: 6, and never overwritten back', SLOW, () =>
    faultRow(`${name}: taken over by another program`, async ({ keep, measure }) => {
      const { server, steal, read } = await open();
      keep(server);
      const service = uniqueName('stolen');
      const kept = keep(await registering(server.flags, service, ttlSeconds));
      const stolenMs = performance.now();
      const theirs = await steal(service);
      const { code, endedMs } = await kept.exit(2 * noticeMs);
      measure('ended', noticeMs, endedMs - stolenMs);
      expect(code).toBe(6);
      expect(kept.types).not.toContain('restored');
      expect(kept.stderr).toContain('E_TAKEN_OVER');
      expect(await read(service)).toEqual(theirs);
    }),
  );

  it('taken over by another run: 6, and its entry stays', SLOW, () =>
    faultRow(`${name}: taken over by another run`, async ({ keep, measure }) => {
      const { server } = await open();
      keep(server);
      const service = uniqueName('rival');
      const kept = keep(await registering(server.flags, service, ttlSeconds));
      const startedMs = performance.now();
      const rival = keep(await registering(server.flags, service, ttlSeconds, { more: ['--takeover'] }));
      const { code, endedMs } = await kept.exit(2 * noticeMs);
      measure('ended', noticeMs, endedMs - startedMs);
      expect(code).toBe(6);
      await rival.line('renewed', 2 * noticeMs);
      expect(rival.types).not.toContain('lost');
      expect(await server.usable(service)).toEqual(['one']);
    }),
  );
});
