import { toService } from '../../model/instance.js';
import { eventFields } from '../../render/event-lines.js';
import { renderTsv, type Field } from '../../render/fields.js';
import { instanceFields } from '../../render/instance-columns.js';
import { serviceFields } from '../../render/service-columns.js';
import { toRfc3339 } from '../../time/clock.js';
import type { Book } from '../model/book.js';
import type { EventRow, FindingRow, InstanceRow, LeaseRow, Row, ServiceRow } from '../model/rows.js';

const leaseFields: readonly Field<LeaseRow>[] = [
  { key: 'lease', value: (row) => row.id },
  { key: 'kind', value: (row) => row.leaseKind },
  { key: 'node', value: (row) => row.node },
  { key: 'grantedSeconds', value: (row) => row.ttl?.grantedSeconds ?? null },
  { key: 'health', value: (row) => row.health },
  { key: 'overdue', value: (row) => row.isOverdue },
  { key: 'renewed', value: (row) => row.isRenewed },
  { key: 'bound', value: (row) => row.bound },
  { key: 'name', value: (row) => row.name },
  { key: 'output', value: (row) => row.output },
];

const findingFields: readonly Field<FindingRow>[] = [
  { key: 'rule', value: ({ finding }) => finding.rule.id },
  { key: 'severity', value: ({ finding }) => finding.severity },
  { key: 'service', value: ({ finding }) => finding.subject.service },
  { key: 'instance', value: ({ finding }) => finding.subject.instance },
  { key: 'key', value: ({ finding }) => finding.subject.key },
  { key: 'detail', value: ({ finding }) => finding.detail },
];

/** The rows of a table, whole, tab-separated, with a header. @param rows of one kind @param nowMs monotonic */
export function tableTsv(rows: readonly Row[], book: Book, nowMs: number): string {
  const [first] = rows;
  const options = { headers: true };
  switch (first?.kind) {
    case undefined:
      return '';
    case 'service':
      return renderTsv(
        serviceFields,
        (rows as readonly ServiceRow[]).map(({ key, name }) =>
          toService(
            name,
            [...book.instancesOf(key)].flatMap((row) =>
              row.leftAtMs === null ? [judged(row, book, nowMs)] : [],
            ),
          ),
        ),
        options,
      );
    case 'instance':
      return renderTsv(
        instanceFields,
        (rows as readonly InstanceRow[]).filter(isThere).map((row) => judged(row, book, nowMs)),
        options,
      );
    case 'lease':
      return renderTsv(leaseFields, rows as readonly LeaseRow[], options);
    case 'finding':
      return renderTsv(findingFields, rows as readonly FindingRow[], options);
    case 'event':
      return renderTsv(
        eventFields,
        (rows as readonly EventRow[]).map(({ event, atMs }) => ({
          event: { ...event, at: toRfc3339(atMs) },
          service: null,
        })),
        options,
      );
  }
}

function isThere({ leftAtMs }: InstanceRow): boolean {
  return leftAtMs === null;
}

/** With the health and the time left that are shown. */
function judged(row: InstanceRow, book: Book, nowMs: number): InstanceRow['instance'] {
  const { instance, health, reason } = row;
  const ttl = book.ttlOf(row, nowMs);
  const lease =
    instance.lease === null || ttl === null
      ? instance.lease
      : { ...instance.lease, ttlSeconds: ttl.grantedSeconds, leftSeconds: ttl.leftSeconds };
  return health === 'left' ? instance : { ...instance, health, healthReason: reason, lease };
}
