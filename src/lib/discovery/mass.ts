/** How many of a group are in trouble. */
interface Count {
  bad: number;
  all: number;
}

/**
 * Tells trouble of one from trouble of many: where more than half of a group went down, that is one cause for all, and
 * nobody knows which of them are gone for good.
 */
export class Mass<T> {
  readonly #counts = new Map<string, Count>();
  readonly #groupOf: (item: T) => string | null;

  /** @param groupOf null: belongs to no group */
  constructor(items: readonly T[], isBad: (item: T) => boolean, groupOf: (item: T) => string | null) {
    this.#groupOf = groupOf;
    for (const item of items) {
      const group = groupOf(item);
      if (group === null) continue;
      const count = this.#counts.get(group) ?? { bad: 0, all: 0 };
      this.#counts.set(group, count);
      count.all += 1;
      if (isBad(item)) count.bad += 1;
    }
  }

  /** Its group, where several and more than half of it are in trouble; null: it is not such a group. */
  of(item: T): Readonly<Count> | null {
    const group = this.#groupOf(item);
    const count = group === null ? undefined : this.#counts.get(group);
    return count !== undefined && count.bad > 1 && count.bad * 2 > count.all ? count : null;
  }
}
