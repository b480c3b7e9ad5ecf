import type { EventRow } from './rows.js';

/** The last events, never more than asked for: each holds two whole instances, so none is kept longer. */
export class EventLog {
  readonly #most: number;
  /** A ring: the newest stands before `#next`, modulo its length. */
  readonly #ring: EventRow[] = [];
  #added = 0;

  /** @param most events that are kept */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#ring.length;
  }

  /** How many there have been in all. */
  get added(): number {
    return this.#added;
  }

  add(row: Omit<EventRow, 'key' | 'kind'>): void {
    this.#ring[this.#added % this.#most] = { kind: 'event', key: String(this.#added + 1), ...row };
    this.#added += 1;
  }

  clear(): void {
    this.#ring.length = 0;
    this.#added = 0;
  }

  /** Newest first; those of one service or instance where asked for. @param most how many are wanted @param before how many had been added then */
  newest(
    most: number,
    matches: (row: EventRow) => boolean = () => true,
    before = this.#added,
  ): readonly EventRow[] {
    const found: EventRow[] = [];
    const oldest = this.#added - this.size;
    for (let number = before - 1; number >= oldest && found.length < most; number -= 1) {
      const row = this.#ring[number % this.#most];
      if (row !== undefined && matches(row)) found.push(row);
    }
    return found;
  }
}
