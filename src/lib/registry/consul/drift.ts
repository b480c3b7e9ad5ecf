import type { DriftFacts } from '../../model/backend-facts.js';
import { compareText } from '../../model/instance.js';
import { readChecks, type RawCheck } from './health.js';
import { listOf, objectOf, textOf, type JsonObject } from './json.js';
import { OWN_SERVICE } from './node-facts.js';

/** The services of one node with their checks, as its agent or as the catalog has them. */
export interface NodeView {
  /** By id. */
  readonly services: JsonObject;
  /** Answer of `agent/checks` or `health/node/<node>`. */
  readonly checks: unknown;
}

/**
 * What an agent and the catalog have otherwise of one node. Checks of the node itself are left out, and of a check only
 * its state counts: its output is written seldom.
 */
export function compareViews(node: string, agent: NodeView, catalog: NodeView): readonly DriftFacts[] {
  const checksThere = byService(catalog.checks);
  const checksHere = byService(agent.checks);
  const ids = new Set([...Object.keys(agent.services), ...Object.keys(catalog.services)]);
  return [...ids].sort(compareText).flatMap((instance) => {
    const here = objectOf(agent.services[instance]);
    const there = objectOf(catalog.services[instance]);
    const service = textOf((here ?? there)?.['Service']);
    // The leader keeps the servers' own service; their agents do not know it.
    if (here === null && service === OWN_SERVICE) return [];
    const states: Pair = [statesOf(checksHere.get(instance)), statesOf(checksThere.get(instance))];
    return differences(here, there, states).map((difference) => ({ node, service, instance, ...difference }));
  });
}

type Difference = Pick<DriftFacts, 'kind' | 'agent' | 'catalog'>;
/** Of the agent, of the catalog. */
type Pair = readonly [here: string, there: string];

function differences(here: JsonObject | null, there: JsonObject | null, states: Pair): Difference[] {
  if (here === null) return [{ kind: 'missing', agent: null, catalog: placeOf(there ?? {}) }];
  if (there === null) return [{ kind: 'extra', agent: placeOf(here), catalog: null }];
  const pairs: readonly (readonly [DriftFacts['kind'], Pair])[] = [
    ['address', [placeOf(here), placeOf(there)]],
    // With it, others may change the tags in the catalog, and the agent lets them.
    ...(here['EnableTagOverride'] === true ? [] : [['tags', [tagsOf(here), tagsOf(there)]] as const]),
    ['status', states],
  ];
  return pairs.flatMap(([kind, [agent, catalog]]) => (agent === catalog ? [] : [{ kind, agent, catalog }]));
}

function placeOf(service: JsonObject): string {
  const port = service['Port'];
  return `${textOf(service['Address'])}:${typeof port === 'number' ? port : 0}`;
}

function tagsOf(service: JsonObject): string {
  return listOf(service['Tags']).map(textOf).sort(compareText).join(', ');
}

function statesOf(checks: readonly RawCheck[] = []): string {
  return checks
    .map(({ id, health }) => `${id}: ${health}`)
    .sort(compareText)
    .join(', ');
}

function byService(answer: unknown): ReadonlyMap<string, readonly RawCheck[]> {
  const groups = new Map<string, RawCheck[]>();
  for (const check of readChecks(answer)) {
    const group = groups.get(check.serviceId);
    if (group === undefined) groups.set(check.serviceId, [check]);
    else group.push(check);
  }
  return groups;
}
