import { formatEndpoint } from '../../model/endpoint.js';
import { formatInstanceName } from '../../model/instance-name.js';
import type { EventRow, FindingRow, InstanceRow, Row } from '../model/rows.js';

const texts = new WeakMap<Row, string>();

/** What a filter looks through, in lower case. Kept with the row, because a filter is asked on every key. */
export function searchText(row: Row): string {
  const known = texts.get(row);
  if (known !== undefined) return known;
  const text = partsOf(row)
    .filter((part) => part !== null)
    .join('\n')
    .toLowerCase();
  texts.set(row, text);
  return text;
}

/** What a pattern for names is held against. */
export function namesOf(row: Row): readonly string[] {
  switch (row.kind) {
    case 'service':
      return [row.name];
    case 'instance':
      return namesOfInstance(row.instance);
    case 'lease':
      return [row.id, ...(row.name === null ? [] : [row.name]), ...row.bound];
    case 'finding': {
      const { service, instance } = row.finding.subject;
      return service === null
        ? []
        : [service, ...(instance === null ? [] : [instance, `${service}/${instance}`])];
    }
    case 'event':
      return 'instance' in row.event ? namesOfInstance(row.event.instance) : [];
  }
}

function namesOfInstance({
  service,
  id,
}: {
  readonly service: string;
  readonly id: string;
}): readonly string[] {
  return [service, id, `${service}/${id}`];
}

function partsOf(row: Row): readonly (string | null)[] {
  switch (row.kind) {
    case 'service':
      return [row.name, row.health, row.root, ...row.layouts, ...row.versions];
    case 'instance':
      return instanceParts(row);
    case 'lease':
      return [row.id, row.node, row.name, row.health, ...row.bound];
    case 'finding':
      return findingParts(row);
    case 'event':
      return eventParts(row);
  }
}

function instanceParts({ instance, health, reason }: InstanceRow): readonly (string | null)[] {
  const { service, id, version, zone, node, tags, endpoints, lease, metadata, layout } = instance;
  const pairs = Object.entries(metadata).map(([key, value]) => `${key}=${value}`);
  const addresses = endpoints.map(formatEndpoint);
  return [
    service,
    id,
    health,
    reason,
    ...addresses,
    version,
    zone,
    node,
    layout,
    lease?.id ?? null,
    ...tags,
    ...pairs,
  ];
}

function findingParts({ finding }: FindingRow): readonly (string | null)[] {
  const { rule, severity, subject, detail } = finding;
  return [
    rule.id,
    rule.slug,
    rule.group,
    severity,
    ...Object.values(subject as unknown as Record<string, string | null>),
    detail,
  ];
}

function eventParts({ event }: EventRow): readonly (string | null)[] {
  if (event.type === 'stale') return [event.type, event.cause.message, event.cause.why ?? null];
  if (event.type === 'synced') return [event.type];
  const { instance } = event;
  return [
    event.type,
    formatInstanceName(instance),
    instance.health,
    event.type === 'left' ? event.reason : null,
    ...instance.endpoints.map(formatEndpoint),
  ];
}
