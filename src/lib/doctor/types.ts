import type { BackendFacts, DriftFacts } from '../model/backend-facts.js';
import type { Found, RuleFacts } from '../model/finding.js';
import type { Instance, Snapshot } from '../model/instance.js';
import type { LeaseListing, LeaseRecord } from '../model/lease.js';
import type { DoctorSettings } from './settings.js';

/** What a connection to one endpoint of an instance has told. */
export interface ProbeAnswer {
  readonly kind: 'tcp' | 'http' | 'grpc';
  readonly endpoint: string;
  readonly outcome: 'ok' | 'refused' | 'timeout' | 'tls' | 'not-serving' | 'unresolved' | 'error';
  readonly detail: string;
  readonly tookMs: number;
}

/** One look at leases and checks, for rules that compare several. */
export interface Sample {
  /** Monotonic milliseconds. */
  readonly atMs: number;
  /** By `leaseKey`. */
  readonly leases: ReadonlyMap<string, LeaseRecord>;
  /** By `instanceKey`. */
  readonly instances: ReadonlyMap<string, Instance>;
  /** Raft term of etcd; a new leader gives every lease its whole TTL again. null: not known. */
  readonly term: string | null;
  /** Consul: as in `BackendFacts`, where agents were asked once more for this sample. The first has that of the facts. */
  readonly drift?: readonly DriftFacts[] | null;
}

/** What earlier runs knew, by fingerprint-like keys. */
export interface History {
  /** RFC 3339 UTC: since when this state was seen in every run; null: never before. */
  since(kind: 'critical' | 'maintenance' | 'healthy' | 'finding', key: string): string | null;
  /** RFC 3339 UTC: the first run there is; null: this one. */
  readonly firstRun: string | null;
}

/** Everything that the rules may look at: read once, so that they cannot contradict each other. */
export interface Examination {
  readonly backend: 'etcd' | 'consul' | 'local';
  /** null: no context. */
  readonly context: string | null;
  /** The service that was asked about; null: all. */
  readonly service: string | null;
  /** Milliseconds since 1970. */
  readonly takenAtMs: number;
  readonly snapshot: Snapshot;
  /** etcd and embedded: every lease; Consul: TTL checks and sessions. null: could not be read, see `facts.denied`. */
  readonly leases: LeaseListing | null;
  readonly facts: BackendFacts;
  /** In order of time, the first is the snapshot's own; one: nobody observes. */
  readonly samples: readonly Sample[];
  /** By `instanceKey`; null: nobody probes. */
  readonly probes: ReadonlyMap<string, readonly ProbeAnswer[]> | null;
  /** null: no state file. */
  readonly history: History | null;
  readonly settings: DoctorSettings;
  /** Findings of rules that ran before, by rule id. */
  readonly earlier: ReadonlyMap<string, readonly Found[]>;
}

/** Why a rule has nothing to say. */
export interface Verdict {
  readonly status: 'skip' | 'unknown';
  readonly reason: string;
}

/** What a rule explains of itself; `docs/rules.md` and `--explain` print it. One sentence or two each. */
export interface RuleText {
  readonly detects: string;
  readonly why: string;
  readonly guard: string;
  readonly fix: string;
}

/** One rule: pure, total, without any calls. */
export interface Rule extends RuleFacts {
  readonly backends: readonly Examination['backend'][];
  readonly text: RuleText;
  /** Ids of rules whose findings it looks at. */
  readonly after?: readonly string[];
  /** Why it cannot be decided on what was read; null: it can. */
  applies?(examination: Examination): Verdict | null;
  check(examination: Examination): Iterable<Found>;
}
