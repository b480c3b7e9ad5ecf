/** `deregister` as a user of etcd who may not do everything. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Etcd3 } from 'etcd3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runBinary } from '../support/binary.js';
import { EtcdEntries, kratosKey } from '../support/etcd-entries.js';
import { enableAuth, type Etcd, startEtcd } from '../support/servers/index.js';
import { makeTempDir } from '../support/servers/lifetime.js';

const root = '/microservices/';
const keyOf = (id: string): string => kratosKey('order', id);

describe.each(['3.4', '3.5'] as const)('a user of etcd %s', (version) => {
  const home = makeTempDir('users');
  const password = path.join(home, 'password');
  let etcd: Etcd;
  let client: Etcd3;
  let entries: EtcdEntries;

  beforeAll(async () => {
    writeFileSync(password, 'secret', { mode: 0o600 });
    etcd = await startEtcd({ version, auth: 'simple' });
    await enableAuth(etcd, {
      rootPassword: 'secret',
      users: [
        { name: 'reader', password: 'secret', grants: [{ permission: 'read', key: root, prefix: true }] },
        {
          name: 'half',
          password: 'secret',
          grants: [
            { permission: 'read', key: root, prefix: true },
            { permission: 'write', key: keyOf('a') },
          ],
        },
        { name: 'owner', password: 'secret', grants: [{ permission: 'readwrite', key: root, prefix: true }] },
        { name: 'nobody', password: 'secret', grants: [] },
      ],
    });
    client = new Etcd3({ hosts: etcd.url, auth: { username: 'root', password: 'secret' } });
    entries = new EtcdEntries(client);
  });
  beforeEach(async () => {
    await client.delete().all();
    for (const id of ['a', 'b', 'c']) await entries.kratos('order', id);
  });
  afterAll(async () => {
    client.close();
    await etcd.stop();
  });

  const removeAs = async (name: string, ...args: readonly string[]) => {
    const flags = ['--backend', 'etcd', '--server', etcd.url, '--prefix', root, '--verify', '0'];
    const as = ['--username', name, '--password-file', password];
    return runBinary(
      ['deregister', ...args, ...(args.includes('--undo') ? flags.slice(0, -2) : flags), ...as],
      { home },
    );
  };

  it('who may only read removes nothing: 5', async () => {
    for (const args of [['order/a'], ['order/a', 'order/b'], ['order', '-l', 'zone in (a,b)']]) {
      const refused = await removeAs('reader', ...args, '--yes', '--confirm', 'order');
      expect(refused.ended.code, refused.said).toBe(5);
      expect(refused.stderr).toMatch(/permission/i);
    }
    expect(await entries.keys()).toHaveLength(3);
  });

  it('who may remove one of two removes that one: 8', async () => {
    const done = await removeAs('half', 'order/a', 'order/b', '--yes', '--confirm', 'order', '-o', 'json');
    expect(done.ended.code, done.said).toBe(8);
    expect(JSON.parse(done.stdout)).toMatchObject({
      items: [
        { instance: 'a', outcome: 'removed' },
        { instance: 'b', outcome: 'failed', error: { code: 'E_FORBIDDEN' } },
      ],
    });
    expect(await entries.keys()).toEqual([keyOf('b'), keyOf('c')]);
  });

  it('who may see nothing, and who is nobody: 5', async () => {
    for (const args of [['order/a'], ['order/a', 'order/b'], ['--stale']]) {
      const hidden = await removeAs('nobody', ...args, '--yes', '--confirm', 'etcd');
      expect(hidden.ended.code, hidden.said).toBe(5);
      const unknown = await removeAs('stranger', ...args, '--yes', '--confirm', 'etcd', '-o', 'json');
      expect(unknown.ended.code).toBe(5);
      expect(JSON.parse(unknown.stdout)).toMatchObject({ kind: 'Error', error: { code: 'E_AUTH' } });
      expect(unknown.said).not.toContain('secret');
    }
  });

  it('does not revoke a lease of which a key is not for them: 5', async () => {
    const lease = await entries.kratos('order', 'd');
    await entries.put('/locks/cron', '', { lease });
    const args = ['order/d', '--how', 'revoke', '--yes', '--confirm', 'order'];
    const refused = await removeAs('owner', ...args);
    expect(refused.ended.code, refused.said).toBe(5);
    expect(await entries.keys()).toHaveLength(5);
    const bare = await removeAs('owner', 'order/d', '--yes');
    expect(bare.ended.code, bare.said).toBe(0);
    expect(await entries.keys()).toContain('/locks/cron');
  });

  it('puts back what they may write, and nothing else', async () => {
    const undo = path.join(makeTempDir('undo'), 'undo.json');
    const args = ['order/a', 'order/b', '--yes', '--confirm', 'order', '--undo-file', undo];
    expect((await removeAs('owner', ...args)).ended.code).toBe(0);
    expect(readFileSync(undo, 'utf8')).not.toContain('secret');
    const refused = await removeAs('reader', '--undo', undo);
    expect(refused.ended.code, refused.said).toBe(5);
    expect(await entries.keys()).toEqual([keyOf('c')]);
    const half = await removeAs('half', '--undo', undo);
    expect(half.ended.code, half.said).toBe(8);
    expect(half.stdout).toBe('order/a\n');
    expect((await removeAs('owner', '--undo', undo)).ended.code).toBe(8);
    expect(await entries.keys()).toEqual([keyOf('a'), keyOf('b'), keyOf('c')]);
  });
});
