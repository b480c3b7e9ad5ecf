import type { SdctlError } from '../errors.js';
import { formatCallTarget, formatEndpoint, type Endpoint } from '../model/endpoint.js';
import type {
  Check,
  Instance,
  LayoutUse,
  Owner,
  Service,
  SkippedEntry,
  UndecodedEntry,
} from '../model/instance.js';
import type {
  CauseItem,
  CheckItem,
  EndpointItem,
  InstanceEndpointItem,
  InstanceItem,
  LayoutItem,
  OwnerItem,
  ServiceItem,
  SkippedItem,
  UndecodedItem,
} from './document-types.js';
import { toUtc } from './instance-facts.js';
import { lowestTtlSeconds } from './service-columns.js';

const HEX_ID = /^[0-9a-f]{1,16}$/i;

/** A lease id in decimal, as some clients of etcd write it; null on other backends. */
export function leaseDecimal(id: string, backend: string): string | null {
  return backend === 'etcd' && HEX_ID.test(id) ? BigInt(`0x${id}`).toString() : null;
}

/** An instance as every document has it. */
export function instanceItem(instance: Instance, backend: string): InstanceItem {
  const { lease, owner, consul } = instance;
  const first = instance.endpoints[0] ?? null;
  return {
    service: instance.service,
    id: instance.id,
    health: instance.health,
    healthReason: instance.healthReason,
    address: first?.address ?? null,
    port: first?.port ?? null,
    protocol: first?.protocol ?? null,
    endpoints: instance.endpoints.map(instanceEndpointItem),
    version: instance.version,
    weight: instance.weight,
    effectiveWeight: instance.effectiveWeight,
    zone: instance.zone,
    node: instance.node,
    namespace: instance.namespace,
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
    owner: consul?.managedBy ?? (owner === null ? null : ownerItem(owner)),
    registeredAt: toUtc(instance.registeredAt),
    layout: instance.layout,
    readOnly: instance.readOnly ? true : null,
    warnings: instance.warnings,
    key: instance.key,
    root: instance.root,
    revision: instance.revision,
    checks: instance.checks.map(checkItem),
    nodeChecks: instance.nodeChecks.map(checkItem),
    kind: consul?.kind ?? null,
    external: consul?.external === true ? true : null,
    monitor: consul?.monitoredBy ?? null,
    alloc: consul?.alloc ?? null,
    rawTags: consul?.rawTags ?? [],
  };
}

function ownerItem({ host, pid, started, run }: Owner): OwnerItem {
  return { host, pid, started: toUtc(started), run };
}

function instanceEndpointItem({ protocol, address, port, weight, secure }: Endpoint): InstanceEndpointItem {
  return { protocol, address, port, weight: weight ?? null, secure: secure ?? null };
}

function checkItem({ id, name, type, health, output, notes }: Check): CheckItem {
  return { id, name, type, health, output, notes };
}

/** A service as the overview has it. */
export function serviceItem(service: Service): ServiceItem {
  const { passing, warning, critical, maintenance, disabled, unknown } = service.health;
  return {
    service: service.name,
    root: service.root,
    instances: service.instances.length,
    health: { passing, warning, critical, maintenance, disabled, unknown },
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
  const { isBinaryKey, service, reason, sizeBytes, sha256, leaseId } = entry;
  const lease = leaseId === null ? null : { id: leaseId, idDecimal: leaseDecimal(leaseId, backend) };
  const key = isBinaryKey ? null : entry.key;
  const keyBase64 = isBinaryKey ? Buffer.from(entry.key, 'latin1').toString('base64') : null;
  return { key, keyBase64, service, reason, sizeBytes, sha256, lease };
}

/** A key that is no instance, or a tree. */
export function skippedItem(entry: SkippedEntry): SkippedItem {
  const { key, layout, reason, service, address, name, keys } = entry;
  return { key, layout, reason, service, address, name, keys };
}

/** One layout in one place. */
export function layoutItem({ layout, root, services, instances }: LayoutUse): LayoutItem {
  return { layout, root, services, instances };
}

/** The part of an error that programs may rely on. */
export function causeItem(error: SdctlError): CauseItem {
  return { code: error.code, message: error.message, why: error.why ?? null };
}
