import { describe, expect, it } from 'vitest';
import type { Owner } from '../../src/lib/model/instance.js';
import type { RegistrationEvent } from '../../src/lib/model/registration.js';
import type { Registry } from '../../src/lib/registry/types.js';
import { aSpec, anOwner, DEAD_PID, LIVE_PID, uniqueName } from '../support/builders.js';
import { EventLog } from '../support/event-log.js';
import type { ContractSetting } from './contract-setting.js';

/** Two runs that want the same id. */
export function describeRivals({ open, ttlMs, marginMs }: ContractSetting): void {
  const signal = AbortSignal.timeout(600_000);
  const noticeMs = ttlMs / 3 + 1_000 + marginMs;
  const slow = { timeout: 3 * ttlMs + 30_000 };
  const ownerOf = async (registry: Registry, service: string): Promise<Owner | null | undefined> => {
    const { instances } = await registry.list(service, { signal });
    expect(instances).toHaveLength(1);
    return instances[0]?.owner;
  };

  describe('two runs with one id', () => {
    it('end in E_CONFLICT for the second while the first is renewed', slow, async () => {
      await using target = await open();
      const { registry } = target.handle;
      const service = uniqueName('rival');
      const first = anOwner({ pid: LIVE_PID });
      const registration = await registry.register(aSpec({ service, owner: first }), { signal, ttlMs });
      const notices: string[] = [];
      const second = registry.register(aSpec({ service, owner: anOwner() }), {
        signal,
        ttlMs,
        notify: ({ text }) => notices.push(text),
      });
      await expect(second).rejects.toMatchObject({ code: 'E_CONFLICT', exitCode: 6 });
      expect(notices.join()).toContain(`pid ${LIVE_PID}`);
      expect(await ownerOf(registry, service)).toEqual(first);
      expect(await registration.deregister({ signal })).toBe('removed');
    });

    it('replace at once what a dead process of this host left behind', async () => {
      await using target = await open();
      const { registry } = target.handle;
      const service = uniqueName('dead');
      const process = new AbortController();
      const ttl = Math.max(ttlMs, 10_000);
      await registry.register(aSpec({ service, owner: anOwner({ pid: DEAD_PID }) }), {
        signal: process.signal,
        ttlMs: ttl,
      });
      process.abort();
      const successor = anOwner();
      const startedMs = performance.now();
      await registry.register(aSpec({ service, owner: successor }), { signal, ttlMs: ttl });
      expect(performance.now() - startedMs).toBeLessThan(1_000 + marginMs);
      expect(await ownerOf(registry, service)).toEqual(successor);
    });

    it('wait for what another host left behind', { timeout: 4 * ttlMs + 40_000 }, async () => {
      await using target = await open();
      const { registry } = target.handle;
      const service = uniqueName('away');
      const process = new AbortController();
      const gone = anOwner({ host: 'other-host', pid: 1 });
      await registry.register(aSpec({ service, owner: gone }), { signal: process.signal, ttlMs });
      process.abort();
      const successor = anOwner();
      await registry.register(aSpec({ service, owner: successor }), { signal, ttlMs });
      expect(await ownerOf(registry, service)).toEqual(successor);
    });

    it('end in E_TAKEN_OVER for the first when the second takes over, and it stays so', slow, async () => {
      await using target = await open();
      const { registry } = target.handle;
      const service = uniqueName('taken');
      const log = new EventLog<RegistrationEvent>();
      const first = await registry.register(aSpec({ service, owner: anOwner({ pid: LIVE_PID }) }), {
        signal,
        ttlMs,
        onEvent: log.push,
      });
      const successor = anOwner();
      const second = new EventLog<RegistrationEvent>();
      const startedMs = performance.now();
      await registry.register(aSpec({ service, owner: successor }), {
        signal,
        ttlMs,
        takeover: true,
        onEvent: second.push,
      });
      expect(await first.ended).toMatchObject({ code: 'E_TAKEN_OVER', exitCode: 6 });
      expect(performance.now() - startedMs).toBeLessThan(noticeMs);
      expect(log.types).not.toContain('restored');
      expect(await ownerOf(registry, service)).toEqual(successor);
      // What the first one does now must not touch the entry of the second.
      expect(await first.deregister({ signal })).toBe('changed');
      await second.until('renewed', noticeMs, () => true, second.all.length);
      expect(await ownerOf(registry, service)).toEqual(successor);
      expect(second.types).not.toContain('lost');
    });
  });
}
