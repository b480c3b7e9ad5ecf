import type { EventRow } from './rows.js';

/** The last events, newest last, never more than asked for. */
export class EventLog {
  readonly #most: number;
  #rows: EventRow[] = [];
  #next = 1;

  /** @param most events that are kept */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return Math.min(this.#rows.length, this.#most);
  }

  /** How many there have been in all. */
  get added(): number {
    return this.#next - 1;
  }

  add(row: Omit<EventRow, 'key' | 'kind'>): void {
    this.#rows.push({ kind: 'event', key: String(this.#next), ...row });
    this.#next += 1;
    // Cut in large steps, so that a full log does not move all of itself for each event.
    if (this.#rows.length >= this.#most * 2) this.#rows = this.#rows.slice(-this.#most);
  }

  clear(): void {
    this.#rows = [];
  }

  /** Newest first; those of one service or instance where asked for. @param most how many are wanted */
  newest(most: number, matches: (row: EventRow) => boolean = () => true): readonly EventRow[] {
    const found: EventRow[] = [];
    const oldest = this.#rows.length - this.size;
    for (let index = this.#rows.length - 1; index >= oldest && found.length < most; index -= 1) {
      const row = this.#rows[index];
      if (row !== undefined && matches(row)) found.push(row);
    }
    return found;
  }
}
