import type { MembershipEvent } from '../model/membership.js';
import type { RegistrationEvent } from '../model/registration.js';
import { changedFields } from './changed-fields.js';
import { causeItem, instanceItem, leaseDecimal, skippedItem, undecodedItem } from './document-items.js';
import type { MembershipEventDocument, RegistrationEventDocument } from './document-types.js';
import { headOf } from './documents.js';

/** What an event line needs to know about its stream. */
export interface EventOrigin {
  /** What was watched; null: all services. */
  readonly service: string | null;
  readonly backend: string;
}

/** A line of `watch -o jsonl`. */
export function membershipEventDocument(
  event: MembershipEvent,
  origin: EventOrigin,
): MembershipEventDocument {
  const { at, revision } = event;
  const head = headOf('MembershipEvent');
  if (event.type === 'synced') {
    const { service, instances, undecoded, skipped, partial } = event.snapshot;
    return {
      ...head,
      type: 'synced',
      service,
      at,
      revision,
      instances: instances.map((instance) => instanceItem(instance, origin.backend)),
      undecoded: undecoded.map((entry) => undecodedItem(entry, origin.backend)),
      skipped: skipped.map(skippedItem),
      partial,
    };
  }
  if (event.type === 'stale') {
    const { attempt } = event;
    const retryInSeconds = toSeconds(event.retryInMs);
    return {
      ...head,
      type: 'stale',
      service: origin.service,
      at,
      revision,
      cause: causeItem(event.cause),
      attempt,
      retryInSeconds,
    };
  }
  const { service, id: instance, node } = event.instance;
  const rest = { at, revision, resync: event.resync, entry: instanceItem(event.instance, origin.backend) };
  switch (event.type) {
    case 'joined':
      return { ...head, type: 'joined', service, instance, node, ...rest };
    case 'updated': {
      const previous = instanceItem(event.previous, origin.backend);
      const changed = changedFields(event.previous, event.instance);
      return { ...head, type: 'updated', service, instance, node, ...rest, previous, changed };
    }
    case 'left':
      return { ...head, type: 'left', service, instance, node, reason: event.reason, ...rest };
  }
}

/** A line of `register -o jsonl`. */
export function registrationEventDocument(
  event: RegistrationEvent,
  backend: string,
): RegistrationEventDocument {
  const { leaseId, at } = event;
  const { service, id: instance, node } = event.instance;
  const head = headOf('RegistrationEvent');
  const rest = { service, instance, node, at, leaseId, leaseIdDecimal: leaseDecimal(leaseId, backend) };
  switch (event.type) {
    case 'registered': {
      const { ttlSeconds, deregisterAfterSeconds } = event;
      const entry = instanceItem(event.instance, backend);
      return { ...head, type: 'registered', ...rest, ttlSeconds, deregisterAfterSeconds, entry };
    }
    case 'renewed':
      return { ...head, type: 'renewed', ...rest, ttlSeconds: event.ttlSeconds, afterLate: event.afterLate };
    case 'late':
      return {
        ...head,
        type: 'late',
        ...rest,
        leftSeconds: event.leftSeconds,
        cause: causeItem(event.cause),
      };
    case 'lost':
      return { ...head, type: 'lost', ...rest, why: event.why };
    case 'restored': {
      const { ttlSeconds, previousLeaseId, previous } = event;
      return {
        ...head,
        type: 'restored',
        ...rest,
        ttlSeconds,
        previousLeaseId,
        previousLeaseIdDecimal: leaseDecimal(previousLeaseId, backend),
        previousInstance: previous?.id ?? null,
        previousKey: previous?.key ?? null,
        entry: instanceItem(event.instance, backend),
      };
    }
    case 'deregistered':
      return { ...head, type: 'deregistered', ...rest, outcome: event.outcome };
  }
}

function toSeconds(ms: number): number {
  return Math.round(ms) / 1_000;
}
