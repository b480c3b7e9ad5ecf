import type { SdctlError } from '../errors.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Instance, LayoutUse, Service, Snapshot } from '../model/instance.js';
import { toRfc3339 } from '../time/clock.js';
import {
  endpointItem,
  instanceItem,
  layoutItem,
  serviceItem,
  skippedItem,
  undecodedItem,
} from './document-items.js';
import type {
  ApiVersion,
  ConfigFileDocument,
  ConfigValue,
  ConfigView,
  ContextDocument,
  ContextItem,
  ContextList,
  EndpointList,
  ErrorDocument,
  Head,
  InstanceList,
  LayoutList,
  ServiceList,
  VersionDocument,
} from './document-types.js';
import type { Origin } from './summary-lines.js';

const API_VERSION: ApiVersion = 'sdctl/v1';

/** `apiVersion` and `kind`, the first two fields of every document and line. */
export function headOf<Kind extends string>(kind: Kind): Head<Kind> {
  return { apiVersion: API_VERSION, kind };
}

/** What a list says about itself besides its items. */
type Taken = Pick<Snapshot, 'revision' | 'takenAtMs' | 'partial' | 'undecoded' | 'skipped'>;

function listHead<Kind extends string>(kind: Kind, taken: Taken, origin: Origin) {
  return {
    ...headOf(kind),
    context: origin.context,
    backend: origin.backend,
    revision: taken.revision,
    takenAt: toRfc3339(taken.takenAtMs),
    partial: taken.partial,
  };
}

/** What a list says besides its items. */
function restOf(taken: Taken, origin: Origin) {
  return {
    undecoded: taken.undecoded.map((entry) => undecodedItem(entry, origin.backend)),
    skipped: taken.skipped.map(skippedItem),
  };
}

/** Instances in the order of the snapshot; one item for `list SERVICE/INSTANCE`. */
export function instanceList(snapshot: Snapshot, origin: Origin): InstanceList {
  const items = snapshot.instances.map((instance) => instanceItem(instance, origin.backend));
  return { ...listHead('InstanceList', snapshot, origin), items, ...restOf(snapshot, origin) };
}

/** Services in the order given, from the snapshot they were grouped from. */
export function serviceList(services: readonly Service[], taken: Taken, origin: Origin): ServiceList {
  return {
    ...listHead('ServiceList', taken, origin),
    items: services.map(serviceItem),
    ...restOf(taken, origin),
  };
}

/** Which layouts stand where. */
export function layoutList(uses: readonly LayoutUse[], taken: Taken, origin: Origin): LayoutList {
  return {
    ...listHead('LayoutList', taken, origin),
    items: uses.map(layoutItem),
    ...restOf(taken, origin),
  };
}

/** Endpoints that `resolve` chose, best first. */
export function endpointList(
  chosen: readonly { readonly instance: Instance; readonly endpoint: Endpoint }[],
  taken: Taken,
  origin: Origin,
): EndpointList {
  const items = chosen.map(({ instance, endpoint }) => endpointItem(instance, endpoint));
  return { ...listHead('EndpointList', taken, origin), items, ...restOf(taken, origin) };
}

type Settings = Readonly<Record<string, unknown>>;

/** A context as the config file has it. Values that are left out become null or false. */
export interface ContextSource {
  readonly backend: string;
  readonly servers?: readonly string[] | undefined;
  readonly layout?: string | undefined;
  readonly prefix?: string | readonly string[] | undefined;
  readonly datacenter?: string | undefined;
  readonly namespace?: string | undefined;
  readonly partition?: string | undefined;
  readonly directory?: string | undefined;
  readonly tls?: Settings | undefined;
  readonly auth?: Settings | undefined;
  readonly protected?: boolean | undefined;
  readonly readOnly?: boolean | undefined;
  readonly color?: string | undefined;
}

/** A context as documents have it: references to secrets, never a secret. */
export function contextItem(name: string, source: ContextSource, current: boolean): ContextItem {
  const { tls, auth } = source;
  return {
    name,
    current,
    backend: source.backend,
    servers: source.servers ?? [],
    layout: source.layout ?? null,
    prefix: source.prefix ?? null,
    datacenter: source.datacenter ?? null,
    namespace: source.namespace ?? null,
    partition: source.partition ?? null,
    directory: source.directory ?? null,
    tls:
      tls === undefined
        ? null
        : {
            caFile: textOf(tls, 'caFile'),
            certFile: textOf(tls, 'certFile'),
            keyFile: textOf(tls, 'keyFile'),
            serverName: textOf(tls, 'serverName'),
            insecureSkipVerify: tls['insecureSkipVerify'] === true,
          },
    auth:
      auth === undefined
        ? null
        : {
            username: textOf(auth, 'username'),
            passwordFile: textOf(auth, 'passwordFile'),
            passwordEnv: textOf(auth, 'passwordEnv'),
            tokenFile: textOf(auth, 'tokenFile'),
            tokenEnv: textOf(auth, 'tokenEnv'),
          },
    protected: source.protected ?? false,
    readOnly: source.readOnly ?? false,
    color: source.color ?? null,
  };
}

function textOf(settings: Settings, name: string): string | null {
  const value = settings[name];
  return typeof value === 'string' ? value : null;
}

/** All contexts of the config file. */
export function contextList(
  items: readonly ContextItem[],
  file: { readonly configFile: string | null; readonly currentContext: string | null },
): ContextList {
  return {
    ...headOf('ContextList'),
    configFile: file.configFile,
    currentContext: file.currentContext,
    items,
  };
}

/** One context by itself. */
export function contextDocument(item: ContextItem): ContextDocument {
  return { ...headOf('Context'), ...item };
}

/** The settings in force and where each comes from. Secrets must be replaced before. */
export function configView(view: Omit<ConfigView, keyof Head<string>>): ConfigView {
  return {
    ...headOf('ConfigView'),
    configFile: view.configFile,
    context: view.context,
    items: view.items.map(({ setting, value, from }) => ({ setting, value, from })),
    ignored: view.ignored.map(({ name, why }) => ({ name, why })),
  };
}

/** One value of the config file. Secrets must be replaced before. */
export function configValue(key: string, value: unknown): ConfigValue {
  return { ...headOf('ConfigValue'), key, value };
}

/** Where the config file is. */
export function configFileDocument(file: Omit<ConfigFileDocument, keyof Head<string>>): ConfigFileDocument {
  return { ...headOf('ConfigFile'), path: file.path, from: file.from, exists: file.exists };
}

/** Which sdctl this is and what it runs on. */
export function versionDocument(facts: Omit<VersionDocument, keyof Head<string>>): VersionDocument {
  const { version, node, platform, arch } = facts;
  return { ...headOf('Version'), version, node, platform, arch };
}

/** A failure for programs. */
export function errorDocument(error: SdctlError): ErrorDocument {
  return {
    ...headOf('Error'),
    error: {
      code: error.code,
      message: error.message,
      why: error.why ?? null,
      hint: error.hint ?? null,
      exitCode: error.exitCode,
      details: error.details ?? null,
    },
  };
}
