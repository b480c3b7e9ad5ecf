import { isDialable, joinHostPort, parseUrl } from './address.js';
import { isTrue, keyIs, leased, onlyEndpoint } from './form.js';
import { failed, found, lastSegment, underPrefix } from './lookup.js';
import type { ExpectedForm, FoundInstance, ReaderEntry, ReaderQuery, ReaderResult } from './types.js';

const DEFAULT_ROOT = '/services';

/** As go-kit's example does: reads without a slash at the end, so `order-admin` with `order`, and dials each value. */
export function readGoKit(entries: readonly ReaderEntry[], query: ReaderQuery): ReaderResult {
  const instances: FoundInstance[] = [];
  for (const entry of underPrefix(entries, `${query.root ?? DEFAULT_ROOT}/${query.service}`)) {
    const { key, value } = entry;
    if (!isDialable(value) && parseUrl(value) === undefined) {
      return failed('dial', entry, `no instance: ${value}`);
    }
    instances.push({ id: lastSegment(key), endpoints: [value], version: null, weight: null, metadata: {} });
  }
  return found(instances);
}

/** The value may be a URL of the protocol or the bare address: the applications agree on one of them. */
export function checkGoKitForm(entry: ReaderEntry, expected: ExpectedForm): string[] {
  const endpoint = onlyEndpoint(expected);
  const address = joinHostPort(endpoint);
  const scheme = endpoint.protocol ?? parseUrl(entry.value)?.scheme ?? '<scheme>';
  return [
    ...keyIs(entry, `${expected.root ?? DEFAULT_ROOT}/${expected.service}/${address}`),
    ...isTrue(
      [address, `${scheme}://${address}`].includes(entry.value),
      `value is ${JSON.stringify(entry.value)}, must be ${address} or a URL of it`,
    ),
    ...isTrue(isDialable(address), `not to be dialled: ${address}`),
    ...leased(entry),
  ];
}
