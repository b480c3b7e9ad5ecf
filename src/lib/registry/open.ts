import { SdctlError } from '../errors.js';
import type { BackendName, Connection, RegistryDeps } from './connection.js';
import type { RegistryHandle } from './types.js';

type Opener = (connection: Connection, deps: RegistryDeps) => RegistryHandle;

/** One line per backend; each driver is loaded only when its backend is chosen. */
const openers: Readonly<Record<BackendName, () => Promise<Opener>>> = {
  etcd: async () => (await import('./etcd/open-etcd.js')).openEtcd,
  consul: async () => (await import('./consul/open-consul.js')).openConsul,
  local: async () => (await import('./local/open-local.js')).openLocal,
};

/** Which names of layouts a backend knows; loaded only to check one. */
const layoutChecks: Readonly<Record<BackendName, () => Promise<(name: string) => unknown>>> = {
  etcd: async () => (await import('./etcd-layout.js')).requireEtcdLayout,
  consul: async () => (await import('./consul-layout.js')).requireConsulLayout,
  local: async () => (await import('./etcd-layout.js')).requireEtcdLayout,
};

/** @throws {SdctlError} E_USAGE for a layout that nobody has on that backend */
export async function requireLayout(backend: BackendName, name: string): Promise<void> {
  (await layoutChecks[backend]())(name);
}

/**
 * Opens a registry. No call is made yet: a server that is away shows with the first call.
 *
 * @throws {SdctlError} E_USAGE for an address, E_FILE for a TLS file that cannot be used
 */
export async function openRegistry(connection: Connection, deps: RegistryDeps): Promise<RegistryHandle> {
  const load = (openers as Readonly<Partial<Record<string, () => Promise<Opener>>>>)[connection.backend];
  if (load === undefined) {
    throw new SdctlError('E_USAGE', `no backend "${connection.backend}"`, {
      hint: '--backend etcd, consul or local',
    });
  }
  const open = await load();
  return open(connection, deps);
}
