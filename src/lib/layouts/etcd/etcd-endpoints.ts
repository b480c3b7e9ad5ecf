import { looseAddress } from '../address.js';
import { toInstance } from '../build-instance.js';
import {
  addressId,
  addressText,
  goJson,
  mainEndpoint,
  metadataToWrite,
  noAddress,
  sortedByKey,
  unheld,
} from '../encoding.js';
import { staysGone } from '../facts.js';
import { numberOf, objectOf, textMap, textOf, valueText } from '../json.js';
import type { EtcdLayout } from '../types.js';
import { notMine } from '../not-mine.js';

const FIELDS = new Set(['Op', 'Addr', 'Metadata']);

/** etcd's own naming package: `<target>/<anything>`, JSON with `Op`, `Addr` and `Metadata`. */
export const etcdEndpointsLayout: EtcdLayout = {
  name: 'etcd-endpoints',
  root: '',
  facts: {
    defaultTtlSeconds: null,
    renewal: "the application's own",
    afterDelete: staysGone('stays gone; an etcd grpc-proxy too'),
    afterRevoke: {
      outcome: 'depends',
      withinSeconds: null,
      text: 'depends on the application; an etcd grpc-proxy comes back at its next renewal',
    },
    leftBehind: 'depends on the application',
    markers: null,
    readOnly: false,
    leaseless: true,
  },
  decode(entry, root) {
    const { json } = entry;
    const address = textOf(json?.['Addr']);
    if (json === null || address === null || Object.keys(json).some((key) => !FIELDS.has(key)))
      return notMine;
    const cut = entry.key.lastIndexOf('/');
    const name =
      root.prefix === ''
        ? { root: '', service: entry.key.slice(0, Math.max(0, cut)), id: entry.key.slice(cut + 1) }
        : entry.nameBelow(root);
    if (name === null || name.service === '' || name.id === '')
      return { state: 'undecodable', service: null, reason: 'the key has no target and name' };
    const endpoint = looseAddress(address);
    if (endpoint === null) return { state: 'undecodable', service: name.service, reason: 'Addr is empty' };
    const metadata = metadataOf(json['Metadata']);
    if (metadata === null)
      return { state: 'undecodable', service: name.service, reason: 'nested too deeply' };
    return toInstance(entry, etcdEndpointsLayout, {
      service: name.service,
      id: name.id,
      root: name.root,
      endpoints: [endpoint],
      weight: objectOf(json['Metadata']) === null ? null : numberOf(metadata['weight']),
      metadata,
    });
  },
  writer: {
    ttlSeconds: 30,
    slashes: true,
    idOf: addressId,
    encode(spec, { prefix }) {
      const lost = unheld('etcd-endpoints', spec, ['metadata']);
      if (lost !== null) return lost;
      const endpoint = mainEndpoint(spec);
      if (endpoint === null) return noAddress;
      const pairs = metadataToWrite(spec, []).map(([key, value]): [string, unknown] => [
        key,
        key === 'weight' && spec.weight !== null ? spec.weight : value,
      ]);
      const Metadata = pairs.length === 0 ? null : sortedByKey(pairs);
      return {
        ok: true,
        key: `${prefix}${spec.service}/${spec.id}`,
        value: goJson({ Op: 0, Addr: addressText(endpoint), Metadata }),
      };
    },
  },
};

/** Any JSON: the pairs of an object, anything else as one pair; null where it is nested too deeply. */
function metadataOf(value: unknown): Readonly<Record<string, string>> | null {
  if (value === null || value === undefined) return {};
  if (objectOf(value) !== null) return textMap(value);
  const text = valueText(value);
  return text === null ? null : { metadata: text };
}
