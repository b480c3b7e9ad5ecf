import { formatEndpoint } from '../model/endpoint.js';
import type { Instance } from '../model/instance.js';

/** A field of an instance that can change while it stays the same instance. */
export type ChangedField =
  | 'health'
  | 'healthReason'
  | 'endpoints'
  | 'version'
  | 'weight'
  | 'zone'
  | 'tags'
  | 'metadata'
  | 'lease'
  | 'owner'
  | 'node'
  | 'registeredAt'
  | 'layout'
  | 'checks';

const COMPARED: readonly (readonly [ChangedField, (instance: Instance) => unknown])[] = [
  ['health', (instance) => instance.health],
  ['healthReason', (instance) => instance.healthReason],
  ['endpoints', (instance) => instance.endpoints.map((one) => [formatEndpoint(one), one.weight, one.secure])],
  ['version', (instance) => instance.version],
  ['weight', (instance) => [instance.weight, instance.effectiveWeight]],
  ['zone', (instance) => instance.zone],
  ['tags', (instance) => instance.tags],
  ['metadata', (instance) => sortedEntries(instance.metadata)],
  ['lease', (instance) => instance.lease?.id ?? null],
  ['owner', (instance) => instance.owner && [instance.owner.host, instance.owner.pid, instance.owner.run]],
  ['node', (instance) => instance.node],
  ['registeredAt', (instance) => instance.registeredAt],
  ['layout', (instance) => instance.layout],
  [
    'checks',
    (instance) => [...instance.checks, ...instance.nodeChecks].map((check) => [check.id, check.health]),
  ],
];

/** Names of the fields that differ, the most important first. Remaining TTLs and revisions are not compared. */
export function changedFields(previous: Instance, instance: Instance): ChangedField[] {
  return COMPARED.filter(([, pick]) => JSON.stringify(pick(previous)) !== JSON.stringify(pick(instance))).map(
    ([name]) => name,
  );
}

/** Names of the metadata entries that differ, in code unit order. */
export function changedMetadata(previous: Instance, instance: Instance): string[] {
  const before = new Map(Object.entries(previous.metadata));
  const after = new Map(Object.entries(instance.metadata));
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).sort();
}

function sortedEntries(metadata: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
}
