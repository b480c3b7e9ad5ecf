import type { Endpoint } from '../../model/endpoint.js';
import { hostOf, looseAddress, portOf } from '../address.js';
import { toInstance } from '../build-instance.js';
import { staysGone } from '../facts.js';
import { listOf, numberOf, objectOf, textMap, textOf, type JsonObject } from '../json.js';
import type { EtcdLayout } from '../types.js';
import { notMine } from '../not-mine.js';

const ROOT = '/apisix/';
const OWN_FIELDS = new Set(['id', 'name', 'nodes', 'create_time', 'update_time']);

/** Apache APISIX: upstreams with their nodes, also inside services and routes. Configuration, not registrations. */
export const apisixLayout: EtcdLayout = {
  name: 'apisix',
  root: ROOT,
  facts: {
    defaultTtlSeconds: 0,
    renewal: 'none',
    afterDelete: staysGone('changes the configuration of the gateway'),
    afterRevoke: staysGone('has no lease'),
    leftBehind: 'configuration',
    markers: '`init_dir`, keys that end in `/`',
    readOnly: true,
    leaseless: true,
  },
  places: (_service, { prefix, forced }) => (forced || prefix.startsWith(ROOT) ? null : []),
  decode(entry, { forced, prefix }) {
    const isBelow = entry.key.startsWith(ROOT) || (forced && entry.key.startsWith(prefix));
    if (!isBelow || entry.key === '') return notMine;
    if (entry.text === 'init_dir' || entry.key.endsWith('/')) return { state: 'skip', reason: 'marker' };
    const { json } = entry;
    if (json === null)
      return { state: 'undecodable', service: null, reason: 'not JSON, as all configuration of APISIX is' };
    const upstream = json['nodes'] === undefined ? objectOf(json['upstream']) : json;
    const endpoints = upstream === null ? [] : endpointsOf(upstream['nodes'], textOf(upstream['scheme']));
    const [first] = endpoints;
    // A route, a consumer, a server's own note, or an upstream whose nodes another registry names.
    if (first === undefined) return { state: 'skip', reason: 'field' };
    const id = entry.lastSegment;
    const metadata = textMap(upstream, OWN_FIELDS);
    if (metadata === null) return { state: 'undecodable', service: null, reason: 'nested too deeply' };
    return toInstance(entry, apisixLayout, {
      service: textOf(json['name']) || textOf(upstream?.['name']) || id,
      id,
      root: entry.key.slice(0, entry.key.length - id.length),
      endpoints,
      weight: first.weight ?? null,
      metadata,
    });
  },
};

/** A map `"host:port": weight`, or a list of `{host, port?, weight}`. */
function endpointsOf(nodes: unknown, protocol: string | null): readonly Endpoint[] {
  const fromList = listOf(nodes).flatMap((node) => endpointOf(objectOf(node), protocol));
  if (Array.isArray(nodes)) return fromList;
  return Object.entries(objectOf(nodes) ?? {}).flatMap(([address, weight]) => {
    const place = looseAddress(address);
    return place === null ? [] : [withWeight({ ...place, protocol }, weight)];
  });
}

function endpointOf(node: JsonObject | null, protocol: string | null): readonly Endpoint[] {
  const address = hostOf(node?.['host']);
  if (node === null || address === null) return [];
  return [withWeight({ protocol, address, port: portOf(node['port']) }, node['weight'])];
}

function withWeight(endpoint: Endpoint, weight: unknown): Endpoint {
  const number = numberOf(weight);
  return number === null ? endpoint : { ...endpoint, weight: number };
}
