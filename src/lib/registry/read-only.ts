import type { Registry, RegistryHandle, RegistryOperations } from './types.js';

type ReadingMethods = Pick<Registry, 'list' | 'watch'> &
  Pick<
    RegistryOperations,
    'listAll' | 'findRoots' | 'leases' | 'leaseIds' | 'listLeases' | 'readLease' | 'readEntry' | 'status'
  >;

/** An open registry that can be read and nothing else. */
export interface ReadOnlyRegistry
  extends ReadingMethods, Pick<RegistryHandle, 'backend' | 'capabilities'>, AsyncDisposable {}

/**
 * What is left of a registry for those who must never change it: a new object of closures, so that nothing leads from
 * it to a method that writes. Disposing it disposes the handle.
 */
export function readOnly(handle: RegistryHandle): ReadOnlyRegistry {
  const { registry, operations } = handle;
  return Object.freeze({
    backend: handle.backend,
    capabilities: Object.freeze({ ...handle.capabilities }),
    list: async (service, options) => registry.list(service, options),
    watch: (service, options) => registry.watch(service, options),
    listAll: async (options) => operations.listAll(options),
    findRoots: async (options) => operations.findRoots(options),
    leases: async (ids, options) => operations.leases(ids, options),
    leaseIds: async (options) => operations.leaseIds(options),
    listLeases: async (options, known) => operations.listLeases(options, known),
    readLease: async (name, options) => operations.readLease(name, options),
    readEntry: async (instance, options) => operations.readEntry(instance, options),
    status: async (options) => operations.status(options),
    [Symbol.asyncDispose]: async () => handle[Symbol.asyncDispose](),
  } satisfies ReadOnlyRegistry);
}
