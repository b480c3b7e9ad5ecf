import type { Endpoint } from '../../model/endpoint.js';
import { hostPort } from '../address.js';
import { toInstance } from '../build-instance.js';
import {
  addressText,
  goJson,
  isOneSegment,
  mainEndpoint,
  metadataToWrite,
  noAddress,
  refused,
  sortedByKey,
  unheld,
} from '../encoding.js';
import { comesBack, staysGone } from '../facts.js';
import { numberOf, textMap } from '../json.js';
import type { RegistrationSpec } from '../../registry/types.js';
import type { EtcdLayout } from '../types.js';
import { notMine } from '../not-mine.js';

const HEAD = '/service/';
const ROOT = `${HEAD}default/default/`;

/** GoFrame: the addresses stand in the key, `/<head>/<deployment>/<namespace>/<name>/<version>/<host:port>,…`. */
export const goframeLayout: EtcdLayout = {
  name: 'goframe',
  root: HEAD,
  facts: {
    defaultTtlSeconds: 10,
    renewal: 'client stream',
    afterDelete: staysGone('stays gone; an empty lease is still renewed'),
    afterRevoke: comesBack(4, 'back within about 4 s'),
    leftBehind: 'a renewed lease without keys until the process ends',
    markers: null,
    readOnly: false,
    leaseless: false,
  },
  // Below the head, deployment and namespace come first.
  places: (service, { prefix, forced }) =>
    (forced || prefix.startsWith(HEAD)) && prefix.split('/').length < 5 ? null : [`${prefix}${service}/`],
  decode(entry) {
    if (!entry.isAbsolute || entry.segments.length !== 6) return notMine;
    const [head = '', deployment = '', namespace = '', service = '', version = '', hosts = ''] =
      entry.segments;
    const places = hosts.split(',').map(hostPort);
    if (!places.every((place) => place !== null) || service === '') return notMine;
    const { json, text } = entry;
    if (text !== '' && (json === null || 'addr' in json || 'Addr' in json || 'address' in json))
      return notMine;
    const metadata = textMap(json);
    if (metadata === null) return { state: 'undecodable', service, reason: 'nested too deeply' };
    const protocol = metadata['protocol'] ?? null;
    return toInstance(entry, goframeLayout, {
      service,
      id: hosts,
      root: `/${head}/${deployment}/${namespace}/`,
      endpoints: places.map((place): Endpoint => ({ ...place, protocol })),
      namespace: `${deployment}/${namespace}`,
      version,
      weight: numberOf(metadata['weight']),
      metadata,
    });
  },
  writer: {
    ttlSeconds: 10,
    readersBreak: true,
    hasFixedId: true,
    idOf: (spec) => spec.endpoints.map(addressText).join(','),
    encode(spec, { prefix }) {
      const lost = unheld('goframe', spec, ['metadata', 'endpoints', 'version']);
      if (lost !== null) return lost;
      const first = mainEndpoint(spec);
      if (first === null || spec.endpoints.some(({ port }) => port === null)) return noAddress;
      if (spec.endpoints.some(({ address }) => address.includes(':')))
        return refused(
          'clients of GoFrame end with a panic on an IPv6 address',
          'name an IPv4 address or a host',
        );
      if (new Set(spec.endpoints.map(({ protocol }) => protocol)).size > 1)
        return refused('goframe keeps one protocol for all endpoints', 'give all --endpoint the same scheme');
      const version = spec.version ?? 'latest';
      if (!isOneSegment(version))
        return refused(`the version "${version}" cannot stand in a key`, 'leave out the /');
      return {
        ok: true,
        key: `${prefix === HEAD || prefix === '' ? ROOT : prefix}${spec.service}/${version}/${spec.endpoints.map(addressText).join(',')}`,
        value: goJson(sortedByKey([...metadataOf(spec, first.protocol)])),
      };
    },
  },
};

/** What a server of the framework says of itself, and the user's own pairs. */
function metadataOf(spec: RegistrationSpec, scheme: string | null): ReadonlyMap<string, unknown> {
  const protocol = scheme ?? 'http';
  const framework: readonly [string, unknown][] = [
    ...(protocol === 'http' || protocol === 'https'
      ? [['insecure', protocol === 'http'] as [string, unknown]]
      : []),
    ['protocol', protocol],
  ];
  const own = metadataToWrite(spec, ['version']).map(([key, value]): [string, unknown] => [
    key,
    key === 'weight' && spec.weight !== null ? spec.weight : value,
  ]);
  return new Map([...framework, ...own]);
}
