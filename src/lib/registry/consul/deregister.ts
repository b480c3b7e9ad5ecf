import { SdctlError } from '../../errors.js';
import type { Instance } from '../../model/instance.js';
import type { DeregisterOptions, DeregisterOutcome, DeregisterTarget } from '../types.js';
import { readAgentService, readSelf, removeFromAgent } from './agent.js';
import { agentStateOf } from './agent-state.js';
import type { Call } from './call.js';
import { findRecords, isExpected, sameNode, type CatalogRecord } from './find-instance.js';
import { findOwner, wantedOwner } from './owner.js';
import { pathPart } from './path-part.js';
import type { RemovalDeps } from './removal-deps.js';
import { removeAtOwner, removeFromCatalog } from './remove-entry.js';

/**
 * Removes one instance so that it stays gone: at the agent that owns it, or in the catalog where no agent is left that
 * would bring it back.
 *
 * @returns `not-owner` when that agent lives and cannot be asked
 * @throws {SdctlError} E_AMBIGUOUS when several nodes have that id and none is named; E_USAGE for an id that an agent
 *   cannot be asked to remove
 */
export async function deregisterInstance(
  deps: RemovalDeps,
  target: DeregisterTarget,
  expected: DeregisterOptions['expected'],
  call: Call,
): Promise<DeregisterOutcome> {
  requireNames(target);
  const found = await findRecords(deps.servers, target, call);
  const here = found.filter(
    ({ instance }) => target.node === undefined || sameNode(instance.node, target.node),
  );
  const [record, ...others] = here;
  if (record === undefined) return removeUnseen(deps, target, expected, call);
  if (others.length > 0) throw ambiguous(here.map(({ instance }) => instance));
  if (expected !== undefined && !isExpected(record.instance, expected)) return 'changed';
  return remove(deps, record, call);
}

/** An empty id in the request would remove the node with everything on it. */
function requireNames(target: DeregisterTarget): void {
  if (target.service !== '' && target.id !== '' && target.node !== '') return;
  throw new SdctlError('E_USAGE', 'an instance is named by its service, its id and perhaps its node', {
    why: 'one of them is empty',
    hint: 'sdctl deregister SERVICE/INSTANCE',
  });
}

/** An agent that has just started may have entries that the catalog does not know yet. */
async function removeUnseen(
  deps: RemovalDeps,
  target: DeregisterTarget,
  expected: DeregisterOptions['expected'],
  call: Call,
): Promise<DeregisterOutcome> {
  const view = await deps.visibility.check(deps.servers, call);
  if (view === 'nothing') throw deps.visibility.nothingVisible(deps.servers.inOrder()[0]?.url ?? '');
  if (view === 'partial') deps.visibility.warnPartial(call); // it may only be hidden
  return deps.servers.withFirst(call, async (server, timeoutMs) => {
    const limits = { signal: call.signal, timeoutMs };
    if (target.node !== undefined && !sameNode((await readSelf(server, limits))?.node ?? null, target.node)) {
      return 'absent';
    }
    const service = await readAgentService(server, target.id, limits);
    if (service === null || service.name !== target.service) return 'absent';
    if (expected !== undefined && (expected.owner?.run ?? null) !== service.run) return 'changed';
    return (await removeFromAgent(server, target.id, limits)) ? 'removed' : 'absent';
  });
}

function ambiguous(found: readonly Instance[]): SdctlError {
  const candidates = found.map(({ service, id, node }) => `${service}/${id}@${node ?? ''}`).sort();
  const [first] = candidates;
  return new SdctlError('E_AMBIGUOUS', `${found.length} nodes have an instance of that id`, {
    why: candidates.join(', '),
    hint: `sdctl deregister ${first ?? ''}`,
    details: { candidates },
  });
}

async function remove(deps: RemovalDeps, record: CatalogRecord, call: Call): Promise<DeregisterOutcome> {
  const { instance } = record;
  if (agentStateOf(instance.nodeChecks) !== 'alive') return removeFromCatalog(deps, instance, call);
  pathPart(instance.id, 'instance'); // what takes minutes is not for this call
  const search = await findOwner(deps, wantedOwner(record), undefined, call);
  if (search.owner !== null) {
    using owner = search.owner;
    return await removeAtOwner(deps, owner, record, call);
  }
  // The one that did not answer may be the owner.
  if (search.failure !== null) throw search.failure;
  return 'not-owner';
}
