import { SdctlError } from '../../errors.js';
import type { NodeFacts } from '../../model/backend-facts.js';
import { agentStateOf } from './agent-state.js';
import type { Call } from './call.js';
import { readChecks, type RawCheck } from './health.js';
import { listOf, objectOf, textMapOf, textOf, type JsonObject } from './json.js';
import { mapBounded } from './map-bounded.js';
import { canBeAsked, pathPart } from './path-part.js';
import type { Served, Servers } from './servers.js';
import type { Visibility } from './visibility.js';

/** The service that Consul itself keeps on its servers. */
export const OWN_SERVICE = 'consul';

/** All nodes, and whether the answer said that some are left out. */
export interface NodesRead {
  readonly nodes: readonly NodeFacts[];
  readonly isFiltered: boolean;
}

/**
 * Every node with its checks and what stands on it: one request where Consul has the one that its own pages use, else
 * one for each node.
 */
export async function readNodes(servers: Servers, visibility: Visibility, call: Call): Promise<NodesRead> {
  const dump = await readDump(servers, call);
  if (dump === null) return readEach(servers, visibility, call);
  const nodes = listOf(dump.value).map((item) => {
    const record = objectOf(item) ?? {};
    return toNode(record, readChecks(record['Checks']), listOf(record['Services']));
  });
  return { nodes, isFiltered: visibility.wasFiltered(dump) };
}

/** null: this Consul does not have that request, which is in no documentation. */
async function readDump(servers: Servers, call: Call): Promise<Served | null> {
  try {
    const served = await servers.read({ path: '/internal/ui/nodes' }, call);
    return Array.isArray(served.value) ? served : null;
  } catch (error) {
    const isMissing =
      error instanceof SdctlError && (error.code === 'E_NOT_A_REGISTRY' || error.code === 'E_FAILED');
    if (isMissing) return null;
    throw error;
  }
}

async function readEach(servers: Servers, visibility: Visibility, call: Call): Promise<NodesRead> {
  const listed = await servers.read({ path: '/catalog/nodes' }, call);
  const checks = readChecks((await servers.read({ path: '/health/state/any' }, call)).value);
  const records = listOf(listed.value).map((item) => objectOf(item) ?? {});
  const nodes = await mapBounded(records, call, async (record, part) => {
    const name = textOf(record['Node']);
    const own = checks.filter(({ node }) => node === name);
    return toNode(record, own, await readServices(servers, name, part));
  });
  return { nodes, isFiltered: visibility.wasFiltered(listed) };
}

async function readServices(servers: Servers, node: string, call: Call): Promise<readonly unknown[]> {
  if (!canBeAsked(node)) return [];
  const { value } = await servers.read({ path: `/catalog/node/${pathPart(node, 'node')}` }, call);
  return Object.values(objectOf(objectOf(value)?.['Services']) ?? {});
}

function toNode(record: JsonObject, checks: readonly RawCheck[], services: readonly unknown[]): NodeFacts {
  const own = checks.filter(({ serviceId }) => serviceId === '');
  const agent = agentStateOf(own);
  const maintenance = own.find(({ health }) => health === 'maintenance');
  return {
    name: textOf(record['Node']),
    address: textOf(record['Address']),
    alive: agent === 'none' ? null : agent === 'alive',
    isExternal: isExternal(textMapOf(record['Meta'])),
    services: services.filter((service) => textOf(objectOf(service)?.['Service']) !== OWN_SERVICE).length,
    maintenance: maintenance === undefined ? null : maintenance.notes || maintenance.output,
  };
}

/** Nodes that no agent stands for on purpose: those of consul-esm's convention, and of what syncs other catalogs. */
function isExternal(meta: Readonly<Record<string, string>>): boolean {
  return (
    meta['external-node'] === 'true' ||
    meta['synthetic-node'] === 'true' ||
    meta['external-source'] !== undefined
  );
}
