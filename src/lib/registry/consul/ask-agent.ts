import { findAgentService, readNodeName, type AgentService } from './agent.js';
import type { Call } from './call.js';
import { limitsOf } from './call-limits.js';
import { sameNode } from './find-instance.js';
import { listOf, textOf, type JsonObject } from './json.js';
import { metaIn, ownerIn } from './meta.js';
import type { ConsulServer } from './server.js';

/** What tells the agent that owns an entry from others. */
export interface WantedOwner {
  readonly node: string;
  readonly id: string;
  /** The entry as the catalog has it; null: it has none. */
  readonly service: JsonObject | null;
}

/** What an agent said. `present`: what it has under that id. */
export type AgentAnswer =
  | { readonly isOwner: true; readonly present: AgentService | null }
  | { readonly isOwner: false; readonly why: string };

/**
 * Asks one agent whether it is the one of that node, and what it has there.
 *
 * @param datacenter null: any, since nodes of two datacenters may have one name only where one is named
 * @throws {SdctlError} when it does not answer, or refuses
 */
export async function askAgent(
  server: ConsulServer,
  wanted: WantedOwner,
  datacenter: string | null,
  call: Call,
): Promise<AgentAnswer> {
  const self = await readNodeName(server, () => limitsOf(call));
  const why = self === null ? null : otherAgent(self, wanted.node, datacenter);
  if (why !== null) return { isOwner: false, why };
  const present = await findAgentService(server, wanted.id, limitsOf(call));
  if (self !== null) return { isOwner: true, present };
  // Where the agent does not tell its name, having the very entry is the proof.
  if (present !== null && wanted.service !== null && isVeryEntry(present, wanted.service)) {
    return { isOwner: true, present };
  }
  return { isOwner: false, why: 'it does not say of which node it is, and does not have that entry' };
}

function otherAgent(
  self: { readonly node: string; readonly datacenter: string },
  node: string,
  datacenter: string | null,
): string | null {
  if (!sameNode(self.node, node)) return `it is the agent of node ${self.node}`;
  const isElsewhere = datacenter !== null && self.datacenter !== '' && !sameNode(self.datacenter, datacenter);
  return isElsewhere ? `it is an agent of datacenter ${self.datacenter}` : null;
}

/** Whether an agent has what the catalog shows: the same service, written by the same run. */
export function isSameEntry(present: AgentService, service: JsonObject): boolean {
  return present.name === textOf(service['Service']) && present.run === (ownerIn(service)?.run ?? null);
}

/** An id of others may stand on several nodes; without a run it takes more to tell them apart. */
function isVeryEntry(present: AgentService, service: JsonObject): boolean {
  return (
    isSameEntry(present, service) && (present.run !== null || outline(present.record) === outline(service))
  );
}

function outline(service: JsonObject): string {
  const meta = Object.entries(metaIn(service)).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([textOf(service['Address']), service['Port'] ?? 0, listOf(service['Tags']), meta]);
}
