import { createHash } from 'node:crypto';
import type { Endpoint } from '../../model/endpoint.js';
import type { Check, Instance, UndecodedEntry } from '../../model/instance.js';
import { overall, ttlCheckOf, type RawCheck } from './health.js';
import { indexOf, listOf, objectOf, textOf, type JsonObject } from './json.js';
import { metaIn, readMeta, type MetaFacts } from './meta.js';

/** An instance as read from whichever endpoint, or what could not be read. */
export type Entry = { readonly instance: Instance } | { readonly undecoded: UndecodedEntry };

/**
 * Builds an instance of a node record, a service record and the checks of both; total.
 *
 * @param place names the record in messages when it cannot be read
 */
export function decodeEntry(
  node: unknown,
  service: unknown,
  checks: readonly RawCheck[],
  place: string,
): Entry {
  const record = objectOf(service);
  const id = textOf(record?.['ID']);
  const name = textOf(record?.['Service']);
  if (record === null || id === '' || name === '')
    return { undecoded: undecoded(service, place, name, 'the entry has no service name or id') };
  return { instance: decodeInstance(objectOf(node) ?? {}, record, checks) };
}

function decodeInstance(node: JsonObject, service: JsonObject, checks: readonly RawCheck[]): Instance {
  const id = textOf(service['ID']);
  const facts = readMeta(metaIn(service));
  const { health, reason } = overall(checks);
  const nodeName = textOf(node['Node']);
  return {
    service: textOf(service['Service']),
    id,
    endpoints: facts.endpoints ?? endpointsOf(node, service, facts),
    health,
    healthReason: reason,
    metadata: facts.metadata,
    tags: listOf(service['Tags']).filter((tag): tag is string => typeof tag === 'string'),
    version: facts.version,
    weight: weightOf(service),
    zone: facts.zone,
    node: nodeName === '' ? null : nodeName,
    lease: leaseOf(checks, id, facts),
    owner: facts.owner,
    registeredAt: facts.registeredAt,
    key: null,
    layout: facts.isSdctl ? 'sdctl' : 'consul',
    revision: indexOf(service['ModifyIndex']),
    checks: checks.map(toCheck),
  };
}

function endpointsOf(node: JsonObject, service: JsonObject, facts: MetaFacts): readonly Endpoint[] {
  const own = textOf(service['Address']);
  const address = own === '' ? textOf(node['Address']) : own;
  if (address === '') return [];
  const port = service['Port'];
  return [
    {
      protocol: facts.protocol,
      address,
      port: typeof port === 'number' && port > 0 && port <= 65_535 ? port : null,
    },
  ];
}

function weightOf(service: JsonObject): number | null {
  const weight = objectOf(service['Weights'])?.['Passing'];
  return typeof weight === 'number' && Number.isFinite(weight) ? weight : null;
}

function leaseOf(checks: readonly RawCheck[], id: string, facts: MetaFacts): Instance['lease'] {
  const check = ttlCheckOf(checks, id);
  // Consul tells neither the TTL nor the time left; what sdctl wrote is the TTL only.
  return check === undefined ? null : { id: check.id, ttlSeconds: facts.ttlSeconds, leftSeconds: null };
}

function toCheck({ id, name, type, health, output, notes }: RawCheck): Check {
  return { id, name, type, health, output, notes };
}

/** A service or node of a name that Consul's HTTP interface cannot be asked for. */
export function unnamable(name: string, what: 'service' | 'node'): UndecodedEntry {
  const reason = `Consul cannot be asked for a ${what} of that name`;
  return undecoded(undefined, `${what} ${name}`, what === 'service' ? name : '', reason);
}

function undecoded(value: unknown, place: string, service: string, reason: string): UndecodedEntry {
  const text = value === undefined ? '' : JSON.stringify(value);
  return {
    key: place,
    service: service === '' ? null : service,
    reason,
    sizeBytes: Buffer.byteLength(text),
    sha256: createHash('sha256').update(text).digest('hex'),
    leaseId: null,
  };
}
