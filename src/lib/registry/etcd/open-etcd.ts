import { SdctlError } from '../../errors.js';
import { withoutCovered } from '../../layouts/index.js';
import { requireEtcdLayout } from '../etcd-layout.js';
import { isLoopback } from '../../model/endpoint.js';
import type { Connection, RegistryDeps } from '../connection.js';
import { parseServer, type ServerAddress } from '../server-url.js';
import type { RegistryHandle } from '../types.js';
import { Login } from './auth.js';
import { Calls } from './calls.js';
import type { Roots } from './entries.js';
import { EtcdRegistry } from './etcd-registry.js';
import { silenceDriver } from './quiet.js';
import { Server } from './server.js';
import { plainSetup, setUpTls } from './tls.js';

type TcpAddress = Extract<ServerAddress, { kind: 'tcp' }>;

const DEFAULT_PORT = 2_379;
const DEFAULT_ROOT = '/services/';

/**
 * Opens the etcd backend. No call is made yet.
 *
 * @throws {SdctlError} E_USAGE for addresses that etcd cannot have, E_FILE for a TLS file that cannot be used
 */
export function openEtcd(connection: Connection, deps: RegistryDeps): RegistryHandle {
  silenceDriver();
  const addresses = connection.servers.map(parseAddress);
  const secure = addresses[0]?.secure === true;
  if (addresses.length === 0)
    throw new SdctlError('E_USAGE', 'etcd needs a server', { hint: '--server http://127.0.0.1:2379' });
  if (addresses.some((address) => address.secure !== secure)) {
    throw new SdctlError('E_USAGE', 'etcd servers must be all http:// or all https://', {
      why: addresses.map(({ url }) => url).join(', '),
      hint: '--server with the same scheme for all',
    });
  }
  const tls = secure ? setUpTls(connection.tls) : plainSetup();
  const servers = addresses.map(
    (address) => new Server(address, tls.credentials, secure ? connection.tls.serverName : null),
  );
  const login = new Login(connection.username, connection.password);
  const calls = new Calls(servers, login, deps.clock, { clock: deps.clock, tls: tls.options });
  const registry = new EtcdRegistry(calls, login, rootsOf(connection), deps);
  return {
    backend: 'etcd',
    capabilities: {
      readableTtl: true,
      nodes: false,
      adviseMinTtlMs: null,
      remote: !addresses.every(({ host, port }) => isLoopback({ protocol: null, address: host, port })),
    },
    registry,
    operations: registry,
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}

/** The roots in force: those that are named, else the one of the layout. @throws {SdctlError} E_USAGE */
function rootsOf({ prefixes, layout }: Connection): Roots {
  const known = requireEtcdLayout(layout);
  return {
    layout,
    prefixes: prefixes.length > 0 ? withoutCovered(prefixes) : [known?.root ?? DEFAULT_ROOT],
  };
}

function parseAddress(text: string): TcpAddress {
  const address = parseServer(text, DEFAULT_PORT);
  const hint = '--server http://127.0.0.1:2379';
  if (address.kind !== 'tcp')
    throw new SdctlError('E_USAGE', `${address.url} is no etcd address`, {
      why: 'etcd is reached by host and port',
      hint,
    });
  if (address.path !== '')
    throw new SdctlError('E_USAGE', `${address.url} is no etcd address`, {
      why: 'an etcd address has no path',
      hint,
    });
  if (address.userInfo !== null) {
    throw new SdctlError('E_USAGE', `${address.url} must not carry a password`, {
      why: 'addresses are shown and stored; passwords are not',
      hint: '--username NAME --password-file FILE',
    });
  }
  return address;
}
