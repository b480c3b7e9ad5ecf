import type { Check, Instance } from '../model/instance.js';

/** A check of one instance that hangs on another one of its node: Consul gives a check id to whoever comes last. */
export interface StolenCheck {
  /** Whose check it was, by its id. */
  readonly victim: Instance;
  readonly holder: Instance;
  readonly check: Check;
}

const PREFIX = 'service:';

/** Checks named after another instance of the same node, which has none of that name any more. */
export function stolenChecks(instances: readonly Instance[]): readonly StolenCheck[] {
  const byPlace = new Map(instances.map((instance) => [placeOf(instance.node, instance.id), instance]));
  return instances.flatMap((holder) =>
    holder.checks.flatMap((check) => {
      const owner = check.id.startsWith(PREFIX) ? check.id.slice(PREFIX.length) : holder.id;
      const victim = byPlace.get(placeOf(holder.node, owner));
      if (victim === undefined || victim.id === holder.id || isNumbered(owner, holder.id)) return [];
      return victim.checks.some(({ id }) => id === check.id) ? [] : [{ victim, holder, check }];
    }),
  );
}

/** Several checks without an id are `service:<id>:1`, `service:<id>:2`. */
function isNumbered(owner: string, id: string): boolean {
  return owner.startsWith(`${id}:`) && /^\d+$/.test(owner.slice(id.length + 1));
}

function placeOf(node: string | null, id: string): string {
  return JSON.stringify([node, id]);
}
