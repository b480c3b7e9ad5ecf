import { SdctlError } from '../errors.js';
import type { BackendName } from '../registry/connection.js';
import { parseServer } from '../registry/server-url.js';
import type { ConnectionKey, ConnectionValues, Layer } from './layers.js';

const defaultServers: Readonly<Record<BackendName, readonly string[]>> = {
  etcd: ['http://127.0.0.1:2379'],
  consul: ['http://127.0.0.1:8500'],
  local: [],
};
export const defaultPorts: Readonly<Record<BackendName, number>> = { etcd: 2379, consul: 8500, local: 0 };
const credentialKeys = [
  'caFile',
  'certFile',
  'keyFile',
  'tlsServerName',
  'insecureSkipVerify',
  'username',
  'password',
  'token',
] as const;

/** Set somewhere, but not in force. */
export interface Ignored {
  readonly name: string;
  readonly why: string;
  /** Said only with `--verbose`. */
  readonly quiet: boolean;
}

/** What all layers say together. */
export interface Merged {
  readonly values: ConnectionValues & { readonly backend: BackendName; readonly servers: readonly string[] };
  readonly labels: Readonly<Partial<Record<ConnectionKey, string>>>;
}

/**
 * The first layer that has a value gives it. Credentials of a context or of native variables go only to the servers
 * named in the same place.
 *
 * @returns null when nothing names a registry
 * @throws {SdctlError} E_USAGE for a server of unknown kind
 */
export function merge(
  layers: readonly Layer[],
  typed: BackendName | undefined,
  ignored: Ignored[],
): Merged | null {
  const values: Record<string, unknown> = {};
  const labels: Partial<Record<ConnectionKey, string>> = {};
  const take = (layer: Layer, key: ConnectionKey): void => {
    if (values[key] !== undefined || layer.values[key] === undefined) return;
    values[key] = layer.values[key];
    labels[key] = layer.labels[key] ?? '';
  };
  const plainKeys = [
    'backend',
    'servers',
    'layout',
    'prefix',
    'datacenter',
    'namespace',
    'partition',
    'directory',
  ] as const;
  for (const layer of layers) for (const key of plainKeys) take(layer, key);
  if (values['backend'] === undefined && typed !== undefined) {
    values['backend'] = typed;
    labels.backend = 'the server given';
  }
  const backend = values['backend'] as BackendName | undefined;
  if (backend === undefined) {
    if (values['servers'] === undefined) return null;
    throw new SdctlError('E_USAGE', 'it is not clear which kind of registry that server is', {
      why: `${labels.servers ?? 'the server'} has no well-known port`,
      hint: '--backend etcd or --backend consul',
    });
  }
  checkPlace(backend, values, labels, ignored);
  values['servers'] ??= defaultServers[backend];
  const servers = values['servers'] as readonly string[];
  for (const layer of layers) {
    const owned = layer.values.servers ?? defaultServers[backend];
    const mayUse =
      !layer.ownsServers || servers.every((server) => contains(owned, server, defaultPorts[backend]));
    for (const key of credentialKeys) {
      if (mayUse) take(layer, key);
      else if (layer.values[key] !== undefined) {
        ignored.push({
          name: `${key} of ${layer.labels[key] ?? ''}`,
          why: 'credentials go only to the servers they belong to',
          quiet: false,
        });
      }
    }
  }
  return { values: values as unknown as Merged['values'], labels };
}

/** The embedded registry is a directory, the others are servers. @throws {SdctlError} E_USAGE for flags that mix them */
function checkPlace(
  backend: BackendName,
  values: Record<string, unknown>,
  labels: Merged['labels'],
  ignored: Ignored[],
): void {
  if (backend !== 'local' && labels.directory === '--dir') {
    throw new SdctlError('E_USAGE', `--dir has no meaning for ${backend}`, {
      why: 'only the embedded registry is a directory',
      hint: '--backend local --dir DIRECTORY',
    });
  }
  if (backend !== 'local' || values['servers'] === undefined) return;
  // Somebody who names a server must not be taken to a directory without a word, a removal least of all.
  if (labels.servers === '--server' || labels.backend?.startsWith('context ') === true) {
    throw new SdctlError(
      'E_USAGE',
      `${labels.servers ?? 'a server'} has no meaning for the embedded registry`,
      {
        why: `the registry is local because of ${labels.backend ?? 'its directory'}`,
        hint: '--backend etcd or --backend consul',
      },
    );
  }
  ignored.push({
    name: labels.servers ?? 'servers',
    why: 'the embedded registry has no servers',
    quiet: true,
  });
  values['servers'] = [];
}

function contains(owned: readonly string[], server: string, defaultPort: number): boolean {
  const url = parseServer(server, defaultPort).url;
  return owned.some((candidate) => parseServer(candidate, defaultPort).url === url);
}
