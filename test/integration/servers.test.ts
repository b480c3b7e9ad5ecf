import { afterEach, describe, expect, it } from 'vitest';
import { startConsul, startEtcd } from '../support/servers/index.js';

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
});
