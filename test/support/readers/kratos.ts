import { joinHostPort, parseUrl } from './address.js';
import { dialectIs, fieldsAre, isTrue, keyIs, leased, mapIsWritten, same, sameIfGiven } from './form.js';
import { goList, goMap, goString, goStruct, unmarshal } from './go-decode.js';
import { standard } from './go-encode.js';
import { failed, found, lastSegment, underPrefix, weightOf } from './lookup.js';
import { rawMember } from './raw-json.js';
import type {
  ExpectedEndpoint,
  ExpectedForm,
  FoundInstance,
  ReaderEntry,
  ReaderQuery,
  ReaderResult,
} from './types.js';

const DEFAULT_ROOT = '/microservices';

const serviceInstance = goStruct({
  id: goString,
  name: goString,
  version: goString,
  metadata: goMap(goString),
  endpoints: goList(goString),
});

/** What clients of the framework ask for. */
const schemes = ['grpc', 'grpcs', 'http', 'https'];

/**
 * As kratos does: reads without a slash at the end, decodes whatever that finds, `order-admin` with `order`, and only
 * then keeps those whose JSON has the name. So a bad value of another service fails this lookup too.
 */
export function readKratos(entries: readonly ReaderEntry[], query: ReaderQuery): ReaderResult {
  const instances: FoundInstance[] = [];
  for (const entry of underPrefix(entries, `${query.root ?? DEFAULT_ROOT}/${query.service}`)) {
    const decoded = unmarshal(serviceInstance, entry.value);
    if (!decoded.ok) return failed('error', entry, decoded.reason);
    const { id, name, version, metadata, endpoints } = decoded.value;
    if (name !== query.service) continue;
    const bad = endpoints.find((endpoint) => parseUrl(endpoint) === undefined);
    if (bad !== undefined) return failed('dial', entry, `no endpoint: ${bad}`);
    instances.push({ id, endpoints, version, weight: weightOf(metadata['weight']), metadata });
  }
  return found(instances);
}

export function checkKratosForm(entry: ReaderEntry, expected: ExpectedForm): string[] {
  const decoded = unmarshal(serviceInstance, entry.value);
  if (!decoded.ok) return [decoded.reason];
  const { id, name, version, metadata, endpoints } = decoded.value;
  const root = expected.root ?? DEFAULT_ROOT;
  return [
    ...keyIs(entry, `${root}/${expected.service}/${expected.id ?? lastSegment(entry.key)}`),
    ...same('key by the names in the value', `${root}/${name}/${id}`, entry.key),
    ...fieldsAre('value', entry.value, ['id', 'name', 'version', 'metadata', 'endpoints']),
    ...dialectIs('value', entry.value, standard),
    ...isTrue(id !== '', 'id is empty'),
    ...sameIfGiven('version', version, expected.version),
    ...mapIsWritten('metadata', rawMember(entry.value, 'metadata'), standard),
    ...sameIfGiven('metadata', metadata, expected.metadata),
    ...sameIfGiven('weight', metadata['weight'], expected.weight?.toString()),
    ...same('number of endpoints', endpoints.length, expected.endpoints.length),
    ...expected.endpoints.flatMap((endpoint, index) => endpointIs(endpoints[index] ?? '', endpoint)),
    ...leased(entry),
  ];
}

function endpointIs(written: string, expected: ExpectedEndpoint): string[] {
  const scheme = expected.protocol ?? written.slice(0, Math.max(0, written.indexOf('://')));
  return [
    ...same('endpoint', written, `${scheme}://${joinHostPort(expected)}`),
    ...isTrue(parseUrl(written) !== undefined, `endpoint is no URL: ${written}`),
    ...isTrue(schemes.includes(scheme), `no client asks for ${scheme}`),
  ];
}
