import { formatEndpoint } from '../model/endpoint.js';
import { healthStates, type Instance } from '../model/instance.js';
import type { Cell, Column } from './columns.js';
import type { Field } from './fields.js';
import { ageText, firstEndpoint, toUtc, ttlText } from './instance-facts.js';
import { ownText, safeName, type SafeText } from './safe-text.js';
import { glyphOf, stateText, wordOf, type View } from './view.js';

export interface InstanceColumnOptions {
  /** Show SERVICE: the list holds several services. Default false. */
  readonly services?: boolean;
  /** Show NODE in `table` too: ids are unique per node only. Default false. */
  readonly nodes?: boolean;
  /** Show LAYOUT and KEY in `table` too: the list holds entries of several. Default false. */
  readonly layouts?: boolean;
}

/** Columns of a list of instances for people. */
export function instanceColumns(options: InstanceColumnOptions = {}): readonly Column<Instance>[] {
  const service = options.services === true ? [serviceColumn] : [];
  const node: Column<Instance> = options.nodes === true ? nodeColumn : { ...nodeColumn, wide: true };
  const last =
    options.layouts === true
      ? trailing.map((column) => (SHARED.has(column.key) ? { ...column, wide: false } : column))
      : trailing;
  return [...service, ...leading, leaseColumn, versionColumn, zoneColumn, node, ageColumn, ...last];
}

/** What tells entries of one service apart that have different layouts or roots. */
const SHARED = new Set(['layout', 'key']);

const serviceColumn: Column<Instance> = {
  key: 'service',
  header: 'SERVICE',
  align: 'left',
  cut: 'end',
  cell: (row, view) => nameCell(row.service, view),
};

const leading: readonly Column<Instance>[] = [
  {
    key: 'id',
    header: 'INSTANCE',
    align: 'left',
    cut: 'middle',
    cell: (row, view) => nameCell(row.id, view),
  },
  { key: 'health', header: 'HEALTH', align: 'left', cell: healthCell },
  {
    key: 'endpoint',
    header: 'ENDPOINT',
    align: 'left',
    cut: 'end',
    // Enough for any IPv4 address with its port: without the port it says little.
    least: 28,
    leaves: 1,
    cell: endpointCell,
  },
  { key: 'ttl', header: 'TTL', align: 'left', leaves: 2, cell: ttlCell },
];

const leaseColumn: Column<Instance> = {
  key: 'lease',
  header: 'LEASE',
  align: 'left',
  wide: true,
  cell: (row, view) => nameCell(row.lease?.id ?? null, view),
};

const versionColumn: Column<Instance> = {
  key: 'version',
  header: 'VERSION',
  align: 'left',
  cut: 'end',
  leaves: 3,
  cell: (row, view) => nameCell(row.version, view),
};

const zoneColumn: Column<Instance> = {
  key: 'zone',
  header: 'ZONE',
  align: 'left',
  cut: 'end',
  leaves: 5,
  cell: (row, view) => nameCell(row.zone, view),
};

const nodeColumn: Column<Instance> = {
  key: 'node',
  header: 'NODE',
  align: 'left',
  cut: 'end',
  cell: (row, view) => nameCell(row.node, view),
};

const ageColumn: Column<Instance> = {
  key: 'age',
  header: 'AGE',
  align: 'left',
  leaves: 4,
  cell: (row, view) => ({ text: ownText(ageText(row.registeredAt, view.nowMs) ?? '-') }),
};

const trailing: readonly Column<Instance>[] = [
  {
    key: 'weight',
    header: 'WEIGHT',
    align: 'left',
    wide: true,
    cell: (row) => ({ text: ownText(row.weight === null ? '-' : String(row.weight)) }),
  },
  { key: 'tags', header: 'TAGS', align: 'left', wide: true, cell: tagsCell },
  {
    key: 'layout',
    header: 'LAYOUT',
    align: 'left',
    wide: true,
    cell: (row, view) => nameCell(row.layout, view),
  },
  {
    key: 'owner',
    header: 'OWNER',
    align: 'left',
    wide: true,
    cell: (row, view) => nameCell(row.consul?.managedBy ?? row.consul?.monitoredBy ?? null, view),
  },
  { key: 'key', header: 'KEY', align: 'left', wide: true, cell: (row, view) => nameCell(row.key, view) },
];

/** Untrusted name in a cell; `-` where there is none. `wide` shows all of it. */
function nameCell(value: string | null, view: View): Cell {
  return { text: value === null || value === '' ? ownText('-') : shownName(value, view) };
}

function shownName(value: string, view: View): SafeText {
  return safeName(value, { ascii: view.ascii, max: view.format === 'wide' ? Infinity : 256 });
}

function healthCell(row: Instance, view: View): Cell {
  const text = stateText(row.health, view);
  if (view.plain) return { text };
  // Only the glyph is coloured: the word stays readable on every background.
  return {
    text,
    spans: [
      { text: glyphOf(row.health, view), style: row.health },
      { text: ownText(` ${wordOf(row.health)}`) },
    ],
  };
}

function endpointCell(row: Instance, view: View): Cell {
  const [first, ...others] = row.endpoints.map((endpoint) => shownName(formatEndpoint(endpoint), view));
  if (first === undefined) return { text: ownText('-') };
  if (others.length === 0) return { text: first };
  return {
    text: ownText(view.format === 'wide' ? [first, ...others].join(',') : `${first} +${others.length}`),
  };
}

function ttlCell(row: Instance): Cell {
  const text = ownText(ttlText(row.lease));
  return row.lease === null ? { text, style: 'dim' } : { text };
}

function tagsCell(row: Instance, view: View): Cell {
  if (row.tags.length === 0) return { text: ownText('-') };
  return { text: ownText(row.tags.map((tag) => shownName(tag, view)).join(',')) };
}

/** Columns of `list SERVICE -o tsv`, in this order for good; new ones are added at the end. */
export const instanceFields: readonly Field<Instance>[] = [
  { key: 'instance', value: (row) => row.id },
  { key: 'health', value: (row) => row.health, rank: (row) => healthStates.indexOf(row.health) },
  { key: 'endpoint', value: firstEndpoint },
  { key: 'ttlLeftSeconds', value: (row) => row.lease?.leftSeconds ?? null },
  { key: 'ttlSeconds', value: (row) => row.lease?.ttlSeconds ?? null },
  { key: 'lease', value: (row) => row.lease?.id ?? null },
  { key: 'version', value: (row) => row.version },
  { key: 'zone', value: (row) => row.zone },
  { key: 'node', value: (row) => row.node },
  { key: 'registeredAt', value: (row) => toUtc(row.registeredAt) },
  { key: 'layout', value: (row) => row.layout },
  { key: 'key', value: (row) => row.key },
  { key: 'tags', value: (row) => row.tags },
  { key: 'service', value: (row) => row.service },
  { key: 'endpoints', value: (row) => row.endpoints.map(formatEndpoint) },
  { key: 'weight', value: (row) => row.weight },
  { key: 'effectiveWeight', value: (row) => row.effectiveWeight },
  { key: 'namespace', value: (row) => row.namespace },
  { key: 'warnings', value: (row) => row.warnings },
  { key: 'owner', value: (row) => row.consul?.managedBy ?? row.consul?.monitoredBy ?? null },
];
