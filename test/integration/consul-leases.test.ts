/** Leases of Consul: TTL checks and sessions. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SdctlError } from '../../src/lib/errors.js';
import type { LeaseRecord } from '../../src/lib/model/lease.js';
import type { Connection } from '../../src/lib/registry/connection.js';
import { openConsul } from '../../src/lib/registry/consul/open-consul.js';
import type { RegistryHandle } from '../../src/lib/registry/types.js';
import { aConnection, aSpec, testDeps, uniqueName } from '../support/builders.js';
import {
  type Consul,
  type ConsulCluster,
  startConsul,
  startConsulCluster,
} from '../support/servers/index.js';

const signal = new AbortController().signal;
const SLOW = { timeout: 120_000 };
/** Has the form of a session's id, and nobody has it. */
const NO_SESSION = '11111111-1111-1111-1111-111111111111';

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

async function put(consul: Consul, path: string, body?: unknown): Promise<unknown> {
  const answer = await consul.api('PUT', `/v1${path}`, body);
  expect(answer.status, `${path}: ${JSON.stringify(answer.body)}`).toBe(200);
  return answer.body;
}

async function createSession(consul: Consul, body: Readonly<Record<string, unknown>> = {}): Promise<string> {
  return ((await put(consul, '/session/create', body)) as { readonly ID: string }).ID;
}

async function acquire(consul: Consul, key: string, session: string): Promise<void> {
  expect(await put(consul, `/kv/${key}?acquire=${session}`, 'a value')).toBe(true);
}

async function register(handle: RegistryHandle, service: string, ttlMs = 30_000): Promise<void> {
  const crash = new AbortController();
  await handle.registry.register(aSpec({ service }), { signal: crash.signal, ttlMs });
  crash.abort();
}

async function need(handle: RegistryHandle, id: string, node: string | null = null): Promise<LeaseRecord> {
  const record = await handle.operations.readLease({ id, node }, { signal });
  if (record === null) throw new Error(`no lease ${id}`);
  return record;
}

describe('consul leases', () => {
  let consul: Consul;
  let handle: RegistryHandle;

  beforeAll(async () => {
    consul = await startConsul({ dev: true });
    handle = open(consul.url);
  });

  afterAll(async () => {
    await handle[Symbol.asyncDispose]();
    await consul.stop();
  });

  const list = async (): Promise<readonly LeaseRecord[]> =>
    (await handle.operations.listLeases({ signal })).leases;
  const listed = async (id: string): Promise<LeaseRecord | undefined> =>
    (await list()).find((lease) => lease.id === id);

  it('lists the TTL check of an instance with the instance and what sdctl wrote', async () => {
    const service = uniqueName('pay');
    await register(handle, service, 45_000);
    await expect.poll(async () => listed(`service:${service}-1`)).toBeDefined();
    const listing = await handle.operations.listLeases({ signal });
    expect(listing.hidden).toEqual([]);
    expect(listing.revision).toMatch(/^[1-9]\d*$/);
    expect(Math.abs(listing.takenAtMs - Date.now())).toBeLessThan(10_000);
    const name = { service, id: `${service}-1`, node: consul.nodeName };
    const [instance] = (await handle.registry.list(service, { signal })).instances;
    const lease = {
      kind: 'ttl-check',
      id: `service:${service}-1`,
      node: consul.nodeName,
      name: 'kept alive by sdctl',
      grantedSeconds: 45,
      leftSeconds: null,
      isOverdue: false,
      isRenewed: null,
      health: 'passing',
      onEnd: null,
      bindings: [{ kind: 'instance', key: null, isBinaryKey: false, name, instance, layout: 'sdctl' }],
      knowsBindings: true,
    };
    expect(listing.leases.find(({ id }) => id === lease.id)).toMatchObject(lease);
    expect(await need(handle, lease.id)).toMatchObject(lease);
    expect(await need(handle, lease.id, consul.nodeName.toUpperCase())).toMatchObject(lease);
    expect(await handle.operations.readLease({ id: lease.id, node: 'elsewhere' }, { signal })).toBeNull();
  });

  it('knows an expired one, the check of others, and the check of a node', async () => {
    const service = uniqueName('others');
    const backup = uniqueName('backup');
    await put(consul, '/agent/service/register', {
      ID: service,
      Name: service,
      Check: { CheckID: `ttl-of-${service}`, TTL: '1s', Status: 'passing' },
    });
    await put(consul, '/agent/check/register', { ID: backup, Name: 'nightly', TTL: '1h', Status: 'passing' });
    await expect
      .poll(async () => (await listed(`ttl-of-${service}`))?.isOverdue, { timeout: 5_000 })
      .toBe(true);
    expect(await listed(`ttl-of-${service}`)).toMatchObject({
      health: 'critical',
      output: expect.stringContaining('TTL expired') as string,
      grantedSeconds: null,
      bindings: [{ kind: 'instance', layout: 'consul-generic', name: { service, id: service } }],
    });
    for (const lease of [await listed(backup), await need(handle, backup)]) {
      expect(lease).toMatchObject({
        kind: 'ttl-check',
        name: 'nightly',
        bindings: [],
        knowsBindings: true,
        isOverdue: false,
      });
    }
  });

  it('keeps the binding to a service that Consul cannot be asked for', async () => {
    const service = `/${uniqueName('odd')}`;
    await put(consul, '/agent/service/register', {
      ID: 'odd',
      Name: service,
      Check: { CheckID: 'service:odd', TTL: '1h', Status: 'passing' },
    });
    await expect.poll(async () => listed('service:odd')).toBeDefined();
    for (const lease of [await listed('service:odd'), await need(handle, 'service:odd')]) {
      expect(lease?.bindings).toMatchObject([
        {
          kind: 'instance',
          name: { service, id: 'odd', node: consul.nodeName },
          instance: null,
          layout: null,
        },
      ]);
      expect(lease?.grantedSeconds).toBeNull();
    }
    await put(consul, '/agent/service/deregister/odd');
  });

  it('a check of another type is no lease, and is not listed', async () => {
    const id = uniqueName('tcp');
    await put(consul, '/agent/check/register', { ID: id, Name: id, TCP: '127.0.0.1:1', Interval: '1h' });
    await expect
      .poll(async () => JSON.stringify((await consul.api('GET', '/v1/health/state/any')).body))
      .toContain(id);
    const error = await failureOf(handle.operations.readLease({ id, node: null }, { signal }));
    expect(error).toMatchObject({ code: 'E_USAGE', exitCode: 2 });
    expect(error.why).toContain('tcp');
    expect(await listed(id)).toBeUndefined();
    const alive = handle.operations.readLease({ id: 'serfHealth', node: null }, { signal });
    expect(await failureOf(alive)).toMatchObject({ code: 'E_USAGE' });
    for (const unknown of ['service:nobody', 'a"b', '', NO_SESSION]) {
      expect(await handle.operations.readLease({ id: unknown, node: null }, { signal })).toBeNull();
    }
  });

  it('finds a check whose id has the form of a session', async () => {
    const id = '22222222-2222-2222-2222-222222222222';
    await put(consul, '/agent/check/register', { ID: id, Name: 'odd', TTL: '1h', Status: 'passing' });
    await expect.poll(async () => listed(id)).toBeDefined();
    expect(await need(handle, id)).toMatchObject({ kind: 'ttl-check', id });
  });

  it('lists sessions without their keys, and reads one with them', async () => {
    const id = await createSession(consul, { Name: 'leader', TTL: '1m30s', Behavior: 'delete' });
    const endless = await createSession(consul);
    const prefix = uniqueName('locks');
    for (const key of ['b', 'a', 'ö/%20']) await acquire(consul, `${prefix}/${encodeURIComponent(key)}`, id);
    await acquire(consul, `${prefix}/other`, endless);
    await put(consul, `/kv/${prefix}/free`, 'x');
    const session = {
      kind: 'session',
      id,
      node: consul.nodeName,
      name: 'leader',
      grantedSeconds: 90,
      leftSeconds: null,
      isOverdue: false,
      isRenewed: null,
      health: null,
      output: null,
      onEnd: 'delete',
    };
    expect(await listed(id)).toEqual({ ...session, bindings: [], knowsBindings: false });
    expect(await listed(endless)).toMatchObject({ name: null, grantedSeconds: null, onEnd: 'release' });
    const found = await need(handle, id);
    expect(found).toMatchObject({ ...session, knowsBindings: true });
    expect(found.bindings).toEqual(
      ['a', 'b', 'ö/%20'].map((key) => ({
        kind: 'lock',
        key: `${prefix}/${key}`,
        isBinaryKey: false,
        name: null,
        instance: null,
        layout: null,
      })),
    );
    expect(await need(handle, id.toUpperCase(), consul.nodeName.toUpperCase())).toEqual(found);
    expect(await handle.operations.readLease({ id, node: 'elsewhere' }, { signal })).toBeNull();
  });

  it('a session holds nothing in an empty store', async () => {
    const empty = await startConsul({ dev: true });
    try {
      const id = await createSession(empty, { TTL: '15s' });
      await using reader = open(empty.url);
      expect(await need(reader, id)).toMatchObject({ bindings: [], knowsBindings: true, grantedSeconds: 15 });
      expect((await reader.operations.listLeases({ signal })).leases).toMatchObject([{ id }]);
    } finally {
      await empty.stop();
    }
  });

  it('revokes a session, and what it held is free', async () => {
    const id = await createSession(consul, { Behavior: 'delete' });
    const key = uniqueName('locks/gone');
    await acquire(consul, key, id);
    const seen = await need(handle, id);
    expect(await handle.operations.revokeLease(seen, { signal })).toBe('revoked');
    expect((await consul.api('GET', `/v1/kv/${key}`)).status).toBe(404);
    expect(await handle.operations.readLease({ id, node: null }, { signal })).toBeNull();
    expect(await handle.operations.revokeLease(seen, { signal })).toBe('absent');
  });

  it('leaves a session alone that holds other keys by now', async () => {
    const id = await createSession(consul);
    const [one, two] = [uniqueName('locks/one'), uniqueName('locks/two')];
    await acquire(consul, one, id);
    const seen = await need(handle, id);
    await acquire(consul, two, id);
    expect(await handle.operations.revokeLease(seen, { signal })).toBe('changed');
    const again = await need(handle, id);
    expect(again.bindings.map(({ key }) => key)).toEqual([one, two].sort());
    await put(consul, `/kv/${one}?release=${id}`);
    expect(await handle.operations.revokeLease(again, { signal })).toBe('changed');
    // As listed, nothing is known of its keys.
    const unread = await listed(id);
    expect(unread).toBeDefined();
    if (unread !== undefined) expect(await handle.operations.revokeLease(unread, { signal })).toBe('revoked');
    expect((await consul.api('GET', `/v1/kv/${two}`)).status).toBe(200);
  });

  it('does not revoke a TTL check, and says what to do', async () => {
    const service = uniqueName('kept');
    await register(handle, service);
    await expect.poll(async () => listed(`service:${service}-1`)).toBeDefined();
    const seen = await need(handle, `service:${service}-1`);
    expect(await failureOf(handle.operations.revokeLease(seen, { signal }))).toMatchObject({
      code: 'E_USAGE',
      message: 'a TTL check is not revoked',
      hint: `sdctl deregister ${service}/${service}-1@${consul.nodeName}`,
    });
    expect((await handle.registry.list(service, { signal })).instances).toHaveLength(1);
  });

  it('ends in time, or when it is aborted', async () => {
    consul.freeze();
    try {
      const startedMs = performance.now();
      const error = await failureOf(handle.operations.listLeases({ signal, timeoutMs: 500 }));
      expect(error).toMatchObject({ code: 'E_TIMEOUT', exitCode: 4 });
      expect(performance.now() - startedMs).toBeLessThan(2_000);
      const abort = new AbortController();
      const work = handle.operations.readLease({ id: NO_SESSION, node: null }, { signal: abort.signal });
      abort.abort();
      expect(await failureOf(work)).toMatchObject({ code: 'E_ABORTED' });
    } finally {
      consul.thaw();
    }
  });
});

describe('consul leases of several nodes', () => {
  let cluster: ConsulCluster;

  beforeAll(async () => {
    cluster = await startConsulCluster({ servers: 1, clients: 2 });
  });

  afterAll(async () => {
    await cluster.stop();
  });

  it('asks which node is meant where several have the check', SLOW, async () => {
    const service = uniqueName('same');
    const [one, two] = cluster.clients;
    if (one === undefined || two === undefined) throw new Error('no clients');
    const id = `service:${service}-1`;
    await using first = open(one.url);
    await using second = open(two.url);
    for (const owner of [first, second]) await register(owner, service);
    await using handle = open(cluster.servers[0]?.url ?? '');
    const both = async (): Promise<readonly LeaseRecord[]> =>
      (await handle.operations.listLeases({ signal })).leases.filter((lease) => lease.id === id);
    await expect.poll(async () => (await both()).length, { timeout: 10_000 }).toBe(2);
    const candidates = ['client-0', 'client-1'].map((node) => `${id}@${node}`);
    for (const lease of await both()) {
      expect(lease.bindings[0]?.instance?.node).toBe(lease.node);
    }
    const ambiguous = handle.operations.readLease({ id, node: null }, { signal });
    expect(await failureOf(ambiguous)).toMatchObject({
      code: 'E_AMBIGUOUS',
      exitCode: 2,
      why: candidates.join(', '),
      hint: `sdctl lease inspect '${id}@client-0'`,
      details: { candidates },
    });
    const named = await need(handle, id, 'CLIENT-1');
    expect(named).toMatchObject({ node: 'client-1', grantedSeconds: 30 });
    expect(named.bindings[0]).toMatchObject({ name: { node: 'client-1' }, instance: { node: 'client-1' } });
  });

  it('of a check that only one node has as TTL check, that one is meant', SLOW, async () => {
    const [one, two] = cluster.clients;
    if (one === undefined || two === undefined) throw new Error('no clients');
    const id = uniqueName('disk');
    await put(one, '/agent/check/register', { ID: id, Name: id, TTL: '1h', Status: 'passing' });
    await put(two, '/agent/check/register', { ID: id, Name: id, TCP: '127.0.0.1:1', Interval: '1h' });
    const [server] = cluster.servers;
    if (server === undefined) throw new Error('no server');
    const known = async (): Promise<unknown> =>
      (
        (await server.api('GET', '/v1/health/state/any')).body as readonly { readonly CheckID: string }[]
      ).filter(({ CheckID }) => CheckID === id);
    await expect.poll(known, { timeout: 10_000 }).toHaveLength(2);
    await using handle = open(server.url);
    expect(await need(handle, id)).toMatchObject({ node: 'client-0' });
    const other = handle.operations.readLease({ id, node: 'client-1' }, { signal });
    expect(await failureOf(other)).toMatchObject({ code: 'E_USAGE' });
  });
});

describe('consul leases under access rules, default deny', () => {
  let consul: Consul;
  let session: string;
  const service = uniqueName('web');
  const key = uniqueName('locks');

  beforeAll(async () => {
    consul = await startConsul({ acl: 'deny' });
    for (const name of [service, 'hidden']) {
      const Check = { CheckID: `service:${name}`, TTL: '1h', Status: 'passing' };
      await put(consul, '/agent/service/register', { ID: name, Name: name, Check });
    }
    await put(consul, '/agent/check/register', { ID: 'backup', Name: 'b', TTL: '1h', Status: 'passing' });
    await vi.waitFor(async () => {
      const { body } = await consul.api('GET', '/v1/health/state/any');
      for (const id of ['backup', 'service:hidden', `service:${service}`])
        expect(JSON.stringify(body)).toContain(id);
    });
    session = await createSession(consul, { Name: 'leader' });
    await acquire(consul, key, session);
  });

  afterAll(async () => {
    await consul.stop();
  });

  const tokenFor = async (...rules: readonly string[]): Promise<string> => {
    const name = uniqueName('policy');
    await put(consul, '/acl/policy', { Name: name, Rules: rules.join('\n') });
    const token = await put(consul, '/acl/token', { Policies: [{ Name: name }] });
    return (token as { readonly SecretID: string }).SecretID;
  };
  const readAll = (kind: string): string => `${kind}_prefix "" { policy = "read" }`;
  const openAs = async (...rules: readonly string[]): Promise<RegistryHandle> =>
    open(consul.url, { token: secret(await tokenFor(...rules)) });
  const idsOf = async (handle: RegistryHandle): Promise<{ ids: string[]; hidden: readonly string[] }> => {
    const { leases, hidden } = await handle.operations.listLeases({ signal });
    return { ids: leases.map(({ id }) => id), hidden };
  };

  it('where nothing may be seen, nothing looks like an empty registry', async () => {
    await using anonymous = open(consul.url);
    await using blind = await openAs(readAll('service'));
    for (const handle of [anonymous, blind]) {
      for (const call of [
        () => handle.operations.listLeases({ signal }),
        () => handle.operations.readLease({ id: session, node: null }, { signal }),
        () => handle.operations.readLease({ id: `service:${service}`, node: null }, { signal }),
      ]) {
        expect(await failureOf(call())).toMatchObject({ code: 'E_FILTERED', exitCode: 5 });
      }
    }
    await using stranger = open(consul.url, { token: secret(NO_SESSION) });
    expect(await failureOf(stranger.operations.listLeases({ signal }))).toMatchObject({ code: 'E_AUTH' });
  });

  it('with the management token nothing is hidden', async () => {
    await using handle = open(consul.url, { token: secret(consul.masterToken ?? '') });
    const { ids, hidden } = await idsOf(handle);
    expect(hidden).toEqual([]);
    expect(ids).toEqual(['backup', 'service:hidden', `service:${service}`, session]);
    const lease = await need(handle, session);
    expect(lease).toMatchObject({ knowsBindings: true, bindings: [{ kind: 'lock', key }] });
  });

  it('without the right to read sessions they are said to be missing', async () => {
    await using handle = await openAs(readAll('service'), readAll('node'));
    const { ids, hidden } = await idsOf(handle);
    expect(ids).toEqual(['backup', 'service:hidden', `service:${service}`]);
    expect(hidden).toHaveLength(1);
    expect(hidden[0]).toContain('session:read');
    const notices: string[] = [];
    const notify = ({ text }: { readonly text: string }): unknown => notices.push(text);
    expect(await handle.operations.readLease({ id: session, node: null }, { signal, notify })).toBeNull();
    expect(notices.join()).toContain('session:read');
  });

  it('a part of the services is said to be a part', async () => {
    const rules = [`service "${service}" { policy = "read" }`, readAll('node'), readAll('session')];
    await using handle = await openAs(...rules);
    const { ids, hidden } = await idsOf(handle);
    expect(ids).toEqual(['backup', `service:${service}`, session]);
    expect(hidden).toHaveLength(1);
    expect(hidden[0]).toContain('not every TTL check');
  });

  it('the checks of nodes alone are shown, and the missing ones said', async () => {
    await using handle = await openAs(readAll('node'), readAll('session'));
    const { ids, hidden } = await idsOf(handle);
    expect(ids).toEqual(['backup', session]);
    expect(hidden).toHaveLength(1);
    expect(hidden[0]).toContain('not every TTL check');
    expect(await need(handle, 'backup')).toMatchObject({ bindings: [], knowsBindings: true });
  });

  it('sessions alone are shown, and the missing checks said', async () => {
    await using handle = await openAs(readAll('session'));
    const { ids, hidden } = await idsOf(handle);
    expect(ids).toEqual([session]);
    expect(hidden).toHaveLength(1);
    expect(hidden[0]).toContain('no TTL check');
  });

  it.each([
    ['no keys', [], [], false],
    ['other keys', ['key_prefix "else/" { policy = "read" }'], [], false],
    ['only its keys', ['key_prefix "locks" { policy = "read" }'], [key], false],
    ['all keys', [readAll('key')], [key], true],
  ])('with the right to %s it is known what hangs on a session', async (_what, rules, keys, isKnown) => {
    await using handle = await openAs(readAll('session'), ...rules);
    const lease = await need(handle, session);
    expect(lease.bindings.map((binding) => binding.key)).toEqual(keys);
    expect(lease.knowsBindings).toBe(isKnown);
  });

  it('a session that may be read and not ended stays', async () => {
    await using handle = await openAs(readAll('session'), readAll('key'));
    const seen = await need(handle, session);
    const error = await failureOf(handle.operations.revokeLease(seen, { signal }));
    expect(error).toMatchObject({ code: 'E_FORBIDDEN', exitCode: 5 });
    expect(await need(handle, session)).toEqual(seen);
  });
});
