import { instanceKey, type Instance } from '../model/instance.js';
import type { Severity } from '../model/finding.js';
import { addressesOf, onlyIn, relationOf } from './address-sets.js';

/** The instances of a service that one kind of reader finds. */
interface ServicePart {
  /** `kratos below /microservices/`, or the spelling of a name. */
  readonly name: string;
  readonly instances: readonly Instance[];
  /** Addresses that no other part has. */
  readonly onlyHere: readonly string[];
}

/** One service that its readers see in parts. */
export interface MixedService {
  readonly service: string;
  readonly severity: Severity;
  readonly parts: readonly ServicePart[];
}

interface Group {
  readonly name: string;
  readonly layout: string;
  readonly root: string | null;
  readonly instances: readonly Instance[];
  readonly addresses: ReadonlySet<string>;
}

/** Layouts of one framework in two languages, whose programs read each other. */
const FAMILIES: Readonly<Record<string, string>> = {
  'dubbo-go-interface': 'dubbo-interface',
  'dubbo-java-interface': 'dubbo-interface',
};

/** Services of etcd under several layouts or roots whose instances differ. */
export function mixedServices(instances: readonly Instance[]): readonly MixedService[] {
  const byService = grouped(instances, ({ service }) => service);
  return [...byService].flatMap(([service, all]) => {
    const groups = [...grouped(all, groupMark).values()].flatMap((part) => toGroup(part) ?? []);
    const severity = worstOf(groups);
    return severity === null ? [] : [{ service, severity, parts: toParts(groups) }];
  });
}

/** Services of Consul whose names differ in case, dashes or underscores alone, and whose instances differ. */
export function spellings(instances: readonly Instance[]): readonly MixedService[] {
  const alike = grouped(instances, ({ service }) => plainName(service));
  return [...alike.values()].flatMap((all) => {
    const groups = [...grouped(all, ({ service }) => service)].map(([name, part]) => ({
      name,
      layout: '',
      root: null,
      instances: part,
      addresses: addressesOf(part),
    }));
    const [first, ...others] = groups;
    if (first === undefined || others.length === 0) return [];
    if (others.every(({ addresses }) => relationOf(first.addresses, addresses) === 'equal')) return [];
    return [{ service: first.name, severity: 'warning' as const, parts: toParts(groups) }];
  });
}

/** Separators count between digits: `api-v1-1` is not `api-v11`. */
function plainName(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[-_.]+/g, (separator: string, at: number, whole: string) =>
      isDigit(whole[at - 1]) && isDigit(whole[at + separator.length]) ? '-' : '',
    );
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && /\d/.test(character);
}

function groupMark({ layout, root, namespace }: Instance): string {
  return JSON.stringify([FAMILIES[layout] ?? layout, root, namespace]);
}

function toGroup(instances: readonly Instance[]): Group | null {
  const [first] = instances;
  if (first === undefined) return null;
  const { layout, root } = first;
  const name = root === null || root === '' ? layout : `${layout} below ${root}`;
  return { name, layout, root, instances, addresses: addressesOf(instances) };
}

function worstOf(groups: readonly Group[]): Severity | null {
  const all = groups.flatMap((a, at) => groups.slice(at + 1).map((b) => severityOf(a, b)));
  return (['warning', 'info'] as const).find((severity) => all.includes(severity)) ?? null;
}

/**
 * One root has one kind of readers. Two roots that share instances are of one service that moves; without a shared one
 * they are two environments, or two things of one name.
 */
function severityOf(a: Group, b: Group): Severity | null {
  const relation = relationOf(a.addresses, b.addresses);
  if (relation === 'equal') return null;
  if (a.root === b.root || relation === 'overlap') return 'warning';
  return a.layout === b.layout ? null : 'info';
}

function toParts(groups: readonly Group[]): readonly ServicePart[] {
  return groups.map(({ name, instances, addresses }) => {
    const others = groups.filter((other) => other.addresses !== addresses);
    return {
      name,
      instances,
      onlyHere: onlyIn(
        addresses,
        others.map((other) => other.addresses),
      ),
    };
  });
}

function grouped(
  instances: readonly Instance[],
  markOf: (instance: Instance) => string,
): ReadonlyMap<string, readonly Instance[]> {
  const groups = new Map<string, Instance[]>();
  for (const instance of [...instances].sort(byKey)) {
    const mark = markOf(instance);
    const group = groups.get(mark);
    if (group === undefined) groups.set(mark, [instance]);
    else group.push(instance);
  }
  return groups;
}

function byKey(a: Instance, b: Instance): number {
  return instanceKey(a) < instanceKey(b) ? -1 : 1;
}
