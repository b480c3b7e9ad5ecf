import type { SdctlError } from '../errors.js';
import { formatCallTarget, formatEndpoint, type Endpoint } from '../model/endpoint.js';
import type { Instance, Service, UndecodedEntry } from '../model/instance.js';
import type { CauseItem, EndpointItem, InstanceItem, ServiceItem, UndecodedItem } from './document-types.js';
import { toUtc } from './instance-facts.js';
import { lowestTtlSeconds } from './service-columns.js';

const HEX_ID = /^[0-9a-f]{1,16}$/i;

/** A lease id in decimal, as some clients of etcd write it; null on other backends. */
export function leaseDecimal(id: string, backend: string): string | null {
  return backend === 'etcd' && HEX_ID.test(id) ? BigInt(`0x${id}`).toString() : null;
}

/** An instance as every document has it. */
export function instanceItem(instance: Instance, backend: string): InstanceItem {
  const { lease, owner } = instance;
  return {
    service: instance.service,
    id: instance.id,
    health: instance.health,
    healthReason: instance.healthReason,
    endpoints: instance.endpoints.map(formatEndpoint),
    version: instance.version,
    weight: instance.weight,
    zone: instance.zone,
    node: instance.node,
    tags: instance.tags,
    metadata: instance.metadata,
    lease:
      lease === null
        ? null
        : {
            id: lease.id,
            idDecimal: leaseDecimal(lease.id, backend),
            ttlSeconds: lease.ttlSeconds,
            leftSeconds: lease.leftSeconds,
          },
    owner:
      owner === null
        ? null
        : { host: owner.host, pid: owner.pid, started: toUtc(owner.started), run: owner.run },
    registeredAt: toUtc(instance.registeredAt),
    layout: instance.layout,
    key: instance.key,
    revision: instance.revision,
    checks: instance.checks.map(({ id, name, type, health, output, notes }) => ({
      id,
      name,
      type,
      health,
      output,
      notes,
    })),
  };
}

/** A service as the overview has it. */
export function serviceItem(service: Service): ServiceItem {
  const { passing, warning, critical, maintenance, unknown } = service.health;
  return {
    service: service.name,
    instances: service.instances.length,
    health: { passing, warning, critical, maintenance, unknown },
    lowestTtlSeconds: lowestTtlSeconds(service.instances),
    layouts: service.layouts,
  };
}

/** One endpoint that `resolve` chose, with the instance behind it. */
export function endpointItem(instance: Instance, endpoint: Endpoint): EndpointItem {
  return {
    service: instance.service,
    instance: instance.id,
    target: formatCallTarget(endpoint),
    endpoint: formatEndpoint(endpoint),
    protocol: endpoint.protocol,
    address: endpoint.address,
    port: endpoint.port,
    health: instance.health,
    version: instance.version,
    zone: instance.zone,
    node: instance.node,
    weight: instance.weight,
  };
}

/** An entry that nobody could read. */
export function undecodedItem(entry: UndecodedEntry, backend: string): UndecodedItem {
  const { key, service, reason, sizeBytes, sha256, leaseId } = entry;
  const lease = leaseId === null ? null : { id: leaseId, idDecimal: leaseDecimal(leaseId, backend) };
  return { key, service, reason, sizeBytes, sha256, lease };
}

/** The part of an error that programs may rely on. */
export function causeItem(error: SdctlError): CauseItem {
  return { code: error.code, message: error.message, why: error.why ?? null };
}
