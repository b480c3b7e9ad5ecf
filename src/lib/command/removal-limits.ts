import { SdctlError } from '../errors.js';
import { formatInstanceName } from '../model/instance-name.js';
import type { Instance } from '../model/instance.js';

/** @throws {SdctlError} E_USAGE for more targets than were allowed */
export function refuseMany(count: number, max: number): void {
  if (count <= max) return;
  throw new SdctlError('E_USAGE', `${count} instances would be removed, more than --max ${max}`, {
    why: 'so many at once are more often a mistake than a wish',
    hint: `narrow it, or --max ${count}`,
    details: { targets: count, max },
  });
}

/** Why an instance is not sdctl's to remove; null: it is. */
export function foreignReason(instance: Instance, force: boolean): string | null {
  if (instance.readOnly) return `the layout ${instance.layout} is read-only: the state of another system`;
  const manager = instance.consul?.managedBy ?? null;
  if (manager === null || force) return null;
  return `${manager} puts its entries back, so that only ${manager} itself can end one for good`;
}

/** @throws {SdctlError} E_USAGE for an entry that another system keeps */
export function refuseForeign(instance: Instance, force: boolean): void {
  const why = foreignReason(instance, force);
  if (why === null) return;
  const name = formatInstanceName(instance);
  const manager = instance.consul?.managedBy ?? '';
  throw instance.readOnly
    ? new SdctlError('E_USAGE', `${name} is never removed by sdctl`, {
        why,
        hint: 'change it with the tools of that system',
      })
    : new SdctlError('E_USAGE', `${name} is kept by ${manager}`, {
        why,
        hint: `stop it with the tools of ${manager}, or add --force`,
      });
}
