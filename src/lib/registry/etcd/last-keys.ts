import type { KeyRange } from './key-range.js';

/** What stands at or behind a key, up to the end of the range: how many keys, and the first of them. */
export type Probe = (from: Buffer) => Promise<{ readonly count: number; readonly first: Buffer | null }>;

/** A key costs about a dozen probes for each place at which the last keys differ; none needs so many. */
const MAX_PROBES = 400;

/**
 * Where the last keys of a range begin, found by counting alone: etcd would read the whole range into its memory to
 * sort it from the end.
 *
 * @param first a key at or before the first one, with more than `atMost` keys from it on
 * @returns a key from which on there are at most `atMost` keys and at least half as many; null when that could not be
 *   found
 */
export async function lastKeysFrom(
  range: KeyRange,
  first: Buffer,
  atMost: number,
  probe: Probe,
): Promise<Buffer | null> {
  return new Search(range, first, atMost, probe).run();
}

/** Goes down the last keys byte by byte. What is looked for begins with the first `#shared` bytes of `#low`. */
class Search {
  readonly #atMost: number;
  readonly #probe: Probe;
  /** From there on there are too many. */
  #low: Buffer;
  /** From there on there are too few. */
  #few: Buffer;
  #shared = 0;
  #found: Buffer | null = null;
  #probes = 0;

  constructor(range: KeyRange, first: Buffer, atMost: number, probe: Probe) {
    this.#few = range.range_end;
    this.#low = first;
    this.#atMost = atMost;
    this.#probe = probe;
  }

  async run(): Promise<Buffer | null> {
    while (this.#probes < MAX_PROBES && this.#shared <= this.#low.length) {
      if ((await this.#passShared()) || (await this.#chooseByte())) break;
    }
    return this.#found;
  }

  /** Lengthens `#shared` by what it has in common with `#low`, halving what is not known of that. @returns whether it is found */
  async #passShared(): Promise<boolean> {
    let unshared = this.#low.length + 1;
    while (unshared - this.#shared > 1) {
      const length = (this.#shared + unshared) >> 1;
      const behind = endOf(this.#low.subarray(0, length));
      const seen = behind === null ? 'few' : await this.#look(behind);
      if (seen === 'found') return true;
      if (seen === 'few') this.#shared = length;
      else unshared = Math.min(length, this.#low.length + 1);
    }
    return false;
  }

  /** Finds the byte behind the shared ones. @returns whether it is found */
  async #chooseByte(): Promise<boolean> {
    const before = this.#low.subarray(0, this.#shared);
    let none = 256;
    for (;;) {
      const least = this.#low[this.#shared] ?? -1;
      if (none - least <= 1) break;
      const byte = (least + none) >> 1;
      const seen = await this.#look(Buffer.concat([before, Buffer.from([byte])]));
      if (seen === 'found') return true;
      if (seen === 'few') none = byte;
    }
    this.#shared += 1;
    return false;
  }

  /** Moves `#low` up to the first key from there on, where there are too many. */
  async #look(from: Buffer): Promise<'few' | 'many' | 'found'> {
    if (Buffer.compare(from, this.#few) >= 0) return 'few';
    if (Buffer.compare(from, this.#low) <= 0) return 'many';
    this.#probes += 1;
    const { count, first } = await this.#probe(from);
    if (first === null || count < this.#atMost / 2) {
      this.#few = from;
      return 'few';
    }
    if (count <= this.#atMost) {
      this.#found = from;
      return 'found';
    }
    this.#low = first;
    return 'many';
  }
}

/** The first key behind all that begin with `prefix`; null when there is none. */
function endOf(prefix: Buffer): Buffer | null {
  for (let at = prefix.length - 1; at >= 0; at -= 1) {
    const byte = prefix[at] ?? 0xff;
    if (byte < 0xff) return Buffer.concat([prefix.subarray(0, at), Buffer.from([byte + 1])]);
  }
  return null;
}
