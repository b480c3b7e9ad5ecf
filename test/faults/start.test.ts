/** Before the first success, without it, and after the reader has gone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Binary, startBinary } from '../support/binary.js';
import { uniqueName } from '../support/builders.js';
import { freePort, startConsul, startEtcd, startMute } from '../support/servers/index.js';
import { startRegister, watching } from './commands.js';
import { faultRow, type Row } from './fault-row.js';
import { backends, type RegistryServer } from './registry-server.js';
import { consulStore, etcdStore, type Store } from './store.js';

const SLOW = { timeout: 90_000 };
const TTL = 20;

const startWatch = (flags: readonly string[], service: string, more: readonly string[]): Binary =>
  startBinary(['watch', service, ...flags, '-o', 'jsonl', ...more]);

const withStore = backends.filter(({ name }) => name !== 'etcd 3.4');

async function openStore(kind: 'etcd' | 'consul', keep: Row['keep']): Promise<{ url: string; store: Store }> {
  if (kind === 'etcd') {
    const etcd = keep(await startEtcd({ version: '3.5' }));
    return { url: etcd.url, store: etcdStore(etcd) };
  }
  const consul = keep(await startConsul());
  return { url: consul.url, store: consulStore(consul) };
}

describe.concurrent.each(withStore)('$name', ({ name, kind, start }) => {
  it('--retry-start: started before the server', SLOW, () =>
    faultRow(`${name}: --retry-start`, async ({ keep, measure }) => {
      const server: RegistryServer = keep(await start());
      await server.kill();
      const service = uniqueName('early');
      const kept = keep(startRegister(server.flags, service, TTL, { more: ['--retry-start', 'forever'] }));
      const watch = keep(startWatch(server.flags, service, ['--retry-start', '60s']));
      await Promise.all([kept.says('trying again', 10_000), watch.says('attempt 1', 10_000)]);
      const backMs = await server.away(1_000);
      const registered = await kept.line('registered', 10_000);
      const synced = await watch.line('synced', 10_000);
      measure('registered after it answers', 1_500, registered.seenMs - backMs);
      measure('synced after it answers', 3_000, synced.seenMs - backMs);
      expect(await server.usable(service)).toEqual(['one']);
    }),
  );

  it('--retry-start that ends: 4', SLOW, () =>
    faultRow(`${name}: --retry-start that ends`, async ({ keep, measure }) => {
      const flags = ['--backend', kind, '--server', `http://127.0.0.1:${await freePort()}`];
      const retry = ['--retry-start', '2s'];
      const runs = [
        keep(startRegister(flags, 'order', TTL, { more: retry })),
        keep(startWatch(flags, 'order', retry)),
      ];
      for (const run of runs) {
        const { code, ms } = await run.exit(10_000);
        measure(run.args[0] ?? '', 5_000, ms);
        expect(ms).toBeGreaterThan(2_000);
        expect(code).toBe(4);
        expect(run.lines.at(-1)?.line['error']).toMatchObject({ code: 'E_UNREACHABLE' });
      }
    }),
  );

  it('--until: 0 when it holds, 9 when it was not reached, 4 when nothing was ever read', SLOW, () =>
    faultRow(`${name}: --until`, async ({ keep, measure }) => {
      const { url, store } = await openStore(kind, keep);
      const mute = keep(await startMute());
      const flags = ['--backend', kind, '--server', url];
      const service = uniqueName('awaited');
      const until = ['--until', 'instances>=1', '--timeout', '3s'];
      const never = keep(startWatch(flags, uniqueName('nobody'), until));
      const deaf = keep(startWatch(['--backend', kind, '--server', mute.url], service, until));
      const patient = [...until, '--retry-start', 'forever'];
      const deafAndPatient = keep(startWatch(['--backend', kind, '--server', mute.url], service, patient));
      const met = keep(startWatch(flags, service, until));
      await met.line('synced', 10_000);
      await store.put(service, service);
      expect((await met.exit(5_000)).code).toBe(0);
      const ended = await never.exit(10_000);
      measure('not reached', 3_000 + 2_000, ended.ms);
      expect(ended.code).toBe(9);
      expect(never.types).toEqual(['synced', 'Error']);
      for (const run of [deaf, deafAndPatient]) {
        const { code, ms } = await run.exit(10_000);
        measure('never synced', 3_000 + 2_000, ms);
        expect(code, run.said).toBe(4);
        expect(run.types).toEqual(['Error']);
      }
    }),
  );

  it('| head -1 ends quietly with 0', SLOW, () =>
    faultRow(`${name}: head`, async ({ keep, measure }) => {
      const { url, store } = await openStore(kind, keep);
      const flags = ['--backend', kind, '--server', url];
      const service = uniqueName('piped');
      for (let index = 0; index < 50; index += 1) await store.put(service, `${service}-${index}`);
      const watch = keep(startBinary(['watch', service, ...flags, '-o', 'jsonl'], { closeAfterLine: true }));
      await watch.line('synced', 10_000);
      const closedMs = performance.now();
      for (let index = 0; watch.running && index < 50; index += 1) {
        await store.put(service, `${service}-late-${index}`);
        await sleep(50);
      }
      const { code, endedMs } = await watch.exit(5_000);
      measure('watch', 1_000, endedMs - closedMs);
      expect([code, watch.stderr]).toEqual([0, '']);
      for (const format of ['tsv', 'jsonl', 'json']) {
        const list = keep(startBinary(['list', service, ...flags, '-o', format], { closeAfterLine: true }));
        expect((await list.exit(5_000)).code, format).toBe(0);
        expect(list.stderr).toBe('');
      }
      const other = keep(await watching(flags, service));
      other.signal('SIGINT');
      expect((await other.exit(2_000)).code).toBe(130);
    }),
  );
});
