import type { EventRow, InstanceRow, ServiceRow } from './rows.js';

/** Rows of a registry, as they are or as they were. */
export interface BookRows {
  services(): Iterable<ServiceRow>;
  service(key: string): ServiceRow | null;
  instance(key: string): InstanceRow | null;
  /** With ghosts. */
  instancesOf(service: string): Iterable<InstanceRow>;
  /** With ghosts. */
  allInstances(): Iterable<InstanceRow>;
  readonly events: {
    /** How many there were ever. */
    readonly added: number;
    newest(most: number, matches?: (row: EventRow) => boolean, before?: number): readonly EventRow[];
  };
}

/** The rows of one moment, for a picture that stands still: rows never change, so that only their places are copied. */
export class StillBook implements BookRows {
  readonly events: BookRows['events'];
  readonly #services: ReadonlyMap<string, ServiceRow>;
  readonly #instances: ReadonlyMap<string, InstanceRow>;
  readonly #ofService = new Map<string, InstanceRow[]>();

  constructor(book: BookRows) {
    this.#services = new Map([...book.services()].map((row) => [row.key, row]));
    this.#instances = new Map([...book.allInstances()].map((row) => [row.key, row]));
    for (const row of this.#instances.values()) {
      const others = this.#ofService.get(row.serviceKey);
      if (others === undefined) this.#ofService.set(row.serviceKey, [row]);
      else others.push(row);
    }
    const { events } = book;
    const { added } = events;
    this.events = { added, newest: (most, matches, before = added) => events.newest(most, matches, before) };
  }

  services(): Iterable<ServiceRow> {
    return this.#services.values();
  }

  service(key: string): ServiceRow | null {
    return this.#services.get(key) ?? null;
  }

  instance(key: string): InstanceRow | null {
    return this.#instances.get(key) ?? null;
  }

  instancesOf(service: string): Iterable<InstanceRow> {
    return this.#ofService.get(service) ?? [];
  }

  allInstances(): Iterable<InstanceRow> {
    return this.#instances.values();
  }
}
