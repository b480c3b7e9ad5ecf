import { compareText, shownKey } from '../model/instance.js';
import { formatInstanceName } from '../model/instance-name.js';
import type { LeaseBinding, LeaseRecord } from '../model/lease.js';
import { formatLeaseName } from '../model/lease-name.js';
import { leftText, secondsText } from './instance-facts.js';
import { ownText, safeName, type SafeText } from './safe-text.js';
import type { View } from './view.js';

type NameView = Pick<View, 'ascii' | 'format'>;

/** An untrusted name; all of it in `wide`. */
export function shownName(name: string, { ascii, format }: NameView): SafeText {
  return safeName(name, { ascii, max: format === 'wide' ? Infinity : 256 });
}

/** A lease as it is named on the command line: `694d8c1f2a3b4c2d`, `CHECK@NODE`. */
export function leaseText(lease: Pick<LeaseRecord, 'kind' | 'id' | 'node'>, view: NameView): SafeText {
  return shownName(formatLeaseName(lease), view);
}

/**
 * What hangs on a lease, in one name: that of the instance, else the key. Untrusted.
 *
 * @param hasPlace with the node of the instance, where it has one
 */
export function bindingName(binding: LeaseBinding, hasPlace: boolean): string {
  const { kind, key, isBinaryKey, name } = binding;
  if (kind === 'instance' && name !== null && name.id !== '')
    return formatInstanceName({ ...name, node: hasPlace ? name.node : null }, name.node !== null);
  if (key !== null) return shownKey({ key, isBinaryKey });
  return name?.service ?? '-';
}

/**
 * What hangs on a lease in an order that stays: instances first, because they are what people look for. etcd names keys
 * in another order every time.
 */
export function orderedBindings({ bindings }: Pick<LeaseRecord, 'bindings'>): readonly LeaseBinding[] {
  return [...bindings].sort(
    (a, b) =>
      Number(b.kind === 'instance') - Number(a.kind === 'instance') ||
      compareText(bindingName(a, true), bindingName(b, true)),
  );
}

/** How many things hang on a lease; null where some of them may not be seen. */
export function bindingCount({ bindings, knowsBindings }: LeaseRecord): number | null {
  return knowsBindings ? bindings.length : null;
}

/** `payments/i-39, 2 more`; all of them in `wide`; `nothing`; `-` where nobody knows. */
export function boundText(lease: LeaseRecord, view: NameView): SafeText {
  const isWhole = view.format === 'wide';
  const names = orderedBindings(lease).map((binding) => bindingName(binding, isWhole));
  const [first, ...others] = names;
  if (first === undefined) {
    if (!lease.knowsBindings) return ownText('-');
    return ownText(lease.isRenewed === true ? 'nothing, yet renewed' : 'nothing');
  }
  const unseen = lease.knowsBindings ? '' : ', maybe more';
  if (isWhole) return ownText(names.map((name) => shownName(name, view)).join(', ') + unseen);
  const more = others.length === 0 ? '' : `, ${others.length} more`;
  return ownText(`${shownName(first, view)}${more}${unseen}`);
}

/** `11s`, `overdue`, `-`. */
export function timeLeftText({ isOverdue, leftSeconds }: LeaseRecord): SafeText {
  return ownText(isOverdue ? 'overdue' : leftText(leftSeconds));
}

/** `11s/30s`: left over granted. */
export function timesText(lease: LeaseRecord): SafeText {
  return ownText(`${timeLeftText(lease)}/${secondsText(lease.grantedSeconds)}`);
}

/** `yes`, `no`, `-`. */
export function renewedText({ isRenewed }: LeaseRecord): SafeText {
  return ownText(isRenewed === null ? '-' : isRenewed ? 'yes' : 'no');
}
