import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { defaultPorts } from '../config/merge.js';
import { requireConnection, resolveSettings, type Settings } from '../config/settings.js';
import type { Connection } from '../registry/connection.js';
import { readOnly } from '../registry/read-only.js';
import { parseServer } from '../registry/server-url.js';
import type { Opened, Target, ViewHost } from '../tui/host.js';
import type { Identity } from '../tui/model/paint-model.js';
import { openDoctorMirror, type DoctorMirror } from '../tui/doctor/mirror.js';
import type { SdctlError } from '../errors.js';
import { DoctorState } from './doctor-state.js';
import type { Invocation } from './invocation.js';
import { identityOf } from './registry-identity.js';
import { saveTable } from './table-file.js';

export interface ViewHostOptions {
  /** null: all services. */
  readonly service: string | null;
  /** Folder of the program. */
  readonly root: string;
}

/** Where the view gets its registries, its files and its doctor. */
export async function openViewHost(
  invocation: Invocation,
  { service, root }: ViewHostOptions,
): Promise<Omit<ViewHost, 'copy'>> {
  const { deps, config, diagnostics } = invocation;
  const layouts = await layoutNames();
  const settingsOf = (target: Target): Settings => settingsFor(invocation, target);
  const identityFor = (target: Target, settings: Settings): Identity => ({
    ...toIdentity(settings),
    flags: flagsTo(invocation, target, settings),
  });
  return {
    clock: deps.clock,
    contexts: Object.keys(config.contexts ?? {}).sort(),
    service,
    timeoutMs: invocation.timeoutFlagMs ?? invocation.timeoutSettingMs,
    identityOf: (target) => identityFor(target, settingsOf(target)),
    layoutsOf: ({ backend }) => layouts[backend] ?? [],
    async open(target): Promise<Opened> {
      const settings = settingsOf(target);
      const connection = requireConnection(settings);
      const handle = await deps.openRegistry(connection);
      return {
        identity: identityFor(target, settings),
        registry: readOnly(handle),
        roots: rootsOf(connection),
        sinceOf: earlierRuns(invocation, connection),
        ruleGuides,
        openDoctor: async (onError) => openDoctor(invocation, connection, { service, root, onError }),
      };
    },
    save: (name, text) => saveTable(deps.env, name, text, deps.clock.nowMs()),
    log: (record) => {
      diagnostics.record(record);
    },
  };
}

/** As the command line says, but another context or another layout. */
function settingsFor({ deps, config, flags }: Invocation, { context, layout }: Target): Settings {
  if (context === null) {
    const asTyped = layout === null ? flags : { ...flags, layout };
    return resolveSettings({ flags: asTyped, env: deps.env, config });
  }
  // What was typed for the first registry says nothing about another one.
  const typed = { context, ...(layout === null ? {} : { layout }) };
  return resolveSettings({ flags: typed, env: deps.env, config });
}

function toIdentity(settings: Settings): Omit<Identity, 'flags'> {
  const connection = requireConnection(settings);
  const { backend, context } = connection;
  const config = settings.context?.config;
  return {
    context,
    isProtected: config?.protected === true,
    color: config?.color ?? null,
    backend,
    servers: serverNamesOf(connection),
    hasNodes: backend === 'consul',
  };
}

/** The context; without one, or beside it, what was typed. */
function flagsTo({ flags }: Invocation, target: Target, settings: Settings): readonly string[] {
  const { context } = requireConnection(settings);
  const typed = target.context === null ? flags : {};
  const layout = target.layout ?? typed.layout;
  return [
    ...(context === null ? [] : ['-c', context]),
    ...(typed.backend === undefined ? [] : ['--backend', typed.backend]),
    ...(typed.server ?? []).flatMap((server) => ['--server', server]),
    ...(typed.prefix ?? []).flatMap((prefix) => ['--prefix', prefix]),
    ...(layout === undefined ? [] : ['--layout', layout]),
  ];
}

function serverNamesOf({ backend, servers, directory }: Connection): string {
  if (backend === 'local') return directory ?? 'memory';
  return servers.map((server) => parseServer(server, defaultPorts[backend]).url).join(', ');
}

function rootsOf({ backend, prefixes }: Connection): string | null {
  if (backend !== 'etcd') return null;
  return prefixes.length === 0 ? '/services/' : prefixes.map((prefix) => prefix || "''").join(', ');
}

async function layoutNames(): Promise<Readonly<Record<string, readonly string[]>>> {
  const { layoutNames: names } = await import('../layouts/names.js');
  return names();
}

async function ruleGuides(): Promise<ReadonlyMap<string, { readonly why: string }>> {
  const { allRules } = await import('../doctor/rule-names.js');
  return new Map(allRules.map(({ id, text }) => [id, text]));
}

/** What the doctor remembers of its runs on the same registry. Read once; the view remembers nothing of its own. */
function earlierRuns({ deps }: Invocation, connection: Connection): Opened['sinceOf'] {
  const { history } = new DoctorState({
    env: deps.env,
    identity: doctorIdentity(connection),
    isOff: false,
    nowMs: deps.clock.nowMs(),
    warn: () => undefined,
  });
  return (key, health) => {
    if (health !== 'critical' && health !== 'maintenance') return null;
    const since = history?.since(health, key) ?? null;
    return since === null ? null : Date.parse(since);
  };
}

function doctorIdentity(connection: Connection): string {
  return identityOf({ connection, serverNames: serverNamesOf(connection) });
}

interface DoctorParts extends ViewHostOptions {
  readonly onError: (error: SdctlError) => void;
}

async function openDoctor(
  { config, location, deps }: Invocation,
  connection: Connection,
  { service, root, onError }: DoctorParts,
): Promise<DoctorMirror> {
  const { toDoctorSettings } = await import('./doctor-settings.js');
  const { allRules } = await import('../doctor/rule-names.js');
  return openDoctorMirror({
    backend: connection.backend,
    context: connection.context,
    service,
    settings: toDoctorSettings({
      config: config.doctor,
      file: location?.path ?? null,
      inventory: null,
      rules: allRules,
    }),
    identity: doctorIdentity(connection),
    workerFile: join(root, 'dist/lib/tui/doctor/worker.js'),
    clock: deps.clock,
    yieldTurn: async () => setImmediate(),
    onError,
  });
}
