import { join } from 'node:path';
import { SdctlError } from '../errors.js';
import { parseServer } from '../registry/server-url.js';
import type { BackendName, Connection } from '../registry/connection.js';
import type { Env } from './file.js';
import {
  contextLayer,
  envLayer,
  flagLayer,
  type ConnectionFlags,
  type ConnectionKey,
  type ConnectionValues,
  type Layer,
} from './layers.js';
import { nativeLayer, nativeVariables } from './native.js';
import { nearest } from './nearest.js';
import type { ConfigFile, ContextConfig } from './schema.js';
import { openSecret } from './secret.js';

/** One effective setting and where it comes from. */
export interface SourcedValue {
  readonly setting: string;
  readonly value: string;
  readonly from: string;
}

/** What flags, environment and config file say together about where a command goes. */
export interface Settings {
  readonly context: { readonly name: string; readonly from: string; readonly config: ContextConfig } | null;
  /** null: nothing names a registry. */
  readonly connection: Connection | null;
  /** Every setting in force, for `config view`; secrets hidden. */
  readonly sources: readonly SourcedValue[];
  /** Set somewhere, but not in force: said on stderr. */
  readonly ignored: readonly { readonly name: string; readonly why: string; readonly quiet: boolean }[];
}

export interface SettingsInput {
  readonly flags: ConnectionFlags & { readonly context?: string | undefined };
  readonly env: Env;
  readonly config: ConfigFile;
}

const defaultServers: Readonly<Record<BackendName, readonly string[]>> = {
  etcd: ['http://127.0.0.1:2379'],
  consul: ['http://127.0.0.1:8500'],
  local: [],
};
export const defaultPorts: Readonly<Record<BackendName, number>> = { etcd: 2379, consul: 8500, local: 0 };
const wellKnownPorts: Readonly<Record<number, BackendName>> = {
  2379: 'etcd',
  8500: 'consul',
  8501: 'consul',
};
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
export const DEFAULT_PREFIX = '/services/';

/**
 * Merges flags > SDCTL_* > context > native variables > defaults; a context named by flag ranks with flags.
 * Credentials of a context or of native variables go only to the servers named in the same place.
 *
 * @throws {SdctlError} E_USAGE or E_CONFIG for what contradicts itself
 */
export function resolveSettings(input: SettingsInput): Settings {
  const { env } = input;
  const ignored: { name: string; why: string; quiet: boolean }[] = [];
  const context = chooseContext(input);
  const flags = flagLayer(input.flags);
  let fromEnv = envLayer(env);
  if (context?.from === '--context') {
    for (const label of Object.values(fromEnv.labels))
      ignored.push({ name: label, why: '--context was given', quiet: false });
    fromEnv = { values: {}, labels: {}, ownsServers: false };
  }
  const layers: Layer[] = [flags, fromEnv];
  const typed =
    flags.values.backend ??
    fromEnv.values.backend ??
    guessBackend(flags.values, fromEnv.values, context !== null);
  if (context !== null) {
    const layer = contextLayer(context.name, context.config, env['HOME']);
    const matches = typed === undefined || typed === context.config.backend;
    if (matches) layers.push(layer);
    else
      ignored.push({
        name: `context ${context.name}`,
        why: `it is for ${context.config.backend}, not ${typed}`,
        quiet: false,
      });
    for (const name of nativeVariables(env)) ignored.push({ name, why: 'a context is active', quiet: true });
  } else {
    const layer = nativeLayer(env, typed);
    if (layer !== null) layers.push(layer);
  }
  const merged = merge(layers, typed, ignored);
  if (merged === null) return { context, connection: null, sources: [], ignored };
  return {
    context,
    connection: toConnection(merged, context?.name ?? null, env),
    sources: toSources(merged, context),
    ignored,
  };
}

/** The context in force: `--context` > `SDCTL_CONTEXT` > `currentContext` > none. */
function chooseContext({ flags, env, config }: SettingsInput): Settings['context'] {
  const [name, from] =
    flags.context !== undefined
      ? [flags.context, '--context']
      : env['SDCTL_CONTEXT']
        ? [env['SDCTL_CONTEXT'], 'SDCTL_CONTEXT']
        : [config.currentContext, 'config file'];
  if (name === undefined) return null;
  const found = Object.hasOwn(config.contexts ?? {}, name) ? config.contexts?.[name] : undefined;
  if (found === undefined) {
    const known = Object.keys(config.contexts ?? {});
    const close = nearest(name, known);
    throw new SdctlError('E_CONFIG', `no context "${name}"`, {
      why:
        known.length === 0
          ? `named by ${from}; the config file has none`
          : `named by ${from}; known: ${known.join(', ')}`,
      hint: close === null ? 'sdctl context list' : `--context ${close}`,
    });
  }
  return { name, from, config: found };
}

/** A server given without a backend says it by its port; a directory means the embedded registry. */
function guessBackend(
  flags: ConnectionValues,
  env: ConnectionValues,
  hasContext: boolean,
): BackendName | undefined {
  if (hasContext) return undefined;
  if (flags.directory !== undefined) return 'local';
  const first = (flags.servers ?? env.servers)?.[0];
  if (first === undefined) return undefined;
  const server = parseServer(first, 1);
  return server.kind === 'tcp' ? wellKnownPorts[server.port] : 'consul';
}

interface Merged {
  readonly values: ConnectionValues & { readonly backend: BackendName; readonly servers: readonly string[] };
  readonly labels: Readonly<Partial<Record<ConnectionKey, string>>>;
}

function merge(
  layers: readonly Layer[],
  typed: BackendName | undefined,
  ignored: { name: string; why: string; quiet: boolean }[],
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

function contains(owned: readonly string[], server: string, defaultPort: number): boolean {
  const url = parseServer(server, defaultPort).url;
  return owned.some((candidate) => parseServer(candidate, defaultPort).url === url);
}

function toConnection({ values }: Merged, context: string | null, env: Env): Connection {
  for (const server of values.servers) parseServer(server, defaultPorts[values.backend] || 1);
  return {
    backend: values.backend,
    context,
    servers: values.servers,
    prefix: normalisePrefix(values.prefix ?? DEFAULT_PREFIX),
    layout: values.layout ?? 'auto',
    tls: {
      caFile: values.caFile ?? null,
      certFile: values.certFile ?? null,
      keyFile: values.keyFile ?? null,
      serverName: values.tlsServerName ?? null,
      insecureSkipVerify: values.insecureSkipVerify ?? false,
    },
    username: values.username ?? null,
    password: values.password === undefined ? null : openSecret(values.password, env),
    token: values.token === undefined ? null : openSecret(values.token, env),
    datacenter: values.datacenter ?? null,
    namespace: values.namespace ?? null,
    partition: values.partition ?? null,
    directory: values.backend === 'local' ? (values.directory ?? localDirectory(env)) : null,
  };
}

/** Ends in the separator, so that `order` never matches `order-admin`; empty stays empty: the whole store. */
function normalisePrefix(prefix: string): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
}

/**
 * Where the embedded registry lives: SDCTL_STATE_DIR > XDG_STATE_HOME > HOME.
 *
 * @throws {SdctlError} E_USAGE naming the variable when none is set
 */
export function localDirectory(env: Env): string {
  if (env['SDCTL_STATE_DIR']) return join(env['SDCTL_STATE_DIR'], 'registry');
  if (env['XDG_STATE_HOME']) return join(env['XDG_STATE_HOME'], 'sdctl', 'registry');
  if (env['HOME']) return join(env['HOME'], '.local', 'state', 'sdctl', 'registry');
  throw new SdctlError('E_USAGE', 'there is no place for the embedded registry', {
    why: 'none of SDCTL_STATE_DIR, XDG_STATE_HOME and HOME is set',
    hint: '--dir DIRECTORY, or set SDCTL_STATE_DIR',
  });
}

function toSources({ values, labels }: Merged, context: Settings['context']): SourcedValue[] {
  const rows: SourcedValue[] = [];
  if (context !== null) rows.push({ setting: 'context', value: context.name, from: context.from });
  for (const [key, value] of Object.entries(values)) {
    const setting = key as ConnectionKey;
    const from = labels[setting] ?? 'built-in';
    if (setting === 'password' || setting === 'token') rows.push({ setting, value: '(set, hidden)', from });
    else if (setting === 'servers') {
      const shown = values.servers.map((server) => parseServer(server, defaultPorts[values.backend]).url);
      if (shown.length > 0) rows.push({ setting, value: shown.join(','), from });
    } else rows.push({ setting, value: String(value), from });
  }
  if (values.prefix === undefined && values.backend === 'etcd')
    rows.push({ setting: 'prefix', value: DEFAULT_PREFIX, from: 'built-in' });
  if (values.layout === undefined) rows.push({ setting: 'layout', value: 'auto', from: 'built-in' });
  return rows;
}

/**
 * The connection a command needs.
 *
 * @throws {SdctlError} E_NO_REGISTRY when nothing names a registry
 */
export function requireConnection(settings: Settings): Connection {
  if (settings.connection !== null) return settings.connection;
  throw new SdctlError('E_NO_REGISTRY', 'no registry is named', {
    why: 'no --backend or --server, no SDCTL_* variable, no current context, no ETCDCTL_ENDPOINTS or CONSUL_HTTP_ADDR',
    hint: 'sdctl dev (an embedded one to try), or: sdctl context add NAME --backend etcd --server URL',
  });
}
