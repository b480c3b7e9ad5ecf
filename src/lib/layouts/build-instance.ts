import { isUnspecified, type Endpoint } from '../model/endpoint.js';
import type { Instance, InstanceWarning } from '../model/instance.js';
import type { EntryText } from './entry-text.js';
import type { DecodeResult, EtcdLayout } from './types.js';

/** What a layout reads out of an entry; the rest follows from the entry and the layout. Null is as good as absent. */
export interface Facts extends Pick<Instance, 'service' | 'id' | 'root' | 'endpoints'> {
  readonly health?: Instance['health'] | null;
  readonly healthReason?: string | null;
  readonly metadata?: Instance['metadata'];
  readonly tags?: Instance['tags'];
  readonly version?: string | null;
  readonly weight?: number | null;
  readonly effectiveWeight?: number | null;
  readonly zone?: string | null;
  readonly namespace?: string | null;
  readonly owner?: Instance['owner'];
  readonly registeredAt?: string | null;
}

/** Shared by all instances that have none of something: a registry may hold very many. */
const NONE: readonly never[] = [];
const NO_METADATA: Readonly<Record<string, string>> = {};

/** The instance that an entry of etcd holds. Its health, unless it says so itself: passing with a lease, else unknown. */
export function toInstance(
  entry: EntryText,
  layout: Pick<EtcdLayout, 'name' | 'facts'>,
  facts: Facts,
): DecodeResult {
  const { leaseId, revision } = entry.raw;
  const { readOnly, leaseless } = layout.facts;
  const metadata = facts.metadata ?? NO_METADATA;
  const instance: Instance = {
    service: facts.service,
    id: facts.id,
    endpoints: facts.endpoints,
    health: facts.health ?? (leaseId === null ? 'unknown' : 'passing'),
    healthReason: facts.healthReason ?? null,
    metadata,
    tags: facts.tags ?? NONE,
    version: facts.version ?? null,
    weight: facts.weight ?? null,
    effectiveWeight: facts.effectiveWeight ?? null,
    zone: facts.zone ?? (Object.hasOwn(metadata, 'zone') ? (metadata['zone'] ?? null) : null),
    namespace: facts.namespace ?? null,
    node: null,
    lease: leaseId === null ? null : { id: leaseId, ttlSeconds: null, leftSeconds: null },
    owner: facts.owner ?? null,
    registeredAt: facts.registeredAt ?? null,
    key: entry.key,
    root: facts.root,
    layout: layout.name,
    revision,
    checks: NONE,
    nodeChecks: NONE,
    warnings: warningsOf(facts.endpoints[0], leaseId === null && !(readOnly && leaseless)),
    readOnly,
    consul: null,
  };
  return { state: 'instance', instance };
}

/** What is odd about an endpoint, in the order of the list of warnings. */
export function warningsOf(first: Endpoint | undefined, noLease: boolean): readonly InstanceWarning[] {
  const noPort = first === undefined || first.port === null;
  if (!noLease && !noPort && !/^[0:*]/.test(first.address)) return NONE;
  const warnings: InstanceWarning[] = noLease ? ['no-lease'] : [];
  if (noPort) warnings.push('missing-port');
  // Nearly every address begins otherwise, and the full test parses it.
  if (first !== undefined && /^[0:*]/.test(first.address) && isUnspecified(first))
    warnings.push('unspecified-address');
  return warnings;
}
