import type { LeaseRecord } from '../model/lease.js';
import { bindingName, leaseText, orderedBindings } from './lease-facts.js';
import { ownText, safeName, type SafeText } from './safe-text.js';
import { countText } from './summary-lines.js';
import type { View } from './view.js';

/** More than so many stand on lines of their own. */
const ON_ONE_LINE = 5;

/**
 * What falls with a lease, for people:
 * `Revoking 694d8c1f2a3b4c2d in lab (etcd) removes 2 keys: payments/i-39, /locks/payments-cron.`
 *
 * @param place the registry, as it is named in messages
 */
export function revokeLines(lease: LeaseRecord, place: SafeText, view: View): readonly SafeText[] {
  const names = orderedBindings(lease).map((binding) => safeName(bindingName(binding, true), view));
  const what = effectText(lease, names.length);
  const head = `Revoking ${leaseText(lease, view)} in ${place} ${what}`;
  const lines =
    names.length === 0
      ? [ownText(`${head}.`)]
      : names.length <= ON_ONE_LINE
        ? [ownText(`${head}: ${names.join(', ')}.`)]
        : [ownText(`${head}:`), ...names.map((name) => ownText(`  ${name}`))];
  const warning = lease.knowsBindings
    ? []
    : [ownText(`What ${names.length === 0 ? '' : 'else '}hangs on it could not be seen.`)];
  return [...lines, ...warning];
}

function effectText({ kind, onEnd, knowsBindings }: LeaseRecord, count: number): string {
  const verb = kind !== 'session' ? 'removes' : onEnd === 'delete' ? 'deletes' : 'releases';
  const noun = kind === 'session' && onEnd !== 'delete' ? 'lock' : 'key';
  if (count > 0) return `${verb} ${countText(count, noun)}`;
  return knowsBindings ? `${verb} no ${noun}` : `${verb} what it holds`;
}
