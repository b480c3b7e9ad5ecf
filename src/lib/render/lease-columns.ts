import { healthStates } from '../model/instance.js';
import { servicesOf, type LeaseKind, type LeaseRecord } from '../model/lease.js';
import { formatLeaseName } from '../model/lease-name.js';
import type { Cell, Column } from './columns.js';
import { leaseDecimal } from './document-items.js';
import type { Field } from './fields.js';
import { secondsText } from './instance-facts.js';
import {
  bindingCount,
  bindingName,
  boundText,
  leaseText,
  orderedBindings,
  renewedText,
  shownName,
  timeLeftText,
} from './lease-facts.js';
import { ownText, type SafeText } from './safe-text.js';
import { glyphOf, stateText, wordOf, type View } from './view.js';

export interface LeaseColumnOptions {
  readonly backend: string;
  /** Ids are unique per node only: checks and sessions in place of leases. */
  readonly hasNodes: boolean;
  /** Whether they are renewed was looked at. */
  readonly isObserved: boolean;
}

/** Columns of a list of leases for people. */
export function leaseColumns(options: LeaseColumnOptions): readonly Column<LeaseRecord>[] {
  const renewed = options.isObserved ? [renewedColumn] : [];
  if (options.hasNodes) {
    const times = [{ ...leftColumn, leaves: 1 }, grantedColumn];
    const details = [nameColumn, outputColumn];
    return [leaseColumn, kindColumn, nodeColumn, ...times, ...renewed, stateColumn, boundColumn, ...details];
  }
  const decimal = options.backend === 'etcd' ? [decimalColumn] : [];
  // The whole of an id of etcd.
  const lease = { ...leaseColumn, least: 16 };
  return [lease, leftColumn, grantedColumn, ...renewed, keysColumn, boundColumn, ...decimal];
}

const kinds: Readonly<Record<LeaseKind, string>> = {
  lease: 'lease',
  'ttl-check': 'TTL check',
  session: 'session',
};

/** `lease`, `TTL check`, `session`. */
export function kindText(kind: LeaseKind): SafeText {
  return ownText(kinds[kind]);
}

const leaseColumn: Column<LeaseRecord> = {
  key: 'lease',
  header: 'LEASE',
  align: 'left',
  cut: 'middle',
  cell: (row, view) => ({ text: leaseText(row, view) }),
};

const leftColumn: Column<LeaseRecord> = {
  key: 'leftSeconds',
  header: 'TTL LEFT',
  align: 'left',
  cell: (row) => ({ text: timeLeftText(row), style: row.isOverdue ? 'critical' : undefined }),
};

const grantedColumn: Column<LeaseRecord> = {
  key: 'grantedSeconds',
  header: 'GRANTED',
  align: 'left',
  leaves: 2,
  cell: (row) => ({ text: ownText(secondsText(row.grantedSeconds)) }),
};

const renewedColumn: Column<LeaseRecord> = {
  key: 'renewed',
  header: 'RENEWED',
  align: 'left',
  cell: (row) => ({ text: renewedText(row) }),
};

const keysColumn: Column<LeaseRecord> = {
  key: 'keys',
  header: 'KEYS',
  align: 'left',
  leaves: 1,
  cell: (row) => ({ text: ownText(String(bindingCount(row) ?? '-')) }),
};

const boundColumn: Column<LeaseRecord> = {
  key: 'bound',
  header: 'BOUND TO',
  align: 'left',
  cut: 'end',
  cell: (row, view) => ({ text: boundText(row, view) }),
};

const decimalColumn: Column<LeaseRecord> = {
  key: 'decimal',
  header: 'DECIMAL',
  align: 'left',
  wide: true,
  cell: (row) => ({ text: ownText(leaseDecimal(row.id, 'etcd') ?? '-') }),
};

const kindColumn: Column<LeaseRecord> = {
  key: 'kind',
  header: 'KIND',
  align: 'left',
  leaves: 3,
  cell: (row) => ({ text: kindText(row.kind) }),
};

const nodeColumn: Column<LeaseRecord> = {
  key: 'node',
  header: 'NODE',
  align: 'left',
  cut: 'end',
  leaves: 4,
  cell: (row, view) => nameCell(row.node, view),
};

const stateColumn: Column<LeaseRecord> = { key: 'health', header: 'STATE', align: 'left', cell: stateCell };

const nameColumn: Column<LeaseRecord> = {
  key: 'name',
  header: 'NAME',
  align: 'left',
  wide: true,
  cell: (row, view) => nameCell(row.name, view),
};

const outputColumn: Column<LeaseRecord> = {
  key: 'output',
  header: 'OUTPUT',
  align: 'left',
  wide: true,
  cell: (row, view) => nameCell(row.output, view),
};

function nameCell(value: string | null, view: View): Cell {
  return { text: value === null || value === '' ? ownText('-') : shownName(value, view) };
}

function stateCell({ health }: LeaseRecord, view: View): Cell {
  if (health === null) return { text: ownText('-') };
  const text = stateText(health, view);
  if (view.plain) return { text };
  return {
    text,
    spans: [{ text: glyphOf(health, view), style: health }, { text: ownText(` ${wordOf(health)}`) }],
  };
}

/**
 * Columns of `lease list -o tsv`, in this order for good; new ones are added at the end.
 *
 * @param backend decides whether ids have a decimal form
 */
export function leaseFields(backend: string): readonly Field<LeaseRecord>[] {
  return [
    { key: 'lease', value: formatLeaseName },
    { key: 'kind', value: (row) => row.kind },
    { key: 'node', value: (row) => row.node },
    { key: 'grantedSeconds', value: (row) => row.grantedSeconds },
    { key: 'leftSeconds', value: (row) => row.leftSeconds },
    { key: 'overdue', value: (row) => row.isOverdue },
    { key: 'renewed', value: (row) => row.isRenewed },
    {
      key: 'health',
      value: (row) => row.health,
      rank: (row) => (row.health === null ? healthStates.length : healthStates.indexOf(row.health)),
    },
    { key: 'keys', value: bindingCount },
    { key: 'services', value: servicesOf },
    { key: 'bound', value: boundNames },
    { key: 'name', value: (row) => row.name },
    { key: 'output', value: (row) => row.output },
    { key: 'decimal', value: (row) => leaseDecimal(row.id, backend) },
  ];
}

/** What hangs on a lease: names of instances with their nodes, keys of everything else. Untrusted. */
export function boundNames(lease: LeaseRecord): readonly string[] {
  return orderedBindings(lease).map((binding) => bindingName(binding, true));
}

/** What `--sort-by` takes beside the fields: `ttl`, overdue first. */
export const ttlField: Field<LeaseRecord> = {
  key: 'ttl',
  value: (row) => (row.isOverdue ? -1 : row.leftSeconds),
};
