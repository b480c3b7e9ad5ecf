/** The end of `register`: asked for, sudden, and with a server that does not answer. */
import { describe, expect, it } from 'vitest';
import { uniqueName } from '../support/builders.js';
import { runBinary, startBinary } from '../support/binary.js';
import { registering, startRegister, watching } from './commands.js';
import { faultRow } from './fault-row.js';
import { backends } from './registry-server.js';
import { replay } from './replay.js';

const SLOW = { timeout: 120_000 };
/** Long enough that the entry cannot have ended by itself. */
const LONG_TTL = 30;

describe.concurrent.each(backends)('$name', ({ name, kind, ttlSeconds, start }) => {
  it('SIGTERM, SIGINT and SIGHUP: the entry is gone within a second, 0', SLOW, () =>
    faultRow(`${name}: signal`, async ({ keep, measure }) => {
      const server = keep(await start());
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
        const service = uniqueName('signalled');
        const kept = keep(await registering(server.flags, service, LONG_TTL));
        const signalledMs = performance.now();
        kept.signal(signal);
        const goneMs = await server.untilUsable(service, [], 5_000);
        const { code, endedMs } = await kept.exit(5_000);
        measure(`gone after ${signal}`, 1_000, Math.max(goneMs, endedMs) - signalledMs);
        expect(code).toBe(0);
        expect(kept.lines.at(-1)?.line).toMatchObject({ type: 'deregistered', outcome: 'removed' });
        expect(kept.stderr).toContain(`Deregistered ${service}/one`);
      }
    }),
  );

  it.each(['dead', 'frozen'] as const)('SIGTERM with a %s server: out within 3 s, 4', SLOW, (state) =>
    faultRow(`${name}: SIGTERM with a ${state} server`, async ({ keep, measure }) => {
      const server = keep(await start());
      const service = uniqueName('cut');
      const kept = keep(await registering(server.flags, service, LONG_TTL));
      if (state === 'dead') await server.kill();
      else server.freeze();
      const signalledMs = performance.now();
      kept.signal('SIGTERM');
      const { code, endedMs } = await kept.exit(8_000);
      measure('ended', 3_000, endedMs - signalledMs);
      expect(code).toBe(4);
      const ends = kind === 'consul' ? 'it turns critical in' : 'it ends by itself in';
      expect(kept.stderr).toMatch(new RegExp(`${ends} (2\\d|30)s, at \\d{4}-`));
      expect(kept.lines.at(-1)?.line['error']).toMatchObject({ exitCode: 4 });
    }),
  );

  it('a second signal leaves at once', SLOW, () =>
    faultRow(`${name}: second signal`, async ({ keep, measure }) => {
      const server = keep(await start());
      const kept = keep(await registering(server.flags, uniqueName('twice'), LONG_TTL));
      server.freeze();
      kept.signal('SIGINT');
      await kept.says('a second Ctrl-C leaves it', 2_000);
      const signalledMs = performance.now();
      kept.signal('SIGINT');
      const { code, endedMs } = await kept.exit(5_000);
      measure('ended', 500, endedMs - signalledMs);
      expect(code).toBe(130);
    }),
  );

  it('SIGKILL, then started again at once with the same id: replaced, one entry', SLOW, () =>
    faultRow(`${name}: killed and started again`, async ({ keep, measure }) => {
      const server = keep(await start());
      const service = uniqueName('again');
      const first = keep(await registering(server.flags, service, LONG_TTL));
      const watch = keep(await watching(server.flags, service));
      await first.kill();
      const startedMs = performance.now();
      const second = keep(startRegister(server.flags, service, LONG_TTL));
      const registered = await second.line('registered', 10_000);
      measure('registered again', 3_000, registered.seenMs - startedMs);
      expect(await server.usable(service)).toEqual(['one']);
      await watch.line('updated', 5_000);
      expect(watch.types).not.toContain('left');
      expect(replay(watch).ids).toEqual(['one']);
      const list = await runBinary(['list', service, ...server.flags, '-o', 'json']);
      const { items } = JSON.parse(list.stdout) as { readonly items: readonly { readonly owner: unknown }[] };
      expect(items).toHaveLength(1);
      expect(items[0]?.owner).toMatchObject({ pid: second.pid });
    }),
  );

  it('SIGKILL: the entry goes by itself', SLOW, () =>
    faultRow(`${name}: killed`, async ({ keep, measure }) => {
      const server = keep(await start());
      const service = uniqueName('killed');
      const kept = keep(await registering(server.flags, service, ttlSeconds));
      const watch = keep(await watching(server.flags, service));
      await kept.kill();
      const killedMs = performance.now();
      const goneMs = await server.untilUsable(service, [], 2 * ttlSeconds * 1_000);
      const limitMs = ttlSeconds * 1_000 + (kind === 'consul' ? 0 : 2_000);
      measure(kind === 'consul' ? 'critical' : 'gone', limitMs, goneMs - killedMs);
      if (kind === 'consul') {
        const { line } = await watch.line('updated', 2_000);
        expect(line['entry']).toMatchObject({ id: 'one', health: 'critical' });
      } else {
        expect((await watch.line('left', 2_000)).line).toMatchObject({ instance: 'one' });
      }
      expect(replay(watch).usable).toEqual([]);
      const resolve = startBinary(['resolve', service, ...server.flags]);
      expect((await resolve.exit(10_000)).code).toBe(3);
    }),
  );
});
