import type { Clock } from '../../time/clock.js';
import type { BookChange } from '../model/book.js';
import type { Row } from '../model/rows.js';
import type { World } from '../world.js';
import { isProblem, readFilter } from './filter.js';
import { LiveTable } from './live-table.js';
import { isMoving, orderOf, sortBy, type SortContext } from './sorting.js';
import { holds, instancesBehind, rowsOf } from './table-source.js';
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

  /** Something of the registry has changed. */
  note({ kind, key }: BookChange): void {
    const screen = this.#of?.place.screen;
    if (kind === 'all') this.#changed = null;
    if (kind === 'service' && screen === 'services') this.#changed?.add(key);
    if (kind === 'instance' && screen !== 'services') this.#changed?.add(key);
  }

  /** Every row may be another one. */
  touchAll(): void {
    this.#changed = null;
  }

  /** Brings the table in line with where the user is and, unless it is frozen, with what has changed. */
  update(visit: Visit, world: World, isFrozen: boolean): void {
    const made = this.#of;
    const isNew =
      made === null ||
      this.#world !== world ||
      made.place !== visit.place ||
      made.narrowed !== visit.narrowed;
    this.#of = visit;
    this.#world = world;
    if (isNew) {
      this.#make(visit, world);
      return;
    }
    if (made.filter !== visit.filter || made.problemsOnly !== visit.problemsOnly)
      this.#table.setFilter(matcher(visit, world));
    if (made.sort !== visit.sort) this.#table.setOrder(this.#order(visit, world));
    if (!isFrozen) this.#follow(visit, world);
  }

  #make(visit: Visit, world: World): void {
    this.#table = new LiveTable(this.#order(visit, world));
    this.#table.setFilter(matcher(visit, world));
    this.#takeAll(visit, world);
  }

  #takeAll(visit: Visit, world: World): void {
    this.#table.set(rowsOf(world, visit));
    this.#source = sourceOf(visit, world);
    this.#changed = new Set();
    this.#wholeAtMs = this.#clock.monotonicMs();
  }

  #follow(visit: Visit, world: World): void {
    const { screen } = visit.place;
    const isDue = this.#clock.monotonicMs() - this.#wholeAtMs >= SLOW_MS;
    // Thousands of leases are gone through once a second, not with every event.
    const isSlow = screen === 'leases' || screen === 'lease';
    const isOther = sourceOf(visit, world) !== this.#source;
    if (this.#changed === null || isOther || (isSlow && isDue)) {
      this.#takeAll(visit, world);
      return;
    }
    if (isSlow) return;
    this.#putChanged(visit, world, this.#changed);
    if (isDue && isMoving(screen, visit.sort)) {
      this.#table.resort();
      this.#wholeAtMs = this.#clock.monotonicMs();
    }
  }

  #putChanged({ place }: Visit, world: World, changed: ReadonlySet<string>): void {
    const { book } = world;
    for (const key of changed) {
      const row = place.screen === 'services' ? book.service(key) : book.instance(key);
      if (row === null || (row.kind === 'instance' && !holds(world, place, row))) this.#table.remove(key);
      else this.#table.put(row);
    }
    this.#changed = new Set();
  }

  #order({ place, sort }: Visit, { book }: World): ReturnType<typeof orderOf> {
    const nowMs = (): number => this.#clock.monotonicMs();
    const context: SortContext = {
      ttlOf: (row) => (row.kind === 'lease' ? row.ttl : book.ttlOf(row, nowMs())),
      lowestTtlOf: (row) => book.lowestTtlOf(row.key, nowMs())?.ttl ?? null,
    };
    return orderOf(place.screen, place.screen === 'instance' ? sortBy('instance', null) : sort, context);
  }
}

/** Another value whenever a screen that is taken whole has other rows. */
function sourceOf({ place }: Visit, { book, doctor }: World): unknown {
  if (place.screen === 'events') return book.events.added;
  return place.screen === 'doctor' ? doctor?.view.findings : null;
}

function matcher({ filter, problemsOnly }: Visit, world: World): (row: Row) => boolean {
  const read = readFilter(filter, { instancesOf: (row) => instancesBehind(world, row) });
  return (row) => (!problemsOnly || isProblem(row)) && (!read.ok || read.matches(row));
}
