/** What one server of a registry says of itself. What it does not say is null. */
export interface ServerFacts {
  readonly server: string;
  /** Why it did not answer; null: it did. */
  readonly problem: string | null;
  readonly version: string | null;
  readonly roundTripMs: number | null;
  /** etcd: cluster id, hex; Consul: datacenter. */
  readonly clusterId: string | null;
  /** etcd: member id, hex; Consul: node name. */
  readonly memberId: string | null;
  /** etcd: member id of the leader, hex; Consul: address of the leader; empty: it knows none. */
  readonly leader: string | null;
  /** Raft term (etcd). */
  readonly term: string | null;
  readonly isLearner: boolean | null;
  /** Allocated size of the database in bytes (etcd). */
  readonly dbSizeBytes: number | null;
  /** In use of that (etcd). */
  readonly dbInUseBytes: number | null;
  /** Where it is known. */
  readonly quotaBytes: number | null;
  /** What it complains about itself. */
  readonly errors: readonly string[];
  /** Whether a read that needs the leader was answered. */
  readonly canReadFromLeader: boolean | null;
}

/** A member of the cluster as the cluster names it (etcd), or an agent (Consul). */
export interface MemberFacts {
  /** etcd: hex id; Consul: node name. */
  readonly id: string;
  readonly name: string;
  /** Where clients reach it; empty: it has not started, or does not say. */
  readonly clientUrls: readonly string[];
  readonly address: string | null;
  /** Consul: `alive`, `leaving`, `left`, `failed`; etcd: null. */
  readonly state: 'alive' | 'leaving' | 'left' | 'failed' | null;
  /** Consul: it is a server. */
  readonly isServer: boolean;
  readonly isLearner: boolean;
}

/** An alarm of etcd. */
export interface Alarm {
  readonly memberId: string;
  readonly kind: string;
}

/** A node of Consul with what stands on it. */
export interface NodeFacts {
  readonly name: string;
  readonly address: string;
  /** null: it has no agent's check. */
  readonly alive: boolean | null;
  /** It is marked as one that has no agent. */
  readonly isExternal: boolean;
  /** Without Consul's own. */
  readonly services: number;
  /** Reason of its maintenance; null: it is in none. */
  readonly maintenance: string | null;
}

/** A call that was refused, and what cannot be known because of it. */
export interface Denied {
  readonly call: string;
  readonly why: string;
}

/** A service as an agent of Consul has it, against the catalog. */
export interface DriftFacts {
  readonly node: string;
  readonly service: string;
  readonly instance: string;
  /** `extra`: the agent alone has it; `missing`: the catalog alone; else what differs. */
  readonly kind: 'extra' | 'missing' | 'address' | 'tags' | 'status';
  readonly agent: string | null;
  readonly catalog: string | null;
}

/** What can be known of a registry beside its services. null: not asked, or not to be had (see `denied`). */
export interface BackendFacts {
  readonly servers: readonly ServerFacts[];
  readonly members: readonly MemberFacts[] | null;
  readonly alarms: readonly Alarm[] | null;
  readonly denied: readonly Denied[];
  /** Consul: how many servers may fail; null elsewhere. */
  readonly failureTolerance: number | null;
  /** Consul: autopilot finds the servers healthy. */
  readonly isHealthy: boolean | null;
  /** Consul. */
  readonly nodes: readonly NodeFacts[] | null;
  /** Consul: what the agents that could be asked have otherwise than the catalog. */
  readonly drift: readonly DriftFacts[] | null;
  /** Reads may be answered only in part: access rules hide something. */
  readonly isFiltered: boolean;
}

/** Where nobody was asked how the servers are, or no time was left for it. */
export const nothingKnown: BackendFacts = {
  servers: [],
  members: null,
  alarms: null,
  denied: [],
  failureTolerance: null,
  isHealthy: null,
  nodes: null,
  drift: null,
  isFiltered: false,
};
