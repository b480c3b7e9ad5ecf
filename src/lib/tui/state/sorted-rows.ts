import { compareText } from '../../model/instance.js';

/** What rows are ordered by. */
export interface Order<R> {
  by(row: R): number | string;
  /** Stands for the row where that is the same, then its key does: no row ever changes places for nothing. */
  name(row: R): string;
  readonly isDescending: boolean;
}

/** Rows in order. A change costs one search and one move, not a sort. */
export class SortedRows<R extends { readonly key: string }> {
  #rows: R[] = [];
  #order: Order<R>;

  constructor(order: Order<R>) {
    this.#order = order;
  }

  get rows(): readonly R[] {
    return this.#rows;
  }

  /** Takes rows that are in order already. */
  take(rows: R[]): void {
    this.#rows = rows;
  }

  setOrder(order: Order<R>): void {
    this.#order = order;
  }

  /** Puts any rows in order. */
  sort(rows: Iterable<R>): void {
    // What a row is ordered by is worked out once for each, not once for each comparison.
    const valued = Array.from(rows, (row) => ({ row, value: this.#order.by(row) }));
    valued.sort((a, b) => this.#compareValues(a.value, b.value) || this.#compareNames(a.row, b.row));
    this.#rows = valued.map(({ row }) => row);
  }

  insert(row: R): void {
    this.#rows.splice(this.#placeOf(row), 0, row);
  }

  /** @param before as it was put there */
  replace(before: R, row: R): void {
    const at = this.#indexOf(before);
    const isInPlace =
      (at === 0 || this.#compareAt(at - 1, row) < 0) &&
      (at === this.#rows.length - 1 || this.#compareAt(at + 1, row) > 0);
    if (isInPlace) {
      this.#rows[at] = row;
      return;
    }
    this.#rows.splice(at, 1);
    this.insert(row);
  }

  /** @param row as it was put there */
  remove(row: R): void {
    this.#rows.splice(this.#indexOf(row), 1);
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
