/** The value that kitex and hertz share. */
import {
  dialectIs,
  fieldsAre,
  isTrue,
  leased,
  mapIsWritten,
  onlyEndpoint,
  same,
  sameIfGiven,
} from './form.js';
import { goInt, goMap, goString, goStruct, unmarshal } from './go-decode.js';
import type { Dialect } from './go-encode.js';
import { found, underPrefix } from './lookup.js';
import { rawMember } from './raw-json.js';
import type {
  ExpectedEndpoint,
  ExpectedForm,
  FoundInstance,
  ReaderEntry,
  ReaderResult,
  SkippedEntry,
} from './types.js';

const instanceInfo = goStruct({ network: goString, address: goString, weight: goInt, tags: goMap(goString) });

const DEFAULT_WEIGHT = 10;

/** Networks of Go's dialer that have ports. */
const networks = ['tcp', 'tcp4', 'tcp6', 'udp', 'udp4', 'udp6'];

/** Both resolvers pass over what they cannot use, and take a weight that is not above 0 for the default. */
export function readInfos(
  entries: readonly ReaderEntry[],
  prefix: string,
  isAddress: (text: string) => boolean,
): ReaderResult {
  const instances: FoundInstance[] = [];
  const skipped: SkippedEntry[] = [];
  for (const { key, value } of underPrefix(entries, prefix)) {
    const decoded = unmarshal(instanceInfo, value);
    if (!decoded.ok) {
      skipped.push({ key, reason: decoded.reason });
      continue;
    }
    const { address, weight, tags: metadata } = decoded.value;
    if (isAddress(address)) {
      const used = weight > 0 ? weight : DEFAULT_WEIGHT;
      instances.push({ id: address, endpoints: [address], version: null, weight: used, metadata });
    } else skipped.push({ key, reason: `no address: ${address}` });
  }
  return found(instances, skipped);
}

/** How one of the two differs from the other. */
export interface InfoForm {
  /** All of the key before the address. */
  readonly prefix: string;
  readonly dialect: Dialect;
  readonly join: (endpoint: ExpectedEndpoint) => string;
  readonly isAddress: (text: string) => boolean;
}

export function checkInfo(entry: ReaderEntry, expected: ExpectedForm, form: InfoForm): string[] {
  const decoded = unmarshal(instanceInfo, entry.value);
  if (!decoded.ok) return [decoded.reason];
  const { network, address, weight, tags } = decoded.value;
  const endpoint = onlyEndpoint(expected);
  return [
    ...same('key', entry.key, `${form.prefix}${form.join(endpoint)}`),
    ...same('address in the key', entry.key.slice(form.prefix.length), address),
    ...fieldsAre('value', entry.value, ['network', 'address', 'weight', 'tags']),
    ...dialectIs('value', entry.value, form.dialect),
    ...isTrue(networks.includes(network), `network is ${network}`),
    ...(networks.includes(endpoint.protocol ?? '') ? same('network', network, endpoint.protocol) : []),
    ...isTrue(form.isAddress(address), `address is no address: ${address}`),
    ...isTrue(weight > 0, `weight is ${weight}, must be above 0`),
    ...sameIfGiven('weight', weight, expected.weight),
    ...mapIsWritten('tags', rawMember(entry.value, 'tags'), form.dialect),
    ...sameIfGiven('tags', tags, expected.metadata),
    ...leased(entry),
  ];
}
