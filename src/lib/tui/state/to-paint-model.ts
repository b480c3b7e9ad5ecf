import type { Moment } from '../model/book.js';
import type { PaintModel, Prompt, TableView } from '../model/paint-model.js';
import type { InstanceRow, LeaseRow, LowestTtl, Row, TtlView } from '../model/rows.js';
import type { ViewSettings } from '../session.js';
import { StillBook, type BookRows } from '../model/still-book.js';
import type { World } from '../world.js';
import { completionOf, type KnownNames } from './command-line.js';
import { readFilter } from './filter.js';
import { currentVisit, isTop } from './reduce.js';
import { isAbout } from './table-source.js';
import type { ViewState } from './view-state.js';

/** What a paused picture goes on showing. */
export interface Frozen {
  readonly model: PaintModel;
  readonly book: BookRows;
  readonly monotonicMs: number;
  readonly ttls: Map<string, TtlView | null>;
  readonly lowest: Map<string, LowestTtl | null>;
  readonly renewals: Map<string, readonly number[]>;
}

export interface PaintInput {
  readonly state: ViewState;
  readonly world: World;
  /** Filtered and in order; how many there are without the filter. */
  readonly table: { readonly rows: readonly Row[]; readonly total: number };
  readonly frozen: Frozen | null;
  /** Events that wait while it is paused. */
  readonly waiting: number;
  readonly settings: ViewSettings;
  readonly color: boolean;
  readonly moment: Moment;
  readonly detail: InstanceRow | null;
  readonly selected: Row | null;
  readonly names: () => KnownNames;
}

/** A picture that stays as it is now. */
export function freeze(model: PaintModel, book: BookRows, { monotonicMs }: Moment): Frozen {
  return {
    model,
    book: new StillBook(book),
    monotonicMs,
    ttls: new Map(),
    lowest: new Map(),
    renewals: new Map(),
  };
}

/** Everything that one picture is painted from. */
export function toPaintModel(input: PaintInput): PaintModel {
  const { state, world, settings, color, moment, detail, selected, frozen, waiting } = input;
  const { book } = world;
  const { place } = currentVisit(state);
  const still = frozen?.model ?? null;
  const isHere = still !== null && JSON.stringify(still.place) === JSON.stringify(place);
  return {
    size: state.size,
    dress: { color, ascii: state.ascii, wide: state.wide },
    nowMs: still?.nowMs ?? moment.wallMs,
    clockMs: moment.wallMs,
    monotonicMs: moment.monotonicMs,
    identity: world.identity,
    connection: world.connection,
    revision: still === null ? book.revision : still.revision,
    roundTripMs: still === null ? world.roundTripMs : still.roundTripMs,
    paused: state.isPaused ? waiting : null,
    place,
    table: tableOf(input),
    isReading: place.screen === 'leases' && world.leases?.isRead !== true,
    totals: still?.totals ?? {
      services: book.serviceCount,
      instances: book.instanceCount,
      critical: book.countOf('critical'),
      warning: book.countOf('warning'),
    },
    partial: still?.partial ?? { hidden: book.isPartial, undecoded: book.undecodedCount },
    knownTtls: still === null ? knownTtls(world) : still.knownTtls,
    service: isHere ? still.service : serviceOf(input),
    detail: isHere && place.screen === 'instance' ? still.detail : detail,
    lease: isHere && place.screen === 'lease' ? still.lease : leaseOf(input, selected),
    doctor: still?.doctor ?? world.doctor?.view ?? noDoctor,
    events: isHere ? still.events : eventsOf(input),
    keepEvents: settings.keepEvents,
    focus: state.focus,
    isTop: isTop(state),
    only: world.only,
    prompt: promptOf(input),
    dialog: state.dialog,
    message: messageOf(input),
    hiddenColumns: settings.hidden,
    emptyHint: world.opened?.roots ?? null,
    ttlOf: (row) => ttlOf(input, row),
    lowestTtlOf: (row) => {
      if (frozen === null) return book.lowestTtlOf(row.key, moment.monotonicMs);
      return remembered(frozen.lowest, row.key, () => book.lowestTtlOf(row.key, frozen.monotonicMs));
    },
    renewalsOf: ({ instance: { lease } }) => {
      if (lease === null) return [];
      const read = (): readonly number[] => book.ttls.renewals(lease.id);
      return frozen === null ? read() : remembered(frozen.renewals, lease.id, read);
    },
  };
}

const noDoctor: PaintModel['doctor'] = {
  state: 'never',
  ranAtMs: null,
  findings: [],
  outcomes: [],
  problem: null,
};

function tableOf({ state, table }: PaintInput): TableView {
  const { top, selectedIndex, sort, filter, problemsOnly, narrowed } = currentVisit(state);
  return {
    rows: table.rows,
    total: table.total,
    top,
    selected: table.rows.length === 0 ? -1 : selectedIndex,
    marks: state.marks,
    sort,
    filter,
    problemsOnly,
    narrowed,
  };
}

function knownTtls({ book, leases, opened }: World): PaintModel['knownTtls'] {
  if (opened?.registry.capabilities.readableTtl !== true) return null;
  const all = book.leases().size + (leases?.strangers.length ?? 0);
  const known = Math.min(all, book.ttls.size);
  return known === all ? null : { known, all };
}

function serviceOf({ state, world, frozen, detail }: PaintInput): PaintModel['service'] {
  const { book }: { readonly book: BookRows } = frozen ?? world;
  const { place } = currentVisit(state);
  if (place.screen === 'service') return book.service(place.serviceKey);
  return place.screen === 'instance' && detail !== null ? book.service(detail.serviceKey) : null;
}

function leaseOf({ state, world, frozen }: PaintInput, selected: Row | null): LeaseRow | null {
  const { place } = currentVisit(state);
  if (place.screen === 'lease') return world.leases?.row(place.key) ?? null;
  if (selected?.kind !== 'lease') return null;
  return frozen === null ? (world.leases?.row(selected.key) ?? selected) : selected;
}

function eventsOf({ state, world, frozen }: PaintInput): PaintModel['events'] {
  const { place } = currentVisit(state);
  const most = state.size.rows;
  const { book }: { readonly book: BookRows } = frozen ?? world;
  const { events } = book;
  if (place.screen === 'service') return events.newest(most, (row) => row.serviceKey === place.serviceKey);
  if (place.screen === 'instance') return events.newest(most, (row) => row.instanceKey === place.key);
  // The whole log has its churn there.
  if (place.screen === 'events') return events.newest(Infinity, (row) => isAbout(place, row));
  return events.newest(most);
}

function promptOf({ state, world, names }: PaintInput): Prompt | null {
  const { prompt } = state;
  if (prompt === null) return null;
  const { kind, text } = prompt;
  if (kind === 'command') {
    const rest = completionOf(text, names());
    return { kind, text, completion: rest === '' ? '' : text + rest, problem: null };
  }
  const read = readFilter(text, { instancesOf: () => world.book.presentInstances().slice(0, 0) });
  return { kind, text, completion: '', problem: read.ok ? null : read.reason };
}

function messageOf({ state, world, moment }: PaintInput): PaintModel['message'] {
  const { message } = state;
  const isPast = message?.isNews === true && !world.isLive;
  if (message !== null && message.untilMs > moment.monotonicMs && !isPast) return message;
  const [hidden] = world.leases?.hidden ?? [];
  const { screen } = currentVisit(state).place;
  // While nobody answers there is more to say.
  if (hidden !== undefined && world.isLive && (screen === 'leases' || screen === 'lease'))
    return { text: hidden, level: 'warning' };
  return null;
}

function ttlOf({ world, frozen, moment }: PaintInput, row: InstanceRow | LeaseRow): TtlView | null {
  const read = (nowMs: number): TtlView | null => {
    if (row.kind === 'instance') return world.book.ttlOf(row, nowMs);
    return row.ttl === null ? null : world.book.ttls.view(row.id, nowMs);
  };
  if (frozen === null) return read(moment.monotonicMs);
  return remembered(frozen.ttls, row.key, () => read(frozen.monotonicMs));
}

function remembered<T>(known: Map<string, T>, key: string, read: () => T): T {
  const before = known.get(key);
  if (before !== undefined) return before;
  const value = read();
  known.set(key, value);
  return value;
}
