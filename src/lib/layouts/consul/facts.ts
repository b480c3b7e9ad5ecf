import type { Comeback, LayoutFacts } from '../facts.js';

/**
 * Facts of a form that is kept alive by Consul's own checks unless told otherwise.
 *
 * @param afterDelete what a removal at the agent leads to; Consul has no lease to revoke
 */
export function consulFacts(
  afterDelete: Comeback,
  rest: Partial<Pick<LayoutFacts, 'defaultTtlSeconds' | 'renewal' | 'leftBehind' | 'markers'>> = {},
): LayoutFacts {
  return {
    defaultTtlSeconds: 0,
    renewal: "Consul's own checks",
    afterDelete,
    afterRevoke: afterDelete,
    leftBehind: null,
    markers: null,
    readOnly: false,
    leaseless: true,
    ...rest,
  };
}
