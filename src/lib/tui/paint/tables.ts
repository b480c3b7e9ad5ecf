import type { Place } from '../model/paint-model.js';
import type { TableDesign } from './column.js';
import { eventColumns } from './event-columns.js';
import { findingColumns } from './finding-columns.js';
import { instanceColumns } from './instance-columns.js';
import { leaseColumns } from './lease-columns.js';
import { serviceColumns } from './service-columns.js';

const health = { key: 'health', header: 'HEALTH' };

function designsFor(hasNodes: boolean): Readonly<Record<Place['screen'], TableDesign | null>> {
  const several: TableDesign = {
    kind: 'instance',
    sign: health,
    columns: instanceColumns({ hasNodes, ofSeveralServices: true }),
  };
  return {
    services: { kind: 'service', sign: health, columns: serviceColumns(hasNodes) },
    service: {
      kind: 'instance',
      sign: health,
      columns: instanceColumns({ hasNodes, ofSeveralServices: false }),
    },
    instance: null,
    host: several,
    leases: { kind: 'lease', sign: health, columns: leaseColumns(hasNodes) },
    lease: several,
    doctor: { kind: 'finding', sign: { key: 'severity', header: 'SEVERITY' }, columns: findingColumns },
    events: { kind: 'event', sign: { key: 'type', header: 'TYPE' }, columns: eventColumns },
  };
}

const designs = { withNodes: designsFor(true), withoutNodes: designsFor(false) };

/** The table of a place; null: it has none. */
export function tableOf({ screen }: Place, hasNodes: boolean): TableDesign | null {
  return (hasNodes ? designs.withNodes : designs.withoutNodes)[screen];
}

/** Every column that a place may show, the sign before a row first, with the words above them. */
export function columnsOf(
  place: Place,
  hasNodes: boolean,
): readonly { readonly key: string; readonly header: string }[] {
  const design = tableOf(place, hasNodes);
  if (design === null) return [];
  const titled = design.columns.map(({ key, header }) => ({
    key,
    header: typeof header === 'string' ? header : key.toUpperCase(),
  }));
  return [design.sign, ...titled];
}
