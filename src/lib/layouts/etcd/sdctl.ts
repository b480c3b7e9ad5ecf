import { formatEndpoint, parseEndpoint, type Endpoint } from '../../model/endpoint.js';
import { healthStates, type Health, type Owner } from '../../model/instance.js';
import type { RegistrationSpec } from '../../registry/types.js';
import { toInstance } from '../build-instance.js';
import type { EntryText, KeyName } from '../entry-text.js';
import { comesBack } from '../facts.js';
import { numberOf, textMap, valueText, type JsonObject } from '../json.js';
import type { EtcdLayout, LayoutRoot } from '../types.js';
import { notMine } from '../not-mine.js';

const MAX_FORMAT_LENGTH = 40;

/** sdctl's own form: `<prefix><service>/<id>` with a JSON object that carries `"sdctl": 1`. */
export const sdctlLayout: EtcdLayout = {
  name: 'sdctl',
  root: '/services/',
  facts: {
    defaultTtlSeconds: 30,
    renewal: 'client stream, and a watch of its own key',
    afterDelete: comesBack(1, 'back at once, unless it runs with `--on-lost exit`'),
    afterRevoke: comesBack(1, 'back at once under a new lease, unless it runs with `--on-lost exit`'),
    leftBehind: null,
    markers: null,
    readOnly: false,
    leaseless: false,
  },
  decode(entry, root) {
    const value = entry.json;
    if (value === null || !('sdctl' in value)) return notMine;
    const name = nameOf(entry, root, value);
    if (name === null)
      return { state: 'undecodable', service: null, reason: 'the key is not <service>/<id>' };
    const { service } = name;
    if (value['sdctl'] !== 1)
      return { state: 'undecodable', service, reason: `unknown sdctl format ${formatText(value['sdctl'])}` };
    const endpoints = endpointsOf(value['endpoints']);
    if (endpoints === null)
      return { state: 'undecodable', service, reason: 'endpoints are not a list of addresses' };
    const metadata = textMap(value['metadata']);
    if (metadata === null) return { state: 'undecodable', service, reason: 'metadata is nested too deeply' };
    return toInstance(entry, sdctlLayout, {
      service: name.service,
      id: name.id,
      root: name.root,
      endpoints,
      health: healthOf(value['health']),
      healthReason: textOf(value['healthReason']),
      metadata,
      tags: texts(value['tags']),
      version: textOf(value['version']),
      weight: typeof value['weight'] === 'string' ? null : numberOf(value['weight']),
      zone: textOf(value['zone']),
      owner: ownerOf(value['owner']),
      registeredAt: textOf(value['registeredAt']),
    });
  },
  writer: {
    ttlSeconds: 30,
    encode: (spec, { prefix }) => ({
      ok: true,
      key: `${prefix}${spec.service}/${spec.id}`,
      value: encodeSdctlValue(spec),
    }),
  },
};

/** The value names both parts; they count as far as the key says the same. */
function nameOf(entry: EntryText, root: LayoutRoot, { service, id }: JsonObject): KeyName | null {
  if (typeof service === 'string' && typeof id === 'string' && service !== '' && id !== '') {
    const tail = `${service}/${id}`;
    if (entry.key.endsWith(tail)) {
      const before = entry.key.slice(0, -tail.length);
      if ((before === '' || before.endsWith('/')) && before.startsWith(root.prefix))
        return { root: before, service, id };
    }
  }
  return entry.name(root);
}

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

const NO_TEXTS: readonly string[] = [];

function texts(value: unknown): readonly string[] {
  if (Array.isArray(value) && value.length === 0) return NO_TEXTS;
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

/** Short, because a format may be any value of any size. */
function formatText(value: unknown): string {
  const text = valueText(value) ?? 'of great depth';
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
