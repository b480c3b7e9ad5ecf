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
import { goAny, goList, goMap, goString, goStruct, unmarshal } from './go-decode.js';
import { standard } from './go-encode.js';
import { found, lastSegment, underPrefix, weightOf } from './lookup.js';
import { rawElements, rawKeys, rawMember } from './raw-json.js';
import type {
  ExpectedForm,
  FoundInstance,
  ReaderEntry,
  ReaderQuery,
  ReaderResult,
  SkippedEntry,
} from './types.js';

const DEFAULT_ROOT = '/micro/registry';

const DEFAULT_VERSION = 'latest';

const node = goStruct({ id: goString, address: goString, metadata: goMap(goString) });

const service = goStruct({
  name: goString,
  version: goString,
  metadata: goMap(goString),
  endpoints: goList(goMap(goAny)),
  nodes: goList(node),
});

/** The node of v4.11 and later, and the one before it. */
const nodeFields = [
  ['metadata', 'id', 'address'],
  ['id', 'address', 'metadata'],
];

/** As go-micro does: reads `<root>/<name>/`, the name without slashes, and passes over what it cannot decode. */
export function readGoMicro(entries: readonly ReaderEntry[], query: ReaderQuery): ReaderResult {
  const instances: FoundInstance[] = [];
  const skipped: SkippedEntry[] = [];
  const prefix = `${query.root ?? DEFAULT_ROOT}/${segment(query.service)}/`;
  for (const { key, value } of underPrefix(entries, prefix)) {
    const decoded = unmarshal(service, value);
    if (!decoded.ok) {
      skipped.push({ key, reason: decoded.reason });
      continue;
    }
    const { version, nodes } = decoded.value;
    for (const { id, address, metadata } of nodes) {
      const weight = weightOf(metadata['weight']);
      // Transports over a message queue put the name of a queue here.
      if (isDialable(address) || isHost(address)) {
        instances.push({ id, endpoints: [address], version, weight, metadata });
      } else skipped.push({ key, reason: `no address: ${address}` });
    }
  }
  return found(instances, skipped);
}

export function checkGoMicroForm(entry: ReaderEntry, expected: ExpectedForm): string[] {
  const decoded = unmarshal(service, entry.value);
  if (!decoded.ok) return [decoded.reason];
  const { name, version, nodes } = decoded.value;
  const root = expected.root ?? DEFAULT_ROOT;
  const id = expected.id === undefined ? lastSegment(entry.key) : segment(expected.id);
  return [
    ...keyIs(entry, `${root}/${segment(expected.service)}/${id}`),
    ...fieldsAre('value', entry.value, ['name', 'version', 'metadata', 'endpoints', 'nodes']),
    ...dialectIs('value', entry.value, standard),
    ...same('name', name, expected.service),
    ...same('version', version, expected.version ?? DEFAULT_VERSION),
    ...mapIsWritten('metadata of the service', rawMember(entry.value, 'metadata'), standard),
    ...isTrue(rawMember(entry.value, 'endpoints') !== 'null', 'endpoints is null, must be a list'),
    ...same('number of nodes', nodes.length, 1),
    ...(rawElements(rawMember(entry.value, 'nodes')) ?? []).flatMap((raw) => nodeIs(raw, entry, expected)),
    ...leased(entry),
  ];
}

function nodeIs(raw: string, { key }: ReaderEntry, expected: ExpectedForm): string[] {
  const endpoint = onlyEndpoint(expected);
  const { id, address, metadata } = node(raw);
  const keys = (rawKeys(raw) ?? []).join();
  return [
    ...isTrue(
      nodeFields.some((fields) => fields.join() === keys),
      `fields of the node are ${keys}`,
    ),
    ...sameIfGiven('id of the node', id, expected.id),
    ...same('last part of the key', lastSegment(key), segment(id)),
    ...same('address', address, joinHostPort(endpoint)),
    ...isTrue(isDialable(address) || isHost(address), `address is no address: ${address}`),
    ...mapIsWritten('metadata', rawMember(raw, 'metadata'), standard),
    ...sameIfGiven('metadata', metadata, expected.metadata),
    ...sameIfGiven('protocol', metadata['protocol'], endpoint.protocol),
    ...sameIfGiven('weight', metadata['weight'], expected.weight?.toString()),
  ];
}

function segment(text: string): string {
  return text.replaceAll('/', '-');
}
