/** A server that is away or frozen, and a `register` that is frozen itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { uniqueName } from '../support/builders.js';
import { isBack, registering, watching } from './commands.js';
import { faultRow, sinceMs } from './fault-row.js';
import { backends } from './registry-server.js';
import { replay } from './replay.js';

const SLOW = { timeout: 180_000 };
const BACK_MS = 1_500;
const FRESH_MS = 3_000;

describe.concurrent.each(backends)('$name', ({ name, kind, ttlSeconds, staleMs, start }) => {
  const ttlMs = ttlSeconds * 1_000;

  it('server away between TTL/3 and TTL', SLOW, () =>
    faultRow(`${name}: away for less than the TTL`, async ({ keep, measure }) => {
      const server = keep(await start());
      const service = uniqueName('short');
      // Twice the shortest on etcd, so that the start of the server fits into the rest of the TTL.
      const seconds = kind === 'etcd' ? 2 * ttlSeconds : ttlSeconds;
      const watch = keep(await watching(server.flags, service));
      const kept = keep(await registering(server.flags, service, seconds));
      await watch.line('joined', 5_000);
      const backMs = await server.away((seconds * 1_000) / 3 + 1_000);
      const late = await kept.line('late', 1_000);
      expect(late.line['leftSeconds']).toBeGreaterThan(0);
      const renewed = await kept.line(isBack, 10_000);
      measure('renewed after it answers', BACK_MS, renewed.seenMs - backMs);
      const from = watch.types.indexOf('stale');
      expect(from).toBeGreaterThan(0);
      const fresh = await watch.line('synced', 10_000, from);
      measure('watch fresh after it answers', FRESH_MS, fresh.seenMs - backMs);
      expect(renewed.line.type).toBe('renewed');
      expect(kept.types).not.toContain('lost');
      // What a watcher would still be told comes with the next renewals.
      await kept.line('renewed', ttlMs, kept.lines.length);
      expect(watch.types).not.toContain('left');
      expect(replay(watch).ids).toEqual(['one']);
    }),
  );

  it.each([
    { wipe: false, data: 'with its data' },
    { wipe: true, data: 'wiped' },
  ])('server away longer than the TTL, back $data', SLOW, ({ wipe, data }) =>
    faultRow(`${name}: away longer than the TTL, back ${data}`, async ({ keep, measure }) => {
      const server = keep(await start());
      const service = uniqueName('long');
      const watch = keep(await watching(server.flags, service));
      const kept = keep(await registering(server.flags, service, ttlSeconds));
      await watch.line('joined', 5_000);
      const backMs = await server.away(ttlMs + 2_000, { wipe });
      const zero = kept.lines.find(({ line }) => line.type === 'late' && line['leftSeconds'] === 0);
      expect(zero).toBeDefined();
      const usableMs = await server.untilUsable(service, ['one'], 10_000);
      const back = await kept.line(isBack, 5_000);
      measure('registered again', BACK_MS, Math.max(usableMs, back.seenMs) - backMs);
      expect(back.line.type === 'restored').toBe(kept.types.includes('lost'));
      if (wipe) expect(back.line.type).toBe('restored');
      const fresh = await watch.line('synced', 10_000, watch.types.indexOf('stale'));
      measure('watch fresh after it answers', FRESH_MS, fresh.seenMs - backMs);
      await kept.line('renewed', ttlMs, kept.lines.indexOf(back) + 1);
      expect(replay(watch).usable).toEqual(['one']);
      expect(await server.usable(service)).toEqual(['one']);
    }),
  );

  it('server frozen past the TTL', SLOW, () =>
    faultRow(`${name}: server frozen past the TTL`, async ({ keep, measure }) => {
      const server = keep(await start());
      const service = uniqueName('frozen');
      const watch = keep(await watching(server.flags, service));
      const kept = keep(await registering(server.flags, service, ttlSeconds));
      await watch.line('joined', 5_000);
      server.freeze();
      const frozenMs = performance.now();
      const late = await kept.line('late', ttlMs + 5_000);
      measure('late after the freeze', (ttlMs * 2) / 3, late.seenMs - frozenMs);
      expect(late.line['leftSeconds']).toBeGreaterThan(0);
      const stale = await watch.line('stale', staleMs + 10_000);
      measure('watch stale after the freeze', staleMs, stale.seenMs - frozenMs);
      await kept.line((line) => line.type === 'late' && line['leftSeconds'] === 0, ttlMs + 5_000);
      await sleep(1_000);
      const from = kept.lines.length;
      server.thaw();
      const backMs = await server.answering();
      const back = await kept.line(isBack, 10_000, from);
      const usableMs = await server.untilUsable(service, ['one'], 10_000);
      measure('restored after it resumes', BACK_MS, Math.max(usableMs, back.seenMs) - backMs);
      const fresh = await watch.line('synced', 10_000, watch.types.indexOf('stale'));
      measure('watch fresh after it resumes', FRESH_MS, fresh.seenMs - backMs);
      await kept.line('renewed', ttlMs, kept.lines.indexOf(back) + 1);
      expect(replay(watch).usable).toEqual(['one']);
      expect(await server.usable(service)).toEqual(['one']);
    }),
  );

  it('server away longer than the TTL with --on-lost exit: 7', SLOW, () =>
    faultRow(`${name}: away longer than the TTL, --on-lost exit`, async ({ keep, measure }) => {
      const server = keep(await start());
      const service = uniqueName('final');
      const more = ['--on-lost', 'exit'];
      const kept = keep(await registering(server.flags, service, ttlSeconds, { more }));
      const killedMs = performance.now();
      await server.kill();
      const { code, endedMs } = await kept.exit(2 * ttlMs + 5_000);
      measure('ended', ttlMs + 500, endedMs - killedMs);
      expect(code).toBe(7);
      expect(kept.types.slice(-3)).toEqual(['late', 'late', 'Error']);
      expect(kept.lines.at(-2)?.line).toMatchObject({ type: 'late', leftSeconds: 0 });
      expect(kept.lines.at(-1)?.line['error']).toMatchObject({ code: 'E_MEMBERSHIP_LOST', exitCode: 7 });
    }),
  );

  it('register itself frozen past its TTL', SLOW, () =>
    faultRow(`${name}: register frozen past its TTL`, async ({ keep, measure }) => {
      const server = keep(await start());
      const service = uniqueName('paused');
      const watch = keep(await watching(server.flags, service));
      const kept = keep(await registering(server.flags, service, ttlSeconds));
      await watch.line('joined', 5_000);
      const lease = kept.lines[0]?.line['leaseId'];
      kept.signal('SIGSTOP');
      await server.untilUsable(service, [], ttlMs + 5_000);
      await watch.line((line) => line.type === 'left' || line.type === 'updated', 2_000);
      const from = kept.lines.length;
      kept.signal('SIGCONT');
      const resumedMs = performance.now();
      const usableMs = await server.untilUsable(service, ['one'], 10_000);
      measure('restored after SIGCONT', BACK_MS, usableMs - resumedMs);
      const said = await kept.line(({ type }) => type === 'restored' || type === 'renewed', 5_000, from);
      expect(said.line['leaseId'] === lease).toBe(kind === 'consul');
      await kept.line('renewed', ttlMs, kept.lines.indexOf(said) + 1);
      expect(sinceMs(resumedMs)).toBeLessThan(ttlMs);
      expect(replay(watch).usable).toEqual(['one']);
    }),
  );
});
