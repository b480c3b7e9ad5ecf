import { SdctlError } from '../errors.js';
import { splitList, type ConnectionKey, type ConnectionValues, type Layer } from './layers.js';
import { isOn, type Env } from './env.js';

const etcdVariables = [
  'ETCDCTL_ENDPOINTS',
  'ETCDCTL_CACERT',
  'ETCDCTL_CERT',
  'ETCDCTL_KEY',
  'ETCDCTL_USER',
  'ETCDCTL_PASSWORD',
];
const consulVariables = [
  'CONSUL_HTTP_ADDR',
  'CONSUL_HTTP_SSL',
  'CONSUL_HTTP_SSL_VERIFY',
  'CONSUL_HTTP_TOKEN',
  'CONSUL_HTTP_TOKEN_FILE',
  'CONSUL_HTTP_AUTH',
  'CONSUL_CACERT',
  'CONSUL_CAPATH',
  'CONSUL_CLIENT_CERT',
  'CONSUL_CLIENT_KEY',
  'CONSUL_TLS_SERVER_NAME',
  'CONSUL_NAMESPACE',
  'CONSUL_PARTITION',
];

/** The variables of both families that are set, for `config view`. */
export function nativeVariables(env: Env): readonly string[] {
  return [...etcdVariables, ...consulVariables].filter((name) => env[name]);
}

/**
 * The variables of etcdctl or of the consul tool, as one group.
 *
 * @param backend chooses the family; undefined: the only one that is set
 * @returns null when none is set
 * @throws {SdctlError} E_USAGE when both families are set and nothing chooses
 */
export function nativeLayer(env: Env, backend: string | undefined): Layer | null {
  const hasEtcd = etcdVariables.some((name) => env[name]);
  const hasConsul = consulVariables.some((name) => env[name]);
  if (backend === undefined && hasEtcd && hasConsul) {
    throw new SdctlError('E_USAGE', 'the environment names both an etcd and a Consul registry', {
      why: `set: ${nativeVariables(env).join(', ')}`,
      hint: '--backend etcd or --backend consul',
    });
  }
  if (hasEtcd && (backend === undefined || backend === 'etcd')) return etcdLayer(env);
  if (hasConsul && (backend === undefined || backend === 'consul')) return consulLayer(env);
  return null;
}

type Mutable = { -readonly [K in ConnectionKey]?: ConnectionValues[K] };

function etcdLayer(env: Env): Layer {
  const secure = Boolean(env['ETCDCTL_CACERT'] || env['ETCDCTL_CERT']);
  const withScheme = (server: string): string =>
    server.includes('://') || !secure ? server : `https://${server}`;
  const values: Mutable = { backend: 'etcd' };
  const labels: Partial<Record<ConnectionKey, string>> = { backend: 'ETCDCTL_ENDPOINTS' };
  if (env['ETCDCTL_ENDPOINTS']) {
    values.servers = splitList([env['ETCDCTL_ENDPOINTS']]).map(withScheme);
    labels.servers = 'ETCDCTL_ENDPOINTS';
  }
  take(values, labels, env, 'caFile', 'ETCDCTL_CACERT');
  take(values, labels, env, 'certFile', 'ETCDCTL_CERT');
  take(values, labels, env, 'keyFile', 'ETCDCTL_KEY');
  const [user = '', ...rest] = (env['ETCDCTL_USER'] ?? '').split(':');
  if (user !== '') {
    values.username = user;
    labels.username = 'ETCDCTL_USER';
  }
  const password = rest.length > 0 ? rest.join(':') : env['ETCDCTL_PASSWORD'];
  if (password) {
    const origin = rest.length > 0 ? 'ETCDCTL_USER' : 'ETCDCTL_PASSWORD';
    values.password = { type: 'value', value: password, origin };
    labels.password = origin;
  }
  return { values, labels, ownsServers: true };
}

function consulLayer(env: Env): Layer {
  const values: Mutable = { backend: 'consul' };
  const labels: Partial<Record<ConnectionKey, string>> = { backend: 'CONSUL_HTTP_ADDR' };
  const address = env['CONSUL_HTTP_ADDR'] ?? '';
  const secure = isOn(env['CONSUL_HTTP_SSL']);
  if (address !== '' || secure) {
    const server = address === '' ? '127.0.0.1:8500' : address;
    values.servers = [server.includes('://') ? server : `${secure ? 'https' : 'http'}://${server}`];
    labels.servers = address === '' ? 'CONSUL_HTTP_SSL' : 'CONSUL_HTTP_ADDR';
  }
  if (/^(0|false)$/i.test(env['CONSUL_HTTP_SSL_VERIFY'] ?? '')) {
    values.insecureSkipVerify = true;
    labels.insecureSkipVerify = 'CONSUL_HTTP_SSL_VERIFY';
  }
  take(values, labels, env, 'caFile', 'CONSUL_CACERT');
  if (values.caFile === undefined) take(values, labels, env, 'caFile', 'CONSUL_CAPATH');
  take(values, labels, env, 'certFile', 'CONSUL_CLIENT_CERT');
  take(values, labels, env, 'keyFile', 'CONSUL_CLIENT_KEY');
  take(values, labels, env, 'tlsServerName', 'CONSUL_TLS_SERVER_NAME');
  take(values, labels, env, 'namespace', 'CONSUL_NAMESPACE');
  take(values, labels, env, 'partition', 'CONSUL_PARTITION');
  const [user = '', ...rest] = (env['CONSUL_HTTP_AUTH'] ?? '').split(':');
  if (user !== '') {
    values.username = user;
    values.password = { type: 'value', value: rest.join(':'), origin: 'CONSUL_HTTP_AUTH' };
    labels.username = labels.password = 'CONSUL_HTTP_AUTH';
  }
  if (env['CONSUL_HTTP_TOKEN']) {
    values.token = { type: 'value', value: env['CONSUL_HTTP_TOKEN'], origin: 'CONSUL_HTTP_TOKEN' };
    labels.token = 'CONSUL_HTTP_TOKEN';
  } else if (env['CONSUL_HTTP_TOKEN_FILE']) {
    values.token = { type: 'file', file: env['CONSUL_HTTP_TOKEN_FILE'], origin: 'CONSUL_HTTP_TOKEN_FILE' };
    labels.token = 'CONSUL_HTTP_TOKEN_FILE';
  }
  return { values, labels, ownsServers: true };
}

type TextKey = 'caFile' | 'certFile' | 'keyFile' | 'tlsServerName' | 'namespace' | 'partition';

function take(
  values: Mutable,
  labels: Partial<Record<ConnectionKey, string>>,
  env: Env,
  key: TextKey,
  name: string,
): void {
  const value = env[name];
  if (!value) return;
  values[key] = value;
  labels[key] = name;
}
