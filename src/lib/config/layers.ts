import { SdctlError } from '../errors.js';
import type { BackendName } from '../registry/connection.js';
import { isOn, type Env } from './env.js';
import type { ContextConfig } from './schema.js';

/** A secret by reference; resolved only when a connection is made. */
export type SecretSource =
  | { readonly type: 'value'; readonly value: string; readonly origin: string }
  | { readonly type: 'file'; readonly file: string; readonly origin: string }
  | { readonly type: 'env'; readonly name: string; readonly origin: string };

/** The connection group: settings that decide where a command goes and as whom. */
export interface ConnectionValues {
  readonly backend?: BackendName;
  readonly servers?: readonly string[];
  readonly layout?: string;
  readonly prefix?: readonly string[];
  readonly datacenter?: string;
  readonly namespace?: string;
  readonly partition?: string;
  readonly directory?: string;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly tlsServerName?: string;
  readonly insecureSkipVerify?: boolean;
  readonly username?: string;
  readonly password?: SecretSource;
  readonly token?: SecretSource;
}

export type ConnectionKey = keyof ConnectionValues;

/** One place that settings come from. */
export interface Layer {
  /** As it is shown for one of its values: `--server`, `SDCTL_SERVERS`, `context prod`. */
  readonly labels: Readonly<Partial<Record<ConnectionKey, string>>>;
  readonly values: ConnectionValues;
  /** Its credentials go only to the servers it names itself. */
  readonly ownsServers: boolean;
}

/** Flags of the connection group as they were typed. */
export interface ConnectionFlags {
  readonly backend?: string | undefined;
  readonly server?: readonly string[] | undefined;
  readonly layout?: string | undefined;
  readonly prefix?: readonly string[] | undefined;
  readonly datacenter?: string | undefined;
  readonly namespace?: string | undefined;
  readonly partition?: string | undefined;
  readonly dir?: string | undefined;
  readonly 'ca-file'?: string | undefined;
  readonly 'cert-file'?: string | undefined;
  readonly 'key-file'?: string | undefined;
  readonly 'tls-server-name'?: string | undefined;
  readonly 'insecure-skip-verify'?: boolean | undefined;
  readonly username?: string | undefined;
  readonly 'password-file'?: string | undefined;
  readonly 'token-file'?: string | undefined;
}

/** What a flag and its `SDCTL_*` twin are called; one line per setting. */
const names: Readonly<
  Record<
    Exclude<ConnectionKey, 'password' | 'token'>,
    readonly [flag: keyof ConnectionFlags, env: string | null]
  >
> = {
  backend: ['backend', 'SDCTL_BACKEND'],
  servers: ['server', 'SDCTL_SERVERS'],
  layout: ['layout', 'SDCTL_LAYOUT'],
  prefix: ['prefix', 'SDCTL_PREFIX'],
  datacenter: ['datacenter', 'SDCTL_DATACENTER'],
  namespace: ['namespace', 'SDCTL_NAMESPACE'],
  partition: ['partition', 'SDCTL_PARTITION'],
  directory: ['dir', null],
  caFile: ['ca-file', 'SDCTL_CA_FILE'],
  certFile: ['cert-file', 'SDCTL_CERT_FILE'],
  keyFile: ['key-file', 'SDCTL_KEY_FILE'],
  tlsServerName: ['tls-server-name', 'SDCTL_TLS_SERVER_NAME'],
  insecureSkipVerify: ['insecure-skip-verify', 'SDCTL_INSECURE_SKIP_VERIFY'],
  username: ['username', 'SDCTL_USERNAME'],
};

type MutableValues = { -readonly [K in ConnectionKey]?: ConnectionValues[K] };

export function flagLayer(flags: ConnectionFlags): Layer {
  const values: Record<string, unknown> = {};
  const labels: Partial<Record<ConnectionKey, string>> = {};
  for (const [key, [flag]] of Object.entries(names)) {
    const value = flags[flag];
    if (value === undefined) continue;
    values[key] = key === 'servers' ? splitList(value as readonly string[]) : value;
    labels[key as ConnectionKey] = `--${flag}`;
  }
  for (const key of ['password', 'token'] as const) {
    const file = flags[`${key}-file`];
    if (file === undefined) continue;
    values[key] = { type: 'file', file, origin: `--${key}-file` } satisfies SecretSource;
    labels[key] = `--${key}-file`;
  }
  return { values: checked(values, labels), labels, ownsServers: false };
}

/** The `SDCTL_*` variables. An empty variable counts as unset, except the prefix, where empty means the whole store. */
export function envLayer(env: Env): Layer {
  const values: Record<string, unknown> = {};
  const labels: Partial<Record<ConnectionKey, string>> = {};
  for (const [key, [, name]] of Object.entries(names)) {
    const value = name === null ? undefined : env[name];
    if (name === null || value === undefined || (value === '' && key !== 'prefix')) continue;
    values[key] = fromVariable(key, value);
    labels[key as ConnectionKey] = name;
  }
  for (const [key, name] of [
    ['password', 'SDCTL_PASSWORD'],
    ['token', 'SDCTL_TOKEN'],
  ] as const) {
    const source = secretFromEnv(env, name);
    if (source === null) continue;
    values[key] = source;
    labels[key] = source.origin;
  }
  return { values: checked(values, labels), labels, ownsServers: false };
}

/** A comma list of roots; empty: the whole store. */
function fromList(text: string): readonly string[] {
  return text === '' ? [''] : splitList([text]);
}

function fromVariable(key: string, value: string): unknown {
  switch (key) {
    case 'servers':
      return splitList([value]);
    case 'prefix':
      return fromList(value);
    case 'insecureSkipVerify':
      return isOn(value);
    default:
      return value;
  }
}

function secretFromEnv(env: Env, name: string): SecretSource | null {
  const value = env[name];
  if (value) return { type: 'value', value, origin: name };
  const file = env[`${name}_FILE`];
  return file ? { type: 'file', file, origin: `${name}_FILE` } : null;
}

/** A context of the config file. `~/` in its paths is the user's home. */
export function contextLayer(name: string, context: ContextConfig, home: string | undefined): Layer {
  const origin = `context ${name}`;
  const path = (file: string): string =>
    home !== undefined && file.startsWith('~/') ? home + file.slice(1) : file;
  const values: MutableValues = { backend: context.backend };
  if (context.servers !== undefined) values.servers = splitList(context.servers);
  if (context.directory !== undefined) values.directory = path(context.directory);
  for (const key of ['layout', 'datacenter', 'namespace', 'partition'] as const) {
    if (context[key] !== undefined) values[key] = context[key];
  }
  if (context.prefix !== undefined)
    values.prefix = typeof context.prefix === 'string' ? fromList(context.prefix) : context.prefix;
  const { tls, auth } = context;
  for (const key of ['caFile', 'certFile', 'keyFile'] as const)
    if (tls?.[key] !== undefined) values[key] = path(tls[key]);
  if (tls?.serverName !== undefined) values.tlsServerName = tls.serverName;
  if (tls?.insecureSkipVerify !== undefined) values.insecureSkipVerify = tls.insecureSkipVerify;
  if (auth?.username !== undefined) values.username = auth.username;
  for (const key of ['password', 'token'] as const) {
    const file = auth?.[`${key}File`];
    const variable = auth?.[`${key}Env`];
    if (file !== undefined)
      values[key] = { type: 'file', file: path(file), origin: `file named by ${origin}` };
    else if (variable !== undefined)
      values[key] = { type: 'env', name: variable, origin: `${variable}, named by ${origin}` };
  }
  const labels = Object.fromEntries(Object.keys(values).map((key) => [key, origin]));
  return { values, labels, ownsServers: true };
}

/** Splits comma lists, trims, drops empty parts. */
export function splitList(values: readonly string[]): readonly string[] {
  return values
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '');
}

function checked(
  values: Record<string, unknown>,
  labels: Partial<Record<ConnectionKey, string>>,
): ConnectionValues {
  const { backend } = values;
  if (backend !== undefined && backend !== 'etcd' && backend !== 'consul' && backend !== 'local') {
    throw new SdctlError(
      'E_USAGE',
      `${labels.backend ?? ''} "${typeof backend === 'string' ? backend : typeof backend}" is not a backend`,
      {
        why: 'valid: etcd, consul, local',
        hint: '--backend etcd',
      },
    );
  }
  return values;
}
