import type {
  ContextItem,
  DeregisterItem,
  EndpointItem,
  InstanceItem,
  LayoutItem,
  LeaseRecordItem,
  ListDocument,
  RestoreItem,
  RevokeItem,
  ServiceItem,
  SettingItem,
} from './document-types.js';
import { headOf } from './documents.js';
import { toJson } from './safe-text.js';

type ListKind = ListDocument['kind'];

/** Kind of one item of a list in `-o jsonl`. */
const ITEM_KINDS: Readonly<Record<ListKind, string>> = {
  InstanceList: 'Instance',
  LayoutList: 'Layout',
  ServiceList: 'Service',
  EndpointList: 'Endpoint',
  LeaseList: 'Lease',
  ContextList: 'Context',
  ConfigView: 'Setting',
  DeregisterResult: 'Deregistration',
  RestoreResult: 'Restoration',
  RevokeResult: 'Revocation',
};

/** A record with every key of an item, so that the compiler keeps the list of names complete. */
type Names<Item> = Readonly<Record<keyof Item, true>>;

const instanceNames: Names<InstanceItem> = {
  service: true,
  id: true,
  health: true,
  healthReason: true,
  address: true,
  port: true,
  protocol: true,
  endpoints: true,
  version: true,
  weight: true,
  effectiveWeight: true,
  zone: true,
  node: true,
  namespace: true,
  tags: true,
  metadata: true,
  lease: true,
  owner: true,
  registeredAt: true,
  layout: true,
  readOnly: true,
  warnings: true,
  key: true,
  root: true,
  revision: true,
  checks: true,
  nodeChecks: true,
  kind: true,
  external: true,
  monitor: true,
  alloc: true,
  rawTags: true,
};
const layoutNames: Names<LayoutItem> = { layout: true, root: true, services: true, instances: true };
const serviceNames: Names<ServiceItem> = {
  service: true,
  root: true,
  instances: true,
  health: true,
  lowestTtlSeconds: true,
  layouts: true,
};
const endpointNames: Names<EndpointItem> = {
  service: true,
  instance: true,
  target: true,
  endpoint: true,
  protocol: true,
  address: true,
  port: true,
  health: true,
  version: true,
  zone: true,
  node: true,
  weight: true,
};
const leaseNames: Names<LeaseRecordItem> = {
  type: true,
  id: true,
  idDecimal: true,
  node: true,
  name: true,
  grantedSeconds: true,
  leftSeconds: true,
  overdue: true,
  renewed: true,
  health: true,
  output: true,
  onEnd: true,
  keys: true,
  bindings: true,
  services: true,
};
const revokeNames: Names<RevokeItem> = { ...leaseNames, outcome: true };
const contextNames: Names<ContextItem> = {
  name: true,
  current: true,
  backend: true,
  servers: true,
  layout: true,
  prefix: true,
  datacenter: true,
  namespace: true,
  partition: true,
  directory: true,
  tls: true,
  auth: true,
  protected: true,
  readOnly: true,
  color: true,
};
const settingNames: Names<SettingItem> = { setting: true, value: true, from: true };
const deregisterNames: Names<DeregisterItem> = {
  service: true,
  instance: true,
  node: true,
  outcome: true,
  entry: true,
  error: true,
  how: true,
  agent: true,
  falls: true,
  goneForSeconds: true,
  comeback: true,
};
const restoreNames: Names<RestoreItem> = {
  service: true,
  instance: true,
  node: true,
  outcome: true,
  lease: true,
  endsInSeconds: true,
  lostChecks: true,
  error: true,
};

/** Names that `--fields` takes for the items of a document, in the order in which they are written. */
export const fieldNames: Readonly<Record<ListKind, readonly string[]>> = {
  InstanceList: Object.keys(instanceNames),
  LayoutList: Object.keys(layoutNames),
  ServiceList: Object.keys(serviceNames),
  EndpointList: Object.keys(endpointNames),
  LeaseList: Object.keys(leaseNames),
  ContextList: Object.keys(contextNames),
  ConfigView: Object.keys(settingNames),
  DeregisterResult: Object.keys(deregisterNames),
  RestoreResult: Object.keys(restoreNames),
  RevokeResult: Object.keys(revokeNames),
};

/** A list document whose items may hold only some of their fields. */
export interface ProjectedList {
  readonly apiVersion: string;
  readonly kind: ListKind;
  readonly items: readonly Readonly<Record<string, unknown>>[];
  readonly undecoded?: readonly object[];
  readonly skipped?: readonly object[];
}

export type Projection =
  | { readonly ok: true; readonly document: ProjectedList }
  | { readonly ok: false; readonly unknown: readonly string[]; readonly valid: readonly string[] };

/** Keeps only the named fields of every item, in the order asked for; names nobody knows are answered, not ignored. */
export function projectFields(document: ListDocument, names: readonly string[]): Projection {
  const valid = fieldNames[document.kind];
  const unknown = names.filter((name) => !valid.includes(name));
  if (unknown.length > 0) return { ok: false, unknown, valid };
  const items = document.items.map((item) => pick(new Map(Object.entries(item)), names));
  return { ok: true, document: { ...document, items } };
}

function pick(values: ReadonlyMap<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, values.get(name)]));
}

/** A list for `-o jsonl`: one line per item with `apiVersion` and `kind`, then one per entry nobody could read or that is no instance. */
export function* listLines(document: ListDocument | ProjectedList): Generator<string> {
  const head = headOf(ITEM_KINDS[document.kind]);
  for (const item of document.items) {
    // The kind of a line is that of its document; the kind of a service stands beside it.
    const { kind, ...rest } = item as { readonly kind?: unknown };
    yield toJson({ ...head, ...rest, ...(kind === undefined ? {} : { serviceKind: kind }) });
  }
  const undecoded = 'undecoded' in document ? (document.undecoded ?? []) : [];
  for (const entry of undecoded) yield toJson({ ...headOf('UndecodedEntry'), ...entry });
  const skipped = 'skipped' in document ? (document.skipped ?? []) : [];
  for (const entry of skipped) yield toJson({ ...headOf('SkippedEntry'), ...entry });
}
