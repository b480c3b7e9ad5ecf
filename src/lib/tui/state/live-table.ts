import { SortedRows, type Order } from './sorted-rows.js';

export type { Order } from './sorted-rows.js';

/**
 * Rows in order, narrowed by a filter, kept up to date row by row. A new filter is one pass over rows that are in order
 * already; they are sorted anew only when the order itself changes, or when it rests on something that changes by itself.
 */
export class LiveTable<R extends { readonly key: string }> {
  /** Every row, filtered out or not, by key and in order. */
  readonly #all = new Map<string, R>();
  readonly #ordered: SortedRows<R>;
  /** Those that the filter leaves, in order; which they are. */
  readonly #filtered: SortedRows<R>;
  readonly #shown = new Set<string>();
  /** null: everything is shown. */
  #matches: ((row: R) => boolean) | null = null;

  constructor(order: Order<R>) {
    this.#ordered = new SortedRows(order);
    this.#filtered = new SortedRows(order);
  }

  /** In order, filtered. Not to be changed, and only good until the next change. */
  get rows(): readonly R[] {
    return this.#matches === null ? this.#ordered.rows : this.#filtered.rows;
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
    this.#ordered.sort(this.#all.values());
    this.#filter();
  }

  setOrder(order: Order<R>): void {
    this.#ordered.setOrder(order);
    this.#filtered.setOrder(order);
    this.resort();
  }

  /** @param matches null: every row does */
  setFilter(matches: ((row: R) => boolean) | null): void {
    this.#matches = matches;
    this.#filter();
  }

  /** For orders that rest on the time, or on what another part has learnt meanwhile. */
  resort(): void {
    this.#ordered.sort(this.#ordered.rows);
    this.#filter();
  }

  /** One row is new or another one now. */
  put(row: R): void {
    const before = this.#all.get(row.key);
    this.#all.set(row.key, row);
    if (before === undefined) this.#ordered.insert(row);
    else this.#ordered.replace(before, row);
    if (this.#matches === null) return;
    const wasShown = before !== undefined && this.#shown.has(row.key);
    if (!this.#matches(row)) {
      if (wasShown) this.#hide(before);
    } else if (wasShown) this.#filtered.replace(before, row);
    else {
      this.#filtered.insert(row);
      this.#shown.add(row.key);
    }
  }

  remove(key: string): void {
    const before = this.#all.get(key);
    if (before === undefined) return;
    this.#all.delete(key);
    this.#ordered.remove(before);
    if (this.#shown.has(key)) this.#hide(before);
  }

  #hide(row: R): void {
    this.#filtered.remove(row);
    this.#shown.delete(row.key);
  }

  #filter(): void {
    this.#shown.clear();
    const matches = this.#matches;
    const kept = matches === null ? [] : this.#ordered.rows.filter(matches);
    for (const { key } of kept) this.#shown.add(key);
    this.#filtered.take(kept);
  }
}
