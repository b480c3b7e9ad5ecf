import type { DriftFacts } from '../../model/backend-facts.js';
import type { Refusals } from '../refusals.js';
import { readNodeName } from './agent.js';
import type { Call } from './call.js';
import { limitsOf } from './call-limits.js';
import { compareViews, type NodeView } from './drift.js';
import { sameNode } from './find-instance.js';
import { readChecks } from './health.js';
import { objectOf } from './json.js';
import { canBeAsked, pathPart } from './path-part.js';
import type { ConsulServer } from './server.js';
import type { Servers } from './servers.js';

/** Which node an agent is of, and in which datacenter. */
interface Place {
  readonly node: string;
  /** Empty: not known. */
  readonly datacenter: string;
}

/** What comparing agents needs. */
export interface DriftDeps {
  readonly servers: Servers;
  readonly refusals: Refusals;
  /** Access rules hide no nodes from us: one that the catalog does not show is not in it. */
  readonly seesNodes: boolean;
}

/**
 * What the agents that are configured have otherwise than the catalog.
 *
 * @param agents those that answer; other agents are never connected to
 * @returns null when none of them can be compared
 */
export async function readDrift(
  agents: readonly ConsulServer[],
  deps: DriftDeps,
  call: Call,
): Promise<readonly DriftFacts[] | null> {
  const seen = new Set<string>();
  const parts: (readonly DriftFacts[])[] = [];
  // One after the other: together with the reads of the catalog they would be too many connections.
  for (const agent of agents) {
    const reading = readDriftOf(agent, seen, deps, call);
    const drift = await deps.refusals.orNull('agent/services', LOST, reading);
    if (drift !== null) parts.push(drift);
    if (deps.servers.inOrder()[0] !== agent) agent.closeIdle();
  }
  return parts.length === 0 ? null : parts.flat();
}

const LOST = 'whether agents and catalog agree';

/** @param seen nodes that were compared already: one agent may be configured under two addresses */
async function readDriftOf(
  agent: ConsulServer,
  seen: Set<string>,
  deps: DriftDeps,
  call: Call,
): Promise<readonly DriftFacts[] | null> {
  const place = await readNodeName(agent, () => limitsOf(call));
  if (place === null || !canBeAsked(place.node) || seen.has(place.node.toLowerCase())) return null;
  seen.add(place.node.toLowerCase());
  const services = await agent.ask({ path: '/agent/services', scoped: false }, limitsOf(call));
  const checks = (await agent.ask({ path: '/agent/checks', scoped: false }, limitsOf(call))).value;
  // Behind one address several agents may answer in turn.
  if (readChecks(checks).some(({ node }) => !sameNode(node, place.node))) return null;
  const catalog = await readCatalog(place, deps, call);
  return catalog && compareViews(place.node, { services: objectOf(services.value) ?? {}, checks }, catalog);
}

/** The node as the catalog has it; null: this token may not see it. */
async function readCatalog(
  { node, datacenter }: Place,
  { servers, refusals, seesNodes }: DriftDeps,
  call: Call,
): Promise<NodeView | null> {
  const query = datacenter === '' ? {} : { dc: datacenter };
  const name = pathPart(node, 'node');
  const record = objectOf((await servers.read({ path: `/catalog/node/${name}`, query }, call)).value);
  if (record === null && !seesNodes) {
    refusals.add('catalog/node', LOST, 'this token may not see the node of the agent');
    return null;
  }
  const checks = await servers.read({ path: `/health/node/${name}`, query }, call);
  return { services: objectOf(record?.['Services']) ?? {}, checks: checks.value };
}
