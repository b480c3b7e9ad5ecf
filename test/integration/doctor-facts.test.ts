/** What doctor gets to know of an etcd beside its services: from servers that are well, away, or say no. */
import { describe, expect, it } from 'vitest';
import type { BackendFacts } from '../../src/lib/model/backend-facts.js';
import type { Connection } from '../../src/lib/registry/connection.js';
import { openEtcd } from '../../src/lib/registry/etcd/open-etcd.js';
import { createMemoryRegistry } from '../../src/lib/registry/local/open-local.js';
import type { RegistryHandle } from '../../src/lib/registry/types.js';
import { aConnection, testDeps } from '../support/builders.js';
import {
  enableAuth,
  type Etcd,
  makeCerts,
  recentEtcdMissing,
  startDenyingEtcd,
  startEtcd,
  startEtcdCluster,
  startMute,
} from '../support/servers/index.js';

const signal = new AbortController().signal;
const SLOW = { timeout: 90_000 };
const PASSWORD = 'app-pw-8f2c';
const QUOTA = 2 * 1024 * 1024;

function open(servers: readonly string[], overrides: Partial<Connection> = {}): RegistryHandle {
  return openEtcd(aConnection({ backend: 'etcd', servers, ...overrides }), testDeps());
}

function userApp(password = PASSWORD): Partial<Connection> {
  return { username: 'app', password: { origin: 'test', read: () => password } };
}

/** Switches authentication on, with a user that may read one service and nothing else. */
async function restrict(etcd: Etcd): Promise<void> {
  const grants = [{ permission: 'read', key: '/services/order/', prefix: true }] as const;
  await enableAuth(etcd, { rootPassword: 'root-pw', users: [{ name: 'app', password: PASSWORD, grants }] });
}

function toHex(decimal: string): string {
  return BigInt(decimal).toString(16);
}

/** By address of the server. */
function serversOf({ servers }: BackendFacts): ReadonlyMap<string, BackendFacts['servers'][number]> {
  return new Map(servers.map((facts) => [facts.server, facts]));
}

describe.each(['3.4', '3.5'] as const)('facts of one etcd %s', (version) => {
  it('are what it says of itself, its member and its alarms', async () => {
    const etcd = await startEtcd({ version, quotaBytes: QUOTA });
    try {
      await using handle = open([etcd.url]);
      const { servers, members, alarms, ...others } = await handle.operations.readFacts({ signal });
      const { memberId, leaderId } = await etcd.status();
      const [server] = servers;
      expect(server).toMatchObject({
        server: etcd.url,
        problem: null,
        memberId: toHex(memberId),
        leader: toHex(leaderId),
        isLearner: false,
        quotaBytes: QUOTA,
        errors: [],
        canReadFromLeader: true,
      });
      expect(server?.version?.startsWith(`${version}.`)).toBe(true);
      expect(server?.clusterId).toMatch(/^[0-9a-f]{8,16}$/);
      expect(Number(server?.term)).toBeGreaterThan(0);
      expect(server?.dbInUseBytes).toBeGreaterThan(0);
      expect(server?.dbSizeBytes).toBeGreaterThanOrEqual(server?.dbInUseBytes ?? Infinity);
      const member = { id: toHex(memberId), name: 'node-0', clientUrls: [etcd.url], isLearner: false };
      expect(members).toEqual([{ ...member, address: null, state: null, isServer: true }]);
      expect(alarms).toEqual([]);
      expect(others).toMatchObject({ denied: [], nodes: null, drift: null, isFiltered: false });
    } finally {
      await etcd.stop();
    }
  });

  it('tell the alarm of a full database', async () => {
    const etcd = await startEtcd({ version, quotaBytes: QUOTA });
    try {
      const value = 'x'.repeat(120_000);
      for (let isFull = false; !isFull;) {
        isFull = await etcd.put('/fill', value).then(
          () => false,
          (error: unknown) => String(error).includes('space exceeded'),
        );
      }
      await using handle = open([etcd.url]);
      const { alarms, servers } = await handle.operations.readFacts({ signal });
      expect(alarms).toEqual([{ memberId: toHex((await etcd.status()).memberId), kind: 'NOSPACE' }]);
      expect(servers[0]?.errors.join()).toContain('NOSPACE');
    } finally {
      await etcd.stop();
    }
  });

  it('come over TLS with a client certificate, and without one they are a problem', async () => {
    const certs = await makeCerts();
    const { ca, server, client } = certs;
    const own = { clientCert: client.cert, clientKey: client.key };
    const etcd = await startEtcd({ version, tls: { ca, ...server, ...own }, clientCertAuth: true });
    try {
      const tls = { ...aConnection().tls, caFile: ca, certFile: client.cert, keyFile: client.key };
      await using handle = open([etcd.url], { tls });
      const { servers } = await handle.operations.readFacts({ signal });
      expect(servers).toMatchObject([{ problem: null, canReadFromLeader: true, quotaBytes: 2 * 1024 ** 3 }]);
      await using stranger = open([etcd.url], { tls: { ...tls, certFile: null, keyFile: null } });
      const refused = await stranger.operations.readFacts({ signal });
      expect(refused).toMatchObject({ members: null, alarms: null, denied: [] });
      expect(refused.servers).toMatchObject([{ version: null, quotaBytes: null }]);
      expect(refused.servers[0]?.problem).toMatch(/./);
    } finally {
      await etcd.stop();
      certs.remove();
    }
  });

  it('are open to a user that may read one service only, and hold no password', async () => {
    const etcd = await startEtcd({ version });
    try {
      await restrict(etcd);
      await using handle = open([etcd.url], userApp());
      const facts = await handle.operations.readFacts({ signal });
      expect(facts).toMatchObject({ denied: [], servers: [{ problem: null, canReadFromLeader: true }] });
      expect(facts.members).toHaveLength(1);
      // What a server says of itself it says to anybody.
      await using wrong = open([etcd.url], userApp('wrong-3d1a'));
      const refused = await wrong.operations.readFacts({ signal });
      const [server] = refused.servers;
      expect(server).toMatchObject({ problem: null, isLearner: false, canReadFromLeader: null });
      expect(JSON.stringify([facts, refused])).not.toMatch(/app-pw-8f2c|wrong-3d1a|root-pw/);
    } finally {
      await etcd.stop();
    }
  });
});

describe.each(['3.4', '3.5'] as const)('facts of three members of etcd %s', (version) => {
  it('go on without the one that is down, and name it', SLOW, async () => {
    const cluster = await startEtcdCluster({ version });
    try {
      const down = (await cluster.followers())[0];
      await down?.kill();
      await using handle = open(cluster.urls);
      const facts = await handle.operations.readFacts({ signal });
      const leader = toHex((await (await cluster.leader()).status()).memberId);
      for (const [url, server] of serversOf(facts)) {
        expect(server).toMatchObject(
          url === down?.url
            ? { problem: 'connection refused', version: null, roundTripMs: null, canReadFromLeader: null }
            : { problem: null, leader, canReadFromLeader: true },
        );
      }
      expect(new Set(facts.members?.flatMap(({ clientUrls }) => clientUrls))).toEqual(new Set(cluster.urls));
      expect(facts).toMatchObject({ alarms: [], denied: [] });
    } finally {
      await cluster.stop();
    }
  });

  it('are asked of the configured server alone', SLOW, async () => {
    const cluster = await startEtcdCluster({ version });
    try {
      const [first] = cluster.urls;
      await using handle = open([first ?? '']);
      const { servers, members } = await handle.operations.readFacts({ signal });
      expect(servers.map(({ server }) => server)).toEqual([first]);
      expect(members).toHaveLength(3);
    } finally {
      await cluster.stop();
    }
  });

  it('say so when there is no leader, in bounded time and without a login', SLOW, async () => {
    const cluster = await startEtcdCluster({ version });
    try {
      const [kept, ...others] = cluster.members;
      if (kept === undefined) throw new Error('a cluster has members');
      await restrict(kept);
      await using known = open([kept.url], userApp());
      expect((await known.operations.readFacts({ signal })).servers[0]?.canReadFromLeader).toBe(true);
      await Promise.all(others.map(async (member) => member.kill()));
      await expect.poll(async () => kept.readable(), { timeout: 20_000 }).toBe(false);
      // The second one has no token yet, and cannot get one.
      for (const handle of [known, open([kept.url], userApp())]) {
        const startedMs = performance.now();
        const facts = await handle.operations.readFacts({ signal });
        expect(performance.now() - startedMs).toBeLessThan(8_000);
        expect(facts).toMatchObject({
          servers: [{ problem: null, leader: '', canReadFromLeader: false }],
          alarms: null,
          denied: [],
        });
        expect(facts.members).toHaveLength(3);
        await handle[Symbol.asyncDispose]();
      }
    } finally {
      await cluster.stop();
    }
  });
});

describe('facts that etcd refuses', () => {
  it('are named one by one, and nothing else is lost', async () => {
    const etcd = await startEtcd({ version: '3.5' });
    const denying = await startDenyingEtcd(etcd.url, [
      'Maintenance/Status',
      'Maintenance/Alarm',
      'Cluster/MemberList',
    ]);
    try {
      await using handle = open([denying.url]);
      const facts = await handle.operations.readFacts({ signal });
      expect(facts.denied.map(({ call }) => call)).toEqual(['alarm list', 'member list', 'status']);
      expect(facts.denied.every(({ why }) => why.startsWith('permission denied: '))).toBe(true);
      expect(facts).toMatchObject({ members: null, alarms: null });
      const [server] = facts.servers;
      // An ordinary read tells that much.
      expect(server).toMatchObject({ problem: null, version: null, canReadFromLeader: true });
      expect(server?.memberId).toBe(toHex((await etcd.status()).memberId));
      expect(Number(server?.term)).toBeGreaterThan(0);
    } finally {
      denying.stop();
      await etcd.stop();
    }
  });

  it('are refused so by the newest etcd itself, where this machine can get one', async () => {
    const missing = await recentEtcdMissing();
    if (missing !== null) {
      console.log(`the stand-in above is all there is: ${missing}`);
      return;
    }
    const etcd = await startEtcd({ version: 'recent' });
    try {
      await restrict(etcd);
      await using nobody = open([etcd.url]);
      const none = await nobody.operations.readFacts({ signal });
      expect(none.denied.length).toBeGreaterThan(0);
      expect(none.servers).toMatchObject([{ problem: null, canReadFromLeader: null }]);
      await using app = open([etcd.url], userApp());
      const some = await app.operations.readFacts({ signal });
      console.log(`denied to an ordinary user: ${some.denied.map(({ call }) => call).join(', ')}`);
      expect(some.denied.length).toBeLessThan(none.denied.length);
      expect(some.servers).toMatchObject([{ problem: null, canReadFromLeader: true }]);
      const root = { username: 'root', password: { origin: 'test', read: () => 'root-pw' } };
      await using all = open([etcd.url], root);
      const facts = await all.operations.readFacts({ signal });
      expect(facts).toMatchObject({ denied: [], alarms: [], servers: [{ problem: null, isLearner: false }] });
    } finally {
      await etcd.stop();
    }
  });
});

describe('facts of servers that are none', () => {
  it('a mute one and a free port cost about two seconds and are problems', async () => {
    const mute = await startMute();
    try {
      await using handle = open([mute.url, 'http://127.0.0.1:1']);
      const startedMs = performance.now();
      const facts = await handle.operations.readFacts({ signal });
      console.log(`a mute server took ${(performance.now() - startedMs).toFixed(0)} ms (limit 5000 ms)`);
      expect(performance.now() - startedMs).toBeLessThan(5_000);
      expect(facts.servers).toMatchObject([{ problem: 'no answer' }, { problem: 'connection refused' }]);
      expect(facts).toMatchObject({ members: null, alarms: null, denied: [] });
    } finally {
      await mute.stop();
    }
  });

  it('an abort ends it', async () => {
    const mute = await startMute();
    try {
      await using handle = open([mute.url]);
      const abort = new AbortController();
      const reading = handle.operations.readFacts({ signal: abort.signal });
      abort.abort();
      await expect(reading).rejects.toMatchObject({ code: 'E_ABORTED' });
    } finally {
      await mute.stop();
    }
  });
});

it('the embedded registry has one place and nothing beside', async () => {
  await using handle = createMemoryRegistry(testDeps());
  const facts = await handle.operations.readFacts({ signal });
  expect(facts.servers).toMatchObject([{ problem: null, version: null, leader: null }]);
  expect(facts).toMatchObject({ members: null, nodes: null, denied: [], isFiltered: false });
});
