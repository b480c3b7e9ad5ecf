import type { Endpoint } from './endpoint.js';

/** Worst first is the order in which lists show them. */
export const healthStates = ['critical', 'warning', 'unknown', 'maintenance', 'passing'] as const;
/** One of the five states, in the words of every backend. */
export type Health = (typeof healthStates)[number];

/** An order token of one registry and datacenter: a decimal string, never a number, never compared across two registries. */
export type Revision = string;

/** Who wrote an entry. Written by sdctl; null for entries of others. */
export interface Owner {
  readonly host: string;
  readonly pid: number;
  /** RFC 3339 UTC: when that process began to register. */
  readonly started: string;
  /** Random, new with every run of `register`. */
  readonly run: string;
}

/** The claim that keeps an instance in the registry. */
export interface LeaseRef {
  /** etcd: 16 hex digits; Consul: the check id; local: the run id. Exact, never a number. */
  readonly id: string;
  /** TTL granted by the registry, in seconds; null when not asked or not known. */
  readonly ttlSeconds: number | null;
  /** Seconds left when the snapshot was taken; null when not asked or not known. */
  readonly leftSeconds: number | null;
}

/** One health check behind an instance (Consul); empty elsewhere. */
export interface Check {
  readonly id: string;
  readonly name: string;
  /** `ttl`, `http`, …; empty when the registry does not say. */
  readonly type: string;
  readonly health: Health;
  readonly output: string;
  readonly notes: string;
}

/**
 * One running copy of a service. All text in it comes from the registry and is untrusted.
 * What the registry does not say is null or empty, never guessed.
 */
export interface Instance {
  readonly service: string;
  /** Unique within the service; on Consul within service and node. */
  readonly id: string;
  readonly endpoints: readonly Endpoint[];
  readonly health: Health;
  /** Why it is not passing, in the registry's words; null when it does not say. */
  readonly healthReason: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly version: string | null;
  readonly weight: number | null;
  readonly zone: string | null;
  /** Consul node; null elsewhere. */
  readonly node: string | null;
  readonly lease: LeaseRef | null;
  readonly owner: Owner | null;
  /** RFC 3339 UTC; null when the entry does not say. */
  readonly registeredAt: string | null;
  /** The full key on etcd, the file on local; null on Consul. */
  readonly key: string | null;
  readonly layout: string;
  /** Revision of the last change to this entry. */
  readonly revision: Revision;
  readonly checks: readonly Check[];
}

/** An entry under a service's prefix that no layout could read: shown, never hidden, never fatal. */
export interface UndecodedEntry {
  readonly key: string;
  readonly service: string | null;
  readonly reason: string;
  readonly sizeBytes: number;
  /** Hex digest of the value. */
  readonly sha256: string;
  readonly leaseId: string | null;
}

/** All instances of one service, or of all, at one revision. */
export interface Snapshot {
  /** null: of all services. */
  readonly service: string | null;
  readonly instances: readonly Instance[];
  readonly undecoded: readonly UndecodedEntry[];
  readonly revision: Revision;
  /** Milliseconds since 1970. */
  readonly takenAtMs: number;
  /** Access rules hide a part of the registry from us. */
  readonly partial: boolean;
}

/** A service as the overview shows it. */
export interface Service {
  readonly name: string;
  readonly instances: readonly Instance[];
  readonly health: Readonly<Record<Health, number>>;
  readonly layouts: readonly string[];
}

/** What identifies an instance within one registry, safe as a map key. */
export function instanceKey(instance: Pick<Instance, 'service' | 'id' | 'node' | 'key'>): string {
  return instance.key ?? JSON.stringify([instance.service, instance.node, instance.id]);
}

/** The most important state first. */
export function worstHealth(states: Iterable<Health>): Health {
  let worst = healthStates.length - 1;
  for (const state of states) worst = Math.min(worst, healthStates.indexOf(state));
  return healthStates[worst] ?? 'passing';
}

/** Groups a snapshot by service, by name in code point order. */
export function groupServices(snapshot: Snapshot): Service[] {
  const groups = new Map<string, Instance[]>();
  for (const instance of snapshot.instances) {
    const group = groups.get(instance.service);
    if (group === undefined) groups.set(instance.service, [instance]);
    else group.push(instance);
  }
  return [...groups]
    .map(([name, instances]) => toService(name, instances))
    .sort((a, b) => compareText(a.name, b.name));
}

/** Counts the states of one service's instances. */
export function toService(name: string, instances: readonly Instance[]): Service {
  const health: Record<Health, number> = { critical: 0, warning: 0, unknown: 0, maintenance: 0, passing: 0 };
  const layouts = new Set<string>();
  for (const instance of instances) {
    health[instance.health] += 1;
    layouts.add(instance.layout);
  }
  return { name, instances, health, layouts: [...layouts].sort(compareText) };
}

/** Order of UTF-16 code units: stable, the same on every machine and locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Worst health first, then service, id and node: the default order of lists. */
export function compareInstances(a: Instance, b: Instance): number {
  return (
    healthStates.indexOf(a.health) - healthStates.indexOf(b.health) ||
    compareText(a.service, b.service) ||
    compareText(a.id, b.id) ||
    compareText(a.node ?? '', b.node ?? '')
  );
}
