/** `deregister` through the binary on three Consul agents, two of them clients. */
import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runBinary, startBinary } from '../support/binary.js';
import { uniqueName } from '../support/builders.js';
import { type Consul, type ConsulCluster, startConsulCluster } from '../support/servers/index.js';
import { makeTempDir } from '../support/servers/lifetime.js';

const SLOW = { timeout: 120_000 };

interface Result {
  readonly items: readonly {
    readonly service: string;
    readonly instance: string;
    readonly node: string | null;
    readonly outcome: string;
    readonly how: string | null;
    readonly agent: string | null;
    readonly comeback: { readonly afterSeconds: number } | null;
    readonly error: { readonly code: string } | null;
  }[];
}

/** What a program says to its agent. `ttl`: it keeps a TTL check, which nobody passes here. */
interface Program {
  readonly service: string;
  readonly id?: string;
  readonly port?: number;
  readonly ttl?: string;
}

async function put(agent: Consul, where: string, body?: unknown): Promise<void> {
  const answer = await agent.api('PUT', where, body);
  if (answer.status !== 200) throw new Error(`${where}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

async function announce(
  agent: Consul,
  { service, id = `${service}-1`, port = 80, ttl = '1h' }: Program,
): Promise<void> {
  await put(agent, '/v1/agent/service/register', {
    ID: id,
    Name: service,
    Address: '10.0.0.1',
    Port: port,
    Check: { CheckID: `service:${id}`, TTL: ttl, Status: 'passing' },
  });
}

describe('deregister on three agents', () => {
  const home = makeTempDir('deregister-consul');
  let cluster: ConsulCluster;
  let server: Consul;
  let first: Consul;
  let second: Consul;

  beforeAll(async () => {
    cluster = await startConsulCluster({ servers: 1, clients: 2, ownAddresses: true });
    const [one, two] = cluster.clients;
    const [main] = cluster.servers;
    if (main === undefined || one === undefined || two === undefined) throw new Error('agents are missing');
    [server, first, second] = [main, one, two];
  });
  afterAll(async () => {
    await cluster.stop();
  });

  const run = async (...args: string[]) =>
    runBinary([...args, '--backend', 'consul', '--server', server.url], { home, withinMs: 60_000 });
  const remove = async (...args: string[]) => run('deregister', ...args);
  const resultOf = (stdout: string): Result => JSON.parse(stdout) as Result;
  /** Ids that the catalog has of a service. */
  const idsOf = async (service: string): Promise<readonly string[]> => {
    const { body } = await server.api('GET', `/v1/catalog/service/${service}?consistent`);
    return (body as readonly { readonly ServiceID: string }[]).map(({ ServiceID }) => ServiceID).sort();
  };
  const untilThere = async (service: string, count: number): Promise<void> => {
    await expect.poll(async () => (await idsOf(service)).length, { timeout: 10_000 }).toBe(count);
  };

  it('asks the agent that owns it, found by the address of its node', SLOW, async () => {
    const service = uniqueName('owned');
    await announce(first, { service });
    await untilThere(service, 1);
    const dry = await remove(`${service}/${service}-1`, '--dry-run', '--force', '-o', 'json');
    expect(dry.ended.code, dry.said).toBe(0);
    expect(resultOf(dry.stdout).items).toMatchObject([
      { outcome: 'planned', how: 'agent', agent: first.url },
    ]);
    expect(await idsOf(service)).toEqual([`${service}-1`]);
    const asked = await remove(`${service}/${service}-1`, '--force');
    expect(asked.ended.code).toBe(2);
    expect(asked.stderr).toContain('Try: add --yes');
    expect((await remove(`${service}/${service}-1`, '--yes')).ended.code).toBe(2); // the last passing one
    const done = await remove(`${service}/${service}-1`, '--yes', '--force', '--verify', '2s');
    expect(done.ended.code, done.said).toBe(0);
    expect(done.stdout).toBe(`${service}/${service}-1\n`);
    expect(done.stderr).toContain('still gone after 2s');
    expect(await idsOf(service)).toEqual([]);
  });

  it('says the command to run on the node of an owner that cannot be asked', SLOW, async () => {
    const service = uniqueName('away');
    await announce(first, { service });
    await untilThere(service, 1);
    const away = await remove(`${service}/${service}-1`, '--yes', '--force', '--owner-port', '1');
    expect(away.ended.code).toBe(4);
    expect(away.stderr).toContain(`consul services deregister -id=${service}-1`);
    expect(await idsOf(service)).toEqual([`${service}-1`]);
    const json = await remove(
      `${service}/${service}-1`,
      '--yes',
      '--force',
      '--owner-port',
      '1',
      '-o',
      'json',
    );
    expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'Error', error: { code: 'E_UNREACHABLE' } });
  });

  it('tells the truth about the catalog of a live node', SLOW, async () => {
    const service = uniqueName('returns');
    await announce(first, { service });
    await untilThere(service, 1);
    await using removing = startBinary(
      [
        ...['deregister', `${service}/${service}-1`, '--catalog-only', '--yes', '--force', '-o', 'json'],
        ...['--backend', 'consul', '--server', server.url],
      ],
      { home },
    );
    await expect.poll(async () => idsOf(service), { timeout: 20_000 }).toEqual([]);
    // Any change of a check writes the service back.
    await put(first, `/v1/agent/check/warn/service:${service}-1`);
    const { code } = await removing.exit(60_000);
    expect(code, removing.said).toBe(6);
    expect(removing.said).toContain('puts it back');
    const [item] = resultOf(removing.stdout).items;
    expect(item).toMatchObject({ outcome: 'came-back', how: 'catalog', error: { code: 'E_CAME_BACK' } });
    expect(item?.comeback?.afterSeconds).toBeLessThan(60);
  });

  it('removes an external entry for good, and puts it back', SLOW, async () => {
    const service = uniqueName('outside');
    const node = uniqueName('appliance');
    await put(server, '/v1/catalog/register', {
      Node: node,
      Address: '10.9.9.9',
      Service: { ID: 'x', Service: service, Port: 5432, Tags: ['db'], Meta: { zone: 'a' } },
    });
    const file = path.join(mkdtempSync(path.join(home, 'undo-')), 'undo.json');
    const done = await remove(`${service}/x`, '--yes', '--force', '--verify', '0', '--undo-file', file);
    expect(done.ended.code, done.said).toBe(0);
    expect(await idsOf(service)).toEqual([]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const back = await remove('--undo', file, '-o', 'json');
    expect(back.ended.code, back.said).toBe(0);
    expect(JSON.parse(back.stdout)).toMatchObject({
      kind: 'RestoreResult',
      items: [{ outcome: 'restored', node }],
    });
    const { body } = await server.api('GET', `/v1/health/service/${service}`);
    expect(body).toMatchObject([
      { Node: { Node: node }, Service: { ID: 'x', Port: 5432, Tags: ['db'], Meta: { zone: 'a' } } },
    ]);
    expect((await remove('--undo', file)).ended.code).toBe(6);
  });

  it('puts an entry back at its agent, critical until somebody passes its check', SLOW, async () => {
    const service = uniqueName('undone');
    await announce(first, { service, port: 8443 });
    await untilThere(service, 1);
    const file = path.join(mkdtempSync(path.join(home, 'undo-')), 'undo.json');
    expect(
      (await remove(`${service}/${service}-1`, '--yes', '--force', '--verify', '0', '--undo-file', file))
        .ended.code,
    ).toBe(0);
    const back = await remove('--undo', file);
    expect(back.ended.code, back.said).toBe(0);
    expect(back.stderr).toContain('critical until somebody passes its TTL check');
    const list = await run('list', service, '-o', 'json');
    expect(JSON.parse(list.stdout)).toMatchObject({
      items: [{ id: `${service}-1`, health: 'critical', port: 8443 }],
    });
  });

  it('asks which node is meant, and takes it', SLOW, async () => {
    const service = uniqueName('same');
    await announce(first, { service });
    await announce(second, { service });
    await untilThere(service, 2);
    const unclear = await remove(`${service}/${service}-1`, '--yes');
    expect(unclear.ended.code).toBe(2);
    expect(unclear.stderr).toContain(`${service}/${service}-1@${second.nodeName}`);
    const done = await remove(
      `${service}/${service}-1@${second.nodeName}`,
      '--yes',
      '--verify',
      '0',
      '-o',
      'json',
    );
    expect(done.ended.code, done.said).toBe(0);
    expect(resultOf(done.stdout).items).toMatchObject([
      { node: second.nodeName, agent: second.url, outcome: 'removed' },
    ]);
  });

  it('takes several on different agents for the name of their service', SLOW, async () => {
    const service = uniqueName('many');
    for (const [agent, id] of [
      [first, 'a'],
      [second, 'b'],
      [server, 'c'],
    ] as const)
      await announce(agent, { service, id });
    await untilThere(service, 3);
    const names = [`${service}/a`, `${service}/b`, `${service}/nobody`];
    expect((await remove(...names, '--yes')).ended.code).toBe(2);
    const done = await remove(...names, '--yes', '--confirm', service, '--verify', '0', '-o', 'json');
    expect(done.ended.code, done.said).toBe(8);
    expect(resultOf(done.stdout).items.map(({ instance, outcome }) => [instance, outcome])).toEqual([
      ['a', 'removed'],
      ['b', 'removed'],
      ['nobody', 'absent'],
    ]);
    expect(await idsOf(service)).toEqual(['c']);
    const last = await remove(service, '--health', 'passing', '--yes', '--confirm', service);
    expect(last.ended.code).toBe(2);
    expect(last.stderr).toContain('0 of 1 passing would be left');
  });

  it('leaves what Nomad keeps alone, unless forced', SLOW, async () => {
    const service = uniqueName('nomad');
    const id = '_nomad-task-1f0b1f3a-4a44-2b0e-6a1b-9d6e6c9f5b7a-group-web-http-8080';
    await announce(first, { service, id });
    await untilThere(service, 1);
    const refused = await remove(`${service}/${id}`, '--yes', '--min-healthy', '0');
    expect(refused.ended.code).toBe(2);
    expect(refused.stderr).toContain('kept by nomad');
    expect((await remove(`${service}/${id}`, '--yes', '--force', '--dry-run')).ended.code).toBe(0);
    expect(await idsOf(service)).toEqual([id]);
  });

  it('refuses a revoke: a service of Consul has no lease', SLOW, async () => {
    const service = uniqueName('leaseless');
    await announce(first, { service });
    await untilThere(service, 1);
    expect((await remove(`${service}/${service}-1`, '--yes', '--force', '--how', 'revoke')).ended.code).toBe(
      2,
    );
  });

  it('reports that a running register puts its entry back, and who it is', SLOW, async () => {
    const service = uniqueName('kept');
    const member = [
      'register',
      service,
      '--endpoint',
      'http://10.0.0.9:80',
      '--id',
      `${service}-1`,
      '--ttl',
      '10s',
    ];
    const at = ['--backend', 'consul', '--server', first.url, '-o', 'jsonl'];
    await using kept = startBinary([...member, ...at], { home });
    await kept.line('registered', 10_000);
    await untilThere(service, 1);
    const done = await remove(`${service}/${service}-1`, '--yes', '--force');
    expect(done.ended.code, done.said).toBe(6);
    expect(done.stdout).toBe(`${service}/${service}-1\n`);
    expect(done.stderr).toMatch(/came back after .*\n.*kept by .*, pid \d+/);
    const audit = readFileSync(path.join(home, 'state/sdctl/audit.jsonl'), 'utf8').trim().split('\n');
    expect(JSON.parse(audit.at(-1) ?? '')).toMatchObject({
      outcome: 'came-back',
      target: `${service}/${service}-1@${first.nodeName}`,
    });
  });

  it(
    'takes as stale what nobody passes and what its node has left, and spares a service that fails whole',
    SLOW,
    async () => {
      const [lapsed, whole, twins] = [uniqueName('lapsed'), uniqueName('whole'), uniqueName('twins')];
      for (const id of ['a', 'b', 'c']) await announce(first, { service: lapsed, id });
      await announce(first, { service: lapsed, id: 'dead', ttl: '1s' });
      await announce(first, { service: whole, id: 'x', ttl: '1s' });
      await announce(second, { service: whole, id: 'y', ttl: '1s' });
      await announce(first, { service: twins, id: 'old', port: 99 });
      await announce(first, { service: twins, id: 'new', port: 99 });
      await put(first, '/v1/agent/check/fail/service:old');
      await Promise.all([untilThere(lapsed, 4), untilThere(whole, 2), untilThere(twins, 2)]);
      await expect
        .poll(
          async () => {
            const { body } = await server.api('GET', '/v1/health/state/critical');
            return (body as readonly { readonly CheckID: string }[]).map(({ CheckID }) => CheckID);
          },
          { timeout: 10_000 },
        )
        .toEqual(expect.arrayContaining(['service:dead', 'service:x', 'service:y', 'service:old']));
      const startedMs = performance.now();
      const found = await remove(lapsed, whole, twins, '--stale', '--dry-run', '-o', 'json');
      // Two samples, half a minute apart.
      expect(performance.now() - startedMs).toBeGreaterThan(30_000);
      expect(found.ended.code, found.said).toBe(0);
      expect(
        resultOf(found.stdout)
          .items.map(({ service, instance }) => [service, instance])
          .sort(),
      ).toEqual(
        [
          [lapsed, 'dead'],
          [twins, 'old'],
        ].sort(),
      );
      expect(found.stderr).toContain('2 of 2 of service');
      expect(found.stderr).toMatch(/dead.*TTL check has expired/);
    },
  );
});

describe('deregister of what a dead agent owned', () => {
  it('takes it from the catalog, also as stale', SLOW, async () => {
    const home = makeTempDir('deregister-dead');
    const cluster = await startConsulCluster({ servers: 1, clients: 2, ownAddresses: true });
    try {
      const [server] = cluster.servers;
      const [dying, living] = cluster.clients;
      if (server === undefined || dying === undefined || living === undefined) throw new Error('no agents');
      const service = uniqueName('dying');
      await announce(dying, { service, id: 'gone' });
      for (const id of ['a', 'b']) await announce(living, { service, id });
      const flags = ['--backend', 'consul', '--server', server.url];
      const health = async (): Promise<unknown> => {
        const { stdout } = await runBinary(['list', `${service}/gone`, '-o', 'json', ...flags], { home });
        return (JSON.parse(stdout) as { readonly items?: readonly { readonly health: string }[] }).items?.[0]
          ?.health;
      };
      await expect.poll(health, { timeout: 10_000 }).toBe('passing');
      await dying.kill();
      await expect.poll(health, { timeout: 40_000, interval: 500 }).toBe('critical');
      const done = await runBinary(
        [
          'deregister',
          service,
          '--stale',
          '--yes',
          '--confirm',
          service,
          '--verify',
          '1s',
          '-o',
          'json',
          ...flags,
        ],
        { home, withinMs: 60_000 },
      );
      expect(done.ended.code, done.said).toBe(0);
      expect(resultItems(done.stdout)).toMatchObject([
        { instance: 'gone', how: 'catalog', outcome: 'removed' },
      ]);
      expect(done.stderr).toContain('its node has failed');
    } finally {
      await cluster.stop();
    }
  });
});

function resultItems(stdout: string): Result['items'] {
  return (JSON.parse(stdout) as Result).items;
}
