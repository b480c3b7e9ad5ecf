import type { AgentState } from '../../model/removal.js';
import { agentStateOf } from './agent-state.js';
import type { Call } from './call.js';
import { readChecks } from './health.js';
import { objectOf, textOf } from './json.js';
import { pathPart } from './path-part.js';
import type { Servers } from './servers.js';

/** A node as the catalog has it. One that the catalog does not know has no agent, no address and no entries. */
export interface CatalogNode {
  readonly agent: AgentState;
  readonly address: string;
  /** Of all entries that stand on it. */
  readonly ids: readonly string[];
}

/** Reads a node, confirmed by the leader. @throws {SdctlError} E_USAGE for a name that Consul cannot be asked for */
export async function readNode(servers: Servers, node: string, call: Call): Promise<CatalogNode> {
  const name = pathPart(node, 'node');
  const query = { consistent: true } as const;
  const record = objectOf((await servers.read({ path: `/catalog/node/${name}`, query }, call)).value);
  const checks = await servers.read({ path: `/health/node/${name}`, query }, call);
  return {
    agent: agentStateOf(readChecks(checks.value)),
    address: textOf(objectOf(record?.['Node'])?.['Address']),
    ids: Object.keys(objectOf(record?.['Services']) ?? {}),
  };
}
