import { describe, expect, it } from 'vitest';
import { exitCodes, SdctlError } from '../../src/lib/errors.js';
import type { RegistrationSpec, Registry } from '../../src/lib/registry/types.js';
import { aSpec, anOwner, uniqueName } from '../support/builders.js';
import { rawPutOf, type ContractSetting } from './contract-setting.js';

/** Legal in every backend, and unpleasant for terminals and parsers. */
const HOSTILE = [
  'Grüße 日本 🚀',
  'esc\u001b[31mred\u001b]0;title\u0007',
  'tab\tnewline\nreturn\r',
  '\u202egnirts',
  '"\\{}[]:,',
  'x'.repeat(500),
];

export function describeListing(setting: ContractSetting): void {
  const { open, ttlMs, severalEndpoints, rawValues, openUnreachable } = setting;
  const signal = AbortSignal.timeout(600_000);
  const listIds = async (registry: Registry, service: string): Promise<string[]> =>
    (await registry.list(service, { signal })).instances.map(({ id }) => id).sort();

  describe('list', () => {
    it('answers an empty snapshot for an unknown service', async () => {
      await using target = await open();
      const service = uniqueName('nobody');
      const snapshot = await target.handle.registry.list(service, { signal });
      expect(snapshot).toMatchObject({ service, instances: [], undecoded: [], partial: false });
      expect(snapshot.revision).toMatch(/^\d+$/);
      expect(Math.abs(snapshot.takenAtMs - Date.now())).toBeLessThan(60_000);
    });

    it('shows every field of what was registered', async () => {
      await using target = await open();
      const spec = aSpec({
        service: uniqueName('order'),
        id: 'order-7f3a',
        endpoints: [
          { protocol: 'http', address: '10.0.0.7', port: 8_080 },
          ...(severalEndpoints ? [{ protocol: 'grpc', address: '2001:db8::7', port: 9_090 }] : []),
        ],
        tags: ['canary', 'blue'],
        metadata: { team: 'payments', 'build-id': '42' },
        version: '1.4.2',
        weight: 10,
        zone: 'eu-1a',
      });
      await target.handle.registry.register(spec, { signal, ttlMs });
      const { instances } = await target.handle.registry.list(spec.service, { signal });
      expect(instances).toHaveLength(1);
      const { endpoints, tags, metadata, version, weight, zone, owner, registeredAt } = spec;
      expect(instances[0]).toMatchObject({
        service: spec.service,
        id: 'order-7f3a',
        health: 'passing',
        layout: 'sdctl',
      });
      expect(instances[0]).toMatchObject({
        endpoints,
        tags,
        metadata,
        version,
        weight,
        zone,
        owner,
        registeredAt,
      });
      expect(instances[0]?.revision).toMatch(/^\d+$/);
      expect(typeof instances[0]?.lease?.id).toBe('string');
    });

    it('keeps hostile but legal text as it is', async () => {
      await using target = await open();
      const metadata = Object.fromEntries(HOSTILE.map((text, index) => [`k${index}`, text]));
      const spec = aSpec({
        service: uniqueName('hostile'),
        metadata,
        tags: HOSTILE,
        version: '1\u001b[0m',
        zone: 'ü\n',
      });
      await target.handle.registry.register(spec, { signal, ttlMs });
      const { instances } = await target.handle.registry.list(spec.service, { signal });
      expect(instances[0]).toMatchObject({ metadata, tags: HOSTILE, version: '1\u001b[0m', zone: 'ü\n' });
    });

    it('never mixes services whose names begin alike', async () => {
      await using target = await open();
      const { registry } = target.handle;
      const base = uniqueName('order');
      const services = [base, `${base}-admin`, `${base}.x`, `${base}:1`, base.toUpperCase()];
      for (const [index, service] of services.entries()) {
        await registry.register(aSpec({ service, id: `i-${index}`, owner: anOwner() }), { signal, ttlMs });
      }
      for (const [index, service] of services.entries())
        expect(await listIds(registry, service)).toEqual([`i-${index}`]);
    });

    it('lists all services for operators', async () => {
      await using target = await open();
      const services = [uniqueName('all'), uniqueName('all')];
      for (const service of services)
        await target.handle.registry.register(aSpec({ service }), { signal, ttlMs });
      const snapshot = await target.handle.operations.listAll({ signal });
      expect(snapshot.service).toBeNull();
      expect(snapshot.instances.map(({ service }) => service)).toEqual(expect.arrayContaining(services));
    });

    it('tells the ids of all leases in one call, where it has leases with a time', async () => {
      await using target = await open();
      const { registry, operations, capabilities } = target.handle;
      const spec = aSpec({ service: uniqueName('leased') });
      const { instance } = await registry.register(spec, { signal, ttlMs });
      const { ids, hidden } = await operations.leaseIds({ signal });
      expect(hidden).toEqual([]);
      if (capabilities.readableTtl) expect(ids).toContain(instance.lease?.id);
      else expect(ids).toEqual([]);
      expect(new Set(ids).size).toBe(ids.length);
      await expect(operations.leaseIds({ signal: AbortSignal.abort() })).rejects.toMatchObject({
        code: 'E_ABORTED',
      });
    });

    it('shows an entry as it is stored, and nothing where it is gone', async () => {
      await using target = await open();
      const { registry, operations } = target.handle;
      const metadata = { note: 'Grüße\n\u001b[31m' };
      const spec = aSpec({ service: uniqueName('stored'), metadata });
      const registration = await registry.register(spec, { signal, ttlMs });
      const [instance] = (await registry.list(spec.service, { signal })).instances;
      if (instance === undefined) throw new Error('it is not listed');
      const entry = await operations.readEntry(instance, { signal });
      expect(entry).toMatchObject({ key: instance.key, isBinaryKey: false });
      const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(entry?.value));
      expect(JSON.stringify(value)).toContain(JSON.stringify(metadata.note).slice(1, -1));
      await registration.deregister({ signal });
      expect(await operations.readEntry(instance, { signal })).toBeNull();
    });

    it('carries 200 instances and releases them when disposed', { timeout: 60_000 }, async () => {
      const service = uniqueName('many');
      const specs = Array.from({ length: 200 }, (_, index): RegistrationSpec =>
        aSpec({ service, id: `i-${1_000 + index}`, owner: anOwner() }),
      );
      await using target = await open();
      const longTtlMs = Math.max(ttlMs, 20_000);
      for (let at = 0; at < specs.length; at += 20) {
        await Promise.all(
          specs
            .slice(at, at + 20)
            .map((spec) => target.handle.registry.register(spec, { signal, ttlMs: longTtlMs })),
        );
      }
      expect(await listIds(target.handle.registry, service)).toEqual(specs.map(({ id }) => id));
    });

    if (rawValues) {
      it('reports an entry that nobody can read, and everything else too', async () => {
        await using target = await open();
        const rawPut = rawPutOf(target);
        const service = uniqueName('raw');
        await target.handle.registry.register(aSpec({ service, id: 'good' }), { signal, ttlMs });
        await rawPut(service, 'bad', '{"sdctl": 99}');
        const snapshot = await target.handle.registry.list(service, { signal });
        expect(snapshot.instances.map(({ id }) => id)).toEqual(['good']);
        expect(snapshot.undecoded).toHaveLength(1);
        const entry = snapshot.undecoded[0];
        expect(entry?.service).toBe(service);
        expect(entry?.sizeBytes).toBeGreaterThan(0);
        expect(entry?.reason).not.toBe('');
        expect(snapshot.undecoded[0]?.sha256).toMatch(/^[0-9a-f]{64}$/);
      });
    }
  });

  describe('calls', () => {
    it('reject with E_ABORTED when the signal has aborted already', async () => {
      await using target = await open();
      const aborted = { signal: AbortSignal.abort() };
      const spec = aSpec({ service: uniqueName('aborted') });
      const { registry, operations } = target.handle;
      await expect(registry.list(spec.service, aborted)).rejects.toMatchObject({ code: 'E_ABORTED' });
      await expect(operations.listAll(aborted)).rejects.toMatchObject({ code: 'E_ABORTED' });
      await expect(registry.register(spec, { ...aborted, ttlMs })).rejects.toMatchObject({
        code: 'E_ABORTED',
      });
      await expect(registry.deregister(spec, aborted)).rejects.toMatchObject({ code: 'E_ABORTED' });
      expect(await listIds(registry, spec.service)).toEqual([]);
    });

    if (openUnreachable !== null)
      it('reject with an SdctlError in time when nobody answers', async () => {
        await using handle = await openUnreachable();
        const { registry, operations } = handle;
        const spec = aSpec({ service: uniqueName('away') });
        const options = { signal, timeoutMs: 500 };
        const calls = [
          () => registry.list(spec.service, options),
          () => operations.listAll(options),
          () => registry.register(spec, { ...options, ttlMs }),
          () => registry.deregister(spec, options),
          () => registry.watch(spec.service, options)[Symbol.asyncIterator]().next(),
        ];
        for (const call of calls) {
          const startedMs = performance.now();
          const error: unknown = await call().then(
            () => null,
            (thrown: unknown) => thrown,
          );
          expect(error).toBeInstanceOf(SdctlError);
          expect(exitCodes[(error as SdctlError).code]).toBe(4);
          expect(performance.now() - startedMs).toBeLessThan(2_000);
        }
      });
  });
}
