import { formatHostPort } from '../../model/endpoint.js';
import { hostOf, portOf } from '../address.js';
import { toInstance } from '../build-instance.js';
import { goJson, mainEndpoint, noAddress, refused, unheld } from '../encoding.js';
import { staysGone } from '../facts.js';
import { numberOf, textMap } from '../json.js';
import type { EtcdLayout } from '../types.js';
import { notMine } from '../not-mine.js';

const ROOT = '/skydns/';
const OWN_FIELDS = new Set(['host', 'port', 'weight']);
const LABEL = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;

/** CoreDNS' etcd plugin: SkyDNS records under the reversed labels of their name. */
export const corednsLayout: EtcdLayout = {
  name: 'coredns',
  root: ROOT,
  facts: {
    defaultTtlSeconds: 0,
    renewal: 'none',
    afterDelete: staysGone(),
    afterRevoke: staysGone('usually has no lease'),
    leftBehind: 'the record',
    markers: 'TXT records, the `arpa` tree, zone apexes',
    readOnly: false,
    leaseless: true,
  },
  places: (service, { prefix, forced }) =>
    forced || prefix.startsWith(ROOT) ? [`${prefix}${reversed(service)}/`] : [],
  decode(entry, { forced, prefix }) {
    const path = entry.key.startsWith(ROOT) ? ROOT : forced ? prefix : null;
    if (path === null || !entry.key.startsWith(path)) return notMine;
    const labels = entry.key.slice(path.length).split('/').reverse();
    const [id = '', ...rest] = labels;
    const name = labels.join('.');
    const service = rest.join('.');
    const { json } = entry;
    if (labels.includes('')) return { state: 'undecodable', service: null, reason: 'no DNS name' };
    if (labels.at(-1) === 'arpa') return { state: 'skip', reason: 'dns-reverse', name };
    const apex = apexOf(labels);
    if (apex !== null) return { state: 'skip', reason: 'marker', name: apex };
    if (json === null)
      return {
        state: 'undecodable',
        service: service || null,
        reason: 'no JSON record, which fails whole answers',
      };
    const address = hostOf(json['host']);
    if (address === null) return { state: 'skip', reason: 'dns-text', name };
    const metadata = textMap(json, OWN_FIELDS);
    if (metadata === null) return { state: 'undecodable', service, reason: 'nested too deeply' };
    return toInstance(entry, corednsLayout, {
      service: service || id,
      id,
      root: path,
      endpoints: [{ protocol: null, address, port: portOf(json['port']) }],
      weight: numberOf(json['weight']),
      metadata,
    });
  },
  writer: {
    ttlSeconds: 30,
    readersBreak: true,
    idOf: (spec) => {
      const endpoint = mainEndpoint(spec);
      return endpoint === null
        ? null
        : formatHostPort(endpoint)
            .replaceAll(/[^A-Za-z0-9]+/g, '-')
            .replace(/^-/, '');
    },
    encode(spec, { prefix, ttlSeconds }) {
      const lost = unheld('coredns', spec, ['weight']);
      if (lost !== null) return lost;
      const endpoint = mainEndpoint(spec);
      if (endpoint === null) return noAddress;
      const wrong = [...spec.service.split('.'), spec.id].find((label) => !LABEL.test(label));
      if (wrong !== undefined)
        return refused(
          `"${wrong}" is no label of a DNS name`,
          'a service such as order.skydns.local, --id x1',
        );
      const { address: host, port } = endpoint;
      const weight = spec.weight === null ? {} : { weight: spec.weight };
      return {
        ok: true,
        key: `${prefix}${reversed(spec.service)}/${spec.id}`,
        value: goJson({ host, port, ...weight, ttl: ttlSeconds }),
      };
    },
  },
};

function reversed(name: string): string {
  return name.split('.').reverse().join('/');
}

/** `x.apex.dns.example.org` holds records of `example.org` itself. */
function apexOf(labels: readonly string[]): string | null {
  const at = labels.findIndex((label, index) => label === 'apex' && labels[index + 1] === 'dns');
  return at < 0 ? null : labels.slice(at + 2).join('.');
}
