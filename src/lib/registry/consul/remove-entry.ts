import { SdctlError } from '../../errors.js';
import type { Instance } from '../../model/instance.js';
import type { DeregisterOutcome } from '../types.js';
import { removeFromAgent } from './agent.js';
import { isSameEntry } from './ask-agent.js';
import type { Call } from './call.js';
import { limitsOf } from './call-limits.js';
import { findInstances, type CatalogRecord } from './find-instance.js';
import type { Owner } from './owner.js';
import type { RemovalDeps } from './removal-deps.js';

const LOOK_AGAIN_MS = 20;
/** A server applies what its agent has sent within this. */
const SETTLES_WITHIN_MS = 500;

/** Removes an entry at the agent that owns it, or from the catalog where that agent does not have it. */
export async function removeAtOwner(
  deps: RemovalDeps,
  { server, present }: Owner,
  record: CatalogRecord,
  call: Call,
): Promise<DeregisterOutcome> {
  if (present === null) return removeFromCatalog(deps, record.instance, call);
  if (!isSameEntry(present, record.service)) return 'changed';
  await removeFromAgent(server, record.instance.id, limitsOf(call));
  await confirmGone(deps, record.instance, call);
  return 'removed';
}

/** Removes an entry from the catalog, whatever an agent thinks of it. */
export async function removeFromCatalog(
  deps: RemovalDeps,
  instance: Instance,
  call: Call,
): Promise<DeregisterOutcome> {
  const { node, id } = instance;
  // Without an id the node would be removed, and everything on it.
  if (node === null || node === '' || id === '') throw new SdctlError('E_DEFECT', 'no node or id to remove');
  const body = {
    // Consul ignores ?dc here: the datacenter counts only in the body.
    ...(deps.datacenter === null ? {} : { Datacenter: deps.datacenter }),
    Node: node,
    ServiceID: id,
  };
  await deps.servers.withFirst(call, async (server, timeoutMs) =>
    server.order(
      { method: 'PUT', path: '/catalog/deregister', body, repeatable: true },
      { signal: call.signal, timeoutMs },
    ),
  );
  await confirmGone(deps, instance, call);
  return 'removed';
}

/**
 * Consul says yes to removals that do nothing, so the leader is asked until the entry is gone. Its revision alone does
 * not tell: a check that is written late gives the same entry another one. A process that announces it again looks the
 * same after that, so an entry under a new revision is waited for only shortly.
 */
async function confirmGone({ servers, clock }: RemovalDeps, instance: Instance, call: Call): Promise<void> {
  const startedMs = clock.monotonicMs();
  for (let pauseMs = LOOK_AGAIN_MS; ; pauseMs = Math.min(pauseMs * 2, 500)) {
    const found = await findInstances(servers, instance, call, true);
    const here = found.filter((other) => other.node === instance.node);
    const isStill = here.some((other) => other.revision === instance.revision);
    const maySettle = here.length > 0 && clock.monotonicMs() - startedMs < SETTLES_WITHIN_MS;
    if (!isStill && !maySettle) return;
    call.remainingMs(); // ends the call when its time is over
    await clock.sleep(pauseMs, call.signal);
  }
}
