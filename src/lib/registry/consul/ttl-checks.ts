import { compareText, type Instance } from '../../model/instance.js';
import type { LeaseBinding, LeaseRecord } from '../../model/lease.js';
import { checkIdOf, hasExpired, readChecks, type RawCheck } from './health.js';
import { listOf, objectOf, textOf } from './json.js';
import { notConsul } from './map-error.js';
import type { Served } from './servers.js';

/** A check with the name of its service. */
export interface NamedCheck extends RawCheck {
  /** Empty: a check of the node. */
  readonly service: string;
}

/**
 * Takes the answer of `health/state/any` apart.
 *
 * @throws {SdctlError} E_NOT_A_REGISTRY when it is no list
 */
export function checksIn({ value, server }: Served): readonly NamedCheck[] {
  if (!Array.isArray(value)) throw notConsul(server, 'its answer is not a list of checks');
  return listOf(value).flatMap((item) => {
    const service = textOf(objectOf(item)?.['ServiceName']);
    return readChecks([item]).map((check) => ({ ...check, service }));
  });
}

/** Whether it has to be renewed; older servers do not tell the type, but the check id that sdctl gives is known. */
export function isTtlCheck({ type, id, serviceId }: RawCheck): boolean {
  return type === 'ttl' || (type === '' && serviceId !== '' && id === checkIdOf(serviceId));
}

/**
 * Builds the record of a TTL check.
 *
 * @param instance that it belongs to; null when it was not read
 */
export function toTtlCheck(check: NamedCheck, instance: Instance | null): LeaseRecord {
  const binding = bindingOf(check, instance);
  return {
    kind: 'ttl-check',
    id: check.id,
    node: check.node || null,
    name: check.name || null,
    grantedSeconds: grantedSeconds(check, instance),
    leftSeconds: null,
    isOverdue: hasExpired(check),
    isRenewed: null,
    health: check.health,
    output: check.output,
    onEnd: null,
    bindings: binding === null ? [] : [binding],
    // A service that the answer does not name cannot be bound to anything, and is there all the same.
    knowsBindings: binding !== null || check.serviceId === '',
  };
}

/** Consul does not tell the TTL. What sdctl wrote down is that of its own check, whatever others were added. */
function grantedSeconds({ id }: NamedCheck, instance: Instance | null): number | null {
  return instance !== null && id === checkIdOf(instance.id) ? (instance.lease?.ttlSeconds ?? null) : null;
}

function bindingOf({ service, serviceId, node }: NamedCheck, instance: Instance | null): LeaseBinding | null {
  if (service === '' || serviceId === '') return null;
  return {
    kind: 'instance',
    key: null,
    isBinaryKey: false,
    name: { service, id: serviceId, node: node || null },
    instance,
    layout: instance?.layout ?? null,
  };
}

/** Consul's own order means nothing and changes. */
export function compareChecks(a: NamedCheck, b: NamedCheck): number {
  return compareText(a.service, b.service) || compareText(a.id, b.id) || compareText(a.node, b.node);
}
