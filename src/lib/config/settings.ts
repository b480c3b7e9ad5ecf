import { join } from 'node:path';
import { SdctlError } from '../errors.js';
import { parseServer } from '../registry/server-url.js';
import type { BackendName, Connection } from '../registry/connection.js';
import type { Env } from './env.js';
import {
  contextLayer,
  envLayer,
  flagLayer,
  type ConnectionFlags,
  type ConnectionKey,
  type ConnectionValues,
  type Layer,
} from './layers.js';
import { defaultPorts, merge, type Ignored, type Merged } from './merge.js';
import { nativeLayer, nativeVariables } from './native.js';
import { nearest } from './nearest.js';
import type { ConfigFile, ContextConfig } from './schema.js';
import { openSecret } from './secret.js';
import { stateDirectory } from './state-directory.js';

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
  readonly ignored: readonly Ignored[];
}

export interface SettingsInput {
  readonly flags: ConnectionFlags & { readonly context?: string | undefined };
  readonly env: Env;
  readonly config: ConfigFile;
}

const wellKnownPorts: Readonly<Record<number, BackendName>> = {
  2379: 'etcd',
  8500: 'consul',
  8501: 'consul',
};

/**
 * Merges flags > SDCTL_* > context > native variables > defaults; a context named by flag ranks with flags.
 * Credentials of a context or of native variables go only to the servers named in the same place.
 *
 * @throws {SdctlError} E_USAGE or E_CONFIG for what contradicts itself
 */
export function resolveSettings(input: SettingsInput): Settings {
  const { env } = input;
  const ignored: Ignored[] = [];
  const named = chooseContext(input);
  const flags = flagLayer(input.flags);
  let fromEnv = envLayer(env);
  if (named?.from === '--context') {
    for (const label of Object.values(fromEnv.labels))
      ignored.push({ name: label, why: '--context was given', quiet: false });
    fromEnv = { values: {}, labels: {}, ownsServers: false };
  }
  const typed =
    flags.values.backend ?? fromEnv.values.backend ?? guessBackend(flags.values, fromEnv.values, named);
  const context = suited(named, typed, ignored);
  const layers: Layer[] = [flags, fromEnv];
  if (context !== null) {
    layers.push(contextLayer(context.name, context.config, env['HOME']));
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
    sources: toSources(merged, context, env),
    ignored,
  };
}

/**
 * The context, unless it is for another kind of registry than the one that was typed: then nothing of it counts.
 *
 * @throws {SdctlError} E_USAGE when both were typed
 */
function suited(
  context: Settings['context'],
  typed: BackendName | undefined,
  ignored: Ignored[],
): Settings['context'] {
  if (context === null || typed === undefined || typed === context.config.backend) return context;
  const { backend } = context.config;
  if (context.from === '--context') {
    throw new SdctlError('E_USAGE', `--context ${context.name} is for ${backend}, not ${typed}`, {
      why: 'the flags name two different registries',
      hint: `--context ${context.name} alone, or --backend ${typed} alone`,
    });
  }
  ignored.push({ name: `context ${context.name}`, why: `it is for ${backend}, not ${typed}`, quiet: false });
  return null;
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
  context: Settings['context'],
): BackendName | undefined {
  if (flags.directory !== undefined) return 'local';
  const first = (flags.servers ?? env.servers)?.[0];
  // A context with servers takes another one of its own kind; an embedded registry has none, so a server means another registry.
  if (first === undefined || (context !== null && context.config.backend !== 'local')) return undefined;
  const server = parseServer(first, 1);
  return server.kind === 'tcp' ? wellKnownPorts[server.port] : 'consul';
}

function toConnection({ values }: Merged, context: string | null, env: Env): Connection {
  for (const server of values.servers) parseServer(server, defaultPorts[values.backend] || 1);
  return {
    backend: values.backend,
    context,
    servers: values.servers,
    prefixes: (values.prefix ?? []).map(normalisePrefix),
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
  const state = stateDirectory(env);
  if (state !== null) return join(state, 'registry');
  throw new SdctlError('E_USAGE', 'there is no place for the embedded registry', {
    why: 'none of SDCTL_STATE_DIR, XDG_STATE_HOME and HOME is set',
    hint: '--dir DIRECTORY, or set SDCTL_STATE_DIR',
  });
}

function toSources({ values, labels }: Merged, context: Settings['context'], env: Env): SourcedValue[] {
  const rows: SourcedValue[] = [];
  if (context !== null) rows.push({ setting: 'context', value: context.name, from: context.from });
  for (const [key, value] of Object.entries(values)) {
    const setting = key as ConnectionKey;
    const from = labels[setting] ?? 'built-in';
    if (setting === 'password' || setting === 'token') rows.push({ setting, value: '(set, hidden)', from });
    else if (setting === 'servers') {
      const shown = values.servers.map((server) => parseServer(server, defaultPorts[values.backend]).url);
      if (shown.length > 0) rows.push({ setting, value: shown.join(','), from });
    } else if (setting === 'prefix') {
      const shown = (values.prefix ?? []).map((prefix) => (prefix === '' ? "''" : prefix));
      rows.push({ setting, value: shown.join(','), from });
    } else rows.push({ setting, value: String(value), from });
  }
  if (values.prefix === undefined && values.backend === 'etcd')
    rows.push({ setting: 'prefix', value: '(the root of the layout)', from: 'built-in' });
  if (values.directory === undefined && values.backend === 'local')
    rows.push({ setting: 'directory', value: localDirectory(env), from: 'built-in' });
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
