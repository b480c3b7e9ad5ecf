import { SdctlError } from '../../errors.js';
import type { Instance } from '../../model/instance.js';
import type { Clock } from '../../time/clock.js';
import type { DeregisterOptions, DeregisterOutcome, DeregisterTarget } from '../types.js';
import { readAgentService, readSelf, removeFromAgent } from './agent.js';
import type { Call } from './call.js';
import { findInstances, sameNode } from './find-instance.js';
import { NODE_ALIVE } from './health.js';
import { isServersFault, type AskLimits, type ConsulServer } from './server.js';
import type { Servers } from './servers.js';
import type { Visibility } from './visibility.js';

export interface DeregisterDeps {
  readonly servers: Servers;
  readonly visibility: Visibility;
  readonly clock: Clock;
  readonly datacenter: string | null;
}

const LOOK_AGAIN_MS = 20;
/** A server applies what its agent has sent within this. */
const SETTLES_WITHIN_MS = 500;

/**
 * Removes one instance so that it stays gone: at the agent that owns it, or in the catalog where no agent is left that
 * would bring it back.
 *
 * @throws {SdctlError} E_AMBIGUOUS when several nodes have that id and none is named
 */
export async function deregisterInstance(
  deps: DeregisterDeps,
  target: DeregisterTarget,
  expected: DeregisterOptions['expected'],
  call: Call,
): Promise<DeregisterOutcome> {
  requireNames(target);
  const found = await findInstances(deps.servers, target, call);
  const here =
    target.node === undefined ? found : found.filter((instance) => sameNode(instance.node, target.node));
  const [instance, ...others] = here;
  if (instance === undefined) return removeUnseen(deps, target, expected, call);
  if (others.length > 0) throw ambiguous(here);
  if (expected !== undefined && !isExpected(instance, expected)) return 'changed';
  const outcome = await remove(deps, instance, call);
  if (outcome === 'removed') await confirm(deps, instance, call);
  return outcome;
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
  deps: DeregisterDeps,
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

function isExpected(instance: Instance, expected: Instance): boolean {
  // An entry that was never seen in the catalog has no revision yet.
  const sameRevision = expected.revision === '0' || expected.revision === instance.revision;
  const sameRun = expected.owner?.run === instance.owner?.run;
  return sameRevision && sameRun && (expected.node === null || sameNode(instance.node, expected.node));
}

async function remove(deps: DeregisterDeps, instance: Instance, call: Call): Promise<DeregisterOutcome> {
  const alive = instance.nodeChecks.find((check) => check.id === NODE_ALIVE);
  const hasLiveAgent = alive !== undefined && alive.health !== 'critical';
  if (!hasLiveAgent) return removeFromCatalog(deps, instance, call);
  const order = deps.servers.inOrder();
  let away: SdctlError | null = null;
  for (const [index, server] of order.entries()) {
    const limits = { signal: call.signal, timeoutMs: call.remainingMs() / (order.length - index) };
    try {
      const outcome = await removeAtOwner(server, instance, limits);
      if (outcome === 'orphan') return await removeFromCatalog(deps, instance, call);
      if (outcome !== 'not-owner') return outcome;
    } catch (error) {
      if (!isServersFault(error)) throw error;
      away ??= error;
    }
  }
  // The one that did not answer may be the owner.
  if (away !== null) throw away;
  return 'not-owner';
}

/** `orphan`: this is the right agent, but it does not have the service, so it will not bring it back either. */
async function removeAtOwner(
  server: ConsulServer,
  instance: Instance,
  limits: AskLimits,
): Promise<DeregisterOutcome | 'orphan'> {
  const self = await readSelf(server, limits);
  if (self !== null && !sameNode(self.node, instance.node)) return 'not-owner';
  const service = await readAgentService(server, instance.id, limits);
  // Where the agent does not tell its name, having the very entry is the proof.
  if (service === null) return self === null ? 'not-owner' : 'orphan';
  if (service.run !== (instance.owner?.run ?? null)) return self === null ? 'not-owner' : 'changed';
  await removeFromAgent(server, instance.id, limits);
  return 'removed';
}

async function removeFromCatalog(
  deps: DeregisterDeps,
  instance: Instance,
  call: Call,
): Promise<DeregisterOutcome> {
  const { node, id } = instance;
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
  return 'removed';
}

/**
 * Consul says yes to removals that do nothing, so the leader is asked until the entry is gone. Its revision alone does
 * not tell: a check that is written late gives the same entry another one. A process that announces it again looks the
 * same after that, so an entry under a new revision is waited for only shortly.
 */
async function confirm(deps: DeregisterDeps, instance: Instance, call: Call): Promise<void> {
  const startedMs = deps.clock.monotonicMs();
  for (let pauseMs = LOOK_AGAIN_MS; ; pauseMs = Math.min(pauseMs * 2, 500)) {
    const found = await findInstances(deps.servers, instance, call, true);
    const here = found.filter((other) => other.node === instance.node);
    const isStill = here.some((other) => other.revision === instance.revision);
    const maySettle = here.length > 0 && deps.clock.monotonicMs() - startedMs < SETTLES_WITHIN_MS;
    if (!isStill && !maySettle) return;
    call.remainingMs(); // ends the call when its time is over
    await deps.clock.sleep(pauseMs, call.signal);
  }
}
