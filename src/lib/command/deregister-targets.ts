import { formatInstanceName } from '../model/instance-name.js';
import { instanceKey } from '../model/instance.js';
import type { RegistryHandle } from '../registry/types.js';
import { safeName, safeText } from '../render/safe-text.js';
import { countText } from '../render/summary-lines.js';
import type { DeregisterFlags } from './deregister-flags.js';
import type { DeregisterOptions } from './deregister-run.js';
import type { Invocation } from './invocation.js';
import { sayOtherRoots } from './other-roots.js';
import { foreignReason } from './removal-limits.js';
import { findTargets, type RemovalTargets } from './removal-targets.js';
import { toSelection } from './select.js';
import { findStale } from './stale-run.js';

/** What is to be removed, with everything around it. @throws {SdctlError} as `findTargets` */
export async function chooseTargets(
  invocation: Invocation,
  handle: RegistryHandle,
  names: readonly string[],
  flags: DeregisterFlags,
  options: DeregisterOptions,
): Promise<RemovalTargets> {
  const selection = options.isChosen ? toSelection(flags, undefined) : null;
  const question = { names, id: flags.id, selection, max: options.max };
  const find = async (): Promise<RemovalTargets> => findTargets(invocation, handle, question);
  const chosen =
    flags.stale === true ? await findStaleTargets(invocation, handle, find, options) : await find();
  if (chosen.snapshot.instances.length === 0) await sayOtherRoots(invocation, handle);
  if (chosen.instances.length === 0 && chosen.missing.length === 0)
    invocation.diagnostics.say(`Nothing to remove in ${safeName(invocation.place)}.`);
  return chosen;
}

async function findStaleTargets(
  invocation: Invocation,
  handle: RegistryHandle,
  find: () => Promise<RemovalTargets>,
  { probesTcp, force }: DeregisterOptions,
): Promise<RemovalTargets> {
  const { diagnostics, view } = invocation;
  const { latest, verdicts } = await findStale(invocation, handle, { find, probesTcp });
  const wanted = new Set(latest.instances.map(instanceKey));
  const found = verdicts
    .filter(({ instance }) => wanted.has(instanceKey(instance)))
    // Nobody has named it, so it is passed over where a name would be refused.
    .map((verdict) => ({ ...verdict, spared: verdict.spared ?? foreignReason(verdict.instance, force) }));
  diagnostics.clear();
  for (const { instance, reason, spared } of found) {
    const end = spared === null ? '' : `; left alone: ${safeText(spared, view)}`;
    diagnostics.say(`  ${safeName(formatInstanceName(instance), view)}: ${safeText(reason, view)}${end}`);
  }
  const gone = found.filter(({ spared }) => spared === null);
  const stay = latest.instances.length - gone.length;
  diagnostics.say(
    `${countText(gone.length, 'stale instance')}; ${stay} ${stay === 1 ? 'other is' : 'others are'} left alone.`,
  );
  return { ...latest, instances: gone.map(({ instance }) => instance) };
}
