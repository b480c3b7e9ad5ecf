import type { IKeyValue } from 'etcd3/lib/rpc.js';
import { decodeUtf8 } from '../../layouts/utf8.js';
import { BarrenTrees } from './barren-trees.js';
import { belongsTo, SnapshotBuilder, type Wanted } from './entries.js';
import { prefixRange, type KeyRange } from './key-range.js';
import type { Sink } from './pages.js';
import { lookAtRest, type TreeLook } from './tree-check.js';

/** A stretch of keys to read and to follow. */
export interface Stretch {
  readonly range: KeyRange;
  /** The root in force. */
  readonly prefix: string;
  /** It holds the services asked for and nothing else. */
  readonly isNarrow: boolean;
}

/** Keys that are no text are listed one by one: as text, their tree would be another one. */
const NO_TREE = '';

/** Takes the entries of one stretch, and steps over trees of which nobody could read anything. */
export class StretchSink implements Sink {
  readonly #stretch: Stretch;
  readonly #wanted: Wanted;
  readonly #look: TreeLook;
  readonly #mayStep: boolean;
  #collected = new SnapshotBuilder();
  #trees: BarrenTrees | null = null;
  #skipped: string[] = [];
  /** Entries of the tree under way that were collected although nobody could read them. */
  #unread = 0;

  /** @param mayStep whether trees may be stepped over; only in a store that is not the services' own */
  constructor(stretch: Stretch, services: ReadonlySet<string> | null, look: TreeLook, mayStep: boolean) {
    this.#stretch = stretch;
    this.#wanted = { services, isNarrow: stretch.isNarrow };
    this.#look = look;
    this.#mayStep = mayStep && (stretch.prefix === '' || stretch.prefix === '/');
    this.begin();
  }

  begin(): void {
    this.#collected = new SnapshotBuilder();
    this.#trees = this.#mayStep ? new BarrenTrees(this.#stretch.prefix) : null;
    this.#skipped = [];
    this.#unread = 0;
  }

  add(kv: IKeyValue): void {
    const decoded = this.#look.decode(kv);
    if (this.#trees !== null) {
      const ended = this.#trees.pass(decodeUtf8(kv.key) ?? NO_TREE, decoded);
      if (ended !== null) this.#drop(ended.tree);
      if (this.#trees.isAtBegin) this.#unread = 0;
    }
    if (!belongsTo(decoded, this.#wanted)) return;
    this.#collected.add(decoded);
    if (decoded.state === 'undecoded') this.#unread += 1;
  }

  mayLeave(last: IKeyValue): boolean {
    return this.#trees !== null && this.#look.decode(last).state === 'undecoded';
  }

  async next(last: Buffer): Promise<Buffer | null> {
    const suspect = this.#trees?.suspect ?? null;
    if (suspect === null) return null;
    const rest = await lookAtRest(this.#look, suspect.tree, last);
    if (rest === 'small') return null;
    this.#trees?.leave();
    if (rest === 'readable') return null;
    this.#drop(suspect.tree);
    return prefixRange(suspect.tree).range_end;
  }

  /** Everything that was collected, and the trees that were skipped. */
  finish(): { readonly collected: SnapshotBuilder; readonly skipped: readonly string[] } {
    const ended = this.#trees?.end() ?? null;
    if (ended !== null) this.#drop(ended.tree);
    return { collected: this.#collected, skipped: this.#skipped };
  }

  #drop(tree: string): void {
    this.#collected.forgetUndecoded(this.#unread);
    this.#unread = 0;
    this.#skipped.push(tree);
  }
}
