import { SdctlError } from '../../errors.js';
import type { Connection, RegistryDeps } from '../connection.js';
import { requireConsulLayout } from '../consul-layout.js';
import { parseServer, type ServerAddress } from '../server-url.js';
import { readTlsFiles } from '../tls-files.js';
import type { RegistryHandle } from '../types.js';
import { ConsulRegistry } from './consul-registry.js';
import { CatalogReader } from './list.js';
import { Credentials } from './credentials.js';
import { ConsulServer } from './server.js';
import { Servers } from './servers.js';
import { Visibility } from './visibility.js';

const DEFAULT_PORT = 8_500;
/** TTLs below this are lost to one slow answer or a restart of the agent. */
const ADVISE_MIN_TTL_MS = 10_000;

/**
 * Opens the consul backend; no request is sent yet.
 *
 * @throws {SdctlError} E_USAGE for an address, E_FILE for a TLS file
 */
export function openConsul(connection: Connection, deps: RegistryDeps): RegistryHandle {
  const addresses = connection.servers.map((text) => parseServer(text, DEFAULT_PORT));
  if (addresses.length === 0) {
    throw new SdctlError('E_NO_REGISTRY', 'no Consul server is named', {
      hint: '--server http://127.0.0.1:8500',
    });
  }
  const tls = readTlsFiles(connection.tls);
  const credentials = new Credentials(connection);
  const servers = new Servers(
    addresses.map((address) => new ConsulServer(address, connection, tls, credentials)),
  );
  const visibility = new Visibility(connection);
  const { datacenter } = connection;
  const layout = requireConsulLayout(connection.layout);
  const reader = new CatalogReader({ servers, visibility, clock: deps.clock, layout });
  const registry = new ConsulRegistry({
    ...deps,
    servers,
    reader,
    visibility,
    credentials,
    datacenter,
    layout,
  });
  return {
    backend: 'consul',
    capabilities: {
      readableTtl: false,
      nodes: true,
      adviseMinTtlMs: ADVISE_MIN_TTL_MS,
      remote: !addresses.every(isLocal),
    },
    registry,
    operations: registry,
    [Symbol.asyncDispose]: async () => registry[Symbol.asyncDispose](),
  };
}

function isLocal(address: ServerAddress): boolean {
  return (
    address.kind === 'unix' ||
    address.host === 'localhost' ||
    address.host === '::1' ||
    /^127\./.test(address.host)
  );
}
