/** Removing what a running `sdctl register` keeps, on every kind of registry. */
import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type Binary, startBinary } from '../support/binary.js';
import { uniqueName } from '../support/builders.js';
import { deregister, itemOf } from '../support/removal-runs.js';
import { type Consul, type Etcd, startConsul, startEtcd } from '../support/servers/index.js';
import { makeTempDir } from '../support/servers/lifetime.js';

const SLOW = { timeout: 60_000 };
/** So that a third of it is soon over. */
const SHORT = ['--ttl', '6s'];
const folder = makeTempDir('comebacks');
const servers: { etcd34?: Etcd; etcd35?: Etcd; consul?: Consul } = {};

interface Registry {
  readonly name: string;
  readonly flags: () => readonly string[];
  readonly how: string;
  /** When the process has noticed. */
  readonly backWithinSeconds: number;
  /** How long it is looked for by default. */
  readonly lookSeconds: number;
}

const registries: readonly Registry[] = [
  {
    name: 'etcd 3.4',
    flags: () => ['--backend', 'etcd', '--server', servers.etcd34?.url ?? ''],
    how: 'delete',
    backWithinSeconds: 1.5,
    lookSeconds: 3,
  },
  {
    name: 'etcd 3.5',
    flags: () => ['--backend', 'etcd', '--server', servers.etcd35?.url ?? ''],
    how: 'delete',
    backWithinSeconds: 1.5,
    lookSeconds: 3,
  },
  {
    name: 'consul',
    flags: () => ['--backend', 'consul', '--server', servers.consul?.url ?? ''],
    how: 'agent',
    backWithinSeconds: 3,
    lookSeconds: 20,
  },
  {
    // Nobody tells the process there: it learns at its next renewal, a third of its TTL.
    name: 'the embedded registry',
    flags: () => ['--backend', 'local', '--dir', folder],
    how: 'delete',
    backWithinSeconds: 3,
    lookSeconds: 3,
  },
];

beforeAll(async () => {
  [servers.etcd34, servers.etcd35, servers.consul] = await Promise.all([
    startEtcd({ version: '3.4' }),
    startEtcd({ version: '3.5' }),
    startConsul({ dev: true }),
  ]);
});

afterAll(async () => {
  await Promise.all(Object.values(servers).map(async (server: Etcd | Consul) => server.stop()));
});

/** A process that keeps the instance `SERVICE-1`, once it stands. An agent of Consul keeps one entry for each id. */
async function keeping(service: string, flags: readonly string[]): Promise<Binary> {
  const entry = [service, '--endpoint', 'http://10.0.1.5:8080', '--id', `${service}-1`];
  const kept = startBinary(['register', ...entry, ...flags, '-o', 'jsonl']);
  await kept.line('registered', 10_000);
  return kept;
}

describe.concurrent.each(registries)('a running sdctl register on $name', (registry) => {
  const { flags, how, backWithinSeconds, lookSeconds } = registry;

  it('is back, and said to be kept by its host and pid', SLOW, async ({ expect }) => {
    const service = uniqueName('order');
    await using kept = await keeping(service, [...flags(), ...SHORT]);
    const run = await deregister([`${service}/${service}-1`, ...flags()]);
    expect([run.ended.code, run.stderr]).toEqual([
      6,
      expect.stringMatching(/^Error: \S+ came back after \d+m?s$/m),
    ]);
    expect(run.stdout).toMatch(new RegExp(`^${service}/${service}-1(@\\S+)?\\n$`));
    expect(run.stderr).toMatch(
      /sdctl: back at (once|its next renewal), unless it runs with `--on-lost exit`\./,
    );
    expect(run.stderr).toContain(`kept by ${hostname()}, pid ${kept.pid}`);
    expect(run.stderr).toContain(`it is kept by ${hostname()}, pid ${kept.pid}\n`);
    expect(run.stderr).toContain(`Try: stop process ${kept.pid} on ${hostname()} first`);
    await kept.line('restored', 10_000);
    expect(kept.running).toBe(true);
  });

  it('is back in the document too, soon and with its owner', SLOW, async ({ expect }) => {
    const service = uniqueName('order');
    await using kept = await keeping(service, [...flags(), ...SHORT]);
    const run = await deregister([`${service}/${service}-1`, ...flags(), '-o', 'json']);
    const item = itemOf(run);
    expect([run.ended.code, item.service, item.instance]).toEqual([6, service, `${service}-1`]);
    expect(item).toMatchObject({
      outcome: 'came-back',
      how,
      goneForSeconds: null,
      error: { code: 'E_CAME_BACK' },
      comeback: { entry: { layout: 'sdctl', owner: { host: hostname(), pid: kept.pid } } },
    });
    expect(item.comeback?.afterSeconds).toBeLessThan(backWithinSeconds);
  });

  it('stays gone with --on-lost exit, and ends with 7', SLOW, async ({ expect }) => {
    const service = uniqueName('order');
    await using kept = await keeping(service, [...flags(), ...SHORT, '--on-lost', 'exit']);
    const run = await deregister([`${service}/${service}-1`, ...flags(), '-o', 'json']);
    const item = itemOf(run);
    expect([run.ended.code, item.outcome, item.comeback, item.error]).toEqual([0, 'removed', null, null]);
    expect(item.goneForSeconds).toBeGreaterThanOrEqual(lookSeconds);
    expect(item.goneForSeconds).toBeLessThan(lookSeconds + 2);
    expect(run.stderr).toContain(`Gone, and still gone after ${lookSeconds}s.`);
    expect((await kept.exit(10_000)).code).toBe(7);
  });
});

describe.concurrent('what a running sdctl register does', () => {
  const etcdFlags = registries[1]?.flags ?? (() => []);
  const localFlags = registries[3]?.flags ?? (() => []);

  it('after its lease is revoked, is back under a new one', SLOW, async ({ expect }) => {
    const service = uniqueName('order');
    await using kept = await keeping(service, [...etcdFlags(), ...SHORT]);
    const run = await deregister([
      `${service}/${service}-1`,
      '--how',
      'revoke',
      ...etcdFlags(),
      '-o',
      'json',
    ]);
    const { outcome, how, comeback } = itemOf(run);
    expect([run.ended.code, outcome, how]).toEqual([6, 'came-back', 'revoke']);
    expect(run.stderr).toMatch(/^ {2}under lease [0-9a-f]{16}; it is kept by /m);
    const { line } = await kept.line('restored', 5_000);
    const entry = line['entry'] as { readonly lease: { readonly idDecimal: string } };
    expect(comeback?.entry.lease?.idDecimal).toBe(entry.lease.idDecimal);
    expect(comeback?.afterSeconds).toBeLessThan(1.5);
  });

  it('with the usual TTL in the embedded registry, is seen', SLOW, async ({ expect }) => {
    const service = uniqueName('order');
    await using _kept = await keeping(service, localFlags());
    const run = await deregister([`${service}/${service}-1`, ...localFlags(), '-o', 'json']);
    expect([run.ended.code, itemOf(run).outcome]).toEqual([6, 'came-back']);
    expect(itemOf(run).comeback?.afterSeconds).toBeLessThan(11);
  });

  it('with the usual TTL there, is looked for so long when it ends instead', SLOW, async ({ expect }) => {
    const service = uniqueName('order');
    await using kept = await keeping(service, [...localFlags(), '--on-lost', 'exit']);
    const run = await deregister([`${service}/${service}-1`, ...localFlags()]);
    expect([run.ended.code, run.stderr]).toEqual([
      0,
      expect.stringContaining('Gone, and still gone after 11s.'),
    ]);
    expect((await kept.exit(10_000)).code).toBe(7);
  });
});
