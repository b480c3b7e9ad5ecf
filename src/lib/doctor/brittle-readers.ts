import { etcdLayout } from '../layouts/index.js';
import type { Instance } from '../model/instance.js';
import type { Examination } from './types.js';

/** Where the readers of one service fail at an entry that they cannot read, in place of stepping over it. */
interface BrittlePlace {
  readonly layout: string;
  /** Beginning of the keys that they read; some read it without a separator behind it. */
  readonly prefix: string;
  /** null: whichever service is asked for there. */
  readonly service: string | null;
}

/** Whom an entry breaks. */
export interface Breakage {
  readonly layout: string;
  /** Services that the registry has now, in order of their keys. */
  readonly services: readonly string[];
}

/** Layouts that nobody else writes below the root of. */
const OWN_ROOTS = ['kratos', 'coredns'] as const;
/** Layouts whose values are no JSON, which is what kratos expects; it steps over JSON of others. */
const NO_JSON = new Set(['plain', 'go-kit', 'go-zero', 'rpcx']);

/** What an entry that nobody can read breaks, by its key; null: its readers step over it. */
export function breakageOfKey(examination: Examination): (key: string) => Breakage | null {
  const places = [...placesInUse(examination), ...ownRoots()];
  return (key) => toBreakage(places.filter(({ prefix }) => key.startsWith(prefix)));
}

/** The same for an entry that is read in one layout and stands among those of another one. */
export function breakageOfInstance(examination: Examination): (instance: Instance) => Breakage | null {
  const byLayout = new Map<string, BrittlePlace[]>();
  for (const place of placesInUse(examination)) {
    const places = byLayout.get(place.layout);
    if (places === undefined) byLayout.set(place.layout, [place]);
    else places.push(place);
  }
  return ({ key, layout }) => {
    const others = [...byLayout].filter(
      ([other]) => other !== layout && (other !== 'kratos' || NO_JSON.has(layout)),
    );
    const places = others.flatMap(([, all]) => all.filter(({ prefix }) => key?.startsWith(prefix) === true));
    return toBreakage(places);
  };
}

function placesInUse({ backend, snapshot }: Examination): readonly BrittlePlace[] {
  if (backend !== 'etcd') return [];
  const places = new Map<string, BrittlePlace>();
  for (const { key, layout, service } of snapshot.instances) {
    if (key === null || etcdLayout(layout)?.writer?.readersBreak !== true) continue;
    const prefix = key.slice(0, Math.max(0, key.lastIndexOf('/')));
    places.set(`${layout}\0${prefix}`, { layout, prefix, service });
  }
  return [...places.values()];
}

function ownRoots(): readonly BrittlePlace[] {
  return OWN_ROOTS.flatMap((layout) => {
    const prefix = etcdLayout(layout)?.root ?? '';
    return prefix === '' ? [] : [{ layout, prefix, service: null }];
  });
}

function toBreakage(places: readonly BrittlePlace[]): Breakage | null {
  const [first] = places;
  if (first === undefined) return null;
  const services = places.flatMap(({ layout, service }) =>
    layout === first.layout && service !== null ? [service] : [],
  );
  return { layout: first.layout, services: [...new Set(services)] };
}
