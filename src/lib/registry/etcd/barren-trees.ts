import type { Decoded } from '../../layouts/index.js';

/** So many entries at the beginning and at the end of a tree have to be unreadable before the rest is not read. */
export const SAMPLE = 200;

/** The tree that a key stands in: everything up to its first separator below the root. null: it stands in none. */
export function treeOf(key: string, prefix: string): string | null {
  const from = prefix.length + (key.startsWith('/', prefix.length) ? 1 : 0);
  const end = key.indexOf('/', from);
  return end < 0 ? null : key.slice(0, end + 1);
}

/** Notices trees of which nothing could be read so far, while entries pass in the order of their keys. */
export class BarrenTrees {
  readonly #prefix: string;
  #tree: string | null = null;
  #count = 0;
  #isBarren = false;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** @returns the tree that has just ended, if nothing in it could be read */
  pass(key: string, decoded: Decoded): { readonly tree: string; readonly count: number } | null {
    const tree = treeOf(key, this.#prefix);
    const ended = tree === this.#tree ? null : this.end();
    if (tree !== this.#tree) {
      this.#tree = tree;
      this.#count = 0;
      this.#isBarren = tree !== null;
    }
    this.#count += 1;
    this.#isBarren &&= decoded.state === 'undecoded';
    return ended;
  }

  /** Whether the last entry was the first of its tree. */
  get isAtBegin(): boolean {
    return this.#count === 1;
  }

  /** The tree under way, if nothing in it could be read and enough of it was seen to believe that. */
  get suspect(): { readonly tree: string; readonly count: number } | null {
    return this.#tree !== null && this.#isBarren && this.#count >= SAMPLE
      ? { tree: this.#tree, count: this.#count }
      : null;
  }

  /** The tree under way as a whole: larger than both samples, and nothing in it could be read. */
  end(): { readonly tree: string; readonly count: number } | null {
    const { suspect } = this;
    return suspect !== null && suspect.count > 2 * SAMPLE ? suspect : null;
  }

  /** The rest of the tree under way is read, or skipped, whatever is in it. */
  leave(): void {
    this.#isBarren = false;
  }
}
