import { servicesOf, type LeaseKind, type LeaseRecord } from '../model/lease.js';
import type { LeaseEvent, LeaseEventType } from '../model/lease-event.js';
import { formatLeaseName } from '../model/lease-name.js';
import type { Field } from './fields.js';
import { boundNames } from './lease-columns.js';
import { boundText, leaseText, timesText } from './lease-facts.js';
import { clockText } from './local-time.js';
import { ownText, type SafeText } from './safe-text.js';
import { countText, originText, type Origin } from './summary-lines.js';
import { isNarrow } from './text-width.js';
import { paint, stateText, type StyleName, type View } from './view.js';

/** An event with its time. */
export interface TimedLeaseEvent extends LeaseEvent {
  /** RFC 3339 UTC. */
  readonly at: string;
}

const TIMES_WIDTH = '3600s/3600s'.length;
const MOST_ID_WIDTH = 48;

const STYLES: Readonly<Record<LeaseEventType, StyleName | undefined>> = {
  listed: undefined,
  left: undefined,
  renewed: 'passing',
  changed: 'warning',
  new: 'passing',
  ended: 'left',
};

/** One event as a line for people, without newline: local time, lease, time left or state, what hangs on it, what happened. */
export function leaseEventLine({ type, at, lease }: TimedLeaseEvent, idWidth: number, view: View): string {
  const id = leaseText(lease, view);
  const times = lease.health === null ? timesText(lease) : stateText(lease.health, view);
  const word = type === 'left' || type === 'listed' ? '' : `  ${paint(type, STYLES[type], view)}`;
  return `${clockText(at)}  ${padded(id, idWidth)}  ${padded(times, TIMES_WIDTH)}  ${boundText(lease, view)}${word}`;
}

function padded(text: SafeText, width: number): string {
  return isNarrow(text) ? text.padEnd(width) : text;
}

/** Width of the id column that suits the leases known at the start. */
export function leaseIdWidth(leases: readonly LeaseRecord[]): number {
  const width = leases.reduce((widest, lease) => Math.max(widest, formatLeaseName(lease).length), 0);
  return Math.min(MOST_ID_WIDTH, width);
}

/** Columns of `lease list -w -o tsv`, in this order for good; new ones are added at the end. */
export const leaseEventFields: readonly Field<TimedLeaseEvent>[] = [
  { key: 'at', value: ({ at }) => at },
  { key: 'type', value: ({ type }) => type },
  { key: 'lease', value: ({ lease }) => formatLeaseName(lease) },
  { key: 'leftSeconds', value: ({ lease }) => lease.leftSeconds },
  { key: 'grantedSeconds', value: ({ lease }) => lease.grantedSeconds },
  { key: 'services', value: ({ lease }) => servicesOf(lease) },
  { key: 'bound', value: ({ lease }) => boundNames(lease) },
  { key: 'health', value: ({ lease }) => lease.health },
  { key: 'overdue', value: ({ lease }) => lease.isOverdue },
];

const NOUNS: readonly (readonly [LeaseKind, string])[] = [
  ['lease', 'lease'],
  ['ttl-check', 'TTL check'],
  ['session', 'session'],
];

/** The line under a list: `3 leases in prod-eu (etcd), rev 48211`; `2 TTL checks, 1 session in stage (consul), rev 9`. */
export function leaseSummary(
  leases: readonly LeaseRecord[],
  revision: SafeText,
  origin: Origin,
  view: Pick<View, 'ascii'>,
): SafeText {
  const counts = NOUNS.flatMap(([kind, noun]) => {
    const { length } = leases.filter((lease) => lease.kind === kind);
    return length === 0 ? [] : [countText(length, noun)];
  });
  const what = counts.length === 0 ? '0 leases' : counts.join(', ');
  return ownText(`${what} in ${originText(origin, view)}, rev ${revision}`);
}
