import { compareText } from '../model/instance.js';
import { subnetOf } from './subnets.js';
import type { ProbeAnswer } from './types.js';

/** An instance that was probed. */
export interface Probed<T> {
  readonly instance: T;
  /** Not empty. */
  readonly answers: readonly ProbeAnswer[];
}

/** Instances that are all silent, so that it is probably the way there. */
export interface SilentPlace<T> {
  /** null: it is most of everything. */
  readonly subnet: string | null;
  readonly silent: readonly Probed<T>[];
  /** How many were probed there. */
  readonly probed: number;
}

interface VantageLimits {
  readonly vantageShare: number;
  readonly vantageLeast: number;
}

const SILENCE = new Set<ProbeAnswer['outcome']>(['timeout', 'unresolved', 'error']);

/** Whether nothing has answered at all. A refused connection is an answer: the machine is there. */
function isSilent<T>({ answers }: Probed<T>): boolean {
  return answers.every(({ outcome }) => SILENCE.has(outcome));
}

/** Where so many are silent that the place they are probed from is to blame sooner than each of them. */
export function silentPlaces<T>(
  all: readonly Probed<T>[],
  { vantageShare, vantageLeast }: VantageLimits,
): readonly SilentPlace<T>[] {
  const silent = all.filter(isSilent);
  if (silent.length >= vantageLeast && silent.length > vantageShare * all.length)
    return [{ subnet: null, silent, probed: all.length }];
  return [...bySubnet(all)]
    .filter(([, probed]) => probed.length >= vantageLeast && probed.every(isSilent))
    .sort(([a], [b]) => compareText(a, b))
    .map(([subnet, probed]) => ({ subnet, silent: probed, probed: probed.length }));
}

function bySubnet<T>(all: readonly Probed<T>[]): ReadonlyMap<string, readonly Probed<T>[]> {
  const subnets = new Map<string, Probed<T>[]>();
  for (const probed of all) {
    const subnet = subnetOf(probed.answers[0]?.endpoint ?? '');
    if (subnet === null) continue;
    const group = subnets.get(subnet);
    if (group === undefined) subnets.set(subnet, [probed]);
    else group.push(probed);
  }
  return subnets;
}
