import { isGlob } from '../discovery/selector.js';
import { SdctlError } from '../errors.js';
import { formatInstanceName, parseInstanceName, type InstanceName } from '../model/instance-name.js';
import type { Instance, Snapshot } from '../model/instance.js';
import { shellQuote } from '../render/safe-text.js';
import { countText } from '../render/summary-lines.js';
import { lastArgument } from './hint-argument.js';
import type { Invocation } from './invocation.js';
import type { Named } from './look-up.js';
import { noSuchService } from './names.js';
import { usageError } from './usage.js';

/** Ids may hold wildcards, so this is for a name that nothing has. @throws {SdctlError} E_USAGE for a pattern */
export function refuseWildcard(name: string): void {
  if (/[*?]/.test(name)) refuseGlob(name);
}

function refuseGlob(name: string): void {
  if (!isGlob(name)) return;
  throw usageError(
    `"${name}" is a pattern`,
    'a removal takes no patterns: what they match is not what somebody has looked at',
    "sdctl deregister SERVICE -l 'zone=a'",
  );
}

/** @throws {SdctlError} E_USAGE for an argument that cannot name an instance */
export function requireInstanceName(argument: string, id: string | undefined, hasNodes: boolean): void {
  const isNamed =
    id === undefined ? parseInstanceName(argument, hasNodes) !== null : argument !== '' && id !== '';
  if (isNamed) return;
  refuseGlob(argument);
  throw noInstanceName(argument);
}

function noInstanceName(argument: string): SdctlError {
  const service = argument.split('/')[0] ?? '';
  return usageError(
    `"${argument}" does not name an instance`,
    'an instance is written SERVICE/INSTANCE',
    service === '' ? 'sdctl list' : `sdctl list ${lastArgument(service)}`,
  );
}

/** The failure of a name that stands for nothing. */
export function notThere(
  name: string,
  { instances }: Snapshot,
  invocation: Invocation,
  hasNodes: boolean,
): SdctlError {
  const parsed = parseInstanceName(name, hasNodes);
  const siblings = instances.filter(({ service }) => service === parsed?.service);
  if (parsed === null || siblings.length === 0)
    return noSuchService(parsed?.service ?? name, invocation.place);
  return new SdctlError('E_NOT_FOUND', `no instance "${parsed.id}" in ${parsed.service}`, {
    why: `${countText(siblings.length, 'instance')} ${siblings.length === 1 ? 'exists' : 'exist'} in ${invocation.place}`,
    hint: `sdctl list${invocation.rootFlags} ${lastArgument(parsed.service)}`,
  });
}

/** The one instance of a name. @throws {SdctlError} E_USAGE for a service, E_AMBIGUOUS for several entries */
export function chooseOne(named: Named, argument: string): Instance {
  if (named.type === 'service') {
    refuseGlob(argument);
    throw noInstanceName(argument);
  }
  const [first, ...others] = named.snapshot.instances;
  if (first === undefined) throw noInstanceName(argument);
  if (others.length === 0) return first;
  throw ambiguous(named.name, [first, ...others]);
}

function ambiguous({ service, id }: InstanceName, found: readonly Instance[]): SdctlError {
  const names = found.map((instance) => formatInstanceName(instance));
  const name = lastArgument(names[0] ?? '');
  const keys = found.flatMap(({ key }) => key ?? []);
  const what = `"${id}" exists ${found.length} times in ${service}`;
  if (keys.length === 0)
    return new SdctlError('E_AMBIGUOUS', what, {
      why: `ids are unique per node only: ${names.join(', ')}`,
      hint: `sdctl deregister ${name}`,
      details: { candidates: names },
    });
  const flags = rootFlagsOf(found);
  const advice = flags === null ? 'a selector may tell them apart' : '--layout and --prefix tell them apart';
  return new SdctlError('E_AMBIGUOUS', what, {
    why: `it is the name of several keys: ${keys.join(', ')}; ${advice}`,
    ...(flags === null ? {} : { hint: `sdctl deregister ${flags} ${name}` }),
    details: { candidates: names, keys },
  });
}

/** The flags that lead to the first of several entries alone; null: none do. */
function rootFlagsOf([first, ...others]: readonly Instance[]): string | null {
  if (first === undefined) return null;
  const { layout, root } = first;
  if (others.some((other) => other.layout === layout && other.root === root)) return null;
  return `--layout ${shellQuote(layout)} --prefix ${shellQuote(root ?? '')}`;
}
