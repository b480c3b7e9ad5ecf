import { isIPv6 } from 'node:net';
import { isHost, joinHostPort } from './address.js';
import { dialectIs, isTrue, keyIs, leased, onlyEndpoint, same, sameIfGiven } from './form.js';
import { goBool, goInt, goString, goStruct, goUint, unmarshal } from './go-decode.js';
import { standard } from './go-encode.js';
import { failed, found, lastSegment, underPrefix } from './lookup.js';
import { rawKeys } from './raw-json.js';
import type {
  ExpectedForm,
  FoundInstance,
  JsonMap,
  ReaderEntry,
  ReaderQuery,
  ReaderResult,
  SkippedEntry,
} from './types.js';

const DEFAULT_ROOT = '/skydns';

/** In the order of the struct, which leaves out what is not set. */
const fields = {
  host: goString,
  port: goInt,
  priority: goInt,
  weight: goInt,
  text: goString,
  mail: goBool,
  ttl: goUint(32),
  targetstrip: goInt,
  group: goString,
};

const record = goStruct(fields);

/** As the etcd plugin does: reads below the reversed name; one record it cannot decode fails the whole answer. */
export function readCoredns(entries: readonly ReaderEntry[], query: ReaderQuery): ReaderResult {
  const instances: FoundInstance[] = [];
  const skipped: SkippedEntry[] = [];
  for (const entry of underPrefix(entries, `${pathOf(query.root, query.service)}/`)) {
    const { key, value } = entry;
    const decoded = unmarshal(record, value);
    if (!decoded.ok) return failed('error', entry, decoded.reason);
    const { host, port, weight } = decoded.value;
    if (host === '') skipped.push({ key, reason: 'no host: a text' });
    else if (key.includes('/dns/apex/')) skipped.push({ key, reason: 'the top of a zone' });
    else if (!isTarget(host, port)) return failed('error', entry, `no target: ${host} ${port}`);
    else {
      instances.push({
        id: lastSegment(key),
        endpoints: [joinHostPort({ host, port: port === 0 ? null : port })],
        version: null,
        weight: weight === 0 ? null : weight,
        metadata: othersOf(value),
      });
    }
  }
  return found(instances, skipped);
}

/** `metadata` of the expectation are the fields beside host, port and weight. A lease is not needed here. */
export function checkCorednsForm(entry: ReaderEntry, expected: ExpectedForm): string[] {
  const decoded = unmarshal(record, entry.value);
  if (!decoded.ok) return [decoded.reason];
  const { host, port, weight } = decoded.value;
  const endpoint = onlyEndpoint(expected);
  const id = expected.id ?? lastSegment(entry.key);
  const written = rawKeys(entry.value) ?? [];
  const ordered = Object.keys(fields).filter((name) => written.includes(name));
  return [
    ...keyIs(entry, `${pathOf(expected.root, expected.service)}/${id}`),
    ...isTrue(/^[^./]+$/.test(id), `not one label: ${id}`),
    ...same('fields of value', written, ordered),
    ...dialectIs('value', entry.value, standard),
    ...same('host', host, endpoint.host),
    ...same('port', port, endpoint.port ?? 0),
    ...isTrue(isTarget(host, port), `no target: ${host} ${port}`),
    ...sameIfGiven('weight', weight, expected.weight),
    ...sameIfGiven('other fields', othersOf(entry.value), expected.metadata),
    ...(entry.lease === null ? [] : leased(entry)),
  ];
}

/** `/skydns/local/skydns/order` for `order.skydns.local`. */
function pathOf(root: string | undefined, name: string): string {
  const labels = name.split('.').filter((label) => label !== '');
  return [root ?? DEFAULT_ROOT, ...labels.toReversed()].join('/');
}

function isTarget(host: string, port: number): boolean {
  return (isIPv6(host) || isHost(host)) && port >= 0 && port <= 65_535;
}

/** As written, so that a field that is not there does not show up as 0. */
function othersOf(value: string): JsonMap {
  const all = Object.entries((JSON.parse(value) as JsonMap | null) ?? {});
  return Object.fromEntries(all.filter(([name]) => !['host', 'port', 'weight'].includes(name)));
}
