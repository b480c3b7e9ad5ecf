import type { Endpoint } from './endpoint.js';

/** Worst first is the order in which lists show them. */
export const healthStates = ['critical', 'warning', 'unknown', 'maintenance', 'disabled', 'passing'] as const;
/**
 * One of the six states, in the words of every backend. `disabled`: the entry itself tells callers to leave it out,
 * drawn as maintenance.
 */
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

/** One health check of an instance or of its node (Consul). */
export interface Check {
  readonly id: string;
  readonly name: string;
  /** `ttl`, `http`, …; empty when the registry does not say. */
  readonly type: string;
  readonly health: Health;
  readonly output: string;
  readonly notes: string;
}

/** What is odd about an entry although it can be read. */
export type InstanceWarning = 'no-lease' | 'unspecified-address' | 'missing-port' | 'no-check';

/**
 * One running copy of a service. All text in it comes from the registry and is untrusted.
 * What the registry does not say is null or empty, never guessed.
 */
export interface Instance {
  readonly service: string;
  /** Unique within the service; on Consul within service and node. */
  readonly id: string;
  /** The one that the framework itself names first, first. */
  readonly endpoints: readonly Endpoint[];
  readonly health: Health;
  /** Why it is not passing, in the registry's words; null when it does not say. */
  readonly healthReason: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly version: string | null;
  /** As stored. */
  readonly weight: number | null;
  /** What readers take in place of a stored weight that they do not accept; null where they take what is stored. */
  readonly effectiveWeight: number | null;
  readonly zone: string | null;
  /** The part of the registry that the framework keeps apart: a root, an environment; null where it has none. */
  readonly namespace: string | null;
  /** Consul node; null elsewhere. */
  readonly node: string | null;
  readonly lease: LeaseRef | null;
  readonly owner: Owner | null;
  /** RFC 3339 UTC; null when the entry does not say. */
  readonly registeredAt: string | null;
  /** The full key on etcd, the file on local; null on Consul. */
  readonly key: string | null;
  /** etcd: the part of the key before the service, `--prefix` for it alone; null elsewhere. */
  readonly root: string | null;
  readonly layout: string;
  /** Revision of the last change to this entry. */
  readonly revision: Revision;
  /** Checks of the instance itself (Consul). */
  readonly checks: readonly Check[];
  /** Checks of its node, which count for its health too (Consul). */
  readonly nodeChecks: readonly Check[];
  readonly warnings: readonly InstanceWarning[];
  /** Configuration or a foreign system's state: shown, never written or removed. */
  readonly readOnly: boolean;
  /** Consul facts of a service that is not a plain one; null elsewhere. */
  readonly consul: ConsulFacts | null;
}

/** What only Consul knows of an instance. */
export interface ConsulFacts {
  /** `connect-proxy`, `ingress-gateway`, …; null for a plain service. */
  readonly kind: string | null;
  /** The node has no agent: the entry lives in the catalog alone. */
  readonly external: boolean;
  /** The system that put it there and puts it back: `nomad`; null when nobody is known. */
  readonly managedBy: string | null;
  /** The system that writes its health in place of an agent: `consul-esm`. */
  readonly monitoredBy: string | null;
  /** Nomad's allocation. */
  readonly alloc: string | null;
  /** Tags as registered, the encoded ones too. */
  readonly rawTags: readonly string[];
}

/** An entry under a service's prefix that no layout could read: shown, never hidden, never fatal. */
export interface UndecodedEntry {
  /** Latin-1 where it is not UTF-8, so that no two keys look the same; see `isBinaryKey`. */
  readonly key: string;
  /** The key is not UTF-8. */
  readonly isBinaryKey: boolean;
  readonly service: string | null;
  readonly reason: string;
  readonly sizeBytes: number;
  /** Hex digest of the value. */
  readonly sha256: string;
  readonly leaseId: string | null;
}

/** The key of an entry for people: where it is not UTF-8, its bytes outside ASCII as `\\xff`. */
export function shownKey({ key, isBinaryKey }: Pick<UndecodedEntry, 'key' | 'isBinaryKey'>): string {
  if (!isBinaryKey) return key;
  return key.replace(/[^\x20-\x7e]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** Why a key that was recognised is no instance. */
export type SkipReason =
  | 'marker'
  | 'field'
  | 'consumer'
  | 'dns-text'
  | 'dns-reverse'
  | 'leader-lock'
  | 'kubernetes'
  /** A whole tree in which nobody could read anything. */
  | 'foreign';

/** A key that a framework wrote beside its instances, or a whole tree that was stepped over. */
export interface SkippedEntry {
  /** The key, or the beginning of all keys of a tree. */
  readonly key: string;
  /** null: of nobody we know. */
  readonly layout: string | null;
  readonly reason: SkipReason;
  readonly service: string | null;
  readonly address: string | null;
  /** The DNS name that it stands for. */
  readonly name: string | null;
  /** How many keys a tree holds; null: it is one key. */
  readonly keys: number | null;
}

/** All instances of one service, or of all, at one revision. */
export interface Snapshot {
  /** null: of all services. */
  readonly service: string | null;
  readonly instances: readonly Instance[];
  readonly undecoded: readonly UndecodedEntry[];
  readonly skipped: readonly SkippedEntry[];
  readonly revision: Revision;
  /** Milliseconds since 1970. */
  readonly takenAtMs: number;
  /** Access rules hide a part of the registry from us. */
  readonly partial: boolean;
}

/** A service as the overview shows it. On etcd one name in two layouts or roots is two services. */
export interface Service {
  readonly name: string;
  /** etcd: the root it stands under; null elsewhere. */
  readonly root: string | null;
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

/** Which service an instance belongs to: those of one name in two layouts or roots of etcd have nothing in common. */
export function serviceKey({ service, root, layout }: Instance): string {
  return root === null ? service : `${service}\0${root}\0${layout}`;
}

/** The services behind some instances, each with its own, in the order of their first instances. */
export function splitServices(instances: readonly Instance[]): readonly (readonly Instance[])[] {
  const groups = new Map<string, Instance[]>();
  for (const instance of instances) {
    const key = serviceKey(instance);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [instance]);
    else group.push(instance);
  }
  return [...groups.values()];
}

/** Groups a snapshot by service, by name in code point order, then by root and layout. */
export function groupServices(snapshot: Snapshot): Service[] {
  return splitServices(snapshot.instances)
    .map((instances) => toService(instances[0]?.service ?? '', instances))
    .sort(
      (a, b) =>
        compareText(a.name, b.name) ||
        compareText(a.root ?? '', b.root ?? '') ||
        compareText(a.layouts[0] ?? '', b.layouts[0] ?? ''),
    );
}

/** How much of a registry one layout has in one place. */
export interface LayoutUse {
  readonly layout: string;
  /** etcd: the root; null elsewhere. */
  readonly root: string | null;
  readonly services: number;
  readonly instances: number;
}

/** Which layouts a snapshot holds and where, in order of root and layout. */
export function layoutUses({ instances }: Snapshot): LayoutUse[] {
  const groups = new Map<
    string,
    { layout: string; root: string | null; names: Set<string>; count: number }
  >();
  for (const { layout, root, service } of instances) {
    const key = `${root ?? ''}\0${layout}`;
    const group = groups.get(key) ?? { layout, root, names: new Set<string>(), count: 0 };
    groups.set(key, group);
    group.names.add(service);
    group.count += 1;
  }
  return [...groups.values()]
    .map(({ layout, root, names, count }) => ({ layout, root, services: names.size, instances: count }))
    .sort((a, b) => compareText(a.root ?? '', b.root ?? '') || compareText(a.layout, b.layout));
}

/** Counts the states of one service's instances. */
export function toService(name: string, instances: readonly Instance[]): Service {
  const health: Record<Health, number> = {
    critical: 0,
    warning: 0,
    unknown: 0,
    maintenance: 0,
    disabled: 0,
    passing: 0,
  };
  const layouts = new Set<string>();
  for (const instance of instances) {
    health[instance.health] += 1;
    layouts.add(instance.layout);
  }
  const root = instances[0]?.root ?? null;
  return { name, root, instances, health, layouts: [...layouts].sort(compareText) };
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
