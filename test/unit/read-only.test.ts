import { describe, expect, it } from 'vitest';
import { createMemoryRegistry } from '../../src/lib/registry/local/open-local.js';
import { readOnly } from '../../src/lib/registry/read-only.js';
import { aSpec, testDeps } from '../support/builders.js';

const WRITING = [
  'register',
  'deregister',
  'remove',
  'restore',
  'revokeLease',
  'save',
  'planRemoval',
  // What would lead to them.
  'registry',
  'operations',
];

/** Everything that can be reached from a value by properties and prototypes, own and inherited, hidden ones too. */
function reachableFrom(start: object): ReadonlySet<object> {
  const seen = new Set<object>();
  const pending: unknown[] = [start];
  const builtIns = new Set<object>([Object.prototype, Function.prototype]);
  while (pending.length > 0) {
    const next = pending.pop();
    if ((typeof next !== 'object' && typeof next !== 'function') || next === null) continue;
    if (seen.has(next) || builtIns.has(next)) continue;
    seen.add(next);
    pending.push(Object.getPrototypeOf(next));
    for (const name of Reflect.ownKeys(next)) {
      const property = Object.getOwnPropertyDescriptor(next, name) ?? {};
      pending.push(...(Object.values(property) as unknown[]));
    }
  }
  return seen;
}

describe('readOnly', () => {
  it('has the reading methods and nothing else', () => {
    const reading = readOnly(createMemoryRegistry(testDeps()));
    expect(Reflect.ownKeys(reading)).toEqual([
      'backend',
      'capabilities',
      'list',
      'watch',
      'listAll',
      'findRoots',
      'leases',
      'leaseIds',
      'listLeases',
      'readLease',
      'readEntry',
      'status',
      Symbol.asyncDispose,
    ]);
    expect(Object.getPrototypeOf(reading)).toBe(Object.prototype);
    expect(Object.isFrozen(reading)).toBe(true);
  });

  it('leads to no method that writes, and not to the registry itself', () => {
    const handle = createMemoryRegistry(testDeps());
    const reached = reachableFrom(readOnly(handle));
    const { registry, operations } = handle;
    for (const hidden of [handle, registry, operations]) {
      expect(reached.has(hidden)).toBe(false);
      expect(reached.has(Object.getPrototypeOf(hidden) as object)).toBe(false);
    }
    for (const object of reached) for (const name of WRITING) expect(name in object).toBe(false);
    // The walk does find them where they can be reached.
    const names = [...reachableFrom({ handle })].flatMap((object) => Object.getOwnPropertyNames(object));
    expect(names).toEqual(expect.arrayContaining(WRITING));
  });

  it('reads what the registry holds, and disposes it', async () => {
    const handle = createMemoryRegistry(testDeps());
    const reading = readOnly(handle);
    const { signal } = new AbortController();
    const spec = aSpec();
    const registration = await handle.registry.register(spec, { signal, ttlMs: 10_000 });
    const { instances } = await reading.list(spec.service, { signal });
    const [instance] = instances;
    if (instance === undefined) throw new Error('it is not listed');
    const id = instance.lease?.id ?? '';
    expect((await reading.listAll({ signal })).instances).toHaveLength(1);
    expect((await reading.leaseIds({ signal })).ids).toEqual([id]);
    expect((await reading.leases([id], { signal })).get(id)?.grantedSeconds).toBe(10);
    expect((await reading.listLeases({ signal })).leases).toHaveLength(1);
    expect(await reading.readLease({ id, node: null }, { signal })).toMatchObject({ id });
    expect(await reading.readEntry(instance, { signal })).toMatchObject({ key: instance.key });
    expect(await reading.findRoots({ signal })).toEqual([]);
    expect(await reading.status({ signal })).toMatchObject([{ healthy: true }]);
    for await (const event of reading.watch(null, { signal })) {
      expect(event.type).toBe('synced');
      break;
    }
    await reading[Symbol.asyncDispose]();
    expect(await registration.ended).toBeNull();
  });
});
