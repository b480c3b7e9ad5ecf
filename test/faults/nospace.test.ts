/** etcd that has no room left: whoever is in stays, nobody new gets in. */
import { expect, it } from 'vitest';
import { runBinary } from '../support/binary.js';
import { uniqueName } from '../support/builders.js';
import { startEtcd } from '../support/servers/index.js';
import { registering, startRegister, watching } from './commands.js';
import { faultRow, sinceMs } from './fault-row.js';
import { etcdServer } from './registry-server.js';

const TTL = 3;

it.concurrent.each(['3.5', '3.4'] as const)(
  'etcd %s with the NOSPACE alarm',
  { timeout: 60_000 },
  (version) =>
    faultRow(`etcd ${version}: NOSPACE`, async ({ keep, measure }) => {
      const etcd = keep(await startEtcd({ version, quotaBytes: 2 * 1024 * 1024 }));
      const server = etcdServer(etcd);
      const { flags } = server;
      const service = uniqueName('full');
      const kept = keep(await registering(flags, service, TTL));
      const watch = keep(await watching(flags, service));
      const big = 'x'.repeat(100_000);
      for (
        let index = 0;
        index < 40 && !(await etcd.ctl(['alarm', 'list'])).includes('NOSPACE');
        index += 1
      ) {
        await etcd.put(`/ballast/${index}`, big).catch(() => undefined);
      }
      expect(await etcd.ctl(['alarm', 'list'])).toContain('NOSPACE');

      const startedMs = performance.now();
      const refused = keep(startRegister(flags, service, TTL, { id: 'two' }));
      const { code } = await refused.exit(10_000);
      measure('a new one fails', 5_000, sinceMs(startedMs));
      expect(code).toBe(1);
      expect(refused.lines.at(-1)?.line['error']).toMatchObject({ code: 'E_NO_SPACE', exitCode: 1 });
      expect(refused.stderr).toMatch(/space/);
      expect(refused.stderr).toContain('Try:');
      const list = await runBinary(['list', service, ...flags, '-o', 'name']);
      expect(list.stdout).toBe(`${service}/one\n`);

      // Longer than its TTL.
      const from = kept.lines.length;
      const renewed = await kept.line('renewed', 5_000, from);
      for (let count = 0, at = renewed; count < 3; count += 1) {
        at = await kept.line('renewed', 5_000, kept.lines.indexOf(at) + 1);
      }
      expect(await server.usable(service)).toEqual(['one']);
      expect(watch.types).not.toContain('left');
      expect(kept.types).not.toContain('lost');
      kept.signal('SIGTERM');
      expect((await kept.exit(5_000)).code).toBe(0);
      expect(await server.usable(service)).toEqual([]);
    }),
);
