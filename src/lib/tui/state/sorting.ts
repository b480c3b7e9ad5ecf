import { firstEndpoint } from '../../render/instance-facts.js';
import { severities } from '../../model/finding.js';
import { healthStates } from '../../model/instance.js';
import type { ScreenName } from '../model/paint-model.js';
import type { EventRow, FindingRow, InstanceRow, LeaseRow, Row, ServiceRow } from '../model/rows.js';
import type { Order } from './live-table.js';

/** What an order may rest on beside the rows. */
export interface SortContext {
  /** Seconds; null: not known, or without end. */
  readonly leftOf: (row: InstanceRow | LeaseRow) => number | null;
  readonly lowestOf: (row: ServiceRow) => number | null;
}

/** A way to order the rows of a screen. */
interface SortColumn<R> {
  readonly key: string;
  /** Of something that changes by itself: the order is looked at again now and then. */
  readonly isMoving?: boolean;
  /** Begins with the largest. */
  readonly isDescending?: boolean;
  by(row: R, context: SortContext): number | string;
}

/** The worst is the most: its order begins with it. */
const stateRanks = new Map<string, number>([...healthStates, 'left'].map((state, rank) => [state, rank]));
const rankOf = (state: string | null): number => stateRanks.get(state ?? 'left') ?? stateRanks.size;
const orLast = (seconds: number | null): number => seconds ?? Infinity;

const services: readonly SortColumn<ServiceRow>[] = [
  { key: 'health', isDescending: true, by: (row) => -rankOf(row.health) },
  { key: 'service', by: (row) => row.name },
  { key: 'instances', isDescending: true, by: (row) => row.instances },
  { key: 'ttl', isMoving: true, by: (row, { lowestOf }) => orLast(lowestOf(row)) },
  { key: 'churn', isDescending: true, by: (row) => row.churn.reduce((sum, count) => sum + count, 0) },
  { key: 'lastChange', isDescending: true, by: (row) => row.lastChangeMs ?? 0 },
];

const instances: readonly SortColumn<InstanceRow>[] = [
  { key: 'health', isDescending: true, by: (row) => -rankOf(row.health) },
  { key: 'instance', by: (row) => row.instance.id },
  { key: 'endpoint', by: (row) => firstEndpoint(row.instance) ?? '' },
  { key: 'ttl', isMoving: true, by: (row, { leftOf }) => orLast(leftOf(row)) },
  { key: 'version', by: (row) => row.instance.version ?? '' },
  { key: 'zone', by: (row) => row.instance.zone ?? '' },
  { key: 'age', isDescending: true, by: (row) => row.instance.registeredAt ?? '' },
];

const leases: readonly SortColumn<LeaseRow>[] = [
  {
    key: 'ttl',
    isMoving: true,
    by: (row, { leftOf }) =>
      row.ttl === null ? rankOf(row.health) : row.isOverdue ? -1 : orLast(leftOf(row)),
  },
  { key: 'lease', by: (row) => row.id },
  { key: 'state', by: (row) => rankOf(row.health) },
  { key: 'granted', by: (row) => row.ttl?.grantedSeconds ?? Infinity },
  { key: 'keys', isDescending: true, by: (row) => row.bound.length },
  { key: 'bound', by: (row) => row.bound[0] ?? '' },
];

const findings: readonly SortColumn<FindingRow>[] = [
  { key: 'severity', by: ({ finding }) => severities.indexOf(finding.severity) },
  { key: 'rule', by: ({ finding }) => finding.rule.id },
  { key: 'subject', by: ({ finding: { subject } }) => `${subject.service ?? ''}/${subject.instance ?? ''}` },
];

const events: readonly SortColumn<EventRow>[] = [
  { key: 'time', isDescending: true, by: (row) => Number(row.key) },
];

const columns: Readonly<Record<ScreenName, readonly SortColumn<never>[]>> = {
  services,
  service: instances,
  instance: events,
  host: instances,
  leases,
  lease: instances,
  doctor: findings,
  events,
};

/** The order of a table. */
export interface Sort {
  readonly column: string;
  readonly descending: boolean;
}

/** Names of the orders that a screen has, the first one is its own. */
export function sortsOf(screen: ScreenName): readonly string[] {
  return columns[screen].map(({ key }) => key);
}

/** The order by this column as it begins; that of the screen where it has no such column. */
export function sortBy(screen: ScreenName, column: string | null): Sort {
  const found = columns[screen].find(({ key }) => key === column) ?? columns[screen][0];
  return { column: found?.key ?? '', descending: found?.isDescending === true };
}

/** Whether the order changes although nothing happens. */
export function isMoving(screen: ScreenName, { column }: Sort): boolean {
  return columns[screen].find(({ key }) => key === column)?.isMoving === true;
}

/** How the rows of a screen are ordered. */
export function orderOf(screen: ScreenName, sort: Sort, context: SortContext): Order<Row> {
  const column = columns[screen].find(({ key }) => key === sort.column) as SortColumn<Row> | undefined;
  return { by: (row) => column?.by(row, context) ?? 0, name: nameOf, isDescending: sort.descending };
}

function nameOf(row: Row): string {
  switch (row.kind) {
    case 'service':
      return row.name;
    case 'instance':
      return row.instance.id;
    case 'lease':
      return row.id;
    case 'finding':
      return row.finding.rule.id;
    case 'event':
      return '';
  }
}
