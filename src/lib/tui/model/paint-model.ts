import type { Identity } from './identity.js';
import type { SdctlError } from '../../errors.js';
import type { RuleOutcome } from '../../model/finding.js';
import type {
  EventRow,
  FindingRow,
  InstanceRow,
  LeaseRow,
  LowestTtl,
  Row,
  ServiceRow,
  TtlView,
} from './rows.js';

/** Cells of the terminal. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** How everything is dressed. */
export interface Dress {
  readonly color: boolean;
  readonly ascii: boolean;
  /** More columns (`w`). */
  readonly wide: boolean;
}

/** Where the view is. */
export type Place =
  | { readonly screen: 'services' }
  | { readonly screen: 'service'; readonly serviceKey: string; readonly name: string }
  | { readonly screen: 'instance'; readonly key: string; readonly service: string; readonly id: string }
  /** Instances of all services on one host, found from one of them. */
  | { readonly screen: 'host'; readonly host: string }
  | { readonly screen: 'leases' }
  /** One lease with everything that hangs on it. */
  | { readonly screen: 'lease'; readonly key: string; readonly id: string }
  | { readonly screen: 'doctor' }
  /** All events, or those of one service or instance. */
  | {
      readonly screen: 'events';
      readonly serviceKey: string | null;
      readonly instanceKey: string | null;
      readonly of: string | null;
    };

export type ScreenName = Place['screen'];

/** How the connection is. Times are monotonic milliseconds. */
export type ConnectionState =
  | {
      readonly kind: 'loading';
      readonly sinceMs: number;
      readonly problem: SdctlError | null;
      readonly retryAtMs: number | null;
    }
  | { readonly kind: 'live' }
  | {
      readonly kind: 'stale';
      readonly sinceMs: number;
      readonly problem: SdctlError;
      readonly retryAtMs: number | null;
    }
  /** It cannot be opened at all: a wrong setting, a file that is missing. Nothing is tried any more. */
  | { readonly kind: 'failed'; readonly problem: SdctlError };

export type { Identity } from './identity.js';

/** The state of the table that the keys work on. */
export interface TableView {
  /** What is left after the filter, in order. Only visible ones may be formatted. */
  readonly rows: readonly Row[];
  /** How many there are without the filter. */
  readonly total: number;
  /** Index of the first visible row. */
  readonly top: number;
  /** Index of the selected row; -1: there is none. */
  readonly selected: number;
  readonly marks: ReadonlySet<string>;
  readonly sort: { readonly column: string; readonly descending: boolean };
  /** As typed; empty: none. */
  readonly filter: string;
  readonly problemsOnly: boolean;
  /** doctor: the least severity that is shown; events: the one type; empty: all. */
  readonly narrowed: string;
}

export type PaneName = 'table' | 'detail' | 'findings' | 'events';

/** Why a body holds no rows, or what is to be said beside them. */
export interface Partial {
  readonly hidden: boolean;
  readonly undecoded: number;
}

/** What the entry of an instance or a lease looks like as it is stored. Lines are safe already. */
export interface TextDialog {
  readonly kind: 'text';
  readonly title: string;
  /** null: being read. */
  readonly lines: readonly string[] | null;
  readonly top: number;
}

export type Dialog = TextDialog | { readonly kind: 'help'; readonly top: number };

/** A line that is being typed. */
export interface Prompt {
  readonly kind: 'filter' | 'command';
  readonly text: string;
  /** What Tab would make of it; empty: nothing. */
  readonly completion: string;
  /** Why it cannot be taken; null: it can. */
  readonly problem: string | null;
}

/** The doctor's last run. */
export interface DoctorView {
  readonly state: 'never' | 'running' | 'done' | 'failed';
  /** Wall clock milliseconds of the last complete run; null: none. */
  readonly ranAtMs: number | null;
  readonly findings: readonly FindingRow[];
  readonly outcomes: readonly RuleOutcome[];
  /** Why a rule matters, by its id; left out: not said. */
  readonly guides?: ReadonlyMap<string, { readonly why: string }>;
  readonly problem: string | null;
}

/** Everything that one picture is painted from. Painters are pure functions of it. */
export interface PaintModel {
  readonly size: Size;
  readonly dress: Dress;
  /** Wall clock that ages are counted by, milliseconds since 1970; stands still in a paused picture. */
  readonly nowMs: number;
  /** What the clock says; left out: the same. */
  readonly clockMs?: number;
  readonly monotonicMs: number;
  readonly identity: Identity;
  readonly connection: ConnectionState;
  readonly revision: string | null;
  readonly roundTripMs: number | null;
  /** null: not paused; else how many events wait. */
  readonly paused: number | null;
  readonly place: Place;
  readonly table: TableView;
  /** The rows of this place were asked for and have not come yet. */
  readonly isReading: boolean;
  /** How many services and instances there are in all, by health. */
  readonly totals: {
    readonly services: number;
    readonly instances: number;
    readonly critical: number;
    readonly warning: number;
  };
  readonly partial: Partial;
  /** How many leases are known of how many; null: all of them, or the backend has none. */
  readonly knownTtls: { readonly known: number; readonly all: number } | null;
  /** Service of the `service` and `instance` screens; null elsewhere or gone for good. */
  readonly service: ServiceRow | null;
  /** Instance that the detail shows: the selected one, or that of the `instance` screen. */
  readonly detail: InstanceRow | null;
  /** Lease of the `lease` screen, or the selected one of `leases`. */
  readonly lease: LeaseRow | null;
  readonly doctor: DoctorView;
  /** Newest first: of the place (service, instance) or of everything. */
  readonly events: readonly EventRow[];
  /** Most events that are kept. */
  readonly keepEvents: number;
  readonly focus: PaneName;
  /** The one service that is followed; null: all. Untrusted. */
  readonly only: string | null;
  /** There is nowhere to go back to. */
  readonly isTop: boolean;
  readonly prompt: Prompt | null;
  readonly dialog: Dialog | null;
  /** Said by the view itself, in place of the text about the selected row; null: nothing. */
  readonly message: { readonly text: string; readonly level: 'info' | 'warning' | 'error' } | null;
  /** Where services are looked for, for an empty screen; null: there are no roots. */
  readonly emptyHint: string | null;
  /** Columns that the config file hides. */
  readonly hiddenColumns: ReadonlySet<string>;
  /** Time left of a lease now; null: no such lease is known. */
  ttlOf(row: InstanceRow | LeaseRow): TtlView | null;
  lowestTtlOf(row: ServiceRow): LowestTtl | null;
  /** When it was seen to be renewed, for the detail; empty: never. Wall clock milliseconds, oldest first. */
  renewalsOf(row: InstanceRow): readonly number[];
}
