/** Removals on Consul that take minutes by themselves, and what the look makes of everything that happens meanwhile. */
import { describe, it } from 'vitest';
import { uniqueName } from '../support/builders.js';
import { runBinary } from '../support/binary.js';
import { itemOf } from '../support/removal-runs.js';
import { startConsul } from '../support/servers/index.js';

const SLOW = { timeout: 300_000 };

describe.concurrent('a removal on Consul over minutes', () => {
  it('what its agent cannot be asked for is gone, and was only changed before', SLOW, async ({ expect }) => {
    const consul = await startConsul({ dev: true });
    const service = uniqueName('odd');
    const entry = { ID: '..', Name: service, Address: '10.0.0.1', Port: 80, Meta: { zone: 'a' } };
    await consul.api('PUT', '/v1/agent/service/register', entry);
    const server = ['--backend', 'consul', '--server', consul.url];
    const args = ['deregister', service, '--id', '..', '--yes', '--confirm', service, '--force'];
    const run = await runBinary([...args, ...server, '-o', 'json'], { withinMs: 240_000 });
    const item = itemOf(run);
    expect([run.ended.code, item.outcome, item.comeback]).toEqual([0, 'removed', null]);
    expect(item.how).toBe('replace');
    expect(item.goneForSeconds).toBeGreaterThanOrEqual(20);
    await consul.stop();
  });

  it('what its agent writes back into the catalog is back', SLOW, async ({ expect }) => {
    const consul = await startConsul({ dev: true });
    const service = uniqueName('kept');
    const entry = { ID: service, Name: service, Address: '10.0.0.1', Port: 80 };
    await consul.api('PUT', '/v1/agent/service/register', entry);
    const server = ['--backend', 'consul', '--server', consul.url];
    const args = ['deregister', `${service}/${service}`, '--how', 'catalog', '--yes', '--force'];
    const run = await runBinary([...args, ...server, '-o', 'json'], { withinMs: 240_000 });
    const item = itemOf(run);
    expect([run.ended.code, item.outcome, item.how]).toEqual([6, 'came-back', 'catalog']);
    expect(run.stderr).toContain('puts it back within one to two minutes');
    expect(item.comeback?.afterSeconds).toBeLessThan(150);
    await consul.stop();
  });
});
