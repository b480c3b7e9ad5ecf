import type { LeaseBinding, LeaseRecord } from '../../src/lib/model/lease.js';
import { leaseEventTypes } from '../../src/lib/model/lease-event.js';
import type { ListDocument, SdctlDocument } from '../../src/lib/render/document-types.js';
import {
  leaseDocument,
  leaseEventDocument,
  leaseList,
  revokeResult,
} from '../../src/lib/render/lease-documents.js';
import { anInstance, anInstanceOf, at, nowMs } from './render-samples.js';

/** A lease of etcd of 15 s, 14 of them left, that one instance hangs on. */
export function aLease(change: Partial<LeaseRecord> = {}): LeaseRecord {
  return {
    kind: 'lease',
    id: '694d8c1f2a3b4c2d',
    node: null,
    name: null,
    grantedSeconds: 15,
    leftSeconds: 14,
    isOverdue: false,
    isRenewed: null,
    health: null,
    output: null,
    onEnd: null,
    bindings: [aBinding()],
    knowsBindings: true,
    ...change,
  };
}

/** A passing TTL check of Consul. */
export function aCheck(change: Partial<LeaseRecord> = {}): LeaseRecord {
  return aLease({
    kind: 'ttl-check',
    id: 'service:i-39',
    node: 'node-2',
    name: 'ttl',
    leftSeconds: null,
    health: 'passing',
    output: 'ok',
    bindings: [aBinding({ key: null, name: { service: 'payments', id: 'i-39', node: 'node-2' } })],
    ...change,
  });
}

/** A session of Consul as a list has it. */
export function aSession(change: Partial<LeaseRecord> = {}): LeaseRecord {
  return aLease({
    kind: 'session',
    id: '0a3c1d5e-1111-2222-3333-444455556666',
    node: 'node-2',
    name: 'cron',
    leftSeconds: null,
    onEnd: 'release',
    bindings: [],
    knowsBindings: false,
    ...change,
  });
}

/** An instance of kratos. */
export function aBinding(change: Partial<LeaseBinding> = {}): LeaseBinding {
  const name = { service: 'payments', id: 'i-39', node: null };
  return {
    kind: 'instance',
    key: '/microservices/payments/i-39',
    isBinaryKey: false,
    name,
    instance: anInstance({ ...name, key: '/microservices/payments/i-39', layout: 'kratos' }),
    layout: 'kratos',
    ...change,
  };
}

/** A key of that kind which is no instance. */
export function aKey(
  kind: Exclude<LeaseBinding['kind'], 'instance'>,
  key: string,
  change: Partial<LeaseBinding> = {},
): LeaseBinding {
  return aBinding({ kind, key, name: null, instance: null, layout: null, ...change });
}

/** A lease with one text in every field that holds text, and something of every kind hanging on it. */
export function aLeaseOf(text: string, change: Partial<LeaseRecord> = {}): LeaseRecord {
  const name = { service: text, id: text, node: text };
  return aLease({
    id: text,
    node: text,
    name: text,
    output: text,
    bindings: [
      aKey('undecoded', text),
      aKey('unread', text, { isBinaryKey: true, key: '\u00ff\u001b' }),
      aKey('marker', text, { name: { service: text, id: '', node: null }, layout: text }),
      aKey('lock', text),
      aBinding({ key: text, name, instance: anInstanceOf(text), layout: text }),
    ],
    ...change,
  });
}

const origin = { context: 'prod-eu', backend: 'etcd' };

/** Lists of leases with one text everywhere. */
export function leaseListsOf(text: string): readonly ListDocument[] {
  const leases = [
    aLeaseOf(text),
    aCheck({ id: text, output: text }),
    aSession({ name: text, onEnd: 'delete' }),
  ];
  const listing = { revision: '48211', takenAtMs: nowMs, hidden: [text] };
  const outcomes = ['revoked', 'planned', 'absent', 'changed'] as const;
  return [
    leaseList(leases, listing, origin),
    ...outcomes.map((outcome) => revokeResult({ lease: aLeaseOf(text), outcome }, origin)),
  ];
}

/** A lease by itself, and events of every type, with one text everywhere. */
export function leaseDocumentsOf(text: string): readonly SdctlDocument[] {
  const lease = aLeaseOf(text, { isRenewed: true, isOverdue: true, leftSeconds: 0.5 });
  return [
    leaseDocument(lease, 'consul'),
    ...leaseEventTypes.map((type) => leaseEventDocument({ type, at, lease }, 'etcd')),
  ];
}
