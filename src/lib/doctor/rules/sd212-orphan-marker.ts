import { subjectOf, type Found } from '../../model/finding.js';
import { compareText, type SkippedEntry } from '../../model/instance.js';
import { namesText } from '../lease-evidence.js';
import type { Examination, Rule, Verdict } from '../types.js';

/** Frameworks that keep directories as keys of their own; those of Go have no lease and stay for ever. */
const WITH_DIRECTORIES = new Set(['dubbo-go-interface', 'dubbo-java-interface']);
/** An interface with its directories for providers, consumers and more. */
const INTERFACE = /^\/[^/]+\/[^/]+/;

export const orphanMarker: Rule = {
  id: 'SD212',
  slug: 'orphan-marker',
  group: 'data',
  title: 'Directories of Dubbo that nothing stands in',
  severity: 'info',
  mode: 'instant',
  backends: ['etcd'],
  text: {
    detects: 'Directory keys of Dubbo below which there are neither providers nor consumers nor rules.',
    why: 'Nobody removes them: dubbo-go writes them without a lease, and they add up with every interface that is given up.',
    guard:
      'All directories of one interface are one finding. One with any entry below it is in use, also if other directories beside it are empty.',
    fix: 'Delete the keys once nobody serves or calls that interface any more.',
  },
  applies({ service, snapshot, facts }: Examination): Verdict | null {
    if (service !== null) return { status: 'skip', reason: 'it looks at all services' };
    if (!snapshot.partial && !facts.isFiltered) return null;
    return { status: 'unknown', reason: 'access rules may hide what stands in a directory' };
  },
  *check({ snapshot }): Generator<Found> {
    // What has an address is a rule for somebody, which is skipped as a marker too.
    const isDirectory = ({ reason, layout, address }: SkippedEntry): boolean =>
      reason === 'marker' && WITH_DIRECTORIES.has(layout ?? '') && address === null;
    const used = usedPlaces([
      ...snapshot.instances.flatMap(({ key }) => key ?? []),
      ...snapshot.undecoded.map(({ key }) => key),
      ...snapshot.skipped.filter((entry) => !isDirectory(entry)).map(({ key }) => key),
    ]);
    for (const [place, keys] of placesOf(snapshot.skipped.filter(isDirectory)))
      if (!used.has(place)) yield foundFor(place, keys);
  },
};

/** Every interface and every group that something stands in. */
function usedPlaces(keys: readonly string[]): ReadonlySet<string> {
  return new Set(
    keys.flatMap((key) => {
      const [place] = INTERFACE.exec(key) ?? [];
      return place === undefined || place === key ? [] : [place, place.slice(0, place.lastIndexOf('/'))];
    }),
  );
}

/** Directories by the interface that they belong to. A group counts only where it is all that is left. */
function placesOf(directories: readonly SkippedEntry[]): ReadonlyMap<string, readonly string[]> {
  const places = new Map<string, string[]>();
  for (const { key } of directories) {
    const place = INTERFACE.exec(key)?.[0] ?? key;
    const keys = places.get(place);
    if (keys === undefined) places.set(place, [key]);
    else keys.push(key);
  }
  for (const place of [...places.keys()]) places.delete(place.slice(0, place.lastIndexOf('/')));
  return places;
}

function foundFor(place: string, keys: readonly string[]): Found {
  const sorted = [...keys].sort(compareText);
  return {
    severity: 'info',
    subject: subjectOf({ key: place }),
    detail: `nothing stands below ${place} any more`,
    evidence: [{ name: 'directories', value: namesText(sorted) }],
    fix: {
      text: 'delete the keys, if nobody serves or calls it any more',
      commands: sorted.map((key) => ['etcdctl', 'del', key]),
    },
  };
}
