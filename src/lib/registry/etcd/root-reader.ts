import { SdctlError } from '../../errors.js';
import { foreignTrees } from '../../layouts/etcd/index.js';
import { placesOf, withoutCovered } from '../../layouts/index.js';
import type { Snapshot } from '../../model/instance.js';
import type { Clock } from '../../time/clock.js';
import { limitsLeft, type Calls, type CallLimits } from './calls.js';
import { keyText, readEntry, SnapshotBuilder, type Roots } from './entries.js';
import { grantedRanges } from './grants.js';
import { intersection, prefixRange, withoutAll, type KeyRange } from './key-range.js';
import { readRange } from './pages.js';
import { StretchSink, type Stretch } from './stretch-sink.js';
import { countKeys, isStillBarren, type TreeLook } from './tree-check.js';

/** Keys of a foreign tree are named one by one while they are few; their values are never asked for. */
const NAMED_KEYS = 16;
const MAX_TRIES = 5;

/** What was read, and what has to be followed to keep it true. */
export interface Reading {
  readonly snapshot: Snapshot;
  readonly clusterId: string;
  /** Without the trees that were stepped over. */
  readonly stretches: readonly Stretch[];
  /** Trees that nobody could read. */
  readonly barren: readonly string[];
  /** What roles grant where the whole store is denied; null where it is not. */
  readonly granted: readonly KeyRange[] | null;
}

export interface RootReaderDeps {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly roots: Roots;
  /** Whose roles to ask for where the whole store is denied; null: nobody is logged in. */
  readonly username: string | null;
}

/** Reads services below the roots, whatever their layouts. */
export class RootReader {
  readonly #deps: RootReaderDeps;
  readonly #said = new Set<string>();

  constructor(deps: RootReaderDeps) {
    this.#deps = deps;
  }

  /**
   * Everything, or the entries of some services, at one revision.
   *
   * @param services null: all
   * @param again a reading to repeat: the same stretches, each as of its own revision
   * @throws {SdctlError} as `Calls.run`
   */
  async read(
    services: readonly string[] | null,
    limits: CallLimits,
    again?: { readonly reading: Reading; readonly revisions: readonly string[] },
  ): Promise<Reading> {
    const left = limitsLeft(this.#deps.clock, limits);
    if (again !== undefined) return this.#readOnce(services, left, again.reading.granted, again);
    const reading = await this.#readGranted(services, left);
    if (services === null || reading.snapshot.instances.length > 0 || reading.snapshot.undecoded.length > 0)
      return reading;
    // Where the name in a value is another one than that in its key, only reading the whole root can tell.
    return this.#readUnusual(services, left, reading);
  }

  /** Whether a reading has to be made anew to see everything: a skipped tree holds services now, or rights have changed. */
  async hasMoved({ barren, granted, stretches }: Reading, limits: CallLimits): Promise<boolean> {
    const left = limitsLeft(this.#deps.clock, limits);
    if (granted !== null && !sameRanges(granted, await this.#grants(left))) return true;
    const prefix = stretches[0]?.prefix ?? '';
    for (const tree of barren) if (!(await isStillBarren(this.#look(left, prefix, null), tree))) return true;
    return false;
  }

  async #readGranted(services: readonly string[] | null, left: () => CallLimits): Promise<Reading> {
    try {
      return await this.#readWhole(services, left, null);
    } catch (error) {
      const isDenied = error instanceof SdctlError && error.code === 'E_FORBIDDEN';
      if (!isDenied || !this.#deps.roots.prefixes.includes('')) throw error;
      const granted = await this.#grants(left);
      if (granted.length === 0) throw error;
      left().notify?.({
        level: 'warning',
        text: `the whole store is denied to ${this.#deps.username ?? ''}; reading what its roles grant: ${granted.map(rangeText).join(', ')}`,
      });
      return this.#readWhole(services, left, granted);
    }
  }

  /** Repeats a reading whose revision was compacted between two stretches. */
  async #readWhole(
    services: readonly string[] | null,
    left: () => CallLimits,
    granted: readonly KeyRange[] | null,
  ): Promise<Reading> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#readOnce(services, left, granted);
      } catch (error) {
        const isGone = error instanceof SdctlError && error.code === 'E_COMPACTED';
        if (!isGone || tries === MAX_TRIES) throw error;
      }
    }
  }

  async #readUnusual(services: readonly string[], left: () => CallLimits, narrow: Reading): Promise<Reading> {
    if (narrow.stretches.every(({ isNarrow }) => !isNarrow)) return narrow;
    const wide = await this.#readOnce(services, left, narrow.granted, undefined, true);
    return wide.snapshot.instances.length > 0 ? wide : narrow;
  }

  async #grants(left: () => CallLimits): Promise<readonly KeyRange[]> {
    const { username, calls } = this.#deps;
    return username === null ? [] : grantedRanges(calls, username, left);
  }

  async #readOnce(
    services: readonly string[] | null,
    left: () => CallLimits,
    granted: readonly KeyRange[] | null,
    again?: { readonly reading: Reading; readonly revisions: readonly string[] },
    isWide = false,
  ): Promise<Reading> {
    const { calls, clock } = this.#deps;
    const stretches = again?.reading.stretches ?? this.#plan(isWide ? null : services, granted);
    const wanted = services === null ? null : new Set(services);
    const builder = new SnapshotBuilder();
    const barren: string[] = [...(again?.reading.barren ?? [])];
    let revision: string | null = null;
    let clusterId = '';
    for (const [index, stretch] of stretches.entries()) {
      const at = again === undefined ? revision : (again.revisions[index] ?? null);
      const look = this.#look(left, stretch.prefix, at);
      const sink = new StretchSink(stretch, wanted, look, again === undefined);
      const read = await readRange(calls, clock, stretch.range, left(), sink, at);
      const { collected, skipped } = sink.finish();
      builder.append(collected);
      barren.push(...skipped);
      if (revision === null || again === undefined) revision ??= read.revision;
      else if (BigInt(read.revision) > BigInt(revision)) revision = read.revision;
      clusterId = read.clusterId;
    }
    for (const tree of barren) await this.#addBarren(builder, tree, this.#look(left, '', revision));
    if (wanted === null || stretches.some(({ isNarrow }) => !isNarrow))
      await this.#addForeign(builder, this.#look(left, '', revision), granted);
    const service = services?.length === 1 ? (services[0] ?? null) : null;
    return {
      snapshot: builder.build(service, revision ?? '0', clock.nowMs(), granted !== null),
      clusterId,
      stretches: stretches.flatMap((stretch) =>
        withoutAll(stretch.range, barren.map(prefixRange)).map((range) => ({ ...stretch, range })),
      ),
      barren,
      granted,
    };
  }

  #plan(services: readonly string[] | null, granted: readonly KeyRange[] | null): readonly Stretch[] {
    const { prefixes, layout } = this.#deps.roots;
    return prefixes.flatMap((prefix): readonly Stretch[] => {
      const places =
        services === null || prefix === ''
          ? null
          : services.map((service) => placesOf(service, { prefix }, layout));
      if (places?.every((place) => place !== null) === true)
        return withoutCovered(places.flat()).map((place) => ({
          range: prefixRange(place),
          prefix,
          isNarrow: true,
        }));
      const ranges = prefix === '' && granted !== null ? granted : [prefixRange(prefix)];
      const holes = foreignTrees.map((tree) => prefixRange(tree.prefix));
      return ranges.flatMap((range) =>
        withoutAll(range, holes).map((part) => ({ range: part, prefix, isNarrow: false })),
      );
    });
  }

  /** Foreign trees are counted, not read. */
  async #addForeign(
    builder: SnapshotBuilder,
    look: TreeLook,
    granted: readonly KeyRange[] | null,
  ): Promise<void> {
    const asked = granted ?? this.#deps.roots.prefixes.map(prefixRange);
    for (const { prefix, layout } of foreignTrees) {
      const tree = prefixRange(prefix);
      const rest = {
        layout: layout.name,
        reason: 'kubernetes',
        service: null,
        address: null,
        name: null,
      } as const;
      for (const range of asked) {
        const part = intersection(range, tree);
        const count = part === null ? 0 : await countKeys(look, part);
        if (part === null || count === 0) continue;
        if (count > NAMED_KEYS) builder.skip({ ...rest, key: keyText(part.key), keys: count });
        else for (const key of await namesIn(look, part)) builder.skip({ ...rest, key, keys: null });
      }
    }
  }

  async #addBarren(builder: SnapshotBuilder, tree: string, look: TreeLook): Promise<void> {
    const keys = await countKeys(look, prefixRange(tree));
    if (keys === 0) return;
    this.#say(look, `skipped ${tree}: ${keys} keys; no layout can read its first and its last 200`);
    builder.skip({
      key: tree,
      layout: null,
      reason: 'foreign',
      service: null,
      address: null,
      name: null,
      keys,
    });
  }

  /** Once, though a watch reads again and again. */
  #say(look: TreeLook, text: string): void {
    if (this.#said.has(text)) return;
    this.#said.add(text);
    look.limits().notify?.({ level: 'warning', text });
  }

  #look(limits: () => CallLimits, prefix: string, revision: string | null): TreeLook {
    const { calls, roots } = this.#deps;
    return { calls, limits, revision, decode: (kv) => readEntry(kv, { ...roots, prefixes: [prefix] }) };
  }
}

async function namesIn({ calls, limits, revision }: TreeLook, range: KeyRange): Promise<readonly string[]> {
  const at = revision === null ? {} : { revision };
  const { kvs } = await calls.run(limits(), ({ kv }) =>
    kv.range({ ...range, limit: NAMED_KEYS, keys_only: true, ...at }),
  );
  return kvs.map(({ key }) => keyText(key));
}

function sameRanges(a: readonly KeyRange[], b: readonly KeyRange[]): boolean {
  const text = (ranges: readonly KeyRange[]): string =>
    ranges.map(({ key, range_end }) => `${key.toString('hex')}-${range_end.toString('hex')}`).join();
  return text(a) === text(b);
}

/** A range as a person would name it: by the prefix that it stands for, else by both ends. */
function rangeText({ key, range_end }: KeyRange): string {
  const text = keyText(key);
  return prefixRange(text).range_end.equals(range_end) ? text : `${text} to ${keyText(range_end)}`;
}
