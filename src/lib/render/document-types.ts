import type { ErrorCode } from '../errors.js';
import type { Health, InstanceWarning, SkipReason } from '../model/instance.js';
import type { BindingKind, LeaseKind } from '../model/lease.js';
import type { LeaseEventType } from '../model/lease-event.js';
import type { LeftReason } from '../model/membership.js';
import type { RemovalMethod } from '../model/removal.js';
import type { ChangedField } from './changed-fields.js';
import type {
  BaselineEntryLine,
  DoctorReportDocument,
  FindingLine,
  RuleOutcomeLine,
} from './doctor-document-types.js';

/**
 * The public shapes of `-o json`, `jsonl` and `yaml`. camelCase; times RFC 3339 UTC; durations `…Seconds`; 64-bit
 * numbers as strings; unknown is null, never absent. Fields may be added; removing or retyping one needs `sdctl/v2`.
 */
export type ApiVersion = 'sdctl/v1';

export interface Head<Kind extends string> {
  readonly apiVersion: ApiVersion;
  readonly kind: Kind;
}

/** Lease ids are exact text. `idDecimal` is the same number in decimal on etcd, null elsewhere. */
export interface LeaseItem {
  readonly id: string;
  readonly idDecimal: string | null;
  readonly ttlSeconds: number | null;
  readonly leftSeconds: number | null;
}

export interface CheckItem {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly health: Health;
  readonly output: string;
  readonly notes: string;
}

export interface OwnerItem {
  readonly host: string;
  readonly pid: number;
  readonly started: string | null;
  readonly run: string;
}

/** One address of an instance. */
export interface InstanceEndpointItem {
  readonly protocol: string | null;
  /** IPv6 without brackets. */
  readonly address: string;
  readonly port: number | null;
  readonly weight: number | null;
  /** Whether it speaks TLS, where the entry says so beside the protocol. */
  readonly secure: boolean | null;
}

export interface InstanceItem {
  readonly service: string;
  readonly id: string;
  readonly health: Health;
  readonly healthReason: string | null;
  /** Of the first endpoint, as `port` and `protocol` are. */
  readonly address: string | null;
  readonly port: number | null;
  readonly protocol: string | null;
  readonly endpoints: readonly InstanceEndpointItem[];
  readonly version: string | null;
  /** As stored. */
  readonly weight: number | null;
  /** What readers take in place of a stored weight that they do not accept. */
  readonly effectiveWeight: number | null;
  readonly zone: string | null;
  readonly node: string | null;
  readonly namespace: string | null;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly lease: LeaseItem | null;
  /** Who keeps it there: the name of a system, such as `nomad`, or the process, where sdctl registered it. */
  readonly owner: string | OwnerItem | null;
  readonly registeredAt: string | null;
  readonly layout: string;
  /** true or null. */
  readonly readOnly: true | null;
  readonly warnings: readonly InstanceWarning[];
  readonly key: string | null;
  /** etcd: the part of the key before the service. */
  readonly root: string | null;
  readonly revision: string;
  readonly checks: readonly CheckItem[];
  readonly nodeChecks: readonly CheckItem[];
  /** Consul: what kind of proxy or gateway it is. */
  readonly kind: string | null;
  /** Consul: true where its node has no agent, else null. */
  readonly external: true | null;
  /** Consul: who writes its health in place of an agent, such as `consul-esm`. */
  readonly monitor: string | null;
  /** Nomad's allocation. */
  readonly alloc: string | null;
  /** Consul: tags as registered, the encoded ones too. */
  readonly rawTags: readonly string[];
}

export interface ServiceItem {
  readonly service: string;
  /** etcd: the part of its keys before the service; null elsewhere. */
  readonly root: string | null;
  readonly instances: number;
  readonly health: Readonly<Record<Health, number>>;
  readonly lowestTtlSeconds: number | null;
  readonly layouts: readonly string[];
}

export interface EndpointItem {
  readonly service: string;
  readonly instance: string;
  /** What to give to a client: a URL for http and https, else `host:port`. */
  readonly target: string;
  readonly endpoint: string;
  readonly protocol: string | null;
  readonly address: string;
  readonly port: number | null;
  readonly health: Health;
  readonly version: string | null;
  readonly zone: string | null;
  readonly node: string | null;
  readonly weight: number | null;
}

export interface UndecodedItem {
  /** null where it is not UTF-8. */
  readonly key: string | null;
  /** The key in base64 where it is not UTF-8. */
  readonly keyBase64: string | null;
  readonly service: string | null;
  readonly reason: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly lease: { readonly id: string; readonly idDecimal: string | null } | null;
}

/** A key that a framework keeps beside its instances, or a whole tree that was stepped over. */
export interface SkippedItem {
  readonly key: string;
  readonly layout: string | null;
  readonly reason: SkipReason;
  readonly service: string | null;
  readonly address: string | null;
  readonly name: string | null;
  /** How many keys a tree holds; null: it is one key. */
  readonly keys: number | null;
}

/** One layout in one place. */
export interface LayoutItem {
  readonly layout: string;
  /** etcd: the root; null elsewhere. */
  readonly root: string | null;
  readonly services: number;
  readonly instances: number;
}

/** A list answered by a registry. */
interface ListHead<Kind extends string, Item> extends Head<Kind> {
  /** null: the registry was named by flags or variables. */
  readonly context: string | null;
  readonly backend: string;
  readonly revision: string;
  readonly takenAt: string;
  /** Access rules hide a part of what was asked for. */
  readonly partial: boolean;
  readonly items: readonly Item[];
  readonly undecoded: readonly UndecodedItem[];
  readonly skipped: readonly SkippedItem[];
}

export type LayoutList = ListHead<'LayoutList', LayoutItem>;
export type InstanceList = ListHead<'InstanceList', InstanceItem>;
export type ServiceList = ListHead<'ServiceList', ServiceItem>;
export type EndpointList = ListHead<'EndpointList', EndpointItem>;

/** Lines of `-o jsonl` for a list: every item by itself. */
export type InstanceLine = Head<'Instance'> &
  Omit<InstanceItem, 'kind'> & { readonly serviceKind: string | null };
export type ServiceLine = Head<'Service'> & ServiceItem;
export type EndpointLine = Head<'Endpoint'> & EndpointItem;
export type UndecodedLine = Head<'UndecodedEntry'> & UndecodedItem;
export type SkippedLine = Head<'SkippedEntry'> & SkippedItem;
export type LayoutLine = Head<'Layout'> & LayoutItem;
export type SettingLine = Head<'Setting'> & SettingItem;
export type DeregistrationLine = Head<'Deregistration'> & DeregisterItem;
export type RestorationLine = Head<'Restoration'> & RestoreItem;

export interface CauseItem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly why: string | null;
}

interface MembershipHead extends Head<'MembershipEvent'> {
  /** null: all services. */
  readonly service: string | null;
  readonly at: string;
  readonly revision: string;
}

interface ChangeHead extends MembershipHead {
  readonly service: string;
  readonly instance: string;
  readonly node: string | null;
  /** Found after a gap: when it happened is not known. */
  readonly resync: boolean;
  readonly entry: InstanceItem;
}

export type MembershipEventDocument =
  | (MembershipHead & {
      readonly type: 'synced';
      readonly instances: readonly InstanceItem[];
      readonly undecoded: readonly UndecodedItem[];
      readonly skipped: readonly SkippedItem[];
      readonly partial: boolean;
    })
  | (ChangeHead & { readonly type: 'joined' })
  | (ChangeHead & {
      readonly type: 'updated';
      readonly previous: InstanceItem;
      readonly changed: readonly ChangedField[];
    })
  | (ChangeHead & { readonly type: 'left'; readonly reason: LeftReason })
  | (MembershipHead & {
      readonly type: 'stale';
      readonly cause: CauseItem;
      readonly attempt: number;
      readonly retryInSeconds: number;
    });

interface RegistrationHead extends Head<'RegistrationEvent'> {
  readonly service: string;
  readonly instance: string;
  readonly node: string | null;
  readonly at: string;
  readonly leaseId: string;
  readonly leaseIdDecimal: string | null;
}

export type RegistrationEventDocument =
  | (RegistrationHead & {
      readonly type: 'registered';
      readonly ttlSeconds: number;
      readonly deregisterAfterSeconds: number | null;
      readonly entry: InstanceItem;
    })
  | (RegistrationHead & {
      readonly type: 'renewed';
      readonly ttlSeconds: number;
      readonly afterLate: boolean;
    })
  | (RegistrationHead & { readonly type: 'late'; readonly leftSeconds: number; readonly cause: CauseItem })
  | (RegistrationHead & { readonly type: 'lost'; readonly why: string })
  | (RegistrationHead & {
      readonly type: 'restored';
      readonly ttlSeconds: number;
      readonly previousLeaseId: string;
      readonly previousLeaseIdDecimal: string | null;
      /** Where it is announced under another key now: the instance that it was, and its key. */
      readonly previousInstance: string | null;
      readonly previousKey: string | null;
      readonly entry: InstanceItem;
    })
  | (RegistrationHead & { readonly type: 'deregistered'; readonly outcome: string });

export interface DeregisterItem {
  readonly service: string;
  readonly instance: string;
  readonly node: string | null;
  /** `failed`: see `error`. `came-back`: removed, and put back by somebody; see `comeback`. */
  readonly outcome: 'removed' | 'absent' | 'changed' | 'not-owner' | 'planned' | 'failed' | 'came-back';
  /** What was there before; null when nothing was. */
  readonly entry: InstanceItem | null;
  readonly error: CauseItem | null;
  /** What was done, or would be; null: it was refused before that was known. */
  readonly how: RemovalMethod | null;
  /** Address of the agent that was asked; null: the registry itself. */
  readonly agent: string | null;
  /** Keys that fall with its lease, beside its own. */
  readonly falls: readonly string[];
  /** How long it stayed gone while that was looked at; null: nobody looked until the end. */
  readonly goneForSeconds: number | null;
  readonly comeback: ComebackItem | null;
}

/** A removed entry that is there again. */
export interface ComebackItem {
  readonly afterSeconds: number;
  readonly entry: InstanceItem;
}

/** What became of one entry of an undo file. */
export interface RestoreItem {
  readonly service: string;
  readonly instance: string;
  readonly node: string | null;
  /** `occupied`: something stands there, and was left alone. */
  readonly outcome: 'restored' | 'occupied' | 'planned' | 'failed';
  /** etcd: the new lease; null: none. */
  readonly lease: { readonly id: string; readonly idDecimal: string | null } | null;
  /** When it ends by itself unless somebody renews it; null: never. */
  readonly endsInSeconds: number | null;
  /** Consul: checks that could not be written again. */
  readonly lostChecks: readonly string[];
  readonly error: CauseItem | null;
}

export interface RestoreResult extends Head<'RestoreResult'> {
  readonly context: string | null;
  readonly backend: string;
  readonly dryRun: boolean;
  readonly items: readonly RestoreItem[];
}

export interface DeregisterResult extends Head<'DeregisterResult'> {
  readonly context: string | null;
  readonly backend: string;
  readonly dryRun: boolean;
  readonly items: readonly DeregisterItem[];
}

/** One thing that falls when its lease ends. */
export interface LeaseBindingItem {
  readonly type: BindingKind;
  /** null where it has none, or is not UTF-8. */
  readonly key: string | null;
  /** The key in base64 where it is not UTF-8. */
  readonly keyBase64: string | null;
  readonly service: string | null;
  readonly instance: string | null;
  readonly node: string | null;
  readonly layout: string | null;
}

/** A lease with everything that hangs on it; a TTL check or a session on Consul. */
export interface LeaseRecordItem {
  /** `kind` is that of the document. */
  readonly type: LeaseKind;
  readonly id: string;
  /** The same id in decimal on etcd, null elsewhere. */
  readonly idDecimal: string | null;
  readonly node: string | null;
  readonly name: string | null;
  readonly grantedSeconds: number | null;
  readonly leftSeconds: number | null;
  /** Its time is over, and the registry still keeps it. */
  readonly overdue: boolean;
  /** null: not observed, or not long enough to tell. */
  readonly renewed: boolean | null;
  readonly health: Health | null;
  readonly output: string | null;
  /** What the end of a session does to the keys that it holds. */
  readonly onEnd: 'delete' | 'release' | null;
  /** How many things hang on it; null: some of them may not be seen. */
  readonly keys: number | null;
  readonly bindings: readonly LeaseBindingItem[];
  /** Services whose instances hang on it. */
  readonly services: readonly string[];
}

export interface LeaseList extends Head<'LeaseList'> {
  readonly context: string | null;
  readonly backend: string;
  readonly revision: string;
  readonly takenAt: string;
  /** Something could not be seen; `hidden` says what. */
  readonly partial: boolean;
  /** One sentence each. */
  readonly hidden: readonly string[];
  readonly items: readonly LeaseRecordItem[];
}

export type LeaseDocument = Head<'Lease'> & LeaseRecordItem;

export type LeaseEventDocument = Head<'LeaseEvent'> &
  Omit<LeaseRecordItem, 'type'> & {
    readonly type: LeaseEventType;
    readonly at: string;
    /** `type` of the lease. */
    readonly leaseType: LeaseKind;
  };

export interface RevokeItem extends LeaseRecordItem {
  readonly outcome: 'revoked' | 'planned' | 'absent' | 'changed';
}

export interface RevokeResult extends Head<'RevokeResult'> {
  readonly context: string | null;
  readonly backend: string;
  readonly dryRun: boolean;
  readonly items: readonly RevokeItem[];
}

export type RevocationLine = Head<'Revocation'> & RevokeItem;

export interface ContextItem {
  readonly name: string;
  readonly current: boolean;
  readonly backend: string;
  readonly servers: readonly string[];
  readonly layout: string | null;
  /** One root, or several. */
  readonly prefix: string | readonly string[] | null;
  readonly datacenter: string | null;
  readonly namespace: string | null;
  readonly partition: string | null;
  readonly directory: string | null;
  readonly tls: {
    readonly caFile: string | null;
    readonly certFile: string | null;
    readonly keyFile: string | null;
    readonly serverName: string | null;
    readonly insecureSkipVerify: boolean;
  } | null;
  /** References only; a secret is never in a document. */
  readonly auth: {
    readonly username: string | null;
    readonly passwordFile: string | null;
    readonly passwordEnv: string | null;
    readonly tokenFile: string | null;
    readonly tokenEnv: string | null;
  } | null;
  readonly protected: boolean;
  readonly readOnly: boolean;
  readonly color: string | null;
}

export interface ContextList extends Head<'ContextList'> {
  readonly configFile: string | null;
  readonly currentContext: string | null;
  readonly items: readonly ContextItem[];
}

export type ContextDocument = Head<'Context'> & ContextItem;

export interface SettingItem {
  readonly setting: string;
  /** Secrets are replaced before they come here. */
  readonly value: string | null;
  /** Where it comes from: a flag, a variable, a context, built-in. */
  readonly from: string;
}

export interface ConfigView extends Head<'ConfigView'> {
  readonly configFile: string | null;
  readonly context: string | null;
  readonly items: readonly SettingItem[];
  readonly ignored: readonly { readonly name: string; readonly why: string }[];
}

/** One value of the config file. */
export interface ConfigValue extends Head<'ConfigValue'> {
  /** Dotted path. */
  readonly key: string;
  readonly value: unknown;
}

/** Where the config file is. */
export interface ConfigFileDocument extends Head<'ConfigFile'> {
  readonly path: string;
  /** What says so: `--config`, `SDCTL_CONFIG`, `XDG_CONFIG_HOME`, `HOME`. */
  readonly from: string;
  readonly exists: boolean;
}

export interface VersionDocument extends Head<'Version'> {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  readonly arch: string;
}

export interface ErrorDocument extends Head<'Error'> {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly why: string | null;
    readonly hint: string | null;
    readonly exitCode: number;
    readonly details: Readonly<Record<string, unknown>> | null;
  };
}

/** Documents with `items`, to which `--fields` and `-o jsonl` apply. */
export type ListDocument =
  | InstanceList
  | ServiceList
  | LayoutList
  | EndpointList
  | LeaseList
  | ContextList
  | ConfigView
  | DeregisterResult
  | RestoreResult
  | RevokeResult;

export type SdctlDocument =
  | ListDocument
  | InstanceLine
  | ServiceLine
  | EndpointLine
  | UndecodedLine
  | SkippedLine
  | LayoutLine
  | SettingLine
  | DeregistrationLine
  | RestorationLine
  | LeaseDocument
  | LeaseEventDocument
  | RevocationLine
  | MembershipEventDocument
  | RegistrationEventDocument
  | DoctorReportDocument
  | FindingLine
  | RuleOutcomeLine
  | BaselineEntryLine
  | ContextDocument
  | ConfigValue
  | ConfigFileDocument
  | VersionDocument
  | ErrorDocument;
