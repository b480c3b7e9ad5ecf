import type { Endpoint } from '../../model/endpoint.js';
import { looseAddress } from '../address.js';
import { toInstance } from '../build-instance.js';
import {
  addressText,
  goJson,
  mainEndpoint,
  metadataToWrite,
  noAddress,
  sortedByKey,
  unheld,
} from '../encoding.js';
import { comesBack, staysGone } from '../facts.js';
import { listOf, objectOf, textMap, textOf } from '../json.js';
import type { EtcdLayout } from '../types.js';
import { notMine } from '../not-mine.js';

const ROOT = '/micro/registry/';
/** What the framework itself writes into the metadata of a node. */
const FRAMEWORK_KEYS = ['broker', 'protocol', 'registry', 'server', 'transport'];

/** go-micro: a JSON service with one node. Slashes of names are dashes in the key, so both are taken from the value. */
export const goMicroLayout: EtcdLayout = {
  name: 'go-micro',
  root: ROOT,
  facts: {
    defaultTtlSeconds: 90,
    renewal: 'v3 to v5: every 30 s; v6: client stream',
    afterDelete: staysGone('stays gone for the life of the process'),
    afterRevoke: comesBack(30, 'back at the next interval of 30 s'),
    leftBehind: 'v3 to v5: the lease, up to 90 s; v6: a renewed lease without keys until the process ends',
    markers: null,
    readOnly: false,
    leaseless: false,
  },
  places: (service, { prefix }) => [`${prefix}${dashed(service)}/`],
  decode(entry, { forced }) {
    if (!forced && !entry.key.startsWith(ROOT)) return notMine;
    const { json } = entry;
    if (json === null || !Array.isArray(json['nodes'])) return notMine;
    const service = textOf(json['name']);
    const [node, ...others] = listOf(json['nodes']).map(objectOf);
    const id = textOf(node?.['id']);
    const first = looseAddress(textOf(node?.['address']) ?? '');
    const own = textMap(node?.['metadata']);
    const shared = textMap(json['metadata']);
    if (!service || !id || node == null || first === null)
      return {
        state: 'undecodable',
        service: service || null,
        reason: 'a service without a node that has an address',
      };
    if (own === null || shared === null)
      return { state: 'undecodable', service, reason: 'nested too deeply' };
    const protocol = own['protocol'] ?? null;
    const more = others.flatMap((other): readonly Endpoint[] => {
      const place = looseAddress(textOf(other?.['address']) ?? '');
      return place === null ? [] : [{ ...place, protocol }];
    });
    const pairs = Object.entries(shared).map(([key, value]) => [`service.${key}`, value] as const);
    return toInstance(entry, goMicroLayout, {
      service,
      id,
      root: entry.lastTwo()?.root ?? ROOT,
      endpoints: [{ ...first, protocol }, ...more],
      version: textOf(json['version']),
      metadata: Object.fromEntries([...Object.entries(own), ...pairs]),
    });
  },
  writer: {
    ttlSeconds: 90,
    slashes: true,
    idOf: (spec) => `${spec.service}-${spec.owner.run}`,
    encode(spec, { prefix, neighbours }) {
      const lost = unheld('go-micro', spec, ['metadata']);
      if (lost !== null) return lost;
      const endpoint = mainEndpoint(spec);
      if (endpoint === null) return noAddress;
      const alike = neighbours.find(({ layout }) => layout === 'go-micro');
      const framework = FRAMEWORK_KEYS.map((key): [string, string] => [
        key,
        alike === undefined ? frameworkDefault(key, endpoint.protocol) : (alike.metadata[key] ?? ''),
      ]).filter(([, value]) => value !== '');
      const metadata = new Map([...framework, ...metadataToWrite(spec, ['version'])]);
      const node = { metadata: sortedByKey([...metadata]), id: spec.id, address: addressText(endpoint) };
      const version = spec.version ?? alike?.version ?? 'latest';
      return {
        ok: true,
        key: `${prefix}${dashed(spec.service)}/${dashed(spec.id)}`,
        value: goJson({ name: spec.service, version, metadata: null, endpoints: [], nodes: [node] }),
      };
    },
  },
};

function dashed(name: string): string {
  return name.replaceAll('/', '-');
}

/** What a service of the framework says of itself when nobody configures it. */
function frameworkDefault(key: string, protocol: string | null): string {
  const isMucp = protocol === 'mucp' || protocol === 'http';
  switch (key) {
    case 'registry':
      return 'etcd';
    case 'broker':
      return 'http';
    case 'transport':
      return isMucp ? 'http' : 'grpc';
    default:
      return isMucp ? 'mucp' : 'grpc';
  }
}
