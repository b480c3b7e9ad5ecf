import type { Clock } from '../../time/clock.js';
import { keyOf } from '../feed/lease-feed.js';
import type { BookChange } from '../model/book.js';
import type { Row } from '../model/rows.js';
import type { World } from '../world.js';
import { isProblem, readFilter } from './filter.js';
import { LiveTable } from './live-table.js';
import { isMoving, orderOf, sortBy, type SortContext } from './sorting.js';
import { searchText } from './row-text.js';
import type { BookRows } from '../model/still-book.js';
import { holds, instancesBehind, rowsOf, type RowSource } from './table-source.js';
import type { Visit } from './view-state.js';

/** How often what changes by itself, or is long, is gone through. */
const SLOW_MS = 1_000;

/** The table of the place that somebody looks at, in line with its registry. */
export class TableKeeper {
  readonly #clock: Clock;
  #table: LiveTable<Row>;
  #world: World | null = null;
  /** What the table was made for. */
  #of: Visit | null = null;
  /** Keys of rows that are other ones now; null: all may be. */
  #changed: Set<string> | null = null;
  /** What the rows of a screen that is always taken whole were taken from. */
  #source: unknown = null;
  #wholeAtMs = -Infinity;
  /** While the picture stands still: tables of the places that were seen in it, each with what it was made for. */
  readonly #still = new Map<string, { readonly table: LiveTable<Row>; readonly of: Visit }>();
  /** So many rows have the text that a filter looks through. */
  #warmed = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#table = new LiveTable<Row>({ by: () => 0, name: ({ key }) => key, isDescending: false });
  }

  get rows(): readonly Row[] {
    return this.#table.rows;
  }

  /** Without the filter. */
  get total(): number {
    return this.#table.total;
  }

  /**
   * Makes the text that a filter looks through, for a part of the rows: so that the first key of a filter over ten
   * thousand of them does not wait for all.
   *
   * @returns whether there is more to do
   */
  warm(most: number): boolean {
    const { rows } = this.#table;
    const end = Math.min(rows.length, this.#warmed + most);
    for (let at = this.#warmed; at < end; at += 1) {
      const row = rows[at];
      if (row !== undefined) searchText(row);
    }
    this.#warmed = end;
    return end < rows.length;
  }

  /** Something of the registry has changed. */
  note({ kind, key }: BookChange): void {
    const screen = this.#of?.place.screen;
    if (kind === 'all') this.#changed = null;
    if (kind === 'service' && screen === 'services') this.#changed?.add(key);
    if (kind === 'instance' && screen !== 'services' && screen !== 'leases') this.#changed?.add(key);
    if (kind === 'lease' && screen === 'leases') this.#changed?.add(key);
  }

  /** Every row may be another one. */
  touchAll(): void {
    this.#changed = null;
  }

  /**
   * Brings the table in line with where the user is and with what has changed.
   *
   * @param still the rows of the moment at which the picture stands still; null: it does not
   */
  update(visit: Visit, world: World, still: BookRows | null): void {
    const isFrozen = still !== null;
    const source = isFrozen ? { book: still, leases: world.leases, doctor: world.doctor } : world;
    const made = this.#of;
    const isNew =
      made === null ||
      this.#world !== world ||
      made.place !== visit.place ||
      made.narrowed !== visit.narrowed;
    if (!isFrozen || this.#world !== world) this.#still.clear();
    else if (isNew && made !== null) this.#still.set(stillKey(made), { table: this.#table, of: made });
    this.#of = visit;
    this.#world = world;
    const seen = isNew ? this.#still.get(stillKey(visit)) : undefined;
    if (isNew && seen === undefined) {
      this.#make(visit, world, source);
      return;
    }
    if (seen !== undefined) this.#table = seen.table;
    this.#arrange(visit, seen?.of ?? made ?? visit, world, source);
    if (!isFrozen) this.#follow(visit, world);
  }

  /** The same rows in another order, or other ones of them. */
  #arrange(visit: Visit, made: Visit, world: World, source: RowSource): void {
    if (made.filter !== visit.filter || made.problemsOnly !== visit.problemsOnly)
      this.#table.setFilter(matcher(visit, source));
    if (made.sort !== visit.sort) this.#table.setOrder(this.#order(visit, world));
  }

  #make(visit: Visit, world: World, source: RowSource): void {
    this.#table = new LiveTable(this.#order(visit, world));
    this.#table.setFilter(matcher(visit, source));
    this.#takeAll(visit, source);
  }

  #takeAll(visit: Visit, world: RowSource): void {
    this.#table.set(rowsOf(world, visit));
    this.#source = sourceOf(visit, world);
    this.#changed = new Set();
    this.#warmed = 0;
    this.#wholeAtMs = this.#clock.monotonicMs();
  }

  #follow(visit: Visit, world: World): void {
    const { screen } = visit.place;
    const isDue = this.#clock.monotonicMs() - this.#wholeAtMs >= SLOW_MS;
    const isOther = sourceOf(visit, world) !== this.#source;
    // What hangs on one lease is few, and is read by itself.
    if (this.#changed === null || isOther || (screen === 'lease' && isDue)) {
      this.#takeAll(visit, world);
      return;
    }
    this.#putChanged(visit, world, this.#changed);
    if (isDue && isMoving(screen, visit.sort)) {
      this.#table.resort();
      this.#wholeAtMs = this.#clock.monotonicMs();
    }
  }

  #putChanged({ place }: Visit, world: World, changed: ReadonlySet<string>): void {
    const { book, leases } = world;
    for (const key of changed) {
      if (place.screen === 'leases') {
        const row = leases?.byId(key) ?? null;
        if (row === null) this.#table.remove(keyOf(key));
        else this.#table.put(row);
        continue;
      }
      const row = place.screen === 'services' ? book.service(key) : book.instance(key);
      if (row === null || (row.kind === 'instance' && !holds(world, place, row))) this.#table.remove(key);
      else this.#table.put(row);
    }
    this.#changed = new Set();
  }

  #order({ place, sort }: Visit, { book }: World): ReturnType<typeof orderOf> {
    const nowMs = (): number => this.#clock.monotonicMs();
    const leftOf = (id: string): number | null => book.ttls.leftSeconds(id, nowMs());
    const context: SortContext = {
      leftOf: (row) => {
        if (row.kind === 'lease') return row.ttl === null ? null : leftOf(row.id);
        return row.leftAtMs !== null || row.instance.lease === null ? null : leftOf(row.instance.lease.id);
      },
      lowestOf: (row) => book.lowestTtlOf(row.key, nowMs())?.ttl.leftSeconds ?? null,
    };
    return orderOf(place.screen, place.screen === 'instance' ? sortBy('instance', null) : sort, context);
  }
}

/** The same for two visits that show the same rows. */
function stillKey({ place, narrowed }: Visit): string {
  return JSON.stringify([place, narrowed]);
}

/** Another value whenever a screen that is taken whole has other rows. */
function sourceOf({ place }: Visit, { book, doctor, leases }: RowSource): unknown {
  if (place.screen === 'leases' || place.screen === 'lease') return leases?.source;
  if (place.screen === 'events') return book.events.added;
  return place.screen === 'doctor' ? doctor?.view.findings : null;
}

/** null: every row is shown. */
function matcher({ filter, problemsOnly }: Visit, world: RowSource): ((row: Row) => boolean) | null {
  if (filter.trim() === '' && !problemsOnly) return null;
  const read = readFilter(filter, { instancesOf: (row) => instancesBehind(world, row) });
  return (row) => (!problemsOnly || isProblem(row)) && (!read.ok || read.matches(row));
}
