import { isDialable, isHost, joinHostPort } from './address.js';
import {
  dialectIs,
  fieldsAre,
  isTrue,
  keyIs,
  leased,
  mapIsWritten,
  onlyEndpoint,
  same,
  sameIfGiven,
} from './form.js';
import { goAny, goString, goStruct, goUint, unmarshal } from './go-decode.js';
import { standard } from './go-encode.js';
import { found, lastSegment, targetOf, underPrefix } from './lookup.js';
import { rawElements, rawMember, rawMembers } from './raw-json.js';
import type {
  ExpectedForm,
  FoundInstance,
  JsonMap,
  JsonValue,
  ReaderEntry,
  ReaderQuery,
  ReaderResult,
  SkippedEntry,
} from './types.js';

const update = goStruct({ Op: goUint(8), Addr: goString, Metadata: goAny });

/** As the official naming package does: reads `<target>/`, passes over what it cannot decode, uses the address only. */
export function readEtcdEndpoints(entries: readonly ReaderEntry[], query: ReaderQuery): ReaderResult {
  const instances: FoundInstance[] = [];
  const skipped: SkippedEntry[] = [];
  for (const { key, value } of underPrefix(entries, `${targetOf(query)}/`)) {
    const decoded = unmarshal(update, value);
    if (!decoded.ok) {
      skipped.push({ key, reason: decoded.reason });
      continue;
    }
    const { Addr, Metadata } = decoded.value;
    if (isDialable(Addr) || isHost(Addr)) {
      const metadata = mapOf(Metadata);
      const weight = typeof metadata['weight'] === 'number' ? metadata['weight'] : null;
      instances.push({ id: lastSegment(key), endpoints: [Addr], version: null, weight, metadata });
    } else skipped.push({ key, reason: `no address: ${Addr}` });
  }
  return found(instances, skipped);
}

export function checkEtcdEndpointsForm(entry: ReaderEntry, expected: ExpectedForm): string[] {
  const decoded = unmarshal(update, entry.value);
  if (!decoded.ok) return [decoded.reason];
  const address = joinHostPort(onlyEndpoint(expected));
  const { Op, Addr, Metadata } = decoded.value;
  return [
    ...keyIs(entry, `${targetOf(expected)}/${address}`),
    ...fieldsAre('value', entry.value, ['Op', 'Addr', 'Metadata']),
    ...dialectIs('value', entry.value, standard),
    ...same('Op', Op, 0),
    ...same('Addr', Addr, address),
    ...isTrue(isDialable(Addr) || isHost(Addr), `Addr is no address: ${Addr}`),
    ...mapsAreWritten(rawMember(entry.value, 'Metadata')),
    ...sameIfGiven('Metadata', mapOf(Metadata), expected.metadata),
    ...sameIfGiven('weight', mapOf(Metadata)['weight'], expected.weight),
    ...leased(entry),
  ];
}

/** The field takes any JSON, so each object in it is a map to the encoder. */
function mapsAreWritten(raw: string): string[] {
  const members = rawMembers(raw);
  if (members !== undefined) {
    return [
      ...mapIsWritten('Metadata', raw, standard),
      ...members.flatMap(({ value }) => mapsAreWritten(value)),
    ];
  }
  return (rawElements(raw) ?? []).flatMap(mapsAreWritten);
}

function mapOf(metadata: JsonValue): JsonMap {
  if (metadata === null) return {};
  return isMap(metadata) ? metadata : { metadata };
}

function isMap(value: JsonValue): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
