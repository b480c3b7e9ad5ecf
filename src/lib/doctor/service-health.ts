import { healthStates, splitServices, type Instance } from '../model/instance.js';
import { findingsOf } from './reported.js';
import type { Examination } from './types.js';
import { isRegistryItself, isSidecar, isUsable } from './usable.js';

/** A service with how many of its instances callers can use. */
export interface ServiceHealth {
  readonly service: string;
  readonly instances: readonly Instance[];
  readonly usable: readonly Instance[];
}

/** Rules that find an instance dead although the registry gives it out. */
export const deadlyRules = ['SD105', 'SD106', 'SD302'] as const;

/** Every service that is somebody's to keep; on etcd one name in two layouts or roots is two. */
export function serviceHealth(examination: Examination): readonly ServiceHealth[] {
  const foundDead = findingsOf(deadlyRules, examination);
  const isDead = (instance: Instance): boolean => foundDead(instance)?.severity === 'error';
  const own = examination.snapshot.instances.filter(
    (one) => !one.readOnly && !isRegistryItself(one, examination) && !isSidecar(one),
  );
  return splitServices(own).map((instances) => ({
    service: instances[0]?.service ?? '',
    instances,
    usable: instances.filter((one) => isUsable(one) && !isDead(one)),
  }));
}

/** `2 critical, 1 maintenance`, worst first. */
export function statesText(instances: readonly Instance[]): string {
  return healthStates
    .map((state) => ({ state, count: instances.filter(({ health }) => health === state).length }))
    .filter(({ count }) => count > 0)
    .map(({ state, count }) => `${count} ${state}`)
    .join(', ');
}
