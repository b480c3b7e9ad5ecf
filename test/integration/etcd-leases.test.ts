/** Leases on real etcd: everything joined, inspected, revoked; and what a user may not see. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEtcd } from '../../src/lib/registry/etcd/open-etcd.js';
import { runBinary, startBinary } from '../support/binary.js';
import { aConnection, testDeps } from '../support/builders.js';
import {
  enableAuth,
  type Etcd,
  recentEtcdMissing,
  startDenyingEtcd,
  startEtcd,
} from '../support/servers/index.js';

interface Item {
  readonly id: string;
  readonly idDecimal: string;
  readonly grantedSeconds: number;
  readonly leftSeconds: number;
  readonly renewed: boolean | null;
  readonly keys: number | null;
  readonly services: readonly string[];
  readonly bindings: readonly Readonly<Record<string, string | null>>[];
  readonly outcome?: string;
}

interface Document {
  readonly kind: string;
  readonly partial: boolean;
  readonly hidden: readonly string[];
  readonly items: readonly Item[];
}

const kratos = JSON.stringify({
  id: 'i-9',
  name: 'checkout',
  version: 'v1',
  metadata: null,
  endpoints: ['http://10.0.0.9:8000'],
});

/** Grants a lease and hangs keys on it. @returns its id in hex */
async function grant(etcd: Etcd, ttl: number, keys: Readonly<Record<string, string>> = {}): Promise<string> {
  const id = /lease ([0-9a-f]+) granted/.exec(await etcd.ctl(['lease', 'grant', String(ttl)]))?.[1] ?? '';
  for (const [key, value] of Object.entries(keys)) await etcd.ctl(['put', `--lease=${id}`, '--', key, value]);
  return id;
}

describe.each(['3.4', '3.5'] as const)('leases of etcd %s', (version) => {
  let etcd: Etcd;
  const run = async (...args: string[]) => runBinary([...args, '--backend', 'etcd', '--server', etcd.url]);
  const list = async (...args: string[]): Promise<Document> => {
    const { ended, stdout, said } = await run('lease', 'list', '-o', 'json', ...args);
    expect(ended.code, said).toBe(0);
    return JSON.parse(stdout) as Document;
  };
  let shared = '';
  let own = '';
  let empty = '';

  beforeAll(async () => {
    etcd = await startEtcd({ version });
    shared = await grant(etcd, 600, {
      '/services/order/i-1': '10.0.0.1:8080',
      '/services/ledger/i-1': '10.0.0.2:8080',
      '/locks/cron': 'x',
      '/microservices/checkout/i-9': kratos,
    });
    own = await grant(etcd, 300, { '/services/order/i-2': '10.0.0.3:8080' });
    empty = await grant(etcd, 100);
    await etcd.put('/services/order/i-3', '10.0.0.4:8080');
  });
  afterAll(async () => {
    await etcd.stop();
  });

  it('joins leases, keys and instances both ways, also outside the root', async () => {
    const document = await list();
    expect(document).toMatchObject({ kind: 'LeaseList', partial: false, hidden: [] });
    expect(document.items.map(({ id }) => id)).toEqual([empty, own, shared]);
    const [none, one, many] = document.items;
    expect(none).toMatchObject({ keys: 0, bindings: [], services: [], grantedSeconds: 100 });
    expect(one).toMatchObject({ keys: 1, services: ['order'], idDecimal: BigInt(`0x${own}`).toString() });
    expect(one?.leftSeconds).toBeGreaterThan(280);
    expect(many).toMatchObject({ keys: 4, services: ['checkout', 'ledger', 'order'] });
    const bound = new Map(many?.bindings.map((binding) => [binding['key'], binding]));
    expect(bound.get('/services/order/i-1')).toMatchObject({
      type: 'instance',
      service: 'order',
      instance: 'i-1',
    });
    expect(bound.get('/microservices/checkout/i-9')).toMatchObject({ type: 'instance', layout: 'kratos' });
    expect(bound.get('/locks/cron')).toMatchObject({ type: 'undecoded', instance: null });
  });

  it('filters by service, time left and emptiness', async () => {
    expect((await list('--service', 'order')).items.map(({ id }) => id)).toEqual([own, shared]);
    expect((await list('--service', 'check*')).items.map(({ id }) => id)).toEqual([shared]);
    expect((await list('--orphans')).items.map(({ id }) => id)).toEqual([empty]);
    expect((await list('--expiring', '5m')).items.map(({ id }) => id)).toEqual([empty, own]);
    expect((await list('--sort-by', 'keys:desc', '--limit', '1')).items.map(({ id }) => id)).toEqual([
      shared,
    ]);
  });

  it('tells a renewed lease from one that nobody renews', async () => {
    await using member = startBinary([
      ...['register', 'live', '--id', 'i-1', '--endpoint', 'http://10.0.0.8:80', '--ttl', '6s'],
      ...['--backend', 'etcd', '--server', etcd.url, '-o', 'jsonl'],
    ]);
    await member.line('registered', 10_000);
    const idle = await grant(etcd, 8, { '/services/idle/i-1': '10.0.0.7:80' });
    const { items } = await list('--observe', '5s');
    const renewedOf = (id: string) => items.find((item) => item.id === id)?.renewed;
    expect(items.find(({ services }) => services.includes('live'))?.renewed).toBe(true);
    expect(renewedOf(idle)).toBe(false);
    // Five seconds tell nothing about ten minutes.
    expect(renewedOf(shared)).toBe(null);
  });

  it('counts down as lines with -w', async () => {
    await using watch = startBinary([
      ...['lease', 'list', '-w', '--service', 'order', '-o', 'jsonl'],
      ...['--backend', 'etcd', '--server', etcd.url],
    ]);
    const first = await watch.line(({ id, type }) => id === own && type === 'left', 10_000);
    const second = await watch.line(
      ({ id, leftSeconds }) => id === own && Number(leftSeconds) < Number(first.line['leftSeconds']),
      10_000,
    );
    expect(second.line).toMatchObject({ kind: 'LeaseEvent', id: own });
  });

  it.each([
    ['hex', (id: string) => id],
    ['0x', (id: string) => `0x${id}`],
    ['dec:', (id: string) => `dec:${BigInt(`0x${id}`).toString()}`],
    ['decimal digits', (id: string) => BigInt(`0x${id}`).toString()],
  ])('inspects a lease named in %s', async (_form, write) => {
    const { ended, stdout, said } = await run('lease', 'inspect', write(shared), '-o', 'json');
    expect(ended.code, said).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'Lease', id: shared, keys: 4, grantedSeconds: 600 });
  });

  it('says that an unknown lease has ended or never was, with 3', async () => {
    for (const verb of ['inspect', 'revoke']) {
      const { ended, stderr } = await run(
        'lease',
        verb,
        '694d8c1f2a3b4c2d',
        ...(verb === 'revoke' ? ['--yes'] : []),
      );
      expect(ended.code).toBe(3);
      expect(stderr).toContain('no lease 694d8c1f2a3b4c2d: expired or never granted');
    }
    expect((await run('lease', 'inspect', 'nonsense')).ended.code).toBe(2);
  });

  it('revokes one key for --yes and several for the id, and nothing in a dry run', async () => {
    const several = await grant(etcd, 600, {
      '/services/a/1': '10.1.0.1:80',
      '/services/b/1': '10.1.0.2:80',
    });
    const bare = await run('lease', 'revoke', several, '--yes');
    expect(bare.ended.code).toBe(2);
    expect(bare.stderr).toContain('removes 2 keys');
    expect(bare.stderr).toContain(`--yes --confirm ${several}`);
    const dry = await run('lease', 'revoke', several, '--dry-run', '-o', 'json');
    expect(dry.ended.code, dry.said).toBe(0);
    expect(JSON.parse(dry.stdout)).toMatchObject({ dryRun: true, items: [{ outcome: 'planned', keys: 2 }] });
    expect((await run('lease', 'revoke', several, '--yes', '--confirm', 'wrong')).ended.code).toBe(2);
    expect(await etcd.get('/services/a/1')).toBe('10.1.0.1:80');
    const done = await run('lease', 'revoke', several, '--yes', '--confirm', `0x${several}`);
    expect(done.ended.code, done.said).toBe(0);
    expect(done.stdout).toBe(`${several}\n`);
    expect(await etcd.get('/services/a/1')).toBeUndefined();
    expect(await etcd.get('/services/b/1')).toBeUndefined();
    const one = await grant(etcd, 600, { '/services/c/1': '10.1.0.3:80' });
    expect((await run('lease', 'revoke', one)).ended.code).toBe(2);
    expect((await run('lease', 'revoke', one, '--yes')).ended.code).toBe(0);
    expect(await etcd.get('/services/c/1')).toBeUndefined();
  });

  it('tells a key in Latin-1 from the same in UTF-8, and knows an id from 2^63 on as it prints it', async () => {
    const post = async (path: string, body: Readonly<Record<string, unknown>>) => {
      const { ok } = await fetch(`${etcd.url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) });
      expect(ok).toBe(true);
    };
    await post('lease/grant', { TTL: 600, ID: '-2' });
    for (const key of [Buffer.from('é', 'latin1'), Buffer.from('é', 'utf8')])
      await post('kv/put', { key: key.toString('base64'), value: 'eA==', lease: '-2' });
    const inspected = await run('lease', 'inspect', 'fffffffffffffffe', '-o', 'json');
    const { idDecimal } = JSON.parse(inspected.stdout) as Item;
    const id = `dec:${idDecimal}`;
    const done = await run('lease', 'revoke', id, '--yes', '--confirm', id);
    expect(done.ended.code, done.said).toBe(0);
    expect(done.stdout).toBe('fffffffffffffffe\n');
    expect(await etcd.get('é')).toBeUndefined();
  });

  // Last, because it gives every lease its whole time again.
  it('takes no restart for a renewal', async () => {
    const id = await grant(etcd, 6);
    await using watch = startBinary([
      ...['lease', 'list', '-w', '-o', 'jsonl'],
      ...['--backend', 'etcd', '--server', etcd.url],
    ]);
    await watch.line((line) => line['id'] === id && line['leftSeconds'] === 3, 20_000);
    const before = watch.lines.length;
    await etcd.restart();
    const risen = await watch.line(
      (line) => line['id'] === id && Number(line['leftSeconds']) > 3,
      20_000,
      before,
    );
    expect(risen.line.type).toBe('left');
    await watch.says('etcd has a new leader, which gave every lease its whole time again', 1_000);
    expect(watch.types).not.toContain('renewed');
  });
});

/** An ordinary user who may read `/services/`, and leases of which one carries a foreign key. */
async function withReader(etcd: Etcd): Promise<{ readonly readable: string; readonly mixed: string }> {
  const readable = await grant(etcd, 600, { '/services/order/i-1': '10.0.0.1:80' });
  const mixed = await grant(etcd, 600, { '/services/order/i-2': '10.0.0.2:80', '/locks/x': 'y' });
  await grant(etcd, 500);
  const grants = [{ permission: 'read', key: '/services/', prefix: true }] as const;
  await enableAuth(etcd, { rootPassword: 'root-pw', users: [{ name: 'reader', password: 'pw', grants }] });
  return { readable, mixed };
}

async function expectHonestList(url: string, ids: { readonly readable: string; readonly mixed: string }) {
  const flags = ['--backend', 'etcd', '--server', url, '--username', 'reader'];
  const env = { SDCTL_PASSWORD: 'pw' };
  const run = await runBinary(['lease', 'list', '-o', 'json', ...flags], { env });
  expect(run.ended.code, run.said).toBe(0);
  const document = JSON.parse(run.stdout) as Document;
  expect(document.partial).toBe(true);
  expect(document.hidden.join('\n')).toMatch(/leases without a key that this user may read/);
  expect(run.stderr).toMatch(/leases without a key that this user may read/);
  const found = new Map(document.items.map((item) => [item.id, item]));
  expect([...found.keys()].sort()).toEqual([ids.readable, ids.mixed].sort());
  expect(found.get(ids.readable)).toMatchObject({ keys: 1, services: ['order'], grantedSeconds: 600 });
  // Its other key is not for this user, so nobody may call the one that is seen all of it.
  expect(found.get(ids.mixed)).toMatchObject({ keys: null, services: ['order'], grantedSeconds: 600 });
  const refused = await runBinary(['lease', 'revoke', ids.mixed, '--yes', '--confirm', ids.mixed, ...flags], {
    env,
  });
  expect(refused.ended.code).toBe(5);
}

it('leaves a lease alone to which a key was attached meanwhile that the user may write but not read', async () => {
  const etcd = await startEtcd({ version: '3.5' });
  try {
    const id = await grant(etcd, 600, { '/services/order/i-1': '10.0.0.1:80' });
    const grants = [
      { permission: 'readwrite', key: '/services/', prefix: true },
      { permission: 'write', key: '/drop/', prefix: true },
    ] as const;
    await enableAuth(etcd, { rootPassword: 'root-pw', users: [{ name: 'writer', password: 'pw', grants }] });
    const login = { username: 'writer', password: { origin: 'test', read: () => 'pw' } };
    await using handle = openEtcd(
      aConnection({ backend: 'etcd', servers: [etcd.url], ...login }),
      testDeps(),
    );
    const options = { signal: AbortSignal.timeout(20_000) };
    const seen = await handle.operations.readLease({ id, node: null }, options);
    if (seen === null) throw new Error(`etcd does not know ${id}`);
    await etcd.ctl(['put', `--lease=${id}`, '/drop/x', 'y']);
    expect(await handle.operations.revokeLease(seen, options)).toBe('changed');
    expect(await etcd.get('/services/order/i-1')).toBe('10.0.0.1:80');
  } finally {
    await etcd.stop();
  }
});

describe('a user to whom etcd does not list all leases', () => {
  it('sees the leases of the keys that it may read, and what it could not see', async () => {
    const etcd = await startEtcd({ version: '3.5' });
    try {
      const ids = await withReader(etcd);
      const denying = await startDenyingEtcd(etcd.url);
      try {
        await expectHonestList(denying.url, ids);
        expect(denying.refused()).toBe(1);
      } finally {
        denying.stop();
      }
    } finally {
      await etcd.stop();
    }
  });

  it('is told the same by the newest etcd itself, where this machine can get one', async () => {
    const missing = await recentEtcdMissing();
    if (missing !== null) {
      console.log(`the stand-in above is all there is: ${missing}`);
      return;
    }
    const etcd = await startEtcd({ version: 'recent' });
    try {
      await expectHonestList(etcd.url, await withReader(etcd));
    } finally {
      await etcd.stop();
    }
  });
});
