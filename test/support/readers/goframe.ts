import { isHost, isPort, joinHostPort } from './address.js';
import { dialectIs, isTrue, keyIs, leased, mapIsWritten, same, sameIfGiven } from './form.js';
import { goAny, goMap, unmarshal } from './go-decode.js';
import { standard } from './go-encode.js';
import { failed, found, underPrefix } from './lookup.js';
import type {
  ExpectedForm,
  FoundInstance,
  JsonMap,
  ReaderEntry,
  ReaderQuery,
  ReaderResult,
} from './types.js';

/** Head, deployment and namespace. */
const DEFAULT_ROOT = '/service/default/default';

const DEFAULT_VERSION = 'latest';

const SEGMENTS = 6;

/** As goframe does: searches `<root>/<name>/<version>` without a slash at the end, so `v10` with `v1`. */
export function readGoframe(entries: readonly ReaderEntry[], query: ReaderQuery): ReaderResult {
  const { root = DEFAULT_ROOT, service, version = DEFAULT_VERSION } = query;
  const instances: FoundInstance[] = [];
  for (const entry of underPrefix(entries, `${root}/${service}/${version}`)) {
    const segments = segmentsOf(entry.key);
    const last = segments[SEGMENTS - 1];
    if (last === undefined || segments.length > SEGMENTS) {
      return failed('error', entry, `${segments.length} segments`);
    }
    const endpoints = last.split(',');
    const bad = endpoints.find((endpoint) => !isPair(endpoint));
    if (bad !== undefined) return failed('panic', entry, `no host:port: ${bad}`);
    const decoded = unmarshal(goMap(goAny), entry.value === '' ? 'null' : entry.value);
    if (!decoded.ok) return failed('error', entry, decoded.reason);
    const metadata = decoded.value;
    const weight = typeof metadata['weight'] === 'number' ? metadata['weight'] : null;
    instances.push({ id: last, endpoints, version: segments[SEGMENTS - 2] ?? null, weight, metadata });
  }
  return found(instances);
}

export function checkGoframeForm(entry: ReaderEntry, expected: ExpectedForm): string[] {
  const { root = DEFAULT_ROOT, service, version = DEFAULT_VERSION, endpoints } = expected;
  const decoded = unmarshal(goMap(goAny), entry.value);
  if (!decoded.ok) return [decoded.reason];
  const segments = segmentsOf(entry.key);
  const last = segments.at(-1) ?? '';
  return [
    ...keyIs(entry, `${root}/${service}/${version}/${endpoints.map(joinHostPort).join(',')}`),
    ...same('number of segments', segments.length, SEGMENTS),
    ...isTrue(last.split(',').every(isPair), `not all are host:port: ${last}`),
    ...dialectIs('value', entry.value, standard),
    ...mapIsWritten('value', entry.value, standard),
    ...protocolIs(decoded.value, endpoints[0]?.protocol),
    ...sameIfGiven('metadata', decoded.value, expected.metadata),
    ...sameIfGiven('weight', decoded.value['weight'], expected.weight),
    ...leased(entry),
  ];
}

/** An HTTP server says whether it goes without TLS, as a JSON boolean; a gRPC server does not say. */
function protocolIs({ protocol, insecure }: JsonMap, expected: string | undefined): string[] {
  const known = { http: true, https: false, grpc: undefined };
  if (protocol !== 'http' && protocol !== 'https' && protocol !== 'grpc') {
    return [`protocol is ${JSON.stringify(protocol)}`];
  }
  return [...sameIfGiven('protocol', protocol, expected), ...same('insecure', insecure, known[protocol])];
}

function segmentsOf(key: string): string[] {
  return key.replace(/^\/+|\/+$/g, '').split('/');
}

/** The framework splits at every colon and demands two parts. */
function isPair(text: string): boolean {
  const [host = '', port = '', ...more] = text.split(':');
  return isHost(host) && isPort(port) && more.length === 0;
}
