import { SdctlError } from '../../errors.js';
import type { Instance, SkippedEntry } from '../../model/instance.js';
import type { Clock } from '../../time/clock.js';
import type { DeregisterOutcome, DeregisterTarget } from '../types.js';
import { limitsLeft, type Calls, type CallLimits } from './calls.js';
import { readEntry, type Roots } from './entries.js';
import { EntryWriter, type RemoveCondition } from './entry-writer.js';
import { toWireLease } from './ids.js';
import type { RootReader } from './root-reader.js';

export interface DeregisterDeps {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly roots: Roots;
  readonly reader: RootReader;
}

/**
 * Removes one entry by a guarded delete on its revision and lease, which is never repeated blindly (K4).
 *
 * @param expected the entry that was seen; null: whatever a fresh read finds
 * @throws {SdctlError} E_AMBIGUOUS when several keys have that name, E_USAGE for an entry of a read-only layout, else as
 *   `Calls.run`, also when the outcome could not be found out in time
 */
export async function deregister(
  deps: DeregisterDeps,
  target: DeregisterTarget,
  expected: Instance | null,
  limits: CallLimits,
): Promise<DeregisterOutcome> {
  const left = limitsLeft(deps.clock, limits);
  const seen = expected ?? (await find(deps, target, left()));
  if (seen?.key != null) {
    refuseReadOnly(seen);
    const conditions = conditionsOf(seen.revision, seen.lease === null ? '0' : toWireLease(seen.lease.id));
    return remove(new EntryWriter(deps.calls, seen.key), conditions, left());
  }
  return removeUnread(deps, target, left);
}

async function find(
  { reader }: DeregisterDeps,
  { service, id }: DeregisterTarget,
  limits: CallLimits,
): Promise<Instance | null> {
  const { snapshot } = await reader.read([service], { ...limits, timeoutMs: limits.timeoutMs / 2 });
  const [first, ...others] = snapshot.instances.filter((instance) => instance.id === id);
  if (first === undefined) return null;
  if (others.length === 0) return first;
  const keys = [first, ...others].map(({ key }) => key ?? '');
  throw new SdctlError('E_AMBIGUOUS', `${keys.length} entries are named ${service}/${id}`, {
    why: keys.join(', '),
    hint: '--layout and --prefix tell them apart',
    details: { keys },
  });
}

/** What nobody could read still has a key of the ordinary form. */
async function removeUnread(
  { calls, roots }: DeregisterDeps,
  { service, id }: DeregisterTarget,
  left: () => CallLimits,
): Promise<DeregisterOutcome> {
  for (const prefix of roots.prefixes) {
    const entry = new EntryWriter(calls, `${prefix}${service}/${id}`);
    const found = await entry.read(left());
    if (found === null) continue;
    const decoded = readEntry(found, { ...roots, layout: 'auto' });
    if (decoded.state === 'skipped') throw noInstance(decoded.entry);
    return remove(entry, conditionsOf(found.mod_revision, found.lease), left());
  }
  return 'absent';
}

async function remove(
  entry: EntryWriter,
  conditions: readonly RemoveCondition[],
  limits: CallLimits,
): Promise<DeregisterOutcome> {
  const result = await entry.remove(conditions, limits);
  if (result.state === 'removed') return 'removed';
  return result.found === null ? 'absent' : 'changed';
}

function refuseReadOnly({ key, layout, readOnly }: Instance): void {
  if (!readOnly) return;
  throw new SdctlError('E_USAGE', `${key ?? ''} is never removed by sdctl`, {
    why: `the layout ${layout} is read-only: the state of another system`,
    hint: 'change it with the tools of that system',
  });
}

function noInstance({ key, layout, reason }: SkippedEntry): SdctlError {
  return new SdctlError('E_USAGE', `${key} is no instance and was left alone`, {
    why: `${layout ?? 'its framework'} keeps something else there: ${reason}`,
    hint: 'sdctl list -o json shows what was skipped',
  });
}

function conditionsOf(revision: string, lease: string): readonly RemoveCondition[] {
  return [
    { target: 'Mod', mod_revision: revision },
    { target: 'Lease', lease },
  ];
}
