import type { DoctorSettings } from '../../doctor/settings.js';
import type { Premises } from '../../doctor/examine.js';
import type { Finding, RuleOutcome } from '../../model/finding.js';
import type { Instance, SkippedEntry, Snapshot, UndecodedEntry } from '../../model/instance.js';

/** What does not change as long as a mirror lives. */
export interface MirrorSetup {
  readonly backend: Premises['backend'];
  /** null: no context. */
  readonly context: string | null;
  /** The service that the view follows; null: all. */
  readonly service: string | null;
  readonly settings: DoctorSettings;
  /** What tells this registry from another one in fingerprints. */
  readonly identity: string;
}

/** What a snapshot holds beside its instances. */
export type Beside = Pick<Snapshot, 'undecoded' | 'skipped' | 'partial'>;

/** What the view knows of one lease. */
export interface LeaseReading {
  readonly id: string;
  /** null: it was not asked yet. */
  readonly grantedSeconds: number | null;
  readonly leftSeconds: number | null;
  /** The registry said that its time is over. */
  readonly isOverdue: boolean;
  /** By how many seconds at least; left out: not known. */
  readonly overdueSeconds?: number;
}

/** One change of the membership, small enough to be sent at once. */
export type Edit =
  | { readonly type: 'clear'; readonly partial: boolean }
  | { readonly type: 'put'; readonly items: readonly Instance[] }
  | { readonly type: 'remove'; readonly items: readonly string[] }
  | { readonly type: 'undecoded'; readonly items: readonly UndecodedEntry[] }
  | { readonly type: 'skipped'; readonly items: readonly SkippedEntry[] };

/** When a run looks at the registry. */
export interface RunMoment {
  /** Wall clock, milliseconds since 1970. */
  readonly takenAtMs: number;
  readonly monotonicMs: number;
}

/** What the mirror is told. Everything is done in the order in which it is sent. */
export type Order =
  | Edit
  /** A part of what is known of the leases; the first part replaces what was known before. */
  | { readonly type: 'leases'; readonly items: readonly LeaseReading[]; readonly isFirst: boolean }
  | ({ readonly type: 'run' } & RunMoment)
  /** The last answer was taken in: send the next part. */
  | { readonly type: 'more' };

/** What the mirror answers: a run comes in parts, so that none of them is long in the taking. */
export type Answer =
  | {
      readonly type: 'report';
      readonly outcomes: readonly RuleOutcome[];
      /** How many findings follow. */
      readonly findings: number;
      readonly tookMs: number;
    }
  | { readonly type: 'findings'; readonly items: readonly Finding[] }
  /** A run that broke; the mirror goes on. */
  | { readonly type: 'failed'; readonly why: string };
