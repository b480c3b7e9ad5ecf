import { compareText, type Instance } from '../model/instance.js';
import { addressFaults } from './address-faults.js';
import type { Examination } from './types.js';

/** Something that takes down all that is in it, the smallest first. */
export type Dimension = 'host' | 'node' | 'rack' | 'zone';

/** How some instances are spread over one dimension. */
export interface Spread {
  readonly dimension: Dimension;
  /** How many stand where. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Where an instance is in each dimension; null: not known. */
type Locate = Readonly<Record<Dimension, (instance: Instance) => string | null>>;

const dimensions: readonly Dimension[] = ['host', 'node', 'rack', 'zone'];

/** A measure of how instances are spread, in each dimension in which every one of them has a place. */
export function spreads(examination: Examination): (instances: readonly Instance[]) => readonly Spread[] {
  const locate = locator(examination);
  return (instances) =>
    dimensions.flatMap((dimension) => {
      const places = instances.flatMap((instance) => locate[dimension](instance) ?? []);
      if (places.length < instances.length) return [];
      const counts = new Map<string, number>();
      for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1);
      return [{ dimension, counts }];
    });
}

/** Racks and zones of which the whole registry knows one only are no choice that anybody has. */
export function hasChoice({ snapshot }: Examination): (dimension: Dimension) => boolean {
  const known = { rack: new Set<string>(), zone: new Set<string>() };
  for (const { zone, metadata } of snapshot.instances) {
    if (zone !== null) known.zone.add(zone);
    const { rack } = metadata;
    if (rack !== undefined) known.rack.add(rack);
  }
  return (dimension) => {
    if (dimension === 'rack' || dimension === 'zone') return known[dimension].size > 1;
    return true;
  };
}

function locator(examination: Examination): Locate {
  const faultOf = addressFaults(examination.settings);
  const labels = namesWithoutAgent(examination);
  return {
    host: ({ endpoints: [first] }) =>
      first === undefined || faultOf(first) !== null ? null : first.address.toLowerCase(),
    node: ({ node }) => (node === null || labels.has(node) ? null : node),
    rack: ({ metadata }) => metadata['rack'] ?? null,
    zone: ({ zone }) => zone,
  };
}

/** Nodes of Consul that are only a name in the catalog, under which entries of several machines may stand. */
function namesWithoutAgent({ facts, snapshot }: Examination): ReadonlySet<string> {
  const nodes = (facts.nodes ?? []).filter(({ alive }) => alive === null).map(({ name }) => name);
  const external = snapshot.instances.flatMap(({ node, consul }) =>
    consul?.external === true && node !== null ? [node] : [],
  );
  return new Set([...nodes, ...external]);
}

/** `10.0.0.1 (3), 10.0.0.2 (1)`. */
export function countsText(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([a, x], [b, y]) => y - x || compareText(a, b))
    .map(([place, count]) => `${place} (${count})`)
    .join(', ');
}
