import { SdctlError } from '../errors.js';
import { instanceKey, type Instance, type Snapshot } from '../model/instance.js';
import type { RegistryHandle } from '../registry/types.js';
import type { Invocation } from './invocation.js';
import { judged } from './judged-snapshot.js';
import { findNamed, lookUp, servicesIn, type Named } from './look-up.js';
import { refuseMany } from './removal-limits.js';
import type { Selection } from './select.js';
import { chooseOne, notThere, refuseWildcard, requireInstanceName } from './target-names.js';
import { usageError } from './usage.js';

/** What was asked to be removed. */
export interface RemovalQuestion {
  /** SERVICE/INSTANCE each; with a selection: services, or none for all. */
  readonly names: readonly string[];
  readonly id: string | undefined;
  /** null: instances are named one by one. */
  readonly selection: Selection | null;
  /** How many may be removed at once. */
  readonly max: number;
}

/** A name that stands for nothing. */
export interface MissingTarget {
  readonly name: string;
  readonly error: SdctlError;
}

export interface RemovalTargets {
  readonly instances: readonly Instance[];
  readonly missing: readonly MissingTarget[];
  /** Every instance of the services concerned: what would be left is counted here. */
  readonly snapshot: Snapshot;
}

/**
 * Finds what the question means, and everything around it.
 *
 * @throws {SdctlError} E_USAGE for a name that is none or too many of them, E_AMBIGUOUS for one that stands for several
 *   entries, E_NOT_FOUND when the only name stands for nothing
 */
export async function findTargets(
  invocation: Invocation,
  handle: RegistryHandle,
  question: RemovalQuestion,
): Promise<RemovalTargets> {
  const { names, selection, id, max } = question;
  if (selection !== null) return selected(invocation, handle, names, selection);
  const [only, ...others] = new Set(names);
  if (only === undefined)
    throw usageError('nothing is named', undefined, 'sdctl deregister SERVICE/INSTANCE');
  const hasNodes = handle.capabilities.nodes;
  for (const name of names) requireInstanceName(name, id, hasNodes);
  if (others.length > 0) return several(invocation, handle, [only, ...others], max);
  const instance = chooseOne(await lookUpLiterally(invocation, handle, only, id), only);
  const whole = await handle.operations.lookUp([instance.service], invocation.callOptions());
  const snapshot = await judged(invocation, handle, whole);
  return { instances: [find(snapshot, instance)], missing: [], snapshot };
}

async function lookUpLiterally(
  invocation: Invocation,
  handle: RegistryHandle,
  name: string,
  id: string | undefined,
): Promise<Named> {
  try {
    return await lookUp(invocation, handle, name, id);
  } catch (error) {
    if (error instanceof SdctlError && error.code === 'E_NOT_FOUND' && id === undefined) refuseWildcard(name);
    throw error;
  }
}

async function several(
  invocation: Invocation,
  handle: RegistryHandle,
  names: readonly string[],
  max: number,
): Promise<RemovalTargets> {
  // Before anything is asked for each of them: a list may be very long.
  refuseMany(names.length, max);
  const hasNodes = handle.capabilities.nodes;
  const services = [...new Set(names.flatMap((name) => servicesIn(name, hasNodes)))];
  const snapshot = await judged(
    invocation,
    handle,
    await handle.operations.lookUp(services, invocation.callOptions()),
  );
  const instances = new Map<string, Instance>();
  const missing: MissingTarget[] = [];
  for (const name of names) {
    const named = findNamed(snapshot, name, hasNodes);
    if (named === null) {
      refuseWildcard(name);
      missing.push({ name, error: notThere(name, snapshot, invocation, hasNodes) });
      continue;
    }
    const instance = chooseOne(named, name);
    instances.set(instanceKey(instance), instance);
  }
  return { instances: [...instances.values()], missing, snapshot };
}

async function selected(
  invocation: Invocation,
  handle: RegistryHandle,
  names: readonly string[],
  selection: Selection,
): Promise<RemovalTargets> {
  const hasNodes = handle.capabilities.nodes;
  const options = invocation.callOptions();
  const services = [...new Set(names.flatMap((name) => servicesIn(name, hasNodes)))];
  const read =
    names.length === 0
      ? await handle.operations.listAll(options)
      : await handle.operations.lookUp(services, options);
  const snapshot = await judged(invocation, handle, read);
  const instances = new Map<string, Instance>();
  const missing: MissingTarget[] = [];
  const add = (instance: Instance): unknown => instances.set(instanceKey(instance), instance);
  if (names.length === 0) snapshot.instances.forEach(add);
  for (const name of new Set(names)) {
    const found = instancesNamed(name, snapshot, hasNodes);
    if (found === null) missing.push({ name, error: notThere(name, snapshot, invocation, hasNodes) });
    else found.forEach(add);
  }
  return {
    instances: [...instances.values()].filter((instance) => selection.matches(instance)),
    missing,
    snapshot,
  };
}

/** A service with all its instances, or one instance; null: there is neither. */
function instancesNamed(name: string, snapshot: Snapshot, hasNodes: boolean): readonly Instance[] | null {
  const named = findNamed(snapshot, name, hasNodes);
  if (named?.type === 'service') return named.snapshot.instances;
  if (named !== null) return [chooseOne(named, name)];
  refuseWildcard(name);
  return null;
}

function find(snapshot: Snapshot, instance: Instance): Instance {
  const key = instanceKey(instance);
  return snapshot.instances.find((other) => instanceKey(other) === key) ?? instance;
}
