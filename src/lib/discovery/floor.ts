import { splitServices, type Instance } from '../model/instance.js';

/** A service of which too few passing instances would be left. */
export interface FloorBreach {
  readonly service: string;
  readonly passing: number;
  readonly left: number;
}

/**
 * Services that a removal would leave with fewer passing instances than asked for. Only taking a passing one away
 * counts: a service that is too small already may lose what does not work.
 *
 * @param present every instance of the services concerned
 * @param isRemoved whether an instance is in the plan
 */
export function floorBreaches(
  present: readonly Instance[],
  isRemoved: (instance: Instance) => boolean,
  minHealthy: number,
): readonly FloorBreach[] {
  return splitServices(present).flatMap((instances): readonly FloorBreach[] => {
    const passing = instances.filter(({ health }) => health === 'passing');
    const left = passing.filter((instance) => !isRemoved(instance)).length;
    if (left === passing.length || left >= minHealthy) return [];
    return [{ service: instances[0]?.service ?? '', passing: passing.length, left }];
  });
}
