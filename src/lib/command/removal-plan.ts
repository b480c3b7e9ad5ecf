import { floorBreaches } from '../discovery/floor.js';
import { lookForMs } from '../discovery/comeback.js';
import { SdctlError } from '../errors.js';
import { factsOf } from '../layouts/facts-of.js';
import type { Comeback } from '../layouts/facts.js';
import { formatInstanceName } from '../model/instance-name.js';
import { instanceKey, type Instance } from '../model/instance.js';
import type { LeaseBinding } from '../model/lease.js';
import type { RemovalPlan } from '../model/removal.js';
import type { RegistryHandle, RemovalOptions } from '../registry/types.js';
import type { Invocation } from './invocation.js';
import { judged } from './judged-snapshot.js';
import { refuseForeign, refuseMany } from './removal-limits.js';
import type { RemovalTargets } from './removal-targets.js';

/** One instance to remove, and what is known of it beforehand. */
export interface PlannedRemoval {
  readonly plan: RemovalPlan;
  /** What a process that still runs does; null: nobody knows the layout. */
  readonly comeback: Comeback | null;
  /** How long to look whether it comes back, in milliseconds. */
  readonly lookMs: number;
}

/** A target that cannot be removed, with the reason. */
export interface RefusedTarget {
  readonly name: string;
  readonly instance: Instance | null;
  readonly error: SdctlError;
}

export interface RemovalPlans {
  readonly planned: readonly PlannedRemoval[];
  readonly refused: readonly RefusedTarget[];
}

/** How to go about it, as the flags say. */
export interface PlanOptions extends Pick<RemovalOptions, 'how' | 'ownerPort'> {
  readonly max: number;
  readonly minHealthy: number;
  readonly force: boolean;
  /** null: as long as the layout and the way of removal ask for. */
  readonly verifyMs: number | null;
}

/**
 * Works out how each target would be removed.
 *
 * @throws {SdctlError} E_USAGE for entries that are never removed or too many of them; E_MIN_HEALTHY when too few
 *   would be left
 */
export async function planRemovals(
  invocation: Invocation,
  handle: RegistryHandle,
  targets: RemovalTargets,
  options: PlanOptions,
): Promise<RemovalPlans> {
  for (const instance of targets.instances) refuseForeign(instance, options.force);
  // Before anything is asked for each of them: they may be thousands.
  refuseMany(targets.instances.length, options.max);
  const planned: PlannedRemoval[] = [];
  const refused: RefusedTarget[] = targets.missing.map((missing) => ({ ...missing, instance: null }));
  for (const instance of targets.instances) {
    try {
      const wish = { ...invocation.callOptions(), ...wishOf(options) };
      const plan = await handle.operations.planRemoval(instance, wish);
      planned.push(withLook(plan, handle.backend, options.verifyMs));
    } catch (error) {
      // What is wrong with the request is wrong with all of it; what is wrong with one owner is not.
      if (!(error instanceof SdctlError) || error.exitCode !== 4) throw error;
      refused.push({ name: formatInstanceName(instance), instance, error });
    }
  }
  refuseMany(fallingInstances(planned).length, options.max);
  await refuseFloor(invocation, handle, targets, planned, options);
  return { planned, refused };
}

function wishOf({ how, ownerPort }: PlanOptions): Pick<RemovalOptions, 'how' | 'ownerPort'> {
  return { ...(how === undefined ? {} : { how }), ...(ownerPort === undefined ? {} : { ownerPort }) };
}

/** Every instance that a plan takes away: the targets, and what falls with their leases. Each once. */
export function fallingInstances(planned: readonly PlannedRemoval[]): readonly Instance[] {
  const falling = new Map<string, Instance>();
  for (const { plan } of planned) {
    falling.set(instanceKey(plan.instance), plan.instance);
    for (const { instance } of plan.falls)
      if (instance !== null) falling.set(instanceKey(instance), instance);
  }
  return [...falling.values()];
}

/** What falls with the leases of targets and is no target itself; each once. */
export function fallingBindings(planned: readonly PlannedRemoval[]): readonly LeaseBinding[] {
  const seen = new Set<string | null>(planned.map(({ plan }) => plan.instance.key));
  const beside: LeaseBinding[] = [];
  for (const binding of planned.flatMap(({ plan }) => plan.falls)) {
    if (seen.has(binding.key)) continue;
    seen.add(binding.key);
    beside.push(binding);
  }
  return beside;
}

async function refuseFloor(
  invocation: Invocation,
  handle: RegistryHandle,
  { snapshot }: RemovalTargets,
  planned: readonly PlannedRemoval[],
  { minHealthy, force }: PlanOptions,
): Promise<void> {
  if (force) return;
  const falling = fallingInstances(planned);
  const known = new Set(snapshot.instances.map(({ service }) => service));
  const others = [...new Set(falling.map(({ service }) => service))].filter((service) => !known.has(service));
  const rest = others.length === 0 ? [] : await instancesOf(invocation, handle, others);
  const keys = new Set(falling.map(instanceKey));
  const breaches = floorBreaches(
    [...snapshot.instances, ...rest],
    (instance) => keys.has(instanceKey(instance)),
    minHealthy,
  );
  const [first] = breaches;
  if (first === undefined) return;
  const each = breaches.map(
    ({ service, passing, left }) => `${service}: ${left} of ${passing} passing would be left`,
  );
  throw new SdctlError('E_MIN_HEALTHY', `too few passing instances of ${first.service} would be left`, {
    why: `${each.join('; ')}; at least ${minHealthy} have to stay`,
    hint: '--force removes them all the same, --min-healthy sets how many have to stay',
    details: { minHealthy, services: breaches },
  });
}

/** The instances of services of which something falls although nobody has named them. */
async function instancesOf(
  invocation: Invocation,
  handle: RegistryHandle,
  services: readonly string[],
): Promise<readonly Instance[]> {
  const snapshot = await handle.operations.lookUp(services, invocation.callOptions());
  return (await judged(invocation, handle, snapshot)).instances;
}

function withLook(plan: RemovalPlan, backend: string, verifyMs: number | null): PlannedRemoval {
  const comeback = comebackOf(plan, backend);
  return { plan, comeback, lookMs: verifyMs ?? lookForMs(plan, comeback) };
}

/** What a process of that layout does after such a removal; null: nobody knows. */
function comebackOf({ instance, method }: RemovalPlan, backend: string): Comeback | null {
  const facts = factsOf(backend, instance.layout);
  if (facts === null) return null;
  const comeback = method === 'revoke' ? facts.afterRevoke : facts.afterDelete;
  const { lease } = instance;
  // In the embedded registry a process notices at its next renewal, after a third of its TTL.
  if (backend !== 'local' || lease?.ttlSeconds == null) return comeback;
  const text = 'back at its next renewal, unless it runs with `--on-lost exit`';
  return { ...comeback, withinSeconds: lease.ttlSeconds / 3, text };
}
