import { describe, expect, it } from 'vitest';
import { aSpec, anOwner, uniqueName } from '../support/builders.js';
import { Watching } from '../support/event-log.js';
import { rawPutOf, type ContractSetting } from './contract-setting.js';

export function describeWatch({
  open,
  ttlMs,
  marginMs,
  onExpiry,
  deletedReasons,
  expiredReasons,
  rawValues,
}: ContractSetting): void {
  const signal = AbortSignal.timeout(600_000);
  const soonMs = 1_000 + marginMs;

  describe('watch', () => {
    it('begins with the whole set, then tells of joins, updates and departures', async () => {
      await using target = await open();
      const { registry } = target.handle;
      const service = uniqueName('pay');
      const first = aSpec({ service, id: 'a' });
      await registry.register(first, { signal, ttlMs });
      await using watching = new Watching(registry, service);
      const synced = await watching.until('synced', soonMs);
      expect(watching.types[0]).toBe('synced');
      expect(synced.snapshot).toMatchObject({ service, partial: false });
      expect(synced.snapshot.instances.map(({ id }) => id)).toEqual(['a']);

      const second = await registry.register(aSpec({ service, id: 'b', version: '1' }), { signal, ttlMs });
      const joined = await watching.until('joined', soonMs);
      expect(joined).toMatchObject({ resync: false, instance: { service, id: 'b', version: '1' } });

      const changed = { service, id: 'b', version: '2', owner: anOwner() };
      const third = await registry.register(aSpec(changed), { signal, ttlMs, takeover: true });
      const updated = await watching.until('updated', soonMs, ({ instance }) => instance.version === '2');
      expect(updated).toMatchObject({ resync: false, previous: { id: 'b', version: '1' } });
      await second.ended;

      await third.deregister({ signal });
      const left = await watching.until('left', soonMs);
      expect(left).toMatchObject({ resync: false, instance: { id: 'b' } });
      expect(deletedReasons).toContain(left.reason);
      for (const event of watching.all) {
        expect(event.revision).toMatch(/^\d+$/);
        expect(new Date(event.at).toISOString()).toBe(event.at);
      }
      for (const [index, event] of watching.all.entries()) {
        const before = watching.all[index - 1];
        if (before !== undefined)
          expect(BigInt(event.revision)).toBeGreaterThanOrEqual(BigInt(before.revision));
      }
    });

    it('waits for a service that does not exist yet, and ignores its neighbours', async () => {
      await using target = await open();
      const { registry } = target.handle;
      const service = uniqueName('order');
      await using watching = new Watching(registry, service);
      const synced = await watching.until('synced', soonMs);
      expect(synced.snapshot.instances).toEqual([]);
      await registry.register(aSpec({ service: `${service}-admin`, id: 'x', owner: anOwner() }), {
        signal,
        ttlMs,
      });
      await registry.register(aSpec({ service, id: 'a' }), { signal, ttlMs });
      const joined = await watching.until('joined', soonMs);
      expect(joined.instance).toMatchObject({ service, id: 'a' });
    });

    it('follows all services', async () => {
      await using target = await open();
      const { registry } = target.handle;
      const services = [uniqueName('one'), uniqueName('two')];
      await using watching = new Watching(registry, null);
      const synced = await watching.until('synced', soonMs);
      expect(synced.snapshot.service).toBeNull();
      for (const service of services) {
        const registration = await registry.register(aSpec({ service }), { signal, ttlMs });
        await watching.until('joined', soonMs, ({ instance }) => instance.service === service);
        await registration.deregister({ signal });
        await watching.until('left', soonMs, ({ instance }) => instance.service === service);
      }
    });

    it('serves two watchers the same', async () => {
      await using target = await open();
      const { registry } = target.handle;
      const service = uniqueName('twice');
      await using one = new Watching(registry, service);
      await using two = new Watching(registry, service);
      await Promise.all([one.until('synced', soonMs), two.until('synced', soonMs)]);
      await registry.register(aSpec({ service }), { signal, ttlMs });
      await Promise.all([one.until('joined', soonMs), two.until('joined', soonMs)]);
      await one.stop();
      await registry.register(aSpec({ service, id: 'order-2', owner: anOwner() }), { signal, ttlMs });
      await two.until('joined', soonMs, ({ instance }) => instance.id === 'order-2');
      expect(one.all.filter(({ type }) => type === 'joined')).toHaveLength(1);
    });

    it('ends quietly and at once when aborted', async () => {
      await using target = await open();
      await using watching = new Watching(target.handle.registry, uniqueName('quiet'));
      await watching.until('synced', soonMs);
      const startedMs = performance.now();
      await watching.stop();
      expect(performance.now() - startedMs).toBeLessThan(500);
    });

    it('says nothing when it was aborted before it began', async () => {
      await using target = await open();
      const events = target.handle.registry.watch(uniqueName('never'), { signal: AbortSignal.abort() });
      expect(await events[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
    });

    it('can be left in the middle', async () => {
      await using target = await open();
      const seen: string[] = [];
      for await (const event of target.handle.registry.watch(uniqueName('left'), { signal })) {
        seen.push(event.type);
        break;
      }
      expect(seen).toEqual(['synced']);
    });

    it(`tells that an entry was not renewed (${onExpiry})`, { timeout: 4 * ttlMs + 30_000 }, async () => {
      await using target = await open();
      const { registry } = target.handle;
      const service = uniqueName('expiry');
      await using watching = new Watching(registry, service);
      await watching.until('synced', soonMs);
      const process = new AbortController();
      const registration = await registry.register(aSpec({ service }), { signal: process.signal, ttlMs });
      // Nobody renews from here on; the entry stays behind as after a crash.
      process.abort();
      const withinMs = (registration.remainingMs() ?? ttlMs) + 2_000 + marginMs;
      await watching.until('joined', soonMs);
      if (onExpiry === 'left') {
        const left = await watching.until('left', withinMs);
        expect(expiredReasons).toContain(left.reason);
        expect((await registry.list(service, { signal })).instances).toEqual([]);
      } else {
        await watching.until('updated', withinMs, ({ instance }) => instance.health === 'critical');
        const { instances } = await registry.list(service, { signal });
        expect(instances.map(({ health }) => health)).toEqual(['critical']);
      }
    });

    if (rawValues)
      it('reports an entry that nobody can read to the listener of notices', async () => {
        await using target = await open();
        const rawPut = rawPutOf(target);
        const service = uniqueName('raw');
        const notices: string[] = [];
        await using watching = new Watching(target.handle.registry, service, {
          notify: ({ text }) => notices.push(text),
        });
        await watching.until('synced', soonMs);
        await rawPut(service, 'bad', '\u0000\u0001');
        await target.handle.registry.register(aSpec({ service, id: 'good' }), { signal, ttlMs });
        await watching.until('joined', soonMs);
        await expect.poll(() => notices.length, { timeout: soonMs }).toBe(1);
      });
  });
}
