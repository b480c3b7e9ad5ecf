import { SdctlError } from '../../errors.js';
import { formatInstanceName } from '../../model/instance-name.js';
import type { Instance } from '../../model/instance.js';
import type { RemovalPlan } from '../../model/removal.js';
import type { DeregisterOutcome, RemovalOptions } from '../types.js';
import { removeFromAgent } from './agent.js';
import { agentStateOf } from './agent-state.js';
import { isSameEntry } from './ask-agent.js';
import type { Call } from './call.js';
import { limitsOf } from './call-limits.js';
import { findRecordOn, isExpected, type CatalogRecord } from './find-instance.js';
import { findOwner, plannedOwner, wantedOwner, type Owner } from './owner.js';
import { ownerUnreachable } from './owner-unreachable.js';
import { canBeAsked } from './path-part.js';
import type { RemovalDeps } from './removal-deps.js';
import { removeAtOwner, removeFromCatalog } from './remove-entry.js';
import { REPLACED_WITHIN_MS, replaceUntilGone } from './replace-entry.js';

/**
 * How an entry is removed so that it stays gone: at the agent that owns it, or from the catalog where none is left that
 * would bring it back.
 *
 * @throws {SdctlError} E_USAGE for `revoke`; E_UNREACHABLE when the agent that owns it lives and cannot be asked
 */
export async function planRemoval(
  deps: RemovalDeps,
  instance: Instance,
  options: Pick<RemovalOptions, 'how' | 'ownerPort'>,
  call: Call,
): Promise<RemovalPlan> {
  const { how = 'auto', ownerPort } = options;
  if (how === 'revoke') throw noLease(instance);
  const node = requireNames(instance);
  const record = await findRecordOn(deps.servers, instance, call);
  // One that has left meanwhile is planned as it was seen; removing it finds nothing.
  const agent = agentStateOf((record?.instance ?? instance).nodeChecks);
  const plan = { instance, method: 'catalog', at: null, agent, falls: [], takesMs: 0 } as const;
  if (how === 'catalog' || agent !== 'alive' || record === null) return plan;
  const search = await findOwner(deps, wantedOwner(record), ownerPort, call);
  if (search.owner === null) throw ownerUnreachable({ ...instance, node }, 'remove', search.tried);
  using owner = search.owner;
  // An agent that does not have it does not bring it back.
  if (owner.present === null) return { ...plan, agent: 'none' };
  const at = owner.server.url;
  if (canBeAsked(instance.id)) return { ...plan, method: 'agent', at };
  return { ...plan, method: 'replace', at, takesMs: REPLACED_WITHIN_MS };
}

function noLease(instance: Instance): SdctlError {
  return new SdctlError('E_USAGE', `${formatInstanceName(instance)} has no lease to revoke`, {
    why: 'Consul keeps a service by its checks; only sessions are leases there',
    hint: 'sdctl deregister without --how, or sdctl lease revoke SESSION',
  });
}

/** An empty id in the request would remove the node with everything on it. */
function requireNames({ service, id, node }: Instance): string {
  if (service !== '' && id !== '' && node !== null && node !== '') return node;
  throw new SdctlError('E_USAGE', 'an instance of Consul is named by its service, its id and its node', {
    why: 'one of them is empty',
  });
}

/** Does what was planned, if the entry still is the one that was seen, and waits until it is gone. */
export async function removePlanned(
  deps: RemovalDeps,
  plan: RemovalPlan,
  call: Call,
): Promise<DeregisterOutcome> {
  const { instance, at } = plan;
  requireNames(instance);
  const record = await findRecordOn(deps.servers, instance, call, true);
  if (record !== null && !isExpected(record.instance, instance)) return 'changed';
  if (at !== null) return removeAt(deps, plan, at, record, call);
  if (record === null) return 'absent';
  // An agent that is back would bring the entry back too.
  const isBack = plan.agent === 'dead' && agentStateOf(record.instance.nodeChecks) === 'alive';
  return isBack ? 'not-owner' : removeFromCatalog(deps, record.instance, call);
}

async function removeAt(
  deps: RemovalDeps,
  { instance, method }: RemovalPlan,
  at: string,
  record: CatalogRecord | null,
  call: Call,
): Promise<DeregisterOutcome> {
  const wanted = { node: instance.node ?? '', id: instance.id, service: record?.service ?? null };
  using owner = await plannedOwner(deps, at, wanted, call);
  if (record === null) return method === 'agent' ? await removeUncatalogued(owner, instance, call) : 'absent';
  if (owner === null) return 'not-owner';
  if (method !== 'replace' || owner.present === null) return await removeAtOwner(deps, owner, record, call);
  if (!isSameEntry(owner.present, record.service)) return 'changed';
  return await replaceUntilGone(deps, owner.server, record, call);
}

/** Somebody has removed it from the catalog, and its agent may still bring it back. */
async function removeUncatalogued(
  owner: Owner | null,
  instance: Instance,
  call: Call,
): Promise<DeregisterOutcome> {
  const present = owner?.present ?? null;
  if (owner === null || present === null) return 'absent';
  if (present.name !== instance.service || present.run !== (instance.owner?.run ?? null)) return 'changed';
  return (await removeFromAgent(owner.server, instance.id, limitsOf(call))) ? 'removed' : 'absent';
}
