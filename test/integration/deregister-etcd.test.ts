/** `deregister` through the binary on real etcd: what it asks, what it refuses, what it takes, what it puts back. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Etcd3 } from 'etcd3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BinaryOptions, runBinary } from '../support/binary.js';
import { EtcdEntries, hexLease, kratosKey } from '../support/etcd-entries.js';
import { leak, vectors } from '../support/hostile.js';
import { type Etcd, startEtcd } from '../support/servers/index.js';
import { makeTempDir } from '../support/servers/lifetime.js';
import { Terminal } from '../support/terminal.js';

const SLOW = { timeout: 60_000 };
const keyOf = (id: string): string => kratosKey('order', id);

describe.each(['3.4', '3.5'] as const)('deregister on etcd %s', (version) => {
  let etcd: Etcd;
  let client: Etcd3;
  let entries: EtcdEntries;
  let home: string;
  let undo: string;

  beforeAll(async () => {
    etcd = await startEtcd({ version });
    client = new Etcd3({ hosts: etcd.url });
    entries = new EtcdEntries(client);
  });
  beforeEach(() => {
    home = makeTempDir('deregister');
    undo = path.join(home, 'undo.json');
    const config = path.join(home, 'config', 'sdctl');
    mkdirSync(config, { recursive: true });
    const context = `backend: etcd, servers: ["${etcd.url}"], prefix: [/services/, /microservices/]`;
    writeFileSync(
      path.join(config, 'config.yaml'),
      `currentContext: lab\ncontexts:\n  lab: {${context}}\n  prod: {${context}, protected: true}\n  archive: {${context}, readOnly: true}\n`,
    );
  });
  afterEach(async () => {
    await client.delete().all();
  });
  afterAll(async () => {
    client.close();
    await etcd.stop();
  });

  const remove = async (args: readonly string[], options: Omit<BinaryOptions, 'home'> = {}) => {
    const isOwn = args.includes('--undo') || args.includes('--verify');
    return runBinary(['deregister', ...args, ...(isOwn ? [] : ['--verify', '0'])], {
      ...options,
      home,
      withinMs: 30_000,
    });
  };
  const terminal = (...args: readonly string[]): Terminal =>
    new Terminal(['deregister', ...args, '--verify', '0'], { home, columns: 200 });
  const answer = async (keys: string, ...args: readonly string[]) => {
    await using asked = terminal(...args);
    await asked.shows('from lab (etcd)? ');
    asked.type(keys);
    return { code: await asked.exit(), screen: asked.screen };
  };
  const some = async (...ids: readonly string[]): Promise<void> => {
    for (const id of ids) await entries.kratos('order', id);
  };
  const left = async (): Promise<readonly string[]> => entries.keys();

  describe('one instance', () => {
    it('goes for yes, and says how', async () => {
      await some('a', 'b');
      const { code, screen } = await answer('y\r', 'order/a');
      expect(code).toBe(0);
      expect(screen).toContain('Registry lab (etcd)');
      expect(screen).toMatch(
        / {2}order\/a {3}http:\/\/10\.0\.1\.5:8097 {3}● passing {3}lease [0-9a-f]{16}\n/,
      );
      expect(screen).toMatch(
        /How: delete the key, if it still is at revision \d+ under this lease\. kratos: /,
      );
      expect(await left()).toEqual([keyOf('b')]);
    });

    it.each(['\r', 'n\r', 'order\r', '\x04'])('stays for %j', async (keys) => {
      await some('a', 'b');
      const { code, screen } = await answer(keys, 'order/a');
      expect(code).toBe(2);
      expect(screen).toContain('not confirmed, nothing was removed');
      expect(await left()).toHaveLength(2);
    });

    it('stays in a script without --yes, in a protected context without its name, and read-only', async () => {
      await some('a', 'b');
      for (const [args, code] of [
        [['order/a'], 2],
        [['order/a', '-c', 'prod', '--yes'], 2],
        [['order/a', '-c', 'prod', '--yes', '--confirm', 'order'], 2],
        [['order/a', '-c', 'archive', '--yes', '--confirm', 'archive'], 5],
        [['order/a', '-c', 'prod', '--dry-run'], 0],
        [['order/a', '--dry-run', '-o', 'json'], 0],
      ] as const)
        expect((await remove(args)).ended.code, args.join(' ')).toBe(code);
      expect(await left()).toHaveLength(2);
      expect((await remove(['order/a', '-c', 'prod', '--yes', '--confirm', 'prod'])).ended.code).toBe(0);
      expect(await left()).toEqual([keyOf('b')]);
    });

    it('leaves its lease alone, and everything else that hangs on it', async () => {
      await some('b');
      const lease = await entries.kratos('order', 'a');
      await entries.put('/locks/cron', '', { lease });
      expect((await remove(['order/a', '--yes'])).ended.code).toBe(0);
      expect(await left()).toEqual(['/locks/cron', keyOf('b')]);
      expect((await entries.timeToLive(lease)).granted).toBe(600);
    });

    it.each([
      ['another value', async () => entries.kratos('order', 'a', { endpoint: 'http://10.0.1.9:1' })],
      ['the same under another lease', async () => entries.kratos('order', 'a')],
      ['the same again', async (lease: string) => entries.kratos('order', 'a', { lease })],
    ])('is left alone when it is %s by the time of the answer: 6', async (_what, change) => {
      await some('b');
      const lease = await entries.kratos('order', 'a');
      await using asked = terminal('order/a');
      await asked.shows('[y/N] ');
      await change(lease);
      asked.type('y\r');
      expect(await asked.exit()).toBe(6);
      expect(asked.screen).toContain('order/a changed meanwhile and was left alone');
      expect(await left()).toHaveLength(2);
    });

    it('that is gone by then is no failure', async () => {
      await some('a', 'b');
      await using asked = terminal('order/a');
      await asked.shows('[y/N] ');
      await client.delete().key(keyOf('a'));
      asked.type('y\r');
      expect(await asked.exit()).toBe(0);
      expect(asked.screen).toContain('order/a was already gone.');
    });

    it('without a lease goes as well, and does not count as passing', async () => {
      await entries.kratos('order', 'a', { ttl: null });
      expect((await remove(['order/a', '--yes', '--how', 'revoke'])).ended.code).toBe(2);
      const done = await remove(['order/a', '--yes', '-o', 'json']);
      expect(done.ended.code, done.said).toBe(0);
      expect(JSON.parse(done.stdout)).toMatchObject({ items: [{ outcome: 'removed', how: 'delete' }] });
    });
  });

  describe('several instances', () => {
    const confirm = ['--yes', '--confirm', 'order'];

    it('go for the name of their service, typed or given', async () => {
      await some('a', 'b', 'c', 'd', 'e');
      expect((await answer('y\r', 'order/a', 'order/b')).code).toBe(2);
      expect((await remove(['order/a', 'order/b', '--yes'])).ended.code).toBe(2);
      expect(await left()).toHaveLength(5);
      expect((await answer('order\r', 'order/a', 'order/b')).code).toBe(0);
      expect((await remove(['order/c', 'order/d', ...confirm])).ended.code).toBe(0);
      expect(await left()).toEqual([keyOf('e')]);
    });

    it('of several services want the name of the context', async () => {
      await some('a', 'b');
      for (const id of ['x', 'y']) await entries.kratos('pay', id);
      const both = ['order/a', 'pay/x', '--yes', '--confirm'];
      expect((await remove([...both, 'order'])).ended.code).toBe(2);
      expect((await remove([...both, 'lab'])).ended.code).toBe(0);
      expect(await left()).toEqual([keyOf('b'), kratosKey('pay', 'y')]);
    });

    it('that list names are read from stdin', async () => {
      await some('a', 'b', 'c');
      const { stdout } = await runBinary(['list', 'order', '-o', 'name'], { home });
      const done = await remove(['-', ...confirm, '--force'], { stdin: stdout });
      expect(done.ended.code, done.said).toBe(0);
      expect(done.stdout).toBe(stdout);
      expect(await left()).toEqual([]);
    });

    it('are chosen by a selector, at most --max of them, and never the last', async () => {
      await some('a', 'b', 'c');
      const chosen = ['order', '-l', 'zone in (a,b,c)', ...confirm];
      for (const flags of [['--max', '2', '--force'], [], ['--dry-run']]) {
        const refused = await remove([...chosen, ...flags]);
        expect(refused.ended.code, refused.said).toBe(2);
      }
      const two = await remove(['order', '-l', 'zone!=c', ...confirm, '--max', '2']);
      expect(two.ended.code, two.said).toBe(0);
      expect(await left()).toEqual([keyOf('c')]);
      const last = await remove(['order/c', '--yes', '-o', 'json']);
      expect(last.ended.code).toBe(2);
      expect(JSON.parse(last.stdout)).toMatchObject({ kind: 'Error', error: { code: 'E_MIN_HEALTHY' } });
      expect((await remove(['order/c', '--yes', '--force'])).ended.code).toBe(0);
    });

    it('one that is about to expire is none that passes', SLOW, async () => {
      await entries.kratos('order', 'late', { ttl: 6 });
      await some('a');
      // Below a third of its TTL it is late.
      await expect
        .poll(async () => (await remove(['order/a', '--dry-run'])).ended.code, {
          timeout: 8_000,
          interval: 300,
        })
        .toBe(2);
    });

    it('two runs at once take each once', async () => {
      const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
      await some(...ids);
      const args = [...ids.map((id) => `order/${id}`), ...confirm, '--force', '-o', 'json'];
      const runs = await Promise.all([remove(args), remove(args)]);
      const items = runs.flatMap(({ stdout }) => {
        const document = JSON.parse(stdout) as { readonly items?: readonly { readonly outcome: string }[] };
        return document.items ?? [];
      });
      expect(items.filter(({ outcome }) => outcome === 'removed')).toHaveLength(ids.length);
      expect(await left()).toEqual([]);
    });
  });

  describe('a name', () => {
    it('of two keys is refused with both, and the flags that are offered lead to one', async () => {
      await entries.put('/services/order/a', '10.0.1.1:80', { ttl: null });
      await entries.kratos('order', 'a', { ttl: null });
      const roots = ['--prefix', '/services/', '--prefix', '/microservices/'];
      for (const args of [['order/a'], ['order/a', 'order/nobody']]) {
        const refused = await remove([...args, '--yes', ...roots, '-o', 'json']);
        expect(refused.ended.code, refused.said).toBe(2);
        const { error } = JSON.parse(refused.stdout) as { readonly error: { readonly hint: string } };
        expect(error).toMatchObject({
          code: 'E_AMBIGUOUS',
          details: { keys: expect.arrayContaining(['/services/order/a', keyOf('a')]) as unknown },
        });
        const [, ...words] = error.hint.split(' ').slice(1);
        expect(words.at(-1)).toBe('order/a');
        const one = await remove([...words, '--dry-run', '-o', 'json']);
        expect(one.ended.code, one.said).toBe(0);
        expect(JSON.parse(one.stdout)).toMatchObject({ items: [{ outcome: 'planned' }] });
      }
      expect(await left()).toHaveLength(2);
    });

    it('in a layout that is read-only is never removed, not even as stale', async () => {
      const apisix = '/apisix/upstreams/1';
      await entries.put(apisix, '{"id":"1","name":"order","nodes":{"10.0.1.5:8080":1}}', { ttl: null });
      const flags = ['--prefix', '/apisix/', '--yes', '--force', '--confirm', 'order'];
      for (const args of [['order/1'], ['order/1', '--dry-run'], ['order', '-l', 'layout=apisix']]) {
        const refused = await remove([...args, ...flags]);
        expect(refused.ended.code, refused.said).toBe(2);
        expect(refused.stderr).toContain('read-only');
      }
      const stale = await remove(['--stale', '--probe', 'tcp', ...flags]);
      expect(stale.ended.code, stale.said).toBe(0);
      expect(await left()).toEqual([apisix]);
    });

    it('of every kind is removed as it is listed', async () => {
      const texts = Object.values(vectors);
      for (const id of texts) await entries.put(`/services/odd/${id}`, '10.0.1.1:80', { ttl: null });
      const list = await runBinary(['list', 'odd', '-o', 'name'], { home });
      const flags = ['--yes', '--confirm', 'odd', '--max', '99', '--undo-file', undo];
      const done = await remove(['-', ...flags], { stdin: list.stdout });
      expect(done.ended.code, done.said).toBe(0);
      expect(await left()).toEqual([]);
      const back = await remove(['--undo', undo]);
      expect(back.ended.code, back.said).toBe(0);
      expect(await left()).toHaveLength(texts.length);
      expect(done.said + back.said + readFileSync(undo, 'utf8')).not.toMatch(leak);
    });
  });

  describe('a revoke', () => {
    const revoke = ['--how', 'revoke'];

    async function shared(): Promise<string> {
      const lease = await entries.grant(600);
      await entries.kratos('order', 'a', { lease });
      await entries.kratos('ledger', 'l', { lease });
      await entries.put('/locks/cron\u001b[2J', '', { lease });
      await entries.put(Buffer.from([0x2f, 0xff, 0xfe]), '', { lease });
      await some('b');
      await entries.kratos('ledger', 'm');
      return lease;
    }

    it('names every key beforehand, and takes them all', async () => {
      const lease = await shared();
      const dry = await remove(['order/a', ...revoke, '--dry-run']);
      expect(dry.ended.code, dry.said).toBe(0);
      expect(dry.stderr).toContain('How: revoke the lease, which takes every key that hangs on it.');
      expect(dry.stderr).toContain(`With lease ${hexLease(lease)} fall 3 more:`);
      expect(dry.stderr).toContain(`  ledger/l   ${kratosKey('ledger', 'l')}\n`);
      expect(dry.stderr).toContain('  /locks/cron\\e[2J   not an instance\n');
      expect(dry.stderr).toContain('  /\\xff\\xfe   not an instance\n');
      expect(await left()).toHaveLength(6);

      await using asked = terminal('order/a', ...revoke, '--undo-file', undo);
      await asked.shows('go on: ');
      expect(asked.screen).toContain('Not saved in the undo file, because they are no instances: ');
      expect(asked.screen).toContain(
        'Remove 2 instances of 2 services and 2 other keys from lab (etcd)? Type the name of the context (lab)',
      );
      asked.type('lab\r');
      expect(await asked.exit()).toBe(0);
      expect(asked.screen).toContain('order/a\nledger/l\n');
      expect(asked.screen).not.toContain('\u001b[2J');
      expect(await left()).toEqual([kratosKey('ledger', 'm'), keyOf('b')]);
      expect((await entries.timeToLive(lease)).granted).toBe(0);

      const { items } = JSON.parse(readFileSync(undo, 'utf8')) as { readonly items: readonly unknown[] };
      expect(items).toMatchObject([
        { service: 'order', id: 'a', leaseId: hexLease(lease), grantedSeconds: 600 },
        { service: 'ledger', id: 'l', leaseId: hexLease(lease), grantedSeconds: 600 },
      ]);
      const audit = readFileSync(path.join(home, 'state', 'sdctl', 'audit.jsonl'), 'utf8')
        .trim()
        .split('\n');
      expect(audit.map((line) => JSON.parse(line) as unknown)).toMatchObject([
        { target: 'order/a', how: 'revoke', outcome: 'removed' },
        { how: 'revoke', outcome: 'removed' },
        { how: 'revoke', outcome: 'removed' },
        { how: 'revoke', outcome: 'removed' },
      ]);
      expect(audit.map((line) => (JSON.parse(line) as { readonly target: string }).target).sort()).toEqual([
        '/\\xff\\xfe',
        '/locks/cron\u001b[2J',
        'ledger/l',
        'order/a',
      ]);
    });

    it('with one other key wants the name of the service', async () => {
      const lease = await entries.kratos('order', 'a');
      await entries.put('/locks/cron', '', { lease });
      await some('b');
      const bare = await remove(['order/a', ...revoke, '--yes']);
      expect(bare.ended.code).toBe(2);
      expect(bare.stderr).toContain('order/a and 1 other key');
      const done = await remove(['order/a', ...revoke, '--yes', '--confirm', 'order', '-o', 'json']);
      expect(done.ended.code, done.said).toBe(0);
      expect(JSON.parse(done.stdout)).toMatchObject({
        items: [{ outcome: 'removed', how: 'revoke', falls: ['/locks/cron'] }],
      });
      expect(await left()).toEqual([keyOf('b')]);
    });

    it('of a lease of its own is one instance: y or --yes', async () => {
      await some('a', 'b', 'c');
      expect((await answer('y\r', 'order/a', ...revoke)).code).toBe(0);
      expect((await remove(['order/b', ...revoke, '--yes'])).ended.code).toBe(0);
      expect(await left()).toEqual([keyOf('c')]);
    });

    it('of one lease by two of its names happens once', async () => {
      const lease = await entries.grant(600);
      for (const id of ['a', 'b', 'c']) await entries.kratos('order', id, { lease });
      await some('d');
      const args = ['order/a', 'order/b', ...revoke, '--yes', '--confirm', 'order'];
      const done = await remove(args);
      expect(done.ended.code, done.said).toBe(0);
      expect(done.stdout).toBe('order/a\norder/c\norder/b\n');
      expect(await left()).toEqual([keyOf('d')]);
    });

    it.each([
      ['another key', async (lease: string) => entries.put('/locks/new', '', { lease })],
      [
        'another value',
        async (lease: string) => entries.kratos('order', 'a', { lease, endpoint: 'http://10.9.9.9:1' }),
      ],
    ])('of what has %s by the time of the answer is left alone: 6', async (_what, change) => {
      const lease = await entries.kratos('order', 'a');
      await some('b');
      await using asked = terminal('order/a', ...revoke);
      await asked.shows('[y/N] ');
      await change(lease);
      asked.type('y\r');
      expect(await asked.exit()).toBe(6);
      expect(await left()).toContain(keyOf('a'));
    });

    it('counts what falls against --max and the floor', async () => {
      const lease = await entries.grant(600);
      for (let n = 0; n < 12; n += 1) await entries.kratos('order', `i-${n}`, { lease });
      const flags = [...revoke, '--yes', '--confirm', 'order'];
      const many = await remove(['order/i-1', ...flags]);
      expect(many.ended.code).toBe(2);
      expect(many.stderr).toContain('12 instances would be removed, more than --max 10');
      const floor = await remove(['order/i-1', ...flags, '--max', '12']);
      expect(floor.ended.code).toBe(2);
      expect(floor.stderr).toContain('0 of 12 passing would be left');
      expect(await left()).toHaveLength(12);
    });
  });

  describe('an undo file', () => {
    it('puts back what was there, under a new lease of the granted TTL that nobody renews', async () => {
      await some('c');
      const lease = await entries.kratos('order', 'a', { ttl: 77 });
      await entries.kratos('order', 'b', { ttl: null });
      const before = [await entries.read(keyOf('a')), await entries.read(keyOf('b'))];
      const args = ['order/a', 'order/b', '--yes', '--confirm', 'order', '--undo-file', undo];
      expect((await remove(args)).ended.code).toBe(0);
      expect(statSync(undo).mode & 0o777).toBe(0o600);
      expect(await left()).toEqual([keyOf('c')]);

      const dry = await remove(['--undo', undo, '--dry-run']);
      expect(dry.ended.code, dry.said).toBe(0);
      expect(await left()).toEqual([keyOf('c')]);

      const back = await remove(['--undo', undo, '-o', 'json']);
      expect(back.ended.code, back.said).toBe(0);
      expect(back.stderr).toMatch(
        /order\/a {3}\/microservices\/order\/a: put back under the new lease [0-9a-f]{16}, which nobody renews: it ends in 1m 17s/,
      );
      expect(back.stderr).toContain(`order/b   ${keyOf('b')}: put back without a lease, as it was`);
      const [a, b] = [await entries.read(keyOf('a')), await entries.read(keyOf('b'))];
      expect([a?.value, b]).toEqual([before[0]?.value, before[1]]);
      expect(a?.lease).not.toBe(lease);
      expect((await entries.timeToLive(a?.lease ?? '0')).granted).toBe(77);
      expect(JSON.parse(back.stdout)).toMatchObject({
        kind: 'RestoreResult',
        items: [
          {
            outcome: 'restored',
            lease: { id: hexLease(a?.lease ?? '0'), idDecimal: a?.lease },
            endsInSeconds: 77,
          },
          { outcome: 'restored', lease: null, endsInSeconds: null },
        ],
      });
      const { left: seconds } = await entries.timeToLive(a?.lease ?? '0');
      await new Promise((resolve) => setTimeout(resolve, 2_100));
      expect((await entries.timeToLive(a?.lease ?? '0')).left).toBeLessThan(seconds);
    });

    it('leaves alone what stands there by now, and no lease behind', async () => {
      await some('a', 'b', 'c');
      await remove(['order/a', 'order/b', '--yes', '--confirm', 'order', '--undo-file', undo]);
      await entries.put(keyOf('a'), 'somebody', { ttl: null });
      const leases = async (): Promise<readonly string[]> =>
        (await client.leaseClient.leaseLeases()).leases.map(({ ID }) => ID);
      const before = await leases();
      const dry = await remove(['--undo', undo, '--dry-run', '-o', 'json']);
      expect(dry.ended.code, dry.said).toBe(8);
      expect(JSON.parse(dry.stdout)).toMatchObject({
        items: [{ outcome: 'occupied' }, { outcome: 'planned' }],
      });
      const some8 = await remove(['--undo', undo]);
      expect(some8.ended.code, some8.said).toBe(8);
      expect(await entries.read(keyOf('a'))).toEqual({ value: 'somebody', lease: '0' });
      const all6 = await remove(['--undo', undo, '-o', 'json']);
      expect(all6.ended.code, all6.said).toBe(6);
      expect((await leases()).filter((id) => !before.includes(id))).toHaveLength(1);
    });

    it('of another etcd, or of another kind of registry, is refused', async () => {
      await some('a', 'b');
      await remove(['order/a', '--yes', '--undo-file', undo]);
      const elsewhere = ['--config', '/dev/null', '--backend', 'etcd'];
      const moved = await remove(['--undo', undo, ...elsewhere, '--server', 'http://127.0.0.1:1']);
      expect(moved.ended.code).toBe(2);
      expect(moved.stderr).toContain(`it was taken from ${etcd.url}, and this is http://127.0.0.1:1`);
      const local = await remove(['--undo', undo, '--config', '/dev/null', '--dir', home, '--force']);
      expect(local.ended.code).toBe(2);
      expect(local.stderr).toContain('it was taken from etcd, and this is local');
      expect(await left()).toEqual([keyOf('b')]);
      const same = await remove(['--undo', undo, ...elsewhere, '--server', etcd.url]);
      expect(same.ended.code, same.said).toBe(0);
      const readOnly = await remove(['--undo', undo, '-c', 'archive']);
      expect(readOnly.ended.code).toBe(5);
    });

    it('that cannot be written keeps everything as it is', async () => {
      await some('a', 'b');
      for (const file of ['/dev/null', home, path.join(home, 'none', 'undo.json')]) {
        const refused = await remove(['order/a', '--yes', '--undo-file', file]);
        expect(refused.ended.code, refused.said).toBe(2);
      }
      expect(await left()).toHaveLength(2);
    });
  });

  describe('a server that dies', () => {
    it('while it is asked: 4, and the entry stays', SLOW, async () => {
      await some('a', 'b');
      await using asked = terminal('order/a', '--timeout', '2s', '--undo-file', undo);
      await asked.shows('[y/N] ');
      await etcd.kill();
      try {
        asked.type('y\r');
        expect(await asked.exit()).toBe(4);
        expect(existsSync(undo)).toBe(false);
      } finally {
        await etcd.start();
      }
      expect(await left()).toHaveLength(2);
    });

    it('before anything: 4, for several and for what is chosen', SLOW, async () => {
      const flags = [
        '--config',
        '/dev/null',
        '--backend',
        'etcd',
        '--server',
        'http://127.0.0.1:1',
        '--timeout',
        '1s',
      ];
      for (const args of [['order/a'], ['order/a', 'order/b'], ['order', '-l', 'a=b'], ['--stale']]) {
        const away = await remove([...args, '--yes', '--confirm', 'order', ...flags, '-o', 'json']);
        expect(away.ended.code, away.said).toBe(4);
        expect(JSON.parse(away.stdout)).toMatchObject({ kind: 'Error' });
      }
    });
  });
});
