import { metaKeys } from '../../layouts/consul/sdctl.js';
import type { KeptCheck, SavedEntry } from '../../model/removal.js';
import { agentStateOf } from './agent-state.js';
import type { CatalogRecord } from './find-instance.js';
import { readChecks, ttlCheckOf } from './health.js';
import { listOf, objectOf, textMapOf, textOf, type JsonObject } from './json.js';
import { metaIn } from './meta.js';

/** An entry of Consul that was removed. */
export type SavedService = Extract<SavedEntry, { readonly backend: 'consul' }>;

/** Keeps of an entry what it takes to write it again. */
export function toSavedService({ instance, node, service, checks }: CatalogRecord): SavedService {
  const isExternal = agentStateOf(instance.nodeChecks) === 'none';
  return {
    backend: 'consul',
    service: instance.service,
    id: instance.id,
    node: instance.node ?? '',
    nodeAddress: textOf(node['Address']),
    isExternal,
    address: textOf(service['Address']),
    port: numberOf(service['Port']) ?? 0,
    tags: listOf(service['Tags']).filter((tag): tag is string => typeof tag === 'string'),
    meta: metaIn(service),
    weights: weightsOf(service),
    kind: textOf(service['Kind']),
    ttlSeconds: ttlSecondsOf(service),
    ...splitChecks(checks, instance.id, isExternal),
    ...(isExternal ? { nodeMeta: textMapOf(node['Meta']) } : {}),
    taggedAddresses: taggedAddressesOf(service),
    enableTagOverride: service['EnableTagOverride'] === true,
    ...connectOf(service),
  };
}

function connectOf(service: JsonObject): Pick<SavedService, 'proxy' | 'connectNative'> {
  const proxy = objectOf(service['Proxy']);
  // Consul shows an empty one with plain services too.
  const isProxy = textOf(service['Kind']) !== '' && proxy !== null;
  const connectNative = objectOf(service['Connect'])?.['Native'] === true;
  return isProxy ? { proxy, connectNative } : { connectNative };
}

function weightsOf(service: JsonObject): SavedService['weights'] {
  const weights = objectOf(service['Weights']);
  const [passing, warning] = [numberOf(weights?.['Passing']), numberOf(weights?.['Warning'])];
  return passing === null || warning === null ? null : { passing, warning };
}

function taggedAddressesOf(service: JsonObject): NonNullable<SavedService['taggedAddresses']> {
  const named = Object.entries(objectOf(service['TaggedAddresses']) ?? {}).map(([name, value]) => {
    const place = objectOf(value);
    return [name, { address: textOf(place?.['Address']), port: numberOf(place?.['Port']) ?? 0 }] as const;
  });
  return Object.fromEntries(named);
}

function ttlSecondsOf(service: JsonObject): number | null {
  const ttl = Number(metaIn(service)[metaKeys.ttl] ?? '');
  return Number.isFinite(ttl) && ttl > 0 ? ttl : null;
}

/** An agent keeps to itself what its checks do; of a TTL check there is nothing more to know than the TTL. */
function splitChecks(
  checks: readonly unknown[],
  serviceId: string,
  isExternal: boolean,
): Pick<SavedService, 'checks' | 'lostChecks'> {
  const own = checks.filter((check) => textOf(objectOf(check)?.['ServiceID']) === serviceId);
  const all = own.map(toKeptCheck);
  if (isExternal) return { checks: all, lostChecks: [] };
  const ttlId = ttlCheckOf(readChecks(own), serviceId)?.id;
  const lost = all.filter(({ id }) => id !== ttlId);
  return {
    checks: all.filter(({ id }) => id === ttlId),
    lostChecks: lost.map(({ id, name, type }) => ({ id, name, type })),
  };
}

function toKeptCheck(value: unknown): KeptCheck {
  const check = objectOf(value) ?? {};
  return {
    id: textOf(check['CheckID']),
    name: textOf(check['Name']),
    type: textOf(check['Type']),
    notes: textOf(check['Notes']),
    definition: objectOf(check['Definition']) ?? {},
  };
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
