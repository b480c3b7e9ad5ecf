import type { Instance, SkipReason } from '../model/instance.js';
import type { RegistrationSpec } from '../registry/types.js';
import type { EntryText } from './entry-text.js';
import type { LayoutFacts } from './facts.js';

/** One key of an etcd registry as bytes, with what etcd knows of it. */
export interface RawEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** 16 hex digits; null without a lease. */
  readonly leaseId: string | null;
  /** Revision of the last change. */
  readonly revision: string;
}

/** Where the entries being read begin. */
export interface LayoutRoot {
  /** Ends in the separator, or is empty: the whole store. */
  readonly prefix: string;
}

/** How a layout is asked to read. */
export interface DecodeContext extends LayoutRoot {
  /**
   * The user named this layout: what only detection needs (a default root, a mark that tells it from another layout)
   * is not asked for.
   */
  readonly forced: boolean;
}

/** `not-mine`: another layout may read it. */
export type DecodeResult =
  | { readonly state: 'instance'; readonly instance: Instance }
  | {
      readonly state: 'skip';
      readonly reason: SkipReason;
      readonly service?: string | null;
      readonly address?: string | null;
      readonly name?: string | null;
    }
  | { readonly state: 'undecodable'; readonly service: string | null; readonly reason: string }
  | { readonly state: 'not-mine' };

/** What an entry is written with, beside the registration itself. */
export interface EncodeContext extends LayoutRoot {
  /** Decimal; granted before, because some keys and values hold it. */
  readonly leaseId: string;
  readonly ttlSeconds: number;
  /** Instances of the service that are there already: some values are copied from them. */
  readonly neighbours: readonly Instance[];
}

/** A key and its value, ready to be written. */
export interface Encoded {
  readonly key: string;
  readonly value: string;
}

/** What `encode` refuses, in the words of the user. */
export type EncodeResult =
  ({ readonly ok: true } & Encoded) | { readonly ok: false; readonly why: string; readonly hint: string };

/** The key and value scheme of one framework on etcd: pure and total. */
export interface EtcdLayout {
  readonly name: string;
  readonly facts: LayoutFacts;
  /** Where it writes unless told otherwise; ends in `/`, empty: anywhere. `--prefix` of this layout by default. */
  readonly root: string;
  /** Reads one entry; total. */
  decode(entry: EntryText, context: DecodeContext): DecodeResult;
  /**
   * Beginnings of the keys that the entries of one service have below `root.prefix`, if they are not
   * `<root.prefix><service>/`. null: they may be anywhere below it.
   */
  places?(service: string, context: DecodeContext): readonly string[] | null;
  /** How sdctl registers in it; absent where it must not. */
  readonly writer?: LayoutWriter;
}

/** How to register in a layout. */
export interface LayoutWriter {
  /** TTL of the framework itself, in seconds. */
  readonly ttlSeconds: number;
  /** The root has no default: the user has to name one. */
  readonly needsPrefix?: boolean;
  /** Of entries that break every reader of the root, another layout must not be written there. */
  readonly readersBreak?: boolean;
  /** Names of services may hold slashes. */
  readonly slashes?: boolean;
  /** The id follows from the address or the lease: the user cannot choose it. */
  readonly hasFixedId?: boolean;
  /** The id that the entry has unless the user chooses one; null or absent: its first endpoint. */
  idOf?(spec: RegistrationSpec): string | null;
  /** Total: what the layout cannot hold is refused, never dropped. */
  encode(spec: RegistrationSpec, context: EncodeContext): EncodeResult;
}
