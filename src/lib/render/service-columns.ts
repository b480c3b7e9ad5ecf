import type { Health, Instance, Service } from '../model/instance.js';
import type { Column, Span } from './columns.js';
import type { Field } from './fields.js';
import { leftText } from './instance-facts.js';
import { ownText, safeName, type SafeText } from './safe-text.js';
import { glyphOf, shownOrder, wordOf, type View } from './view.js';

/** Columns of the list of services for people. */
export const serviceColumns: readonly Column<Service>[] = [
  {
    key: 'service',
    header: 'SERVICE',
    align: 'left',
    cut: 'end',
    cell: (row, view) => ({ text: shownName(row.name, view) }),
  },
  {
    key: 'instances',
    header: 'INSTANCES',
    align: 'left',
    leaves: 1,
    cell: (row) => ({ text: ownText(String(row.instances.length)) }),
  },
  { key: 'health', header: 'HEALTH', align: 'left', cell: (row, view) => healthCounts(row.health, view) },
  {
    key: 'lowestTtl',
    header: 'LOWEST TTL',
    align: 'left',
    leaves: 2,
    cell: (row) => ({ text: ownText(lowestTtlText(row.instances)) }),
  },
  {
    key: 'layouts',
    header: 'LAYOUT',
    align: 'left',
    cut: 'end',
    leaves: 3,
    cell: (row, view) => ({
      text: ownText(row.layouts.map((layout) => shownName(layout, view)).join(',') || '-'),
    }),
  },
];

/** ROOT, for lists that hold one name twice. */
export const rootColumn: Column<Service> = {
  key: 'root',
  header: 'ROOT',
  align: 'left',
  cut: 'end',
  leaves: 4,
  cell: (row, view) => ({ text: row.root === null ? ownText('-') : shownName(row.root || "''", view) }),
};

function shownName(value: string, view: View): SafeText {
  return safeName(value, { ascii: view.ascii, max: view.format === 'wide' ? Infinity : 256 });
}

/** `● 4  ▲ 1  ✖ 1`: the states that occur, with their counts; words in a plain view, `-` when nothing is there. */
export function healthCounts(
  health: Readonly<Record<Health, number>>,
  view: Pick<View, 'ascii' | 'plain'>,
): { readonly text: SafeText; readonly spans: readonly Span[] } {
  const spans: Span[] = [];
  for (const state of shownOrder) {
    const count = health[state];
    if (count === 0) continue;
    if (spans.length > 0) spans.push({ text: ownText(view.plain ? ', ' : '  ') });
    if (view.plain) spans.push({ text: ownText(`${count} ${wordOf(state)}`) });
    else spans.push({ text: glyphOf(state, view), style: state }, { text: ownText(` ${count}`) });
  }
  if (spans.length === 0) spans.push({ text: ownText('-') });
  return { text: ownText(spans.map((span) => span.text).join('')), spans };
}

/** Seconds that the lease nearest its end has left; null when none is known. */
export function lowestTtlSeconds(instances: readonly Instance[]): number | null {
  let lowest: number | null = null;
  for (const { lease } of instances) {
    const left = lease?.leftSeconds ?? null;
    if (left !== null && (lowest === null || left < lowest)) lowest = left;
  }
  return lowest;
}

function lowestTtlText(instances: readonly Instance[]): string {
  const leased = instances.some((instance) => instance.lease !== null);
  return instances.length > 0 && !leased ? 'no lease' : leftText(lowestTtlSeconds(instances));
}

/** Columns of `list -o tsv`, in this order for good; new ones are added at the end. */
export const serviceFields: readonly Field<Service>[] = [
  { key: 'service', value: (row) => row.name },
  { key: 'instances', value: (row) => row.instances.length },
  { key: 'passing', value: (row) => row.health.passing },
  { key: 'warning', value: (row) => row.health.warning },
  { key: 'critical', value: (row) => row.health.critical },
  { key: 'maintenance', value: (row) => row.health.maintenance },
  { key: 'unknown', value: (row) => row.health.unknown },
  { key: 'lowestTtlSeconds', value: (row) => lowestTtlSeconds(row.instances) },
  { key: 'layouts', value: (row) => row.layouts },
  { key: 'disabled', value: (row) => row.health.disabled },
  { key: 'root', value: (row) => row.root },
];
