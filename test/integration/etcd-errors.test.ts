import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { SdctlError } from '../../src/lib/errors.js';
import type { Connection } from '../../src/lib/registry/connection.js';
import { openEtcd } from '../../src/lib/registry/etcd/open-etcd.js';
import { aConnection, aSpec, testDeps, uniqueName } from '../support/builders.js';
import {
  type Certs,
  type Etcd,
  enableAuth,
  freePort,
  makeCerts,
  startBlackHole,
  startEtcd,
  startEtcdCluster,
  startGarbage,
  startHttpFake,
  startMute,
  startWrongTls,
} from '../support/servers/index.js';

const TIMEOUT_MS = 3_000;
const SECRET = 'correct-horse-battery';

/** What a list fails with, and how long that takes. */
async function failureOf(overrides: Partial<Connection>, timeoutMs = TIMEOUT_MS): Promise<SdctlError> {
  await using handle = openEtcd(aConnection({ backend: 'etcd', ...overrides }), testDeps());
  const startedMs = performance.now();
  const error = await handle.registry
    .list('order', { signal: new AbortController().signal, timeoutMs })
    .then(() => expect.unreachable('the list succeeded'))
    .catch((thrown: unknown) => thrown as SdctlError);
  const tookMs = Math.round(performance.now() - startedMs);
  console.log(`${error.code} after ${tookMs} ms: ${error.message} (${error.why}) -> ${error.hint}`);
  expect(tookMs).toBeLessThan(timeoutMs + 300);
  expect(error.hint).toBeTruthy();
  expect(JSON.stringify([error.message, error.why, error.hint, error.details])).not.toContain(SECRET);
  return error;
}

async function keep<T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const server = await starting;
  onTestFinished(() => server.stop());
  return server;
}

const noTls = aConnection().tls;
const secret = (value: string): Connection['password'] => ({ origin: 'test', read: () => value });

describe('a server that is no etcd', () => {
  it('refuses', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const error = await failureOf({ servers: [url] });
    expect(error).toMatchObject({ code: 'E_UNREACHABLE', why: 'connection refused' });
    expect(error.message).toBe(`cannot reach etcd at ${url}`);
  });

  it('has a name that does not resolve', async () => {
    expect(await failureOf({ servers: ['http://no-such-host.invalid:2379'] })).toMatchObject({
      code: 'E_DNS',
    });
  });

  it('accepts and says nothing', async () => {
    const mute = await keep(startMute());
    const error = await failureOf({ servers: [mute.url] });
    expect(error).toMatchObject({ code: 'E_TIMEOUT', why: 'accepts connections but does not answer' });
  });

  it('drops every packet', async () => {
    const hole = await keep(startBlackHole());
    const error = await failureOf({ servers: [hole.url] });
    expect(error).toMatchObject({ code: 'E_TIMEOUT', why: 'no answer to the connection attempt' });
  });

  it.each(['half-silence', 'half-close', 'html-200', 'proxy-502'] as const)(
    'is a web server (%s)',
    async (kind) => {
      const fake = await keep(startHttpFake(kind));
      expect(await failureOf({ servers: [fake.url] })).toMatchObject({ code: 'E_NOT_A_REGISTRY' });
    },
  );

  it('speaks another protocol', async () => {
    const fake = await keep(startGarbage());
    expect(await failureOf({ servers: [fake.url] })).toMatchObject({ code: 'E_NOT_A_REGISTRY' });
  });

  it('is one of several, each named with its own cause', async () => {
    const mute = await keep(startMute());
    const closed = `http://127.0.0.1:${await freePort()}`;
    const error = await failureOf({ servers: [closed, mute.url] });
    expect(error.why).toContain(`${closed}: connection refused`);
    expect(error.why).toContain(`${mute.url}: accepts connections`);
  });
});

describe.each(['3.4', '3.5'] as const)('etcd %s', (version) => {
  let certs: Certs;
  beforeAll(async () => {
    certs = await makeCerts();
  });
  afterAll(() => certs.remove());
  const tlsOf = (certificate = certs.server) => ({ ca: certs.ca, ...certificate });

  describe('over TLS', () => {
    let etcd: Etcd;
    beforeAll(async () => {
      // Without this etcd asks every client for a certificate as soon as it knows a CA.
      etcd = await startEtcd({ version, tls: tlsOf(), extraArgs: ['--trusted-ca-file='] });
    });
    afterAll(() => etcd.stop());

    it('serves with its CA, and without any check', async () => {
      const warnings: string[] = [];
      const note = (warning: Error): unknown => warnings.push(warning.message);
      process.on('warning', note);
      onTestFinished(() => void process.off('warning', note));
      for (const tls of [{ caFile: certs.ca }, { insecureSkipVerify: true }]) {
        const connection = aConnection({ servers: [etcd.url], tls: { ...noTls, ...tls } });
        await using handle = openEtcd(connection, testDeps());
        await handle.registry.list('order', { signal: AbortSignal.timeout(5_000) });
      }
      expect(warnings).toEqual([]);
    });

    it('is not trusted with another CA', async () => {
      const tls = { ...noTls, caFile: certs.foreignCa };
      expect(await failureOf({ servers: [etcd.url], tls })).toMatchObject({ code: 'E_TLS' });
      expect(await failureOf({ servers: [etcd.url] })).toMatchObject({ code: 'E_TLS' });
    });

    it('is not the name that was asked for', async () => {
      const tls = { ...noTls, caFile: certs.ca, serverName: 'other.example' };
      expect(await failureOf({ servers: [etcd.url], tls })).toMatchObject({ code: 'E_TLS' });
    });

    it('is addressed with http://', async () => {
      const error = await failureOf({ servers: [etcd.url.replace('https', 'http')] });
      expect(error).toMatchObject({ code: 'E_SCHEME', hint: `--server ${etcd.url}` });
    });
  });

  it('shows an expired certificate', async () => {
    const fake = await keep(startWrongTls(certs.expired));
    const error = await failureOf({ servers: [fake.url], tls: { ...noTls, caFile: certs.ca } });
    expect(error).toMatchObject({ code: 'E_TLS', why: 'the certificate of the server has expired' });
  });

  it('asks for a client certificate', async () => {
    const options = { clientCert: certs.client.cert, clientKey: certs.client.key };
    const etcd = await keep(startEtcd({ version, tls: { ...tlsOf(), ...options }, clientCertAuth: true }));
    const caFile = certs.ca;
    expect(await failureOf({ servers: [etcd.url], tls: { ...noTls, caFile } })).toMatchObject({
      code: 'E_TLS',
    });
    const foreign = { certFile: certs.foreign.cert, keyFile: certs.foreign.key };
    expect(await failureOf({ servers: [etcd.url], tls: { ...noTls, caFile, ...foreign } })).toMatchObject({
      code: 'E_TLS',
    });
    const tls = { ...noTls, caFile, certFile: certs.client.cert, keyFile: certs.client.key };
    await using handle = openEtcd(aConnection({ servers: [etcd.url], tls }), testDeps());
    await handle.registry.list('order', { signal: AbortSignal.timeout(5_000) });
  });

  it('is addressed with https:// where it speaks http', async () => {
    const etcd = await keep(startEtcd({ version }));
    const error = await failureOf({ servers: [etcd.url.replace('http', 'https')] });
    expect(error).toMatchObject({ code: 'E_SCHEME', hint: `--server ${etcd.url}` });
  });

  it('asks for user and password', async () => {
    const etcd = await keep(startEtcd({ version }));
    const servers = [etcd.url];
    const notices: string[] = [];
    await using early = openEtcd(
      aConnection({ servers, username: 'reader', password: secret(SECRET) }),
      testDeps(),
    );
    const notify = ({ text }: { readonly text: string }): unknown => notices.push(text);
    await early.registry.list('order', { signal: AbortSignal.timeout(5_000), notify });
    expect(notices.join()).toContain('authentication switched off');
    const grants = [{ permission: 'read', key: '/services/', prefix: true } as const];
    await enableAuth(etcd, {
      rootPassword: 'root-pw',
      users: [{ name: 'reader', password: SECRET, grants }],
    });

    // The same handle goes on: it logs in as soon as the server asks for it.
    await early.registry.list('order', { signal: AbortSignal.timeout(5_000), notify });
    const none = await failureOf({ servers });
    expect(none).toMatchObject({ code: 'E_AUTH', exitCode: 5 });
    expect(none.hint).toContain('--username');
    const wrong = { servers, username: 'reader', password: secret('wrong') };
    expect(await failureOf(wrong)).toMatchObject({ code: 'E_AUTH', why: 'wrong user name or password' });
    const elsewhere = { servers, username: 'reader', password: secret(SECRET), prefixes: ['/elsewhere/'] };
    expect(await failureOf(elsewhere)).toMatchObject({ code: 'E_FORBIDDEN', exitCode: 5 });
    const signal = AbortSignal.timeout(10_000);
    await expect(early.registry.register(aSpec(), { signal, ttlMs: 5_000 })).rejects.toMatchObject({
      code: 'E_FORBIDDEN',
    });
  });

  it('has no quorum', async () => {
    const cluster = await keep(startEtcdCluster({ version }));
    const [first, ...others] = cluster.members;
    await Promise.all(others.map((member) => member.kill()));
    expect(await failureOf({ servers: [first?.url ?? ''] }, 5_000)).toMatchObject({ code: 'E_NO_QUORUM' });
    const error = await failureOf({ servers: cluster.urls }, 5_000);
    expect(error.code).toBe('E_NO_QUORUM');
    expect(error.why).toContain('connection refused');
  });

  it('has no space for a new entry, but keeps an old one', { timeout: 60_000 }, async () => {
    const etcd = await keep(startEtcd({ version, quotaBytes: 2 * 1024 * 1024 }));
    await using handle = openEtcd(aConnection({ servers: [etcd.url] }), testDeps());
    const signal = AbortSignal.timeout(50_000);
    const kept = await handle.registry.register(aSpec({ id: 'old' }), { signal, ttlMs: 3_000 });
    const value = 'x'.repeat(500_000);
    for (let index = 0; index < 20; index += 1) {
      const full = await etcd.put(`/filler/${index}`, value.slice(0, 100_000)).then(
        () => false,
        () => true,
      );
      if (full) break;
    }
    const failing = handle.registry.register(aSpec({ id: 'new' }), { signal, ttlMs: 3_000 });
    await expect(failing).rejects.toMatchObject({ code: 'E_NO_SPACE', exitCode: 1 });
    expect((await handle.registry.list('order', { signal })).instances.map(({ id }) => id)).toEqual(['old']);
    expect(await kept.deregister({ signal })).toBe('removed');
  });

  it('ignores proxy variables', async () => {
    const etcd = await keep(startEtcd({ version }));
    const names = ['http_proxy', 'https_proxy', 'grpc_proxy', 'HTTP_PROXY'];
    for (const name of names) process.env[name] = 'http://127.0.0.1:9';
    onTestFinished(() => {
      for (const name of names) Reflect.deleteProperty(process.env, name);
    });
    await using handle = openEtcd(aConnection({ servers: [etcd.url] }), testDeps());
    await handle.registry.list(uniqueName('order'), { signal: AbortSignal.timeout(5_000) });
  });

  it('is found behind a closed and a mute server', async () => {
    const etcd = await keep(startEtcd({ version }));
    const mute = await keep(startMute());
    const servers = [`http://127.0.0.1:${await freePort()}`, mute.url, etcd.url];
    await using handle = openEtcd(aConnection({ servers }), testDeps());
    const signal = AbortSignal.timeout(10_000);
    for (const limitMs of [3_000, 100]) {
      const startedMs = performance.now();
      await handle.registry.list('order', { signal });
      const tookMs = performance.now() - startedMs;
      console.log(`third server after ${Math.round(tookMs)} ms`);
      expect(tookMs).toBeLessThan(limitMs);
    }
  });
});
