import { createHash } from 'node:crypto';
import { consulLayoutOf } from '../../layouts/consul/index.js';
import type { ConsulReading, ConsulRecord } from '../../layouts/consul/types.js';
import { warningsOf } from '../../layouts/build-instance.js';
import type { Endpoint } from '../../model/endpoint.js';
import type { Check, Instance, InstanceWarning, UndecodedEntry } from '../../model/instance.js';
import { overall, ttlCheckOf, type RawCheck } from './health.js';
import { indexOf, listOf, objectOf, textMapOf, textOf, type JsonObject } from './json.js';
import { metaIn } from './meta.js';

/** An instance as read from whichever endpoint, or what could not be read. */
export type Entry =
  | { readonly instance: Instance }
  | { readonly undecoded: UndecodedEntry }
  /** Only one layout was asked for, and it is another one's. */
  | { readonly other: true };

/** The parts of a record, and how to read it. */
export interface DecodeInput {
  readonly node: unknown;
  readonly service: unknown;
  /** Of the service and of its node. */
  readonly checks: readonly RawCheck[];
  /** Names the record in messages when it cannot be read. */
  readonly place: string;
  /** `auto`, or the layout to read it with. */
  readonly layout: string;
}

/** Builds an instance of a node record, a service record and the checks of both; total. */
export function decodeEntry({ node, service, checks, place, layout }: DecodeInput): Entry {
  const record = objectOf(service);
  const id = textOf(record?.['ID']);
  const name = textOf(record?.['Service']);
  if (record === null || id === '' || name === '')
    return { undecoded: undecoded(service, place, name, 'the entry has no service name or id') };
  const instance = decodeInstance(objectOf(node) ?? {}, record, checks, layout);
  return instance === null ? { other: true } : { instance };
}

function decodeInstance(
  node: JsonObject,
  service: JsonObject,
  checks: readonly RawCheck[],
  layoutName: string,
): Instance | null {
  const own = checks.filter(({ serviceId }) => serviceId !== '');
  const record = recordOf(node, service, own);
  const layout = consulLayoutOf(record, layoutName);
  if (layout === null) return null;
  const reading = layout.read(record);
  const { health, reason } = overall(checks);
  const nodeName = textOf(node['Node']);
  const endpoints = reading.endpoints ?? endpointsOf(record, reading);
  return {
    service: record.service,
    id: record.id,
    endpoints,
    health,
    healthReason: reason,
    metadata: reading.metadata ?? record.meta,
    tags: reading.tags ?? record.tags,
    version: reading.version ?? null,
    weight: reading.weight ?? record.weight,
    effectiveWeight: null,
    zone: reading.zone ?? reading.metadata?.['zone'] ?? null,
    namespace: null,
    node: nodeName === '' ? null : nodeName,
    lease: leaseOf(checks, record.id, reading),
    owner: reading.owner ?? null,
    registeredAt: reading.registeredAt ?? null,
    key: null,
    root: null,
    layout: layout.name,
    revision: indexOf(service['ModifyIndex']),
    checks: own.map(toCheck),
    nodeChecks: checks.filter(({ serviceId }) => serviceId === '').map(toCheck),
    warnings: [...warningsOf(endpoints[0], false), ...(own.length === 0 ? [NO_CHECK] : [])],
    readOnly: false,
    consul: {
      kind: record.kind === '' ? null : record.kind,
      external: reading.external ?? false,
      managedBy: reading.managedBy ?? null,
      monitoredBy: reading.monitoredBy ?? null,
      alloc: reading.alloc ?? null,
      rawTags: record.tags,
    },
  };
}

const NO_CHECK: InstanceWarning = 'no-check';

function recordOf(node: JsonObject, service: JsonObject, own: readonly RawCheck[]): ConsulRecord {
  const address = textOf(service['Address']) || textOf(node['Address']);
  const port = service['Port'];
  return {
    service: textOf(service['Service']),
    id: textOf(service['ID']),
    kind: textOf(service['Kind']),
    address: address === '' ? null : address,
    port: typeof port === 'number' && port > 0 && port <= 65_535 ? port : null,
    tags: listOf(service['Tags']).filter((tag): tag is string => typeof tag === 'string'),
    meta: metaIn(service),
    nodeMeta: textMapOf(node['Meta']),
    taggedAddresses: Object.entries(objectOf(service['TaggedAddresses']) ?? {}).map(([name, place]) => [
      name,
      textOf(objectOf(place)?.['Address']),
    ]),
    weight: weightOf(service),
    checkIds: own.map(({ id }) => id),
  };
}

function endpointsOf({ address, port }: ConsulRecord, { protocol }: ConsulReading): readonly Endpoint[] {
  return address === null ? [] : [{ protocol: protocol ?? null, address, port }];
}

function weightOf(service: JsonObject): number | null {
  const weight = objectOf(service['Weights'])?.['Passing'];
  return typeof weight === 'number' && Number.isFinite(weight) ? weight : null;
}

function leaseOf(checks: readonly RawCheck[], id: string, { ttlSeconds }: ConsulReading): Instance['lease'] {
  const check = ttlCheckOf(checks, id);
  // Consul tells neither the TTL nor the time left; what sdctl wrote is the TTL only.
  return check === undefined ? null : { id: check.id, ttlSeconds: ttlSeconds ?? null, leftSeconds: null };
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
    isBinaryKey: false,
    service: service === '' ? null : service,
    reason,
    sizeBytes: Buffer.byteLength(text),
    sha256: createHash('sha256').update(text).digest('hex'),
    leaseId: null,
  };
}
