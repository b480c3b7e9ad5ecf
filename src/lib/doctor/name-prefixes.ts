import type { Severity } from '../model/finding.js';
import { compareText, type Instance } from '../model/instance.js';

/** A name that readers look up without a separator behind it, so that they read the longer ones too. */
export interface PrefixCollision {
  readonly service: string;
  readonly layout: string;
  readonly root: string | null;
  /** What is looked up: the service, or its version. */
  readonly name: string;
  /** Names of the same kind that begin with it, in code point order. */
  readonly longer: readonly string[];
  readonly severity: Severity;
}

interface Names {
  readonly service: string | null;
  readonly layout: string;
  readonly root: string | null;
  readonly names: Set<string>;
}

/** kratos compares names afterwards, so that only an entry which it cannot read does harm. */
const severities: Readonly<Record<string, Severity>> = {
  kratos: 'info',
  'go-kit': 'warning',
  goframe: 'warning',
};

/** Services under kratos and go-kit, and versions of one service under GoFrame, one of which begins with another. */
export function prefixCollisions(instances: readonly Instance[]): readonly PrefixCollision[] {
  const groups = new Map<string, Names>();
  for (const { layout, root, service, version } of instances) {
    if (severities[layout] === undefined) continue;
    const isByVersion = layout === 'goframe';
    const name = isByVersion ? (version ?? '') : service;
    const mark = JSON.stringify([layout, root, isByVersion ? service : null]);
    const group = groups.get(mark);
    if (group === undefined)
      groups.set(mark, { service: isByVersion ? service : null, layout, root, names: new Set([name]) });
    else group.names.add(name);
  }
  return [...groups.values()].flatMap(collisionsIn);
}

/** Sorted, all that begin with a name follow it. */
function collisionsIn({ service, layout, root, names }: Names): readonly PrefixCollision[] {
  const sorted = [...names].sort(compareText);
  return sorted.flatMap((name, at) => {
    const rest = sorted.slice(at + 1);
    const end = rest.findIndex((other) => !other.startsWith(name));
    const longer = end === -1 ? rest : rest.slice(0, end);
    if (name === '' || longer.length === 0) return [];
    return [{ service: service ?? name, layout, root, name, longer, severity: severities[layout] ?? 'info' }];
  });
}
