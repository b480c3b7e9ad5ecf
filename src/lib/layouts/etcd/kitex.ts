import type { RegistrationSpec } from '../../registry/types.js';
import { looseAddress } from '../address.js';
import { toInstance } from '../build-instance.js';
import {
  addressText,
  goJson,
  mainEndpoint,
  metadataToWrite,
  noAddress,
  refused,
  sortedByKey,
  unheld,
} from '../encoding.js';
import type { EntryText } from '../entry-text.js';
import { comesBack, type LayoutFacts } from '../facts.js';
import { numberOf, textMap, textOf, type JsonObject } from '../json.js';
import type { DecodeResult, EncodeResult, EtcdLayout, LayoutRoot } from '../types.js';
import { notMine } from '../not-mine.js';

const FIELDS = ['network', 'address', 'weight', 'tags'];
const DEFAULT_WEIGHT = 10;
const HERTZ_ROOT = 'hertz/registry-etcd/';

const facts: LayoutFacts = {
  defaultTtlSeconds: 60,
  renewal: 'client stream, and a look at its own key every 30 s',
  afterDelete: comesBack(30, 'back within 30 s with a new lease: the process checks its own key'),
  afterRevoke: comesBack(30, 'back within 30 s: the process checks its own key'),
  leftBehind: 'the lease, up to 60 s',
  markers: null,
  readOnly: false,
  leaseless: false,
};

/** kitex: `<prefix>/<name>/<host:port>`, JSON of exactly four fields; the prefix may be empty. */
export const kitexLayout: EtcdLayout = {
  name: 'kitex',
  root: 'kitex/registry-etcd/',
  facts,
  decode(entry, root) {
    if (!isOurs(entry.json) || (!root.forced && entry.key.startsWith('hertz/'))) return notMine;
    return decodeWith(kitexLayout, entry, entry.lastTwo());
  },
  writer: {
    ttlSeconds: 60,
    hasFixedId: true,
    // Its joined form has no brackets around IPv6.
    idOf: (spec) => bareAddress(spec),
    encode: (spec, context) => encodeWith('kitex', spec, context, bareAddress(spec)),
  },
};

/** hertz: as kitex under a root of its own, where slashes in names are allowed; another JSON encoder. */
export const hertzLayout: EtcdLayout = {
  name: 'hertz',
  root: HERTZ_ROOT,
  facts,
  decode(entry, root) {
    if (!isOurs(entry.json) || (!root.forced && !entry.key.startsWith('hertz/'))) return notMine;
    const prefix = entry.key.startsWith(HERTZ_ROOT) ? HERTZ_ROOT : root.prefix;
    return decodeWith(hertzLayout, entry, entry.nameBelow({ prefix }) ?? entry.lastTwo());
  },
  writer: {
    ttlSeconds: 60,
    slashes: true,
    hasFixedId: true,
    idOf: (spec) => bracketedAddress(spec),
    encode: (spec, context) => encodeWith('hertz', spec, context, bracketedAddress(spec)),
  },
};

function isOurs(json: JsonObject | null): json is JsonObject {
  return (
    json !== null && Object.keys(json).length === FIELDS.length && FIELDS.every((field) => field in json)
  );
}

function decodeWith(
  layout: EtcdLayout,
  entry: EntryText,
  name: ReturnType<EntryText['lastTwo']>,
): DecodeResult {
  const { json } = entry;
  const address = textOf(json?.['address']) ?? '';
  const place = looseAddress(address);
  if (json === null || name === null || place === null)
    return {
      state: 'undecodable',
      service: name?.service ?? null,
      reason: 'an instance without name or address',
    };
  const metadata = textMap(json['tags']);
  if (metadata === null) return { state: 'undecodable', service: name.service, reason: 'nested too deeply' };
  const weight = numberOf(json['weight']);
  return toInstance(entry, layout, {
    service: name.service,
    id: address,
    root: name.root,
    endpoints: [{ ...place, protocol: textOf(json['network']) }],
    weight,
    effectiveWeight: weight !== null && weight <= 0 ? DEFAULT_WEIGHT : null,
    metadata,
  });
}

function bareAddress(spec: RegistrationSpec): string | null {
  const endpoint = mainEndpoint(spec);
  return endpoint === null ? null : `${endpoint.address}:${endpoint.port ?? ''}`;
}

function bracketedAddress(spec: RegistrationSpec): string | null {
  const endpoint = mainEndpoint(spec);
  return endpoint === null ? null : addressText(endpoint);
}

function encodeWith(
  layout: 'kitex' | 'hertz',
  spec: RegistrationSpec,
  { prefix }: LayoutRoot,
  address: string | null,
): EncodeResult {
  const lost = unheld(layout, spec, ['metadata', 'weight']);
  if (lost !== null) return lost;
  if (address === null) return noAddress;
  const weight = spec.weight ?? DEFAULT_WEIGHT;
  if (!Number.isInteger(weight) || weight < 1)
    return refused(`${layout} reads a weight of ${weight} as ${DEFAULT_WEIGHT}`, '--weight 1, or more');
  const pairs = metadataToWrite(spec, ['weight']);
  const network = spec.endpoints[0]?.protocol === 'udp' ? 'udp' : 'tcp';
  const value = {
    network,
    address,
    weight,
    tags: pairs.length === 0 ? null : layout === 'kitex' ? sortedByKey(pairs) : Object.fromEntries(pairs),
  };
  return {
    ok: true,
    key: `${prefix}${spec.service}/${address}`,
    // hertz's encoder escapes nothing that JSON allows.
    value: layout === 'kitex' ? goJson(value) : JSON.stringify(value),
  };
}
