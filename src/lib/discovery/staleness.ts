import { factsOf } from '../layouts/facts-of.js';
import { formatEndpoint } from '../model/endpoint.js';
import { formatInstanceName } from '../model/instance-name.js';
import { instanceKey, type Check, type Instance } from '../model/instance.js';
import type { Lease } from '../registry/types.js';
import { judgeRenewal, type Elapsed, type LeaseSample } from './lease-renewal.js';
import { Mass } from './mass.js';

/** Everything at one moment. */
export interface StaleSample {
  readonly instances: readonly Instance[];
  /** What the registry knows of their leases, by id. */
  readonly leases: ReadonlyMap<string, Lease>;
}

/** What is known for the judgement. */
export interface StaleEvidence {
  readonly backend: string;
  readonly first: StaleSample;
  readonly second: StaleSample;
  /** Between the two. */
  readonly elapsed: Elapsed;
  /** Instances of which every endpoint refused TCP both times, by `instanceKey`; null: nobody probed. */
  readonly refused: ReadonlySet<string> | null;
}

/** An instance that is certainly of nobody any more, or one that only looks so. */
export interface StaleVerdict {
  readonly instance: Instance;
  /** One clause. */
  readonly reason: string;
  /** Why it is left alone all the same; null: it is stale. */
  readonly spared: string | null;
}

const NODE_ALIVE = 'serfHealth';

/** How long something has to stay critical on Consul at least, whatever its TTL, in seconds. */
export const LEAST_CRITICAL_SECONDS = 30;

/** Judges every instance of the second sample; those that are not stale are left out. */
export function judgeStale(evidence: StaleEvidence): readonly StaleVerdict[] {
  const { first, second } = evidence;
  const before = new Map(first.instances.map((instance) => [instanceKey(instance), instance]));
  const judge = evidence.backend === 'consul' ? judgeOnConsul(evidence) : judgeByLeases(evidence);
  return second.instances.flatMap((instance) => {
    const earlier = before.get(instanceKey(instance));
    // Something that was written in between is somebody's.
    return earlier?.revision === instance.revision ? (judge(earlier, instance) ?? []) : [];
  });
}

/** @returns null: it is not stale, as far as two looks at it tell */
type Judge = (earlier: Instance, instance: Instance) => StaleVerdict | null;

function judgeOnConsul({ second, elapsed }: StaleEvidence): Judge {
  const { instances } = second;
  const byService = new Mass(instances, isCritical, ({ service }) => service);
  const byNode = new Mass(instances, isCritical, ({ node }) => node);
  const twins = new Twins(instances);
  return (earlier, instance) => {
    const ofService = massText(byService, instance, `service ${instance.service}`);
    // All of a failed node are critical together by nature.
    if (hasFailedNode(earlier) && hasFailedNode(instance))
      return { instance, reason: 'its node has failed or left', spared: ofService };
    const spared = ofService ?? massText(byNode, instance, `node ${instance.node ?? ''}`);
    const leastSeconds = Math.max(LEAST_CRITICAL_SECONDS, ttlOf(instance));
    const ttl = expiredCheck(instance);
    if (ttl !== null && expiredCheck(earlier)?.id === ttl.id && elapsed.leastMs >= leastSeconds * 1_000)
      return { instance, reason: 'its TTL check has expired, and nobody passed it since', spared };
    if (!isCritical(earlier) || elapsed.leastMs < LEAST_CRITICAL_SECONDS * 1_000) return null;
    const twin = twins.passingBeside(instance);
    if (twin === null) return null;
    return {
      instance,
      reason: `it is critical while ${formatInstanceName(twin)} on the same address passes`,
      spared,
    };
  };
}

function judgeByLeases(evidence: StaleEvidence): Judge {
  const { backend, first, second, refused } = evidence;
  const lapsed = new Mass(second.instances, (instance) => isLapsed(instance, second), serviceMark);
  const twins = new Twins(second.instances);
  return (earlier, instance) => {
    if (isLapsed(earlier, first) && isLapsed(instance, second)) {
      const spared = massText(lapsed, instance, `service ${instance.service}`);
      return { instance, reason: 'its lease has expired and was not revoked', spared };
    }
    const isWithout = hasLostLease(instance, backend);
    if (isWithout && refused?.has(instanceKey(instance)) === true)
      return { instance, reason: 'it has no lease, and nothing listens at its address', spared: null };
    if (!isWithout && renewalOf(instance, evidence) !== false) return null;
    const twin = twins.beside(instance).find((other) => renewalOf(other, evidence) === true);
    if (twin === undefined) return null;
    const reason = `nobody renews it, while ${formatInstanceName(twin)} on the same address is renewed`;
    return { instance, reason, spared: null };
  };
}

/** Whether an entry has no lease although its layout gives one to each. */
export function hasLostLease({ lease, layout }: Instance, backend: string): boolean {
  return lease === null && factsOf(backend, layout)?.leaseless === false;
}

/** The TTL of an instance's check, in seconds, as far as anybody knows; 0: nobody does. */
export function ttlOf({ lease, layout }: Instance): number {
  return lease?.ttlSeconds ?? factsOf('consul', layout)?.defaultTtlSeconds ?? 0;
}

/** The check of an instance that nobody passed in time; null: there is none. */
export function expiredCheck({ checks, lease }: Instance): Check | null {
  return (
    checks.find(
      ({ id, type, health, output }) =>
        (type === 'ttl' || id === lease?.id) && health === 'critical' && output.startsWith('TTL expired'),
    ) ?? null
  );
}

function isCritical({ health }: Instance): boolean {
  return health === 'critical';
}

function hasFailedNode({ nodeChecks }: Instance): boolean {
  return nodeChecks.some(({ id, health }) => id === NODE_ALIVE && health === 'critical');
}

/** Overdue, or not known any more although its key still stands. */
function isLapsed({ lease }: Instance, { leases }: StaleSample): boolean {
  if (lease === null) return false;
  const known = leases.get(lease.id);
  return known === undefined || known.isOverdue;
}

function renewalOf({ lease }: Instance, { first, second, elapsed }: StaleEvidence): boolean | null {
  if (lease === null) return null;
  const [earlier, later] = [first.leases.get(lease.id), second.leases.get(lease.id)];
  if (earlier === undefined || later === undefined) return null;
  return judgeRenewal(toSample(earlier), toSample(later), elapsed);
}

function toSample({ grantedSeconds, leftSeconds, isOverdue }: Lease): LeaseSample {
  return { kind: 'lease', grantedSeconds, leftSeconds, isOverdue, health: null };
}

/** Services of one name in two layouts or roots have nothing in common. */
function serviceMark({ service, root, layout }: Instance): string {
  return JSON.stringify([service, root, root === null ? null : layout]);
}

/** Instances of one service that announce the same addresses. */
export class Twins {
  readonly #groups = new Map<string, Instance[]>();

  constructor(instances: readonly Instance[]) {
    for (const instance of instances) {
      const place = placeOf(instance);
      const group = this.#groups.get(place);
      if (group === undefined) this.#groups.set(place, [instance]);
      else group.push(instance);
    }
  }

  /** The others on the addresses of an instance; none for one without an address. */
  beside(instance: Instance): readonly Instance[] {
    if (instance.endpoints.length === 0) return [];
    const own = instanceKey(instance);
    return (this.#groups.get(placeOf(instance)) ?? []).filter((other) => instanceKey(other) !== own);
  }

  /** For a critical instance, another one on its addresses that passes; null: there is none. */
  passingBeside(instance: Instance): Instance | null {
    if (!isCritical(instance)) return null;
    return this.beside(instance).find(({ health }) => health === 'passing') ?? null;
  }
}

function placeOf(instance: Instance): string {
  return JSON.stringify([serviceMark(instance), instance.endpoints.map(formatEndpoint).sort()]);
}

function massText(mass: Mass<Instance>, instance: Instance, group: string): string | null {
  const found = mass.of(instance);
  return found === null ? null : `${found.bad} of ${found.all} of ${group} are down together`;
}
