import { SdctlError } from '../errors.js';
import { formatInstanceName, parseInstanceName, type InstanceName } from '../model/instance-name.js';
import { splitServices, type Instance, type SkipReason, type Snapshot } from '../model/instance.js';
import type { RegistryHandle } from '../registry/types.js';
import { shellQuote, unescapeField } from '../render/safe-text.js';
import { lastArgument } from './hint-argument.js';
import type { Invocation } from './invocation.js';
import { noSuchService } from './names.js';
import { sayOtherRoots } from './other-roots.js';

/** What an argument turned out to name. */
export type Named =
  | { readonly type: 'service'; readonly service: string; readonly snapshot: Snapshot }
  | { readonly type: 'instances'; readonly name: InstanceName; readonly snapshot: Snapshot };

/**
 * Looks an argument up: whole as a service first, then split at its last `/`.
 *
 * @param id the id, where a flag names it: the argument is the service then; empty: the whole service
 * @throws {SdctlError} E_AMBIGUOUS when it names both, E_NOT_FOUND when it names neither
 */
export async function lookUp(
  invocation: Invocation,
  handle: RegistryHandle,
  argument: string,
  id: string | undefined,
): Promise<Named> {
  const hasNodes = handle.capabilities.nodes;
  if (id !== undefined) return lookUpId(invocation, handle, argument, id);
  const snapshot = await handle.operations.lookUp(servicesIn(argument, hasNodes), invocation.callOptions());
  const named = findNamed(snapshot, argument, hasNodes);
  if (named !== null) return named;
  const part = readingsOf(argument, hasNodes)[0]?.part ?? null;
  return notFound(invocation, handle, snapshot, part, argument);
}

/** The services whose entries tell what an argument names. */
export function servicesIn(argument: string, hasNodes: boolean): readonly string[] {
  const readings = readingsOf(argument, hasNodes);
  const names = readings.flatMap(({ whole, part }) => [whole, ...(part === null ? [] : [part.service])]);
  return [...new Set(names)];
}

/**
 * What an argument names in a snapshot of those services; null: nothing.
 *
 * @throws {SdctlError} E_AMBIGUOUS when it names a service and an instance
 */
export function findNamed(snapshot: Snapshot, argument: string, hasNodes: boolean): Named | null {
  for (const { whole, part } of readingsOf(argument, hasNodes)) {
    const service = ofService(snapshot, whole);
    const instances = part === null ? [] : snapshot.instances.filter((instance) => isNamed(instance, part));
    if (service.instances.length > 0 && part !== null && instances.length > 0)
      throw bothExist(whole, part, hasNodes);
    const isThere = hasOtherEntries(service, whole, part === null);
    if (service.instances.length > 0 || (isThere && instances.length === 0))
      return { type: 'service', service: whole, snapshot: service };
    if (part !== null && instances.length > 0)
      return { type: 'instances', name: part, snapshot: only(snapshot, part.service, instances) };
  }
  return null;
}

async function lookUpId(
  invocation: Invocation,
  handle: RegistryHandle,
  service: string,
  id: string,
): Promise<Named> {
  const snapshot = await handle.registry.list(service, invocation.callOptions());
  if (id === '') {
    if (snapshot.instances.length > 0 || hasOtherEntries(snapshot, service, true))
      return { type: 'service', service, snapshot };
    return notFound(invocation, handle, snapshot, null, service);
  }
  const name = { service, id, node: null };
  const instances = snapshot.instances.filter((instance) => isNamed(instance, name));
  if (instances.length > 0) return { type: 'instances', name, snapshot: only(snapshot, service, instances) };
  return notFound(invocation, handle, snapshot, name, service);
}

/** An argument as it was typed, and as it is printed: controls and backslashes are escaped there. */
function readingsOf(
  argument: string,
  hasNodes: boolean,
): readonly { readonly whole: string; readonly part: InstanceName | null }[] {
  return [...new Set([argument, unescapeField(argument)])].map((whole) => ({
    whole,
    part: parseInstanceName(whole, hasNodes),
  }));
}

/** What is named by `order/a@b` may also be an id with an `@` that was typed as it is. */
function isNamed(instance: Instance, { service, id, node }: InstanceName): boolean {
  if (instance.service !== service) return false;
  if (node === null) return instance.id === id;
  return (instance.id === id && instance.node === node) || instance.id === `${id}@${node}`;
}

function ofService(snapshot: Snapshot, service: string): Snapshot {
  const isOf = (entry: { readonly service: string | null }): boolean =>
    entry.service === null || entry.service === service;
  return {
    ...snapshot,
    service,
    instances: snapshot.instances.filter((instance) => instance.service === service),
    undecoded: snapshot.undecoded.filter(isOf),
    skipped: snapshot.skipped.filter(isOf),
  };
}

/** Entries that nobody could read, or that are no instances: where they stand, there is something to show. */
function hasOtherEntries({ undecoded, skipped }: Snapshot, service: string, isName: boolean): boolean {
  const names = (entry: { readonly service: string | null }): boolean =>
    entry.service === service || (entry.service === null && isName);
  const isTree = (reason: SkipReason): boolean => reason === 'kubernetes' || reason === 'foreign';
  return undecoded.some(names) || skipped.some((entry) => !isTree(entry.reason) && names(entry));
}

function only(snapshot: Snapshot, service: string, instances: readonly Instance[]): Snapshot {
  return { ...snapshot, service, instances, undecoded: [], skipped: [] };
}

function bothExist(service: string, part: InstanceName, hasNodes: boolean): SdctlError {
  return new SdctlError('E_AMBIGUOUS', `"${service}" is a service and an instance of ${part.service}`, {
    why: 'both exist',
    hint: `--id ${shellQuote(part.id)} ${lastArgument(part.service)} for the instance, --id '' ${lastArgument(service)} for the service`,
    details: { service, instance: formatInstanceName(part, hasNodes) },
  });
}

async function notFound(
  invocation: Invocation,
  handle: RegistryHandle,
  snapshot: Snapshot,
  name: InstanceName | null,
  argument: string,
): Promise<never> {
  const siblings = name === null ? [] : snapshot.instances.filter(({ service }) => service === name.service);
  if (name !== null && siblings.length > 0) {
    throw new SdctlError('E_NOT_FOUND', `no instance "${name.id}" in ${name.service}`, {
      why: `${siblings.length} instances exist in ${invocation.place}`,
      hint: `sdctl list${invocation.rootFlags} ${lastArgument(name.service)}`,
    });
  }
  await sayOtherRoots(invocation, handle);
  throw noSuchService(name?.service ?? argument, invocation.place);
}

/**
 * Refuses a choice among services that have only their name in common.
 *
 * @throws {SdctlError} E_AMBIGUOUS naming the flags that tell them apart
 */
export function requireOneService(name: string, instances: readonly Instance[], hint: string): void {
  const services = splitServices(instances);
  if (services.length <= 1) return;
  const places = services.map(([first]) => ({ layout: first?.layout ?? '', root: first?.root ?? '' }));
  const [one] = places;
  const flags = `--layout ${one?.layout ?? ''} --prefix ${one?.root || "''"}`;
  throw new SdctlError('E_AMBIGUOUS', `"${name}" is the name of ${services.length} services`, {
    why: `${places.map(({ layout, root }) => `${layout} under ${root || "''"}`).join(', ')}; --layout and --prefix tell them apart`,
    hint: `${hint} ${flags}`,
    details: { service: name, candidates: places },
  });
}
