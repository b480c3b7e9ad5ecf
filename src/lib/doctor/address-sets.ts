import { compareText, type Instance } from '../model/instance.js';
import { placeOf } from './endpoint-place.js';

/** How the addresses of several groups of instances lie to each other. `overlap`: some are shared, some are not. */
type SetRelation = 'equal' | 'overlap' | 'disjoint';

/** Where the instances of a group serve; those without a port by their ids. */
export function addressesOf(instances: readonly Instance[]): ReadonlySet<string> {
  return new Set(
    instances.flatMap(({ endpoints, id }) => {
      const places = endpoints.flatMap((endpoint) => placeOf(endpoint) ?? []);
      return places.length === 0 ? [id] : places;
    }),
  );
}

/** Compares two sets of addresses. */
export function relationOf(a: ReadonlySet<string>, b: ReadonlySet<string>): SetRelation {
  const shared = [...a].filter((address) => b.has(address)).length;
  if (shared === 0) return 'disjoint';
  return shared === a.size && shared === b.size ? 'equal' : 'overlap';
}

/** What one set has and none of the others, in code point order. */
export function onlyIn(own: ReadonlySet<string>, others: readonly ReadonlySet<string>[]): readonly string[] {
  return [...own].filter((address) => !others.some((other) => other.has(address))).sort(compareText);
}
