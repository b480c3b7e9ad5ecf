import { isDialable, joinHostPort } from './address.js';
import { isTrue, keyIs, leased, onlyEndpoint, same } from './form.js';
import { failed, found, lastSegment, targetOf, underPrefix } from './lookup.js';
import type { ExpectedForm, FoundInstance, ReaderEntry, ReaderQuery, ReaderResult } from './types.js';

/** As go-zero's subscriber does: reads `<Key>/`, takes each value for an address and dials each address once. */
export function readGoZero(entries: readonly ReaderEntry[], query: ReaderQuery): ReaderResult {
  const byAddress = new Map<string, FoundInstance>();
  for (const entry of underPrefix(entries, `${targetOf(query)}/`)) {
    const { key, value } = entry;
    if (!isDialable(value)) return failed('dial', entry, `no address: ${value}`);
    if (byAddress.has(value)) continue;
    byAddress.set(value, {
      id: lastSegment(key),
      endpoints: [value],
      version: null,
      weight: null,
      metadata: {},
    });
  }
  return found([...byAddress.values()]);
}

export function checkGoZeroForm(entry: ReaderEntry, expected: ExpectedForm): string[] {
  const address = joinHostPort(onlyEndpoint(expected));
  return [
    // A string throughout: as a number the lease would lose its last digits.
    ...keyIs(entry, `${targetOf(expected)}/${entry.lease ?? '<lease>'}`),
    ...same('value', entry.value, address),
    ...isTrue(isDialable(entry.value), `value is no address: ${entry.value}`),
    ...leased(entry),
  ];
}
