/** What goes into a reader and what comes out; the same for all layouts. */

export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export type JsonMap = Readonly<Record<string, JsonValue>>;

/** One key of the store, as etcd hands it out. */
export interface ReaderEntry {
  readonly key: string;
  readonly value: string;
  /** Decimal; null for a key without lease. */
  readonly lease: string | null;
}

/** What a client is told to look up. */
export interface ReaderQuery {
  /** The name as the client is given it: the target of etcd-endpoints, the whole `Key` of go-zero. */
  readonly service: string;
  /** All of the key before `/<service>`, exactly as it stands there; each layout has its own default. */
  readonly root?: string;
  /** For goframe, whose clients search a version; `latest` by default. */
  readonly version?: string;
}

export interface FoundInstance {
  readonly id: string;
  /** What the client hands to its dialer: an address, or a URL where the layout keeps URLs. */
  readonly endpoints: readonly string[];
  readonly version: string | null;
  /** As the client uses it, so with its default where it replaces the stored one. */
  readonly weight: number | null;
  readonly metadata: JsonMap;
}

/** An entry the client reads and then leaves out, without harm to the others. */
export interface SkippedEntry {
  readonly key: string;
  readonly reason: string;
}

export interface Found {
  readonly outcome: 'found';
  readonly instances: readonly FoundInstance[];
  readonly skipped: readonly SkippedEntry[];
}

/** One entry has spoilt the lookup. */
export interface Failed {
  readonly outcome: 'failed';
  /** `error`: no answer for anybody. `panic`: the client itself ends. `dial`: it dials what is no address. */
  readonly how: 'error' | 'panic' | 'dial';
  readonly key: string;
  readonly reason: string;
}

export type ReaderResult = Found | Failed;

export interface ExpectedEndpoint {
  /** Left out: any that the layout knows. */
  readonly protocol?: string;
  /** IPv6 without brackets. */
  readonly host: string;
  /** null only where a layout allows an address without port. */
  readonly port: number | null;
}

/** What an entry was written for. What is left out is not compared; the form is checked all the same. */
export interface ExpectedForm {
  /** As in the query. */
  readonly service: string;
  /** As in the query. */
  readonly root?: string;
  /** Only for layouts whose keys carry an id that is no address: kratos, go-micro, coredns. */
  readonly id?: string;
  /** In written order. Layouts of one endpoint take exactly one. */
  readonly endpoints: readonly ExpectedEndpoint[];
  readonly version?: string;
  /** Compared where the layout keeps it: a field of its own, or `weight` in the metadata. */
  readonly weight?: number;
  /** The stored map, whole: with `weight`, `protocol` and the like where the layout keeps them there. */
  readonly metadata?: JsonMap;
}

export type Read = (entries: readonly ReaderEntry[], query: ReaderQuery) => ReaderResult;

/** Complaints about how an entry is written; none means that it could be the framework's own. */
export type CheckForm = (entry: ReaderEntry, expected: ExpectedForm) => string[];
