import { isDialable, joinHostPort } from './address.js';
import { isTrue, keyIs, leased, onlyEndpoint, same } from './form.js';
import { goInt, goString, goStruct, unmarshal } from './go-decode.js';
import { failed, found, lastSegment, underPrefix } from './lookup.js';
import type { ExpectedForm, FoundInstance, ReaderEntry, ReaderQuery, ReaderResult } from './types.js';

const DEFAULT_ROOT = '/services';

/** The JSON that one of the copied resolvers keeps beside the bare address. */
const server = goStruct({ name: goString, addr: goString, version: goString, weight: goInt });

/** As the resolvers of the tutorials do: every value is an address, bare or in a small JSON, and is dialled. */
export function readPlain(entries: readonly ReaderEntry[], query: ReaderQuery): ReaderResult {
  const instances: FoundInstance[] = [];
  for (const entry of underPrefix(entries, `${query.root ?? DEFAULT_ROOT}/${query.service}/`)) {
    const instance = entry.value.startsWith('{') ? fromJson(entry) : bare(entry, entry.value);
    if (typeof instance === 'string') return failed('dial', entry, instance);
    instances.push(instance);
  }
  return found(instances);
}

export function checkPlainForm(entry: ReaderEntry, expected: ExpectedForm): string[] {
  const address = joinHostPort(onlyEndpoint(expected));
  return [
    ...keyIs(entry, `${expected.root ?? DEFAULT_ROOT}/${expected.service}/${address}`),
    ...same('value', entry.value, address),
    ...isTrue(isDialable(entry.value), `value is no address: ${entry.value}`),
    ...leased(entry),
  ];
}

/** A text says why there is no instance. */
function fromJson(entry: ReaderEntry): FoundInstance | string {
  const decoded = unmarshal(server, entry.value);
  if (!decoded.ok) return decoded.reason;
  const { addr, version, weight } = decoded.value;
  const instance = bare(entry, addr);
  if (typeof instance === 'string') return instance;
  return { ...instance, version: version === '' ? null : version, weight: weight === 0 ? null : weight };
}

function bare({ key }: ReaderEntry, address: string): FoundInstance | string {
  if (!isDialable(address)) return `no address: ${address}`;
  return { id: lastSegment(key), endpoints: [address], version: null, weight: null, metadata: {} };
}
