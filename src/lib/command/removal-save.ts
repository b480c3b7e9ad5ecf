import { instanceKey } from '../model/instance.js';
import type { SavedEntry } from '../model/removal.js';
import type { RegistryHandle } from '../registry/types.js';
import { safeText } from '../render/safe-text.js';
import { toRfc3339 } from '../time/clock.js';
import type { Invocation } from './invocation.js';
import { fallingInstances, type PlannedRemoval } from './removal-plan.js';
import { scopeOf, writeUndoFile } from './undo-file.js';

/**
 * Saves every instance that is about to go, so that it is on the disk before the first of them does.
 *
 * @returns `instanceKey` of those that are not there any more as they were shown
 * @throws {SdctlError} E_FILE; then nothing may be removed
 */
export async function saveAll(
  invocation: Invocation,
  handle: RegistryHandle,
  planned: readonly PlannedRemoval[],
  file: string,
): Promise<ReadonlySet<string>> {
  const items: SavedEntry[] = [];
  const changed = new Set<string>();
  for (const instance of fallingInstances(planned)) {
    const saved = await handle.operations.save(instance, invocation.callOptions());
    if (saved === null) changed.add(instanceKey(instance));
    else items.push(saved);
  }
  const { connection, serverNames, deps, diagnostics } = invocation;
  writeUndoFile(file, {
    context: connection.context,
    backend: connection.backend,
    servers: serverNames,
    ...scopeOf(connection),
    removedAt: toRfc3339(deps.clock.nowMs()),
    items,
  });
  diagnostics.say(
    safeText(
      `${items.length} saved in ${file}; sdctl deregister --undo puts them back where nothing stands.`,
    ),
  );
  return changed;
}
