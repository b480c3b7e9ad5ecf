import { compareText } from '../../model/instance.js';

/** What rows are ordered by. */
export interface Order<R> {
  by(row: R): number | string;
  /** Stands for the row where that is the same, then its key does: no row ever changes places for nothing. */
  name(row: R): string;
  readonly isDescending: boolean;
}

/**
 * Rows in order, narrowed by a filter, kept up to date row by row: a change costs one search and one move, not a sort.
 * Sorted anew only when the order itself changes, or when it rests on something that changes by itself.
 */
export class LiveTable<R extends { readonly key: string }> {
  /** Every row by key, filtered out or not. */
  readonly #all = new Map<string, R>();
  /** Keys of `#rows`, with the row as it was put there. */
  readonly #shown = new Map<string, R>();
  #rows: R[] = [];
  #order: Order<R>;
  #matches: (row: R) => boolean = () => true;

  constructor(order: Order<R>) {
    this.#order = order;
  }

  /** In order, filtered. Not to be changed, and only good until the next change. */
  get rows(): readonly R[] {
    return this.#rows;
  }

  /** How many there are without the filter. */
  get total(): number {
    return this.#all.size;
  }

  get(key: string): R | undefined {
    return this.#all.get(key);
  }

  /** Replaces all rows. */
  set(rows: Iterable<R>): void {
    this.#all.clear();
    for (const row of rows) this.#all.set(row.key, row);
    this.#rebuild();
  }

  setOrder(order: Order<R>): void {
    this.#order = order;
    this.resort();
  }

  setFilter(matches: (row: R) => boolean): void {
    this.#matches = matches;
    this.#rebuild();
  }

  /** For orders that rest on the time, or on what another part has learnt meanwhile. */
  resort(): void {
    // What a row is ordered by is worked out once for each, not once for each comparison.
    const valued = this.#rows.map((row) => ({ row, value: this.#order.by(row) }));
    valued.sort((a, b) => this.#compareValues(a.value, b.value) || this.#compareNames(a.row, b.row));
    this.#rows = valued.map(({ row }) => row);
  }

  /** One row is new or another one now. */
  put(row: R): void {
    this.#all.set(row.key, row);
    const before = this.#shown.get(row.key);
    if (!this.#matches(row)) {
      if (before !== undefined) this.#take(before);
      return;
    }
    if (before !== undefined) {
      const at = this.#indexOf(before);
      const isInPlace =
        (at === 0 || this.#compareAt(at - 1, row) < 0) &&
        (at === this.#rows.length - 1 || this.#compareAt(at + 1, row) > 0);
      if (isInPlace) {
        this.#rows[at] = row;
        this.#shown.set(row.key, row);
        return;
      }
      this.#rows.splice(at, 1);
    }
    this.#rows.splice(this.#placeOf(row), 0, row);
    this.#shown.set(row.key, row);
  }

  remove(key: string): void {
    this.#all.delete(key);
    const before = this.#shown.get(key);
    if (before !== undefined) this.#take(before);
  }

  #take(row: R): void {
    this.#rows.splice(this.#indexOf(row), 1);
    this.#shown.delete(row.key);
  }

  #rebuild(): void {
    this.#rows = [];
    this.#shown.clear();
    for (const row of this.#all.values()) {
      if (!this.#matches(row)) continue;
      this.#rows.push(row);
      this.#shown.set(row.key, row);
    }
    this.resort();
  }

  #compare(a: R, b: R): number {
    return this.#compareValues(this.#order.by(a), this.#order.by(b)) || this.#compareNames(a, b);
  }

  #compareValues(a: number | string, b: number | string): number {
    if (a === b) return 0;
    const isLess = typeof a === typeof b ? a < b : typeof a === 'number';
    return isLess === this.#order.isDescending ? 1 : -1;
  }

  #compareNames(a: R, b: R): number {
    return compareText(this.#order.name(a), this.#order.name(b)) || compareText(a.key, b.key);
  }

  #compareAt(index: number, row: R): number {
    const other = this.#rows[index];
    return other === undefined ? 0 : this.#compare(other, row);
  }

  /** Where a row stands that is there. The order may rest on what has changed since: then it is looked for one by one. */
  #indexOf(row: R): number {
    const guess = this.#placeOf(row);
    if (this.#rows[guess] === row) return guess;
    return this.#rows.indexOf(row);
  }

  /** The first index whose row comes not before this one. */
  #placeOf(row: R): number {
    let [low, high] = [0, this.#rows.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compareAt(middle, row) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
