/** What a scripted registry holds at the start; plain data, handed to the process of the view as JSON. */
import type { ErrorCode } from '../../../src/lib/errors.js';
import { nothingKnown, type BackendFacts } from '../../../src/lib/model/backend-facts.js';
import type { Instance, SkippedEntry, UndecodedEntry } from '../../../src/lib/model/instance.js';
import type { LeaseRecord } from '../../../src/lib/model/lease.js';
import type { MembershipEvent } from '../../../src/lib/model/membership.js';
import type { Capabilities, RootUse, ServerStatus } from '../../../src/lib/registry/types.js';

/** The moment of the pictures. */
export const PICTURE_MS = Date.parse('2026-03-02T10:42:11Z');

/** A lease that counts down. */
export interface FixtureLease {
  readonly id: string;
  /** null: the registry does not tell. */
  readonly grantedSeconds: number | null;
  /** Left at `atMs`. */
  readonly leftSeconds: number;
  /** Wall clock milliseconds. */
  readonly atMs: number;
  /** null: nobody renews it. */
  readonly renewEverySeconds: number | null;
  /** Keys beside instances that hang on it. */
  readonly keys?: readonly string[];
}

/** A failure as it becomes an SdctlError. */
export interface FixtureError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly why?: string;
  readonly hint?: string;
}

/** Calls that can be at fault. */
export type FaultyCall =
  | 'open'
  | 'watch'
  | 'list'
  | 'listAll'
  | 'listEverywhere'
  | 'lookUp'
  | 'findRoots'
  | 'leases'
  | 'leaseIds'
  | 'listLeases'
  | 'readLease'
  | 'readEntry'
  | 'status'
  | 'readFacts';

/** `hang`: it never answers. */
export type Fault = { readonly error: FixtureError; readonly retryInMs?: number } | { readonly hang: true };

export interface Fixture {
  readonly backend: 'etcd' | 'consul' | 'local';
  readonly capabilities: Capabilities;
  readonly instances: readonly Instance[];
  readonly undecoded: readonly UndecodedEntry[];
  readonly skipped: readonly SkippedEntry[];
  readonly partial: boolean;
  readonly revision: string;
  readonly leases: readonly FixtureLease[];
  /** Checks and sessions (Consul), and leases that do not count down. */
  readonly records: readonly LeaseRecord[];
  /** What the list of leases says that it could not see. */
  readonly hidden: readonly string[];
  readonly roots: readonly RootUse[];
  readonly status: readonly ServerStatus[];
  readonly facts: BackendFacts;
  /** Values as stored, base64, by `instanceKey`; others are JSON of the instance. */
  readonly entries: Readonly<Record<string, string>>;
  readonly faults: Readonly<Partial<Record<FaultyCall, Fault>>>;
}

/** A change of the set, as a test tells it to the registry. */
export type ScriptedEvent =
  | { readonly type: 'joined'; readonly instance: Instance }
  | {
      readonly type: 'updated';
      readonly service: string;
      readonly id: string;
      readonly node?: string;
      readonly change: Partial<Instance>;
    }
  | {
      readonly type: 'left';
      readonly service: string;
      readonly id: string;
      readonly node?: string;
      readonly reason?: 'deleted' | 'expired' | 'replaced' | 'resync' | 'unknown';
    }
  /** The whole set once more, or another one. */
  | { readonly type: 'synced'; readonly instances?: readonly Instance[]; readonly partial?: boolean }
  /** One event alone, without an outage behind it. */
  | {
      readonly type: 'stale';
      readonly cause: FixtureError;
      readonly attempt?: number;
      readonly retryInMs?: number;
    }
  | { readonly type: 'raw'; readonly event: Partial<MembershipEvent> };

/** Time and changes, in their order. */
export type Story = readonly (
  | { readonly advance: number }
  | { readonly emit: readonly ScriptedEvent[] }
  | {
      readonly fail: {
        readonly method: FaultyCall;
        readonly error: FixtureError;
        readonly retryInMs?: number;
      };
    }
  | { readonly recover: FaultyCall | null }
)[];

/** An etcd without anything in it. */
export function aFixture(overrides: Partial<Fixture> = {}): Fixture {
  const server: ServerStatus = {
    server: 'https://10.0.0.5:2379',
    healthy: true,
    version: '3.5.21',
    roundTripMs: 8,
    problem: null,
  };
  const servers = [
    {
      server: server.server,
      problem: null,
      version: server.version,
      roundTripMs: server.roundTripMs,
      clusterId: 'cdf818194e3a8c32',
      memberId: '8e9e05c52164694d',
      leader: '8e9e05c52164694d',
      term: '3',
      isLearner: false,
      dbSizeBytes: 20_480,
      dbInUseBytes: 16_384,
      quotaBytes: 2_147_483_648,
      errors: [],
      canReadFromLeader: true,
    },
  ];
  return {
    backend: 'etcd',
    capabilities: { readableTtl: true, nodes: false, adviseMinTtlMs: null, remote: true },
    instances: [],
    undecoded: [],
    skipped: [],
    partial: false,
    revision: '48211',
    leases: [],
    records: [],
    hidden: [],
    roots: [{ root: '/microservices/', layout: 'kratos' }],
    status: [server],
    facts: { ...nothingKnown, servers, alarms: [] },
    entries: {},
    faults: {},
    ...overrides,
  };
}
