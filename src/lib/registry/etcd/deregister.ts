import type { Instance } from '../../model/instance.js';
import type { Clock } from '../../time/clock.js';
import type { DeregisterOutcome, DeregisterTarget } from '../types.js';
import { limitsLeft, type Calls, type CallLimits } from './calls.js';
import type { Root } from './entries.js';
import { EntryWriter, type RemoveCondition } from './entry-writer.js';
import { toWireLease } from './ids.js';

/**
 * Removes one entry by a guarded delete on its revision and lease, which is never repeated blindly (K4).
 *
 * @param expected the entry that was seen; null: whatever a fresh read finds
 * @throws {SdctlError} as `Calls.run`, also when the outcome could not be found out in time
 */
export async function deregister(
  calls: Calls,
  clock: Clock,
  root: Root,
  target: DeregisterTarget,
  expected: Instance | null,
  limits: CallLimits,
): Promise<DeregisterOutcome> {
  const left = limitsLeft(clock, limits);
  const key = expected?.key ?? `${root.prefix}${target.service}/${target.id}`;
  const entry = new EntryWriter(calls, key);
  let conditions: readonly RemoveCondition[];
  if (expected === null) {
    const found = await entry.read(left());
    if (found === null) return 'absent';
    conditions = conditionsOf(found.mod_revision, found.lease);
  } else {
    conditions = conditionsOf(
      expected.revision,
      expected.lease === null ? '0' : toWireLease(expected.lease.id),
    );
  }
  const result = await entry.remove(conditions, left());
  if (result.state === 'removed') return 'removed';
  return result.found === null ? 'absent' : 'changed';
}

function conditionsOf(revision: string, lease: string): readonly RemoveCondition[] {
  return [
    { target: 'Mod', mod_revision: revision },
    { target: 'Lease', lease },
  ];
}
