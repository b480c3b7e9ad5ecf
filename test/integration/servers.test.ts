import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Fake,
  enableAuth,
  makeCerts,
  seedConsul,
  seedEtcd,
  startBlackHole,
  startConsul,
  startConsulCluster,
  startEtcd,
  startEtcdCluster,
  startGarbage,
  startHttpFake,
  startMute,
  startProxy,
  startWrongTls,
} from '../support/servers/index.js';

interface Stoppable {
  stop(): Promise<void>;
}
const running: Stoppable[] = [];

function keep<T extends Stoppable>(server: T): T {
  running.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map(async (server) => server.stop()));
});

describe.each(['3.4', '3.5'] as const)('etcd %s', (version) => {
  it('keeps its data over a restart and loses it when wiped', async () => {
    const etcd = keep(await startEtcd({ version }));
    expect(await etcd.ctl(['version'])).toContain(`etcdctl version: ${version}.`);
    await etcd.put('/a', 'one');
    await etcd.put('/empty', '');
    expect(await etcd.get('/a')).toBe('one');
    expect(await etcd.get('/empty')).toBe('');
    expect(await etcd.get('/none')).toBeUndefined();
    await etcd.restart();
    expect([...(await etcd.list('/'))]).toEqual([
      ['/a', 'one'],
      ['/empty', ''],
    ]);
    expect(await etcd.del('/a')).toBe(1);
    await etcd.restart({ wipe: true, downMs: 50 });
    expect(await etcd.get('/empty')).toBeUndefined();
  });

  it('does not answer while frozen and goes on when thawed', async () => {
    const etcd = keep(await startEtcd({ version }));
    etcd.freeze();
    await expect(etcd.ctl(['--command-timeout=300ms', '--dial-timeout=300ms', 'get', '/a'])).rejects.toThrow(
      /deadline/,
    );
    etcd.thaw();
    await etcd.put('/a', 'two');
    expect(await etcd.get('/a')).toBe('two');
    await etcd.kill();
    expect(etcd.running).toBe(false);
    await etcd.start();
    expect(await etcd.get('/a')).toBe('two');
  });
});

describe('etcd with authentication', () => {
  it.each([
    ['3.4', 'simple'],
    ['3.5', 'jwt'],
  ] as const)('keeps users to their key ranges (%s, %s tokens)', async (version, auth) => {
    const etcd = keep(await startEtcd({ version, auth }));
    const grants = [{ permission: 'readwrite', key: '/own/', prefix: true }] as const;
    await enableAuth(etcd, { rootPassword: 'root-pw', users: [{ name: 'app', password: 'app-pw', grants }] });
    const app = { username: 'app', password: 'app-pw' };
    await etcd.put('/other/a', 'root writes everywhere');
    await etcd.ctl(['put', '/own/a', 'one'], app);
    await expect(etcd.ctl(['get', '/other/a'], app)).rejects.toThrow('permission denied');
    await etcd.restart();
    expect(await etcd.get('/own/a')).toBe('one');
  });
});

describe('etcd', () => {
  it.each(['3.4', '3.5'] as const)('%s forms a cluster that elects another leader', async (version) => {
    const cluster = keep(await startEtcdCluster({ version }));
    expect(cluster.members).toHaveLength(3);
    const first = await cluster.leader();
    await first.put('/a', 'one');
    await first.kill();
    const second = await cluster.leader();
    expect(second).not.toBe(first);
    expect(await second.get('/a')).toBe('one');
    await first.start();
    expect(await first.get('/a')).toBe('one');
  });

  it('demands a client certificate', async () => {
    const certs = await makeCerts();
    const files = { ca: certs.ca, ...certs.server };
    const client = { clientCert: certs.client.cert, clientKey: certs.client.key };
    for (const version of ['3.4', '3.5'] as const) {
      const etcd = keep(await startEtcd({ version, tls: { ...files, ...client }, clientCertAuth: true }));
      expect(etcd.url).toMatch(/^https:/);
      expect(await seedEtcd(etcd, [['/a', 'one']])).toBe(1);
      expect(await etcd.get('/a')).toBe('one');
    }
    certs.remove();
  });

  it('is filled with many keys quickly', async () => {
    const etcd = keep(await startEtcd({ version: '3.4' }));
    const pairs = Array.from(
      { length: 10_000 },
      (_, i) => [`/seed/${String(i)}`, `value ${String(i)}`] as const,
    );
    const started = performance.now();
    expect(await seedEtcd(etcd, pairs)).toBe(10_000);
    expect(performance.now() - started).toBeLessThan(5000);
    expect((await etcd.list('/seed/')).size).toBe(10_000);
  });
});

describe('consul', () => {
  const service = { ID: 'web-1', Name: 'web', Port: 8080 };

  it('keeps its data over a restart and loses it when wiped', async () => {
    const consul = keep(await startConsul());
    expect((await consul.api('PUT', '/v1/agent/service/register', service)).status).toBe(200);
    expect((await consul.api('PUT', '/v1/kv/a', 'one')).body).toBe(true);
    await consul.restart();
    const kept = await consul.api('GET', '/v1/health/service/web');
    expect(kept.body).toMatchObject([{ Service: { ID: 'web-1', Port: 8080 } }]);
    expect(kept.headers['x-consul-index']).toMatch(/^\d+$/);
    await consul.restart({ wipe: true });
    expect((await consul.api('GET', '/v1/health/service/web')).body).toEqual([]);
    expect((await consul.api('GET', '/v1/kv/a')).status).toBe(404);
  });

  it('does not answer while frozen and goes on when thawed', async () => {
    const consul = keep(await startConsul({ dev: true }));
    consul.freeze();
    await expect(consul.api('GET', '/v1/status/leader', undefined, { timeoutMs: 300 })).rejects.toThrow(
      'in time',
    );
    consul.thaw();
    await consul.waitReady();
  });

  it('denies what no token allows', async () => {
    const consul = keep(await startConsul({ acl: 'deny' }));
    expect((await consul.api('PUT', '/v1/agent/service/register', service)).status).toBe(200);
    expect((await consul.api('GET', '/v1/agent/services', undefined, { token: '' })).body).toEqual({});
    const anonymous = await consul.api('PUT', '/v1/agent/service/register', service, { token: '' });
    expect(anonymous.status).toBe(403);
  });

  it('serves TLS and demands a client certificate', async () => {
    const certs = await makeCerts();
    const client = { clientCert: certs.client.cert, clientKey: certs.client.key };
    const files = { ca: certs.ca, ...certs.server, ...client, verifyIncoming: true };
    const consul = keep(await startConsul({ tls: files }));
    expect(consul.url).toMatch(/^https:/);
    const without = tls.connect(consul.httpPort, '127.0.0.1', {
      servername: 'localhost',
      ca: readFileSync(certs.ca),
    });
    const refused = new Promise((resolve) => without.once('error', resolve));
    without.on('secureConnect', () => without.write('GET / HTTP/1.1\r\n\r\n'));
    expect(String(await refused)).toMatch(/certificate/);
    certs.remove();
  });

  it('forms a datacenter of servers and clients', async () => {
    const cluster = keep(await startConsulCluster({ servers: 3, clients: 1, agent: { acl: 'deny' } }));
    const [client] = cluster.clients;
    expect((await client?.api('PUT', '/v1/agent/service/register', service))?.status).toBe(200);
    const first = await cluster.leader();
    await expect.poll(async () => (await first.api('GET', '/v1/health/service/web')).body).toHaveLength(1);
    await first.kill();
    expect(await cluster.leader()).not.toBe(first);
    await first.start();
    expect((await first.api('GET', '/v1/catalog/nodes')).body).toHaveLength(4);
  });

  it('is filled with many services over few connections', async () => {
    const consul = keep(await startConsul());
    const proxy = keep(await startProxy(consul.url));
    const services = Array.from({ length: 500 }, (_, i) => ({ id: `s-${String(i)}`, name: 'seeded' }));
    expect(await seedConsul(consul, services)).toBe(500);
    expect(await seedConsul(consul.via(proxy.url), services, { into: 'catalog' })).toBe(500);
    expect(proxy.peak).toBeLessThanOrEqual(8);
    expect((await consul.api('GET', '/v1/catalog/service/seeded')).body).toHaveLength(1000);
  });
});

describe('proxy', () => {
  it('stalls, limits, refuses and cuts', async () => {
    const consul = keep(await startConsul({ dev: true }));
    const proxy = keep(await startProxy(consul.url));
    const ask = async (timeoutMs = 300): Promise<number> => {
      return (await consul.via(proxy.url).api('GET', '/v1/agent/self', undefined, { timeoutMs })).status;
    };
    expect(await ask(3000)).toBe(200);
    expect(proxy.bytesDown).toBeGreaterThan(500);

    for (const direction of ['up', 'down', 'both'] as const) {
      proxy.stall(direction);
      await expect(ask()).rejects.toThrow('in time');
    }
    const late = ask(3000);
    await sleep(100);
    expect(proxy.connections).toBe(1);
    proxy.stall(null);
    expect(await late).toBe(200);

    proxy.passAfterBytes(20, 'close');
    await expect(ask()).rejects.toThrow(/hang up|aborted|reset/i);
    proxy.passAfterBytes(200, 'stall');
    await expect(Promise.race([ask(), sleep(400)])).rejects.toThrow();
    proxy.passAfterBytes(null);

    await proxy.refuse(true);
    await expect(ask()).rejects.toThrow('ECONNREFUSED');
    await proxy.refuse(false);
    proxy.latency(150);
    const started = performance.now();
    expect(await ask(3000)).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(290);

    proxy.latency(0);
    proxy.stall('both');
    const cut = ask(3000);
    await sleep(50);
    proxy.cut();
    await expect(cut).rejects.toThrow(/ECONNRESET|hang up/);
    await expect.poll(() => proxy.connections).toBe(0);
    expect(proxy.history.every((connection) => connection.closedAt !== undefined)).toBe(true);
  });

  it('passes much data unchanged', async () => {
    const etcd = keep(await startEtcd({ version: '3.5' }));
    const proxy = keep(await startProxy(etcd.url));
    const value = 'x'.repeat(1000);
    const pairs = Array.from({ length: 3000 }, (_, i) => [`/big/${String(i)}`, value] as const);
    await seedEtcd(etcd, pairs);
    const through = await etcd.ctl([
      `--endpoints=${proxy.url}`,
      'get',
      '--prefix',
      '/big/',
      '--print-value-only',
    ]);
    expect(through.length).toBe(3000 * 1001);
  });
});

describe('fakes', () => {
  /** What a connection gets within 300 ms, and whether it was established and ended. */
  async function meet(fake: Fake): Promise<{ connected: boolean; ended: boolean; text: string }> {
    const seen = { connected: false, ended: false, text: '' };
    const socket = connect({ port: fake.port, host: '127.0.0.1' });
    socket.once('connect', () => {
      seen.connected = true;
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    });
    socket.on('data', (bytes: Buffer) => (seen.text += bytes.toString('latin1')));
    socket.once('end', () => (seen.ended = true));
    socket.on('error', () => undefined);
    await sleep(300);
    socket.destroy();
    return seen;
  }

  it('misbehave each in its way', async () => {
    const talk = async (fake: Fake): ReturnType<typeof meet> => meet(keep(fake));
    expect(await talk(await startMute())).toEqual({ connected: true, ended: false, text: '' });
    expect(await talk(await startGarbage())).toMatchObject({
      text: expect.stringContaining('ESMTP') as string,
    });
    const half = await talk(await startHttpFake('half-silence'));
    expect(half).toMatchObject({ ended: false, text: expect.stringMatching(/half$/) as string });
    expect(await talk(await startHttpFake('half-close'))).toEqual({ ...half, ended: true });
    expect((await talk(await startHttpFake('html-200'))).text).toMatch(/^HTTP\/1.1 200 OK[^]*<html>/);
    expect((await talk(await startHttpFake('proxy-502'))).text).toMatch(/^HTTP\/1.1 502/);
    expect(await talk(await startBlackHole())).toEqual({ connected: false, ended: false, text: '' });
  });

  it('show wrong certificates', async () => {
    const certs = await makeCerts();
    const errors: string[] = [];
    for (const files of [certs.server, certs.expired, certs.wrongName, certs.foreign]) {
      const fake = keep(await startWrongTls(files));
      const socket = tls.connect({ port: fake.port, host: '127.0.0.1', ca: readFileSync(certs.ca) });
      errors.push(
        await new Promise<string>((resolve) => {
          socket.once('secureConnect', () => resolve('trusted'));
          socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
        }),
      );
      socket.destroy();
    }
    certs.remove();
    expect(errors).toEqual([
      'trusted',
      'CERT_HAS_EXPIRED',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      expect.stringMatching(/UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)/),
    ]);
  });
});
