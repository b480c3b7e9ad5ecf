import { requireEtcdLayout } from '../etcd-layout.js';
import type { Connection, RegistryDeps } from '../connection.js';
import type { RegistryHandle } from '../types.js';
import { DirectoryStore } from './directory-store.js';
import { LocalRegistry } from './local-registry.js';
import { MemoryStore } from './memory-store.js';

/**
 * Opens the embedded registry: in the connection's directory, or in memory, seen only through this handle, where it
 * names none. The directory need not exist; the first write makes it, with access for its owner only.
 */
export function openLocal(connection: Connection, deps: RegistryDeps): RegistryHandle {
  const { directory, layout } = connection;
  requireEtcdLayout(layout);
  if (directory === null) return new LocalRegistry(new MemoryStore(deps.clock), deps, layout);
  return new LocalRegistry(new DirectoryStore(directory, deps.clock, deps.processes), deps, layout);
}

/** A registry in memory, for tests and for applications that run alone. */
export function createMemoryRegistry(deps: RegistryDeps): RegistryHandle {
  return new LocalRegistry(new MemoryStore(deps.clock), deps, 'auto');
}
