import { hostPort, looseAddress } from '../address.js';
import { toInstance } from '../build-instance.js';
import { addressId, addressText, mainEndpoint, noAddress, unheld } from '../encoding.js';
import type { EntryText, KeyName } from '../entry-text.js';
import { staysGone } from '../facts.js';
import { numberOf, objectOf, textMap, textOf, valueText } from '../json.js';
import type { EtcdLayout, LayoutRoot } from '../types.js';
import { notMine } from '../not-mine.js';

const OWN_FIELDS = new Set(['name', 'addr', 'version', 'weight', 'metadata']);

/** The form of many tutorials: an address, a small JSON with `addr`, or only a weight beside an address in the key. */
export const plainLayout: EtcdLayout = {
  name: 'plain',
  root: '/services/',
  facts: {
    defaultTtlSeconds: 10,
    renewal: 'client stream',
    afterDelete: staysGone(),
    afterRevoke: {
      outcome: 'depends',
      withinSeconds: 15,
      text: 'depends on the program: most stay gone, some come back at the next renewal',
    },
    leftBehind: 'depends on the program',
    markers: null,
    readOnly: false,
    leaseless: false,
  },
  decode(entry, root) {
    const text = entry.text?.trim() ?? '';
    const address = hostPort(text);
    if (address !== null) {
      const name = nameOf(entry, root);
      return name === null
        ? notMine
        : toInstance(entry, plainLayout, {
            service: name.service,
            id: name.id,
            root: name.root,
            endpoints: [address],
          });
    }
    if (/^\d+$/.test(text)) {
      const fromKey = hostPort(entry.lastSegment);
      const name = fromKey === null ? null : nameOf(entry, root);
      if (fromKey === null || name === null) return notMine;
      return toInstance(entry, plainLayout, {
        service: name.service,
        id: name.id,
        root: name.root,
        endpoints: [fromKey],
        weight: numberOf(text),
      });
    }
    return decodeJson(entry, root);
  },
  writer: {
    ttlSeconds: 10,
    idOf: addressId,
    encode(spec, { prefix }) {
      const lost = unheld('plain', spec, []);
      if (lost !== null) return lost;
      const endpoint = mainEndpoint(spec);
      if (endpoint === null) return noAddress;
      return { ok: true, key: `${prefix}${spec.service}/${spec.id}`, value: addressText(endpoint) };
    },
  },
};

function decodeJson(entry: EntryText, root: LayoutRoot): ReturnType<EtcdLayout['decode']> {
  const { json } = entry;
  const address = textOf(json?.['addr']);
  const name = nameOf(entry, root);
  if (json === null || address === null || name === null) return notMine;
  const endpoint = looseAddress(address);
  if (endpoint === null) return { state: 'undecodable', service: name.service, reason: 'addr is empty' };
  const inner = objectOf(json['metadata']) === null ? {} : textMap(json['metadata']);
  const outer = textMap(json, OWN_FIELDS);
  if (inner === null || outer === null)
    return { state: 'undecodable', service: name.service, reason: 'nested too deeply' };
  const service = textOf(json['name']) || name.service;
  return toInstance(entry, plainLayout, {
    service,
    id: name.id,
    root: rootBefore(entry.key, service) ?? name.root,
    endpoints: [endpoint],
    version: json['version'] == null ? null : valueText(json['version']),
    weight: numberOf(json['weight']),
    metadata: { ...outer, ...inner },
  });
}

/** In the whole store the second part of the key is the name, because a version may stand behind it. */
function nameOf(entry: EntryText, root: LayoutRoot): KeyName | null {
  if (root.prefix !== '' || entry.segments.length <= 2) return entry.name(root);
  const [first = '', service = ''] = entry.segments;
  const id = entry.lastSegment;
  if (service === '' || id === '') return null;
  return { root: `${entry.isAbsolute ? '/' : ''}${first}/`, service, id };
}

/** What stands before the name in the key; null when the name is no part of it. */
function rootBefore(key: string, service: string): string | null {
  const at = `/${key}`.indexOf(`/${service}/`);
  return at < 0 ? null : key.slice(0, at);
}
