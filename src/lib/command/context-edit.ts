import { resolve } from 'node:path';
import { editConfig } from '../config/file.js';
import type { ConfigFile, ContextConfig } from '../config/schema.js';
import { contextLayer, flagLayer, type ConnectionValues } from '../config/layers.js';
import { resolveSettings, requireConnection } from '../config/settings.js';
import { SdctlError } from '../errors.js';
import { maskUserInfo } from '../config/mask.js';
import { nearest } from '../config/nearest.js';
import { requireLayout } from '../registry/open.js';
import { contextDocument, contextItem } from '../render/documents.js';
import { safeName } from '../render/safe-text.js';
import type { Invocation, InvocationFlags } from './invocation.js';
import { documentText, isDocumentFormat } from './print-document.js';
import { usageError } from './usage.js';

export interface AddContextFlags extends InvocationFlags {
  readonly protected?: boolean | undefined;
  readonly 'read-only'?: boolean | undefined;
  readonly 'no-check'?: boolean | undefined;
  readonly force?: boolean | undefined;
}

/** A context as it is written to the file; undefined keys are left out. */
type ContextEntry = Readonly<Record<string, unknown>>;

/**
 * Writes a context made of the flags.
 *
 * @throws {SdctlError} E_USAGE for a bad name or no backend, E_CONFLICT for an existing one, what the test of the connection reports
 */
export async function addContext(
  invocation: Invocation,
  name: string,
  flags: AddContextFlags,
): Promise<void> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name))
    throw usageError(`"${name}" is not a valid context name`, 'letters, digits and . _ - ; at most 63');
  const refuseExisting = (config: ConfigFile): void => {
    if (!Object.hasOwn(config.contexts ?? {}, name) || flags.force === true) return;
    throw new SdctlError('E_CONFLICT', `context ${name} exists already`, {
      hint: `sdctl context add ${name} --force`,
    });
  };
  // Before the test of the connection, which takes time, and again with what stands in the file by then.
  refuseExisting(invocation.config);
  // Only what was typed goes into the file: variables of this shell are not part of a context.
  const typed = resolveSettings({
    flags: { ...flags, context: undefined },
    env: homeOnly(invocation),
    config: {},
  });
  if (typed.connection === null)
    throw usageError(
      `sdctl context add ${name} needs a registry`,
      'neither --backend nor --server is given',
      `sdctl context add ${name} --backend etcd --server URL`,
    );
  const { connection } = typed;
  refuseSecret(connection.servers);
  await requireLayout(connection.backend, connection.layout);
  const entry = toEntry(flagLayer(flags).values, connection.backend, connection.servers, flags);
  if (flags['no-check'] !== true) await testConnection(invocation, name, entry);
  const { exists, isCurrent } = await editConfig(invocation.location, (document, config) => {
    refuseExisting(config);
    const before = currentOf(config);
    document.setIn(['contexts', name], document.createNode(entry));
    if (before === null) document.set('currentContext', name);
    return {
      exists: Object.hasOwn(config.contexts ?? {}, name),
      isCurrent: before === null || before === name,
    };
  });
  const current = isCurrent
    ? ' It is the current one.'
    : ` sdctl context use ${name} makes it the current one.`;
  invocation.diagnostics.say(
    `${exists ? 'Replaced' : 'Added'} context ${name} (${connection.backend}).${current}`,
  );
  await printEdited(invocation, name, entry as unknown as ContextConfig, isCurrent);
}

/** Secrets stand in the file by reference only. */
function refuseSecret(servers: readonly string[]): void {
  const bad = servers.find((server) => server.includes('@'));
  if (bad === undefined) return;
  throw usageError(
    `--server ${maskUserInfo(bad)} holds a user or password`,
    'secrets stand in the config file by reference only',
    '--username NAME --password-file FILE',
  );
}

/** For programs: the context that was changed. */
async function printEdited(
  invocation: Invocation,
  name: string,
  context: ContextConfig,
  current: boolean,
): Promise<void> {
  const { format } = invocation.view;
  if (!isDocumentFormat(format)) return;
  const item = contextItem(name, { ...context, servers: context.servers?.map(maskUserInfo) }, current);
  invocation.print(await documentText(contextDocument(item), format));
}

function homeOnly(invocation: Invocation): Readonly<Record<string, string | undefined>> {
  const { HOME, SDCTL_STATE_DIR, XDG_STATE_HOME } = invocation.deps.env;
  return { HOME, SDCTL_STATE_DIR, XDG_STATE_HOME };
}

function toEntry(
  values: ConnectionValues,
  backend: string,
  servers: readonly string[],
  flags: AddContextFlags,
): ContextEntry {
  for (const key of ['password', 'token'] as const) {
    const secret = values[key];
    if (secret?.type === 'file' && secret.file === '-')
      throw usageError(
        `--${key}-file - cannot be kept in a context`,
        'a context names a file that is read with every command',
        `--${key}-file FILE`,
      );
  }
  const fileOf = (key: 'password' | 'token'): string | undefined =>
    values[key]?.type === 'file' ? values[key].file : undefined;
  const entry = {
    backend,
    servers: backend === 'local' ? undefined : servers,
    layout: values.layout,
    prefix: values.prefix?.length === 1 ? values.prefix[0] : values.prefix,
    datacenter: values.datacenter,
    namespace: values.namespace,
    partition: values.partition,
    directory: absolute(values.directory),
    tls: compact({
      caFile: absolute(values.caFile),
      certFile: absolute(values.certFile),
      keyFile: absolute(values.keyFile),
      serverName: values.tlsServerName,
      insecureSkipVerify: values.insecureSkipVerify,
    }),
    auth: compact({
      username: values.username,
      passwordFile: absolute(fileOf('password')),
      tokenFile: absolute(fileOf('token')),
    }),
    protected: flags.protected,
    readOnly: flags['read-only'],
  };
  return compact(entry) ?? {};
}

/** A context is used from other directories than the one it was written in. */
function absolute(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(path);
}

/** Without undefined values; undefined when nothing is left. */
function compact(values: Readonly<Record<string, unknown>>): ContextEntry | undefined {
  const kept = Object.entries(values).filter(([, value]) => value !== undefined);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

async function testConnection(invocation: Invocation, name: string, entry: ContextEntry): Promise<void> {
  const config = { contexts: { [name]: entry } } as ConfigFile;
  const settings = resolveSettings({ flags: { context: name }, env: homeOnly(invocation), config });
  await using handle = await invocation.deps.openRegistry(requireConnection(settings));
  await handle.registry.list('sdctl-connection-test', invocation.callOptions());
}

/** The current context of a file; null where none is set or it is gone. */
export function currentOf(config: ConfigFile): string | null {
  const name = config.currentContext;
  return name !== undefined && Object.hasOwn(config.contexts ?? {}, name) ? name : null;
}

/** @throws {SdctlError} E_NOT_FOUND with the nearest name */
export function requireContext(
  config: ConfigFile,
  name: string,
): NonNullable<ConfigFile['contexts']>[string] {
  const found = Object.hasOwn(config.contexts ?? {}, name) ? config.contexts?.[name] : undefined;
  if (found !== undefined) return found;
  const known = Object.keys(config.contexts ?? {});
  const close = nearest(name, known);
  throw new SdctlError('E_NOT_FOUND', `no context "${name}"`, {
    why: known.length === 0 ? 'the config file has none' : `known: ${known.join(', ')}`,
    hint: close === null ? 'sdctl context list' : `sdctl context show ${close}`,
  });
}

/** Makes a context the current one. @throws {SdctlError} E_NOT_FOUND */
export async function useContext(invocation: Invocation, name: string): Promise<void> {
  requireContext(invocation.config, name);
  const { context, before } = await editConfig(invocation.location, (document, config) => {
    const found = requireContext(config, name);
    document.set('currentContext', name);
    return { context: found, before: config.currentContext };
  });
  const servers = contextLayer(name, context, undefined).values.servers ?? [];
  const where = [context.backend, ...servers.map(maskUserInfo)].join(', ');
  const was = before === undefined || before === name ? '' : ` Was ${before}.`;
  invocation.diagnostics.say(safeName(`Current context is now ${name} (${where}).${was}`, { max: 1_000 }));
  await printEdited(invocation, name, context, true);
}

/** Removes a context from the file. @throws {SdctlError} E_NOT_FOUND */
export async function removeContext(invocation: Invocation, name: string): Promise<void> {
  requireContext(invocation.config, name);
  const { context, wasCurrent } = await editConfig(invocation.location, (document, config) => {
    const found = requireContext(config, name);
    const isCurrent = config.currentContext === name;
    document.deleteIn(['contexts', name]);
    if (isCurrent) document.delete('currentContext');
    return { context: found, wasCurrent: isCurrent };
  });
  const rest = wasCurrent ? ' No context is current now.' : '';
  invocation.diagnostics.say(`Removed context ${safeName(name)}.${rest}`);
  await printEdited(invocation, name, context, false);
}
