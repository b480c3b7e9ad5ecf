import { servicesOf, type LeaseBinding, type LeaseListing, type LeaseRecord } from '../model/lease.js';
import { toRfc3339 } from '../time/clock.js';
import { leaseDecimal } from './document-items.js';
import type {
  LeaseBindingItem,
  LeaseDocument,
  LeaseEventDocument,
  LeaseList,
  LeaseRecordItem,
  RevokeItem,
  RevokeResult,
} from './document-types.js';
import { headOf } from './documents.js';
import { bindingCount, orderedBindings } from './lease-facts.js';
import type { TimedLeaseEvent } from './lease-lines.js';
import type { Origin } from './summary-lines.js';

/** Leases in the order given, from the listing they were chosen from. */
export function leaseList(
  leases: readonly LeaseRecord[],
  { revision, takenAtMs, hidden }: Omit<LeaseListing, 'leases'>,
  { context, backend }: Origin,
): LeaseList {
  return {
    ...headOf('LeaseList'),
    context,
    backend,
    revision,
    takenAt: toRfc3339(takenAtMs),
    partial: hidden.length > 0,
    hidden,
    items: leases.map((lease) => leaseItem(lease, backend)),
  };
}

/** One lease by itself. */
export function leaseDocument(lease: LeaseRecord, backend: string): LeaseDocument {
  return { ...headOf('Lease'), ...leaseItem(lease, backend) };
}

/** A line of `lease list -w -o jsonl`. Its type is that of the event, so that of the lease has another name. */
export function leaseEventDocument(event: TimedLeaseEvent, backend: string): LeaseEventDocument {
  const { type: leaseType, ...item } = leaseItem(event.lease, backend);
  return { ...headOf('LeaseEvent'), type: event.type, at: event.at, leaseType, ...item };
}

/** What became of a lease that was to be ended. */
export function revokeResult(
  { lease, outcome }: { readonly lease: LeaseRecord; readonly outcome: RevokeItem['outcome'] },
  { context, backend }: Origin,
): RevokeResult {
  return {
    ...headOf('RevokeResult'),
    context,
    backend,
    dryRun: outcome === 'planned',
    items: [{ ...leaseItem(lease, backend), outcome }],
  };
}

function leaseItem(lease: LeaseRecord, backend: string): LeaseRecordItem {
  const { kind, id, node, name, grantedSeconds, leftSeconds, health, output, onEnd } = lease;
  return {
    type: kind,
    id,
    idDecimal: leaseDecimal(id, backend),
    node,
    name,
    grantedSeconds,
    leftSeconds,
    overdue: lease.isOverdue,
    renewed: lease.isRenewed,
    health,
    output,
    onEnd,
    keys: bindingCount(lease),
    bindings: orderedBindings(lease).map(bindingItem),
    services: servicesOf(lease),
  };
}

function bindingItem({ kind, key, isBinaryKey, name, layout }: LeaseBinding): LeaseBindingItem {
  return {
    type: kind,
    key: isBinaryKey ? null : key,
    keyBase64: isBinaryKey && key !== null ? Buffer.from(key, 'latin1').toString('base64') : null,
    service: name?.service ?? null,
    // A marker names only its service.
    instance: name === null || name.id === '' ? null : name.id,
    node: name?.node ?? null,
    layout,
  };
}
