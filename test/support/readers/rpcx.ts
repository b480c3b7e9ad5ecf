import { isDialable, joinHostPort } from './address.js';
import { isTrue, keyIs, leased, onlyEndpoint, same, sameIfGiven } from './form.js';
import { encodeQuery, parseQuery } from './go-encode.js';
import { failed, found, lastSegment, underPrefix, weightOf } from './lookup.js';
import type {
  ExpectedForm,
  FoundInstance,
  ReaderEntry,
  ReaderQuery,
  ReaderResult,
  SkippedEntry,
} from './types.js';

/** The base of the framework's examples; it has no default. */
const EXAMPLE_BASE = '/rpcx_test';

/** As rpcx's discovery does: below `<base>/<service>/` each key is an address, of tcp unless it says otherwise. */
export function readRpcx(entries: readonly ReaderEntry[], query: ReaderQuery): ReaderResult {
  const prefix = `${query.root ?? EXAMPLE_BASE}/${query.service}/`;
  const instances: FoundInstance[] = [];
  const skipped: SkippedEntry[] = [];
  for (const entry of underPrefix(entries, prefix)) {
    const id = entry.key.slice(prefix.length);
    const endpoint = id.includes('@') ? id : `tcp@${id}`;
    const pairs = parseQuery(entry.value);
    if (!isTarget(endpoint)) return failed('dial', entry, `no address: ${id}`);
    if (pairs === undefined) return failed('error', entry, `no query: ${entry.value}`);
    const metadata = firstValues(pairs);
    if (metadata['state'] === 'inactive') skipped.push({ key: entry.key, reason: 'inactive' });
    else {
      const weight = weightOf(metadata['weight']);
      instances.push({ id, endpoints: [endpoint], version: null, weight, metadata });
    }
  }
  return found(instances, skipped);
}

export function checkRpcxForm(entry: ReaderEntry, expected: ExpectedForm): string[] {
  const endpoint = onlyEndpoint(expected);
  const last = lastSegment(entry.key);
  const protocol = endpoint.protocol ?? /^[^@]*(?=@)/.exec(last)?.[0] ?? '<protocol>';
  const target = `${protocol}@${joinHostPort(endpoint)}`;
  const pairs = parseQuery(entry.value);
  const metadata = firstValues(pairs ?? []);
  return [
    ...keyIs(entry, `${expected.root ?? EXAMPLE_BASE}/${expected.service}/${target}`),
    ...isTrue(isTarget(last), `last part of the key is no address: ${last}`),
    ...(pairs === undefined
      ? [`value is no query: ${entry.value}`]
      : same('value', entry.value, encodeQuery(pairs))),
    ...sameIfGiven('metadata', metadata, expected.metadata),
    ...sameIfGiven('weight', metadata['weight'], expected.weight?.toString()),
    ...leased(entry),
  ];
}

function isTarget(text: string): boolean {
  const match = /^(?<protocol>[a-z][a-z\d]*)@(?<address>.*)$/s.exec(text);
  return isDialable(match?.groups?.['address'] ?? '');
}

/** `url.Values.Get`. */
function firstValues(pairs: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs.toReversed());
}
