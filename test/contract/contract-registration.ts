import { describe, expect, it } from 'vitest';
import type { RegistrationEvent } from '../../src/lib/model/registration.js';
import type { Instance } from '../../src/lib/model/instance.js';
import type { DeregisterTarget } from '../../src/lib/registry/types.js';
import { aSpec, anOwner, uniqueName } from '../support/builders.js';
import { EventLog, Watching } from '../support/event-log.js';
import type { ContractSetting } from './contract-setting.js';

export function describeRegistration({ open, ttlMs, marginMs }: ContractSetting): void {
  const signal = AbortSignal.timeout(600_000);
  /** The order's limit for noticing that somebody else removed the entry. */
  const noticeMs = ttlMs / 3 + 1_000 + marginMs;
  const slow = { timeout: 2 * ttlMs + 30_000 };

  describe('register', () => {
    it('says registered, then renewed as long as it is kept', slow, async () => {
      await using target = await open();
      const log = new EventLog<RegistrationEvent>();
      const spec = aSpec({ service: uniqueName('kept') });
      const registration = await target.handle.registry.register(spec, { signal, ttlMs, onEvent: log.push });
      expect(log.all[0]).toMatchObject({
        type: 'registered',
        instance: { service: spec.service, id: spec.id },
      });
      expect(typeof log.all[0]?.leaseId).toBe('string');
      expect(registration.remainingMs()).toBeGreaterThan(0);
      const renewed = await log.until('renewed', noticeMs);
      expect(renewed).toMatchObject({ afterLate: false });
      expect(renewed.ttlSeconds).toBeGreaterThanOrEqual(ttlMs / 1_000);
      await log.until('renewed', noticeMs, () => true, log.all.length);
      expect(log.types).not.toContain('lost');
    });

    it('is removed by deregister, which says so', async () => {
      await using target = await open();
      const log = new EventLog<RegistrationEvent>();
      const spec = aSpec({ service: uniqueName('bye') });
      const registration = await target.handle.registry.register(spec, { signal, ttlMs, onEvent: log.push });
      expect(await registration.deregister({ signal })).toBe('removed');
      expect(log.all.at(-1)).toMatchObject({ type: 'deregistered', outcome: 'removed' });
      expect(await registration.ended).toBeNull();
      expect((await target.handle.registry.list(spec.service, { signal })).instances).toEqual([]);
    });

    it('is released when the registry is disposed', async () => {
      const service = uniqueName('disposed');
      await using target = await open();
      const registration = await target.handle.registry.register(aSpec({ service }), { signal, ttlMs });
      await target.handle[Symbol.asyncDispose]();
      expect(await registration.ended).toBeNull();
    });

    it('leaves nothing running when the registry is disposed', async () => {
      const before = sockets();
      const target = await open();
      const { registry } = target.handle;
      const service = uniqueName('rest');
      const watching = new Watching(registry, service);
      await watching.until('synced', 1_000 + marginMs);
      await registry.register(aSpec({ service }), { signal, ttlMs });
      await watching.stop();
      await target[Symbol.asyncDispose]();
      await expect.poll(sockets, { timeout: 2_000 }).toBeLessThanOrEqual(before);
    });

    it('announces again when somebody else removed it', slow, async () => {
      await using target = await open();
      const { registry } = target.handle;
      const log = new EventLog<RegistrationEvent>();
      const spec = aSpec({ service: uniqueName('again'), version: '3' });
      const registration = await registry.register(spec, { signal, ttlMs, onEvent: log.push });
      expect(await registry.deregister(targetOf(registration.instance), { signal })).toBe('removed');
      const startedMs = performance.now();
      await log.until('lost', noticeMs);
      await log.until('restored', noticeMs);
      expect(performance.now() - startedMs).toBeLessThan(noticeMs);
      const { instances } = await registry.list(spec.service, { signal });
      expect(instances).toHaveLength(1);
      expect(instances[0]).toMatchObject({ id: spec.id, version: '3', owner: spec.owner, health: 'passing' });
    });

    it('ends with E_MEMBERSHIP_LOST instead, when asked to', slow, async () => {
      await using target = await open();
      const { registry } = target.handle;
      const log = new EventLog<RegistrationEvent>();
      const spec = aSpec({ service: uniqueName('exit') });
      const registration = await registry.register(spec, {
        signal,
        ttlMs,
        onLost: 'exit',
        onEvent: log.push,
      });
      await registry.deregister(targetOf(registration.instance), { signal });
      await log.until('lost', noticeMs);
      expect(await registration.ended).toMatchObject({ code: 'E_MEMBERSHIP_LOST', exitCode: 7 });
      expect((await registry.list(spec.service, { signal })).instances).toEqual([]);
    });

    it('refuses a TTL that no loop could keep', async () => {
      await using target = await open();
      const register = target.handle.registry.register(aSpec({ service: uniqueName('tiny') }), {
        signal,
        ttlMs: 500,
      });
      await expect(register).rejects.toMatchObject({ code: 'E_USAGE' });
    });
  });

  describe('deregister', () => {
    it('says absent where nothing is', async () => {
      await using target = await open();
      expect(
        await target.handle.registry.deregister({ service: uniqueName('none'), id: 'x' }, { signal }),
      ).toBe('absent');
    });

    it('removes what is as expected, and leaves alone what is not', async () => {
      await using target = await open();
      const { registry } = target.handle;
      const service = uniqueName('expected');
      await registry.register(aSpec({ service, version: '1' }), { signal, ttlMs: 20_000 });
      const before = (await registry.list(service, { signal })).instances[0];
      const replacement = aSpec({ service, version: '2', owner: anOwner() });
      // Otherwise it would put its entry back while the last question is on its way.
      await registry.register(replacement, { signal, ttlMs: 20_000, takeover: true, onLost: 'exit' });
      const after = (await registry.list(service, { signal })).instances[0];
      if (before === undefined || after === undefined) throw new Error('nothing was listed');
      expect(await registry.deregister(targetOf(before), { signal, expected: before })).toBe('changed');
      expect((await registry.list(service, { signal })).instances[0]).toMatchObject({ version: '2' });
      expect(await registry.deregister(targetOf(after), { signal, expected: after })).toBe('removed');
      expect(await registry.deregister(targetOf(after), { signal, expected: after })).toBe('absent');
    });
  });
}

/** Connections and file watchers that keep this process alive. */
function sockets(): number {
  const kinds = new Set([
    'TCPSocketWrap',
    'TLSWrap',
    'PipeConnectWrap',
    'TCPConnectWrap',
    'FSEventWrap',
    'HTTPClientRequest',
  ]);
  return process.getActiveResourcesInfo().filter((kind) => kinds.has(kind)).length;
}

function targetOf({ service, id, node }: Instance): DeregisterTarget {
  return node === null ? { service, id } : { service, id, node };
}
