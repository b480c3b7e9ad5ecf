import type { Instance } from '../../model/instance.js';
import { isLoopback } from '../../model/endpoint.js';
import type { Place } from '../model/paint-model.js';
import type { InstanceRow, Row } from '../model/rows.js';
import type { BookRows } from '../model/still-book.js';
import type { World } from '../world.js';
import type { Visit } from './view-state.js';

/** What tables are made of: a world as it is, or with the rows of an earlier moment. */
export interface RowSource extends Pick<World, 'leases' | 'doctor'> {
  readonly book: BookRows;
}

/** Severities from the least on that `f` of the doctor screen goes through; empty: all. */
export const doctorSteps = ['', 'warning', 'error'] as const;
/** Types of events that `t` goes through; empty: all. */
export const eventSteps = ['', 'joined', 'left', 'updated', 'stale', 'synced'] as const;

/** All rows of a place as they are now, before any filter. */
export function* rowsOf(
  world: RowSource,
  { place, narrowed }: Pick<Visit, 'place' | 'narrowed'>,
): Generator<Row> {
  const { book } = world;
  switch (place.screen) {
    case 'services':
      yield* book.services();
      return;
    case 'service':
      yield* book.instancesOf(place.serviceKey);
      return;
    case 'host':
      for (const row of book.allInstances()) if (hostOf(row) === place.host) yield row;
      return;
    case 'leases':
      yield* world.leases?.rows() ?? [];
      return;
    case 'lease':
      yield* instancesOnLease(world, place.key);
      return;
    case 'doctor':
      for (const row of world.doctor?.view.findings ?? [])
        if (narrowed === '' || isAtLeast(row.finding.severity, narrowed)) yield row;
      return;
    case 'events':
      yield* book.events.newest(
        Infinity,
        (row) => isAbout(place, row) && (narrowed === '' || row.event.type === narrowed),
      );
      return;
    case 'instance':
      return;
  }
}

/** Whether a changed instance belongs into the table of a place. */
export function holds(world: RowSource, place: Place, row: InstanceRow): boolean {
  if (place.screen === 'service') return row.serviceKey === place.serviceKey;
  if (place.screen === 'host') return hostOf(row) === place.host;
  if (place.screen === 'lease') return world.leases?.row(place.key)?.instances.includes(row.key) === true;
  return false;
}

/** Where an instance runs: its node, else the address of its first endpoint; null: it does not say. */
export function hostOf({ instance }: Pick<InstanceRow, 'instance'>): string | null {
  const [first] = instance.endpoints;
  if (instance.node !== null) return instance.node;
  if (first === undefined || first.address === '') return null;
  // A loopback address is another host for each; the one that wrote the entry is known where sdctl did.
  return isLoopback(first) ? (instance.owner?.host ?? first.address) : first.address;
}

/** Instances behind a row, for selectors. */
export function* instancesBehind(world: RowSource, row: Row): Generator<Instance> {
  switch (row.kind) {
    case 'instance':
      yield row.instance;
      return;
    case 'service':
      for (const { instance } of world.book.instancesOf(row.key)) yield instance;
      return;
    case 'lease':
      for (const key of row.instances) {
        const found = world.book.instance(key);
        if (found !== null) yield found.instance;
      }
      return;
    case 'event':
      if ('instance' in row.event) yield row.event.instance;
      return;
    case 'finding':
      return;
  }
}

function* instancesOnLease(world: RowSource, key: string): Generator<InstanceRow> {
  for (const instance of world.leases?.row(key)?.instances ?? []) {
    const row = world.book.instance(instance);
    if (row !== null) yield row;
  }
}

function isAtLeast(severity: string, least: string): boolean {
  return severity === 'error' || (severity === 'warning' && least === 'warning');
}

/** Whether an event belongs to what a log is about. */
export function isAbout(
  { serviceKey, instanceKey }: Extract<Place, { screen: 'events' }>,
  row: Extract<Row, { kind: 'event' }>,
): boolean {
  if (instanceKey !== null) return row.instanceKey === instanceKey;
  return serviceKey === null || row.serviceKey === serviceKey;
}
