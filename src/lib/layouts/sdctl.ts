import { parseEndpoint, formatEndpoint, type Endpoint } from '../model/endpoint.js';
import { healthStates, type Health, type Instance, type Owner } from '../model/instance.js';
import type { RegistrationSpec } from '../registry/types.js';
import { identify, decodeUtf8 } from './identify.js';
import type { DecodeResult, Layout } from './types.js';

const MAX_FORMAT_LENGTH = 40;

/** sdctl's own form: `<prefix><service>/<id>` with a JSON object that carries `"sdctl": 1`. */
export const sdctlLayout: Layout = {
  name: 'sdctl',
  decode(entry, root): DecodeResult {
    const text = decodeUtf8(entry.value);
    if (text === null || !text.trimStart().startsWith('{')) return { state: 'not-mine' };
    const value = parseObject(text);
    if (value === null || !('sdctl' in value)) return { state: 'not-mine' };
    const name = identify(entry, root);
    if (name === null)
      return { state: 'undecodable', service: null, reason: 'the key is not <service>/<id>' };
    if (value['sdctl'] !== 1) {
      return {
        state: 'undecodable',
        service: name.service,
        reason: `unknown sdctl format ${formatText(value['sdctl'])}`,
      };
    }
    const endpoints = endpointsOf(value['endpoints']);
    if (endpoints === null)
      return { state: 'undecodable', service: name.service, reason: 'endpoints are not a list of addresses' };
    const metadata = textMap(value['metadata']);
    if (metadata === null)
      return { state: 'undecodable', service: name.service, reason: 'metadata is nested too deeply' };
    const health = healthOf(value['health']);
    const instance: Instance = {
      service: name.service,
      id: name.id,
      endpoints,
      health: health ?? (entry.leaseId === null ? 'unknown' : 'passing'),
      healthReason: textOf(value['healthReason']),
      metadata,
      tags: texts(value['tags']),
      version: textOf(value['version']),
      weight:
        typeof value['weight'] === 'number' && Number.isFinite(value['weight']) ? value['weight'] : null,
      zone: textOf(value['zone']),
      node: null,
      lease: entry.leaseId === null ? null : { id: entry.leaseId, ttlSeconds: null, leftSeconds: null },
      owner: ownerOf(value['owner']),
      registeredAt: textOf(value['registeredAt']),
      key: name.key,
      layout: 'sdctl',
      revision: entry.revision,
      checks: [],
    };
    return { state: 'instance', instance };
  },
  encode(spec: RegistrationSpec, root) {
    return { key: `${root.prefix}${spec.service}/${spec.id}`, value: encodeSdctlValue(spec) };
  },
};

/**
 * The value of an entry in sdctl's own form.
 *
 * @param state what the instance says of itself; left out, its lease decides
 */
export function encodeSdctlValue(
  spec: RegistrationSpec,
  state?: { readonly health: Health; readonly healthReason: string | null },
): string {
  return JSON.stringify({
    sdctl: 1,
    service: spec.service,
    id: spec.id,
    endpoints: spec.endpoints.map(formatEndpoint),
    version: spec.version,
    weight: spec.weight,
    zone: spec.zone,
    tags: spec.tags,
    metadata: spec.metadata,
    owner: spec.owner,
    registeredAt: spec.registeredAt,
    ...state,
  });
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function endpointsOf(value: unknown): readonly Endpoint[] | null {
  if (!Array.isArray(value)) return null;
  const endpoints: Endpoint[] = [];
  for (const item of value as readonly unknown[]) {
    const endpoint = typeof item === 'string' ? parseEndpoint(item) : null;
    if (endpoint === null) return null;
    endpoints.push(endpoint);
  }
  return endpoints;
}

function healthOf(value: unknown): Health | null {
  return healthStates.find((state) => state === value) ?? null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

/** null where a value cannot be written as text again. */
function textMap(value: unknown): Readonly<Record<string, string>> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  const pairs: [string, string][] = [];
  for (const [key, item] of Object.entries(value)) {
    const text = typeof item === 'string' ? item : jsonText(item);
    if (text === null) return null;
    pairs.push([key, text]);
  }
  return Object.fromEntries(pairs);
}

/** JSON is read at any depth, but written by recursion, which a hostile value drives out of the stack: null then. */
function jsonText(value: unknown): string | null {
  try {
    return JSON.stringify(value);
  } catch {
    return null;
  }
}

/** Short, because a format may be any value of any size. */
function formatText(value: unknown): string {
  const text = jsonText(value) ?? 'of great depth';
  return text.length > MAX_FORMAT_LENGTH ? `${text.slice(0, MAX_FORMAT_LENGTH)}…` : text;
}

/** Reads the owner mark from untrusted JSON; null unless every part is there. Shared by all backends. */
export function ownerOf(value: unknown): Owner | null {
  if (typeof value !== 'object' || value === null) return null;
  const { host, pid, started, run } = value as Readonly<Record<string, unknown>>;
  if (typeof host !== 'string' || typeof started !== 'string' || typeof run !== 'string') return null;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return null;
  return { host, pid, started, run };
}
