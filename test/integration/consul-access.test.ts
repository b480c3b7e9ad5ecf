/** Who may see and do what: tokens, TLS, and the other ways to reach an agent. */
import http from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SdctlError } from '../../src/lib/errors.js';
import type { Connection } from '../../src/lib/registry/connection.js';
import { openConsul } from '../../src/lib/registry/consul/open-consul.js';
import type { RegistryHandle } from '../../src/lib/registry/types.js';
import { aConnection, aSpec, testDeps, uniqueName } from '../support/builders.js';
import { Watching } from '../support/event-log.js';
import { type Certs, type Consul, makeCerts, startConsul } from '../support/servers/index.js';

const signal = new AbortController().signal;

function open(server: string, overrides: Partial<Connection> = {}): RegistryHandle {
  return openConsul(aConnection({ backend: 'consul', servers: [server], ...overrides }), testDeps());
}

function secret(text: string): NonNullable<Connection['token']> {
  return { origin: 'test', read: () => text };
}

async function failureOf(work: Promise<unknown>): Promise<SdctlError> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SdctlError);
  return error as SdctlError;
}

describe('consul with access rules, default deny', () => {
  let consul: Consul;
  const service = uniqueName('web');

  beforeAll(async () => {
    consul = await startConsul({ acl: 'deny' });
    for (const name of [service, 'hidden']) {
      await consul.api('PUT', '/v1/agent/service/register', { ID: name, Name: name, Port: 80 });
    }
  });

  afterAll(async () => {
    await consul.stop();
  });

  const createToken = async (rules: string): Promise<{ readonly id: string; readonly accessor: string }> => {
    const name = uniqueName('policy');
    const policy = await consul.api('PUT', '/v1/acl/policy', { Name: name, Rules: rules });
    expect(policy.status).toBe(200);
    const token = await consul.api('PUT', '/v1/acl/token', { Policies: [{ Name: name }] });
    const { SecretID: id, AccessorID: accessor } = token.body as { SecretID: string; AccessorID: string };
    return { id, accessor };
  };

  it('a view that is filtered completely is an error, never an empty list', async () => {
    await using handle = open(consul.url);
    for (const call of [
      () => handle.registry.list(service, { signal }),
      () => handle.operations.listAll({ signal }),
      () => handle.registry.watch(service, { signal })[Symbol.asyncIterator]().next(),
      () => handle.registry.watch(null, { signal })[Symbol.asyncIterator]().next(),
      () => handle.registry.deregister({ service, id: service }, { signal }),
    ]) {
      const error = await failureOf(call());
      expect(error).toMatchObject({ code: 'E_FILTERED', exitCode: 5 });
      expect(error.message).toContain('access rules');
    }
  });

  it('a view that is filtered partly says so', async () => {
    const { id } = await createToken(
      `service "${service}" { policy = "write" } node_prefix "" { policy = "read" }`,
    );
    await using handle = open(consul.url, { token: secret(id) });
    const notices: string[] = [];
    const notify = ({ text }: { readonly text: string }): unknown => notices.push(text);
    const all = await handle.operations.listAll({ signal, notify });
    expect(all.partial).toBe(true);
    expect(all.instances.map((instance) => instance.service)).toEqual([service]);
    expect(notices.join()).toContain('not complete');
    const hidden = await handle.registry.list('hidden', { signal, notify });
    expect(hidden).toMatchObject({ partial: true, instances: [] });
    expect((await handle.registry.list(service, { signal })).instances).toHaveLength(1);
  });

  it('services without their nodes are nothing either', async () => {
    const { id } = await createToken('service_prefix "" { policy = "read" }');
    await using handle = open(consul.url, { token: secret(id) });
    expect(await failureOf(handle.operations.listAll({ signal }))).toMatchObject({ code: 'E_FILTERED' });
  });

  it('a wrong token is E_AUTH, and appears nowhere', async () => {
    const token = '11111111-2222-3333-4444-555555555555';
    await using handle = open(consul.url, { token: secret(token) });
    for (const call of [
      () => handle.registry.list(service, { signal }),
      () => handle.operations.listAll({ signal }),
      () => handle.registry.register(aSpec({ service: 'other' }), { signal, ttlMs: 20_000 }),
      () => handle.registry.deregister({ service, id: service }, { signal }),
    ]) {
      const error = await failureOf(call());
      expect(error).toMatchObject({ code: 'E_AUTH', exitCode: 5 });
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(token);
    }
  });

  it('registering without permission is E_FORBIDDEN; with a token for that service alone it works', async () => {
    const { id } = await createToken(
      'service "mine" { policy = "write" } node_prefix "" { policy = "read" }',
    );
    await using handle = open(consul.url, { token: secret(id) });
    const forbidden = handle.registry.register(aSpec({ service: 'theirs' }), { signal, ttlMs: 20_000 });
    expect(await failureOf(forbidden)).toMatchObject({ code: 'E_FORBIDDEN', exitCode: 5 });
    const registration = await handle.registry.register(aSpec({ service: 'mine' }), {
      signal,
      ttlMs: 20_000,
    });
    expect((await handle.registry.list('mine', { signal })).instances).toHaveLength(1);
    expect(await registration.deregister({ signal })).toBe('removed');
  });

  it('a token without node:read can keep a registration, and loses it only when told', async () => {
    const { id } = await createToken('service "blind" { policy = "write" }');
    await using handle = open(consul.url, { token: secret(id) });
    const events: string[] = [];
    const registration = await handle.registry.register(aSpec({ service: 'blind' }), {
      signal,
      ttlMs: 3_000,
      onEvent: ({ type }) => events.push(type),
    });
    await sleep(3_500);
    expect(new Set(events)).toEqual(new Set(['registered', 'renewed']));
    expect(await registration.deregister({ signal })).toBe('removed');
  });

  it(
    'a token revoked under a watch: stale with the cause, said once, nothing lost',
    { timeout: 40_000 },
    async () => {
      const { id, accessor } = await createToken(
        'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }',
      );
      let current = id;
      await using handle = open(consul.url, { token: { origin: 'file', read: () => current } });
      const notices: string[] = [];
      await using watching = new Watching(handle.registry, service, {
        notify: ({ level, text }) => {
          if (level === 'warning') notices.push(text);
        },
      });
      await watching.until('synced', 3_000);
      await consul.api('DELETE', `/v1/acl/token/${accessor}`);
      const stale = await watching.until('stale', 20_000);
      expect(stale.cause.code).toBe('E_AUTH');
      expect(watching.types).not.toContain('left');
      current = consul.masterToken ?? '';
      await watching.until('synced', 10_000, () => true, 1);
      expect(notices.length).toBeLessThanOrEqual(1);
    },
  );
});

describe('consul over TLS', () => {
  let certs: Certs;
  let consul: Consul;

  beforeAll(async () => {
    certs = await makeCerts();
    const { cert, key } = certs.server;
    consul = await startConsul({
      dev: true,
      tls: {
        ca: certs.ca,
        cert,
        key,
        verifyIncoming: true,
        clientCert: certs.client.cert,
        clientKey: certs.client.key,
      },
    });
  });

  afterAll(async () => {
    await consul.stop();
    certs.remove();
  });

  const none: Connection['tls'] = {
    caFile: null,
    certFile: null,
    keyFile: null,
    serverName: null,
    insecureSkipVerify: false,
  };
  const list = async (server: string, tls: Partial<Connection['tls']>): Promise<unknown> => {
    await using handle = open(server, { tls: { ...none, ...tls } });
    return await handle.operations.listAll({ signal, timeoutMs: 3_000 });
  };
  const pair = (): { certFile: string; keyFile: string } => ({
    certFile: certs.client.cert,
    keyFile: certs.client.key,
  });

  it('CA and client certificate, by name, or without verification', async () => {
    await expect(list(consul.url, { caFile: certs.ca, ...pair() })).resolves.toMatchObject({
      partial: false,
    });
    await expect(
      list(consul.url, { caFile: certs.ca, ...pair(), serverName: 'localhost' }),
    ).resolves.toBeDefined();
    await expect(list(consul.url, { ...pair(), insecureSkipVerify: true })).resolves.toBeDefined();
  });

  it('a folder of CA files, as CONSUL_CAPATH names one', async () => {
    const caFile = mkdtempSync(path.join(tmpdir(), 'sdctl-capath-'));
    try {
      writeFileSync(path.join(caFile, 'README'), 'the CAs of the east');
      mkdirSync(path.join(caFile, 'old'));
      const empty = await failureOf(list(consul.url, { caFile, ...pair() }));
      expect(empty).toMatchObject({ code: 'E_FILE', exitCode: 2 });
      expect(empty.message).toContain(caFile);
      copyFileSync(certs.foreignCa, path.join(caFile, 'a.pem'));
      symlinkSync(certs.ca, path.join(caFile, 'b.crt'));
      await expect(list(consul.url, { caFile, ...pair() })).resolves.toMatchObject({ partial: false });
      writeFileSync(path.join(caFile, 'c.pem'), '-----BEGIN CERTIFICATE-----\nnonsense\n');
      const broken = await failureOf(list(consul.url, { caFile, ...pair() }));
      expect(broken).toMatchObject({ code: 'E_FILE' });
      expect(broken.message).toContain('c.pem');
    } finally {
      rmSync(caFile, { recursive: true, force: true });
    }
  });

  it.each([
    ['no CA', (): Partial<Connection['tls']> => pair(), 'E_TLS'],
    ['foreign CA', (): Partial<Connection['tls']> => ({ ...pair(), caFile: certs.foreignCa }), 'E_TLS'],
    [
      'wrong name',
      (): Partial<Connection['tls']> => ({ ...pair(), caFile: certs.ca, serverName: 'other.example' }),
      'E_TLS',
    ],
    ['no client certificate', (): Partial<Connection['tls']> => ({ caFile: certs.ca }), 'E_TLS'],
  ])('%s is %s', async (_what, tls, code) => {
    const error = await failureOf(list(consul.url, tls()));
    expect(error).toMatchObject({ code, exitCode: 4 });
    expect(error.hint).toBeTruthy();
  });

  it('http to https names the right address', async () => {
    const error = await failureOf(list(consul.url.replace('https', 'http'), {}));
    expect(error).toMatchObject({ code: 'E_SCHEME', hint: `--server ${consul.url}` });
  });
});

describe('other ways to an agent', () => {
  let consul: Consul;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sdctl-unix-'));
    consul = await startConsul({ dev: true, extraConfig: { datacenter: 'east' } });
  });

  afterAll(async () => {
    await consul.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Passes bytes on, so that one agent can be reached at any kind of address. */
  const relay = async (
    listen: { path: string } | { host: string; port: number },
  ): Promise<{ port: number } & AsyncDisposable> => {
    const { connect } = await import('node:net');
    const server = createServer((socket) => {
      const upstream = connect(consul.httpPort, '127.0.0.1');
      socket.pipe(upstream).pipe(socket);
      socket.on('error', () => upstream.destroy());
      upstream.on('error', () => socket.destroy());
      socket.on('close', () => upstream.destroy());
    });
    await new Promise<void>((resolve) => server.listen(listen, resolve));
    const address = server.address();
    return {
      port: typeof address === 'object' && address !== null ? address.port : 0,
      [Symbol.asyncDispose]: async () => {
        server.close();
        await Promise.resolve();
      },
    };
  };

  it('a unix socket', async () => {
    const file = path.join(folder, 'consul.sock');
    await using _relay = await relay({ path: file });
    await using handle = open(`unix://${file}`);
    expect((await handle.operations.listAll({ signal })).instances.map(({ id }) => id)).toContain('consul');
    expect(handle.capabilities.remote).toBe(false);
    await using missing = open(`unix://${file}.not`);
    expect(await failureOf(missing.operations.listAll({ signal }))).toMatchObject({ code: 'E_UNREACHABLE' });
  });

  it('an IPv6 literal', async () => {
    await using sixth = await relay({ host: '::1', port: 0 });
    await using handle = open(`http://[::1]:${sixth.port}`);
    expect((await handle.operations.listAll({ signal })).instances.map(({ id }) => id)).toContain('consul');
  });

  it('a base path, user and password, and no proxy whatever the environment says', async () => {
    const seen: http.IncomingMessage[] = [];
    const front = http.createServer((request, response) => {
      seen.push(request);
      const upstream = http.get(`${consul.url}${(request.url ?? '').replace(/^\/consul/, '')}`, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      upstream.on('error', () => response.destroy());
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    const { port } = front.address() as AddressInfo;
    const names = ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'HTTPS_PROXY'];
    for (const name of names) process.env[name] = 'http://127.0.0.1:9';
    try {
      await using handle = open(`http://op:p%40ss@127.0.0.1:${port}/consul/`);
      expect((await handle.operations.listAll({ signal })).instances.map(({ id }) => id)).toContain('consul');
      expect(seen[0]?.url).toMatch(/^\/consul\/v1\//);
      expect(seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('op:p@ss').toString('base64')}`);
    } finally {
      for (const name of names) Reflect.deleteProperty(process.env, name);
      front.close();
      front.closeAllConnections();
    }
  });

  it('the datacenter: its own works, another has no path, and an agent registers in its own only', async () => {
    await using own = open(consul.url, { datacenter: 'east' });
    expect((await own.operations.listAll({ signal })).instances.map(({ id }) => id)).toContain('consul');
    await using other = open(consul.url, { datacenter: 'west' });
    const error = await failureOf(other.registry.list('pay', { signal }));
    expect(error).toMatchObject({ code: 'E_UNREACHABLE' });
    expect(error.message).toContain('"west"');
    const registering = other.registry.register(aSpec(), { signal, ttlMs: 20_000 });
    expect(await failureOf(registering)).toMatchObject({ code: 'E_USAGE' });
  });

  it('checks belong to their instance whatever the case of its node and id in them', async () => {
    const node = { Node: 'Edge-1', Address: '10.0.0.9' };
    for (const name of ['cased-a', 'cased-b']) {
      await consul.api('PUT', '/v1/catalog/register', {
        ...node,
        Service: { ID: `${name}-I`, Service: name, Port: 1 },
      });
    }
    const check = { Node: 'edge-1', CheckID: 'c', Name: 'c', Status: 'critical', ServiceID: 'cased-a-i' };
    await consul.api('PUT', '/v1/catalog/register', { ...node, Node: check.Node, Check: check });
    await using handle = open(consul.url);
    const all = (await handle.operations.listAll({ signal })).instances;
    const one = (await handle.registry.list('cased-a', { signal })).instances;
    expect(one.map(({ id, health }) => [id, health])).toEqual([['cased-a-I', 'critical']]);
    expect(all.filter(({ service }) => service === 'cased-a')).toEqual(one);
    expect(all.find(({ service }) => service === 'cased-b')?.health).toBe('passing');
  });

  it('a name that Consul takes but does not answer for costs only its own entries', async () => {
    const names = ['..', '.', '/a', 'a//b', 'a/../b', 'a\nb', 'a\u00a0b'];
    const register = async (node: string, services: readonly string[]): Promise<void> => {
      for (const [index, name] of services.entries()) {
        const Service = { ID: `odd-${index}`, Service: name, Port: 1 };
        const body = { Node: node, Address: '10.0.0.8', Service };
        expect((await consul.api('PUT', '/v1/catalog/register', body)).status).toBe(200);
      }
    };
    const fine = ['a/', 'a/b', 'a b', '%2e', 'a?b', 'ö', '{name}'];
    await register('odd', [...names, ...fine]);
    await using handle = open(consul.url);
    // By node, everything is found.
    const all = await handle.operations.listAll({ signal });
    expect(all.undecoded).toEqual([]);
    expect(all.instances.map(({ service }) => service)).toEqual(expect.arrayContaining([...names, ...fine]));
    for (const name of fine) {
      expect((await handle.registry.list(name, { signal })).instances).toHaveLength(1);
    }
    for (const name of names) {
      expect(await failureOf(handle.registry.list(name, { signal }))).toMatchObject({ code: 'E_USAGE' });
    }
    await register('..', ['on-odd-node']);
    const without = await handle.operations.listAll({ signal });
    expect(without.instances.length).toBe(all.instances.length);
    expect(without.undecoded).toMatchObject([{ key: 'node ..', service: null }]);
    // More nodes than services: by service.
    const nodes = Array.from({ length: 30 }, (_, index) => `many-${index}`);
    for (const node of nodes) await register(node, ['many']);
    const byService = await handle.operations.listAll({ signal });
    expect(byService.undecoded.map(({ service }) => service).sort()).toEqual([...names].sort());
    expect(byService.instances.map(({ service }) => service)).toEqual(expect.arrayContaining(fine));
    for (const node of ['odd', '..', ...nodes])
      await consul.api('PUT', '/v1/catalog/deregister', { Node: node });
  });

  it('tells how the server is', async () => {
    await using handle = openConsul(
      aConnection({ backend: 'consul', servers: [consul.url, 'http://127.0.0.1:1'] }),
      testDeps(),
    );
    const [up, down] = await handle.operations.status({ signal });
    expect(up).toMatchObject({ server: consul.url, healthy: true, problem: null });
    expect(up?.version).toMatch(/^\d+\.\d+/);
    expect(down).toMatchObject({ healthy: false, version: null, roundTripMs: null });
    expect(await handle.operations.leases(['service:x'], { signal })).toEqual(new Map());
  });
});
