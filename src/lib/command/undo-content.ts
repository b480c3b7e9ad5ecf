import * as v from 'valibot';
import type { SavedEntry } from '../model/removal.js';
import type { UndoContent } from './undo-file.js';

/** The longest that etcd grants, in seconds: more than 285 years. */
const MOST_SECONDS = 9_000_000_000;
const BASE64 = 'it is no base64';

const text = v.pipe(v.string(), v.nonEmpty());
const base64 = v.pipe(v.string(), v.check(isBase64, BASE64));
const seconds = v.nullable(v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(MOST_SECONDS)));
const scope = v.optional(v.nullable(v.string()), null);

const etcd = v.object({
  backend: v.literal('etcd'),
  service: v.string(),
  id: v.string(),
  keyBase64: v.pipe(base64, v.nonEmpty(), v.check(isUtf8, 'it is no UTF-8')),
  valueBase64: base64,
  leaseId: v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/))),
  grantedSeconds: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST_SECONDS))),
});

const anything = v.record(v.string(), v.unknown());
const check = { id: v.string(), name: v.string(), type: v.string() };

const consul = v.looseObject({
  backend: v.literal('consul'),
  service: text,
  id: text,
  node: text,
  nodeAddress: v.string(),
  isExternal: v.boolean(),
  address: v.string(),
  port: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)),
  tags: v.array(v.string()),
  meta: v.record(v.string(), v.string()),
  weights: v.nullable(v.object({ passing: v.number(), warning: v.number() })),
  kind: v.string(),
  ttlSeconds: seconds,
  lostChecks: v.array(v.object(check)),
  checks: v.optional(v.array(v.object({ ...check, notes: v.string(), definition: anything }))),
  nodeMeta: v.optional(v.record(v.string(), v.string())),
  taggedAddresses: v.optional(v.record(v.string(), v.object({ address: v.string(), port: v.number() }))),
  enableTagOverride: v.optional(v.boolean()),
  proxy: v.optional(anything),
  connectNative: v.optional(v.boolean()),
});

const local = v.object({
  backend: v.literal('local'),
  service: text,
  id: text,
  value: v.string(),
  ttlMs: v.nullable(v.pipe(v.number(), v.finite(), v.gtValue(0))),
});

const file = v.looseObject({
  apiVersion: v.literal('sdctl/v1'),
  kind: v.literal('RemovedEntries'),
  context: v.nullable(v.string()),
  backend: v.picklist(['etcd', 'consul', 'local']),
  servers: v.string(),
  datacenter: scope,
  namespace: scope,
  partition: scope,
  removedAt: v.string(),
  items: v.array(v.variant('backend', [etcd, consul, local])),
});

export type ParsedUndo =
  { readonly ok: true; readonly content: UndoContent } | { readonly ok: false; readonly why: string };

/** Reads the text of an undo file; never trusts it. */
export function parseUndoContent(content: string): ParsedUndo {
  let raw: unknown;
  try {
    raw = JSON.parse(content);
  } catch {
    return { ok: false, why: 'it is not JSON' };
  }
  const result = v.safeParse(file, raw);
  if (!result.success) {
    const [issue] = result.issues;
    const path = (issue.path ?? []).map((part) => String(part.key)).join('.');
    return { ok: false, why: `${path === '' ? 'the document' : path}: ${issue.message}` };
  }
  const { context, backend, servers, datacenter, namespace, partition, removedAt } = result.output;
  // As they stand in the file: the adapter takes what it knows, and a parser may leave out keys such as `constructor`.
  const { items } = raw as { readonly items: readonly SavedEntry[] };
  const isOfOneKind = items.every((item) => item.backend === backend);
  if (!isOfOneKind) return { ok: false, why: `items: not all of them are of ${backend}` };
  return {
    ok: true,
    content: { context, backend, servers, datacenter, namespace, partition, removedAt, items },
  };
}

/** Node reads around what is none. */
function isBase64(encoded: string): boolean {
  return Buffer.from(encoded, 'base64').toString('base64') === encoded;
}

function isUtf8(encoded: string): boolean {
  const bytes = Buffer.from(encoded, 'base64');
  return Buffer.from(bytes.toString('utf8')).equals(bytes);
}
