import type { Severity } from '../model/finding.js';

/** Every threshold of the rules. Times in seconds, sizes in bytes. */
export interface Thresholds {
  /** SD103. */
  readonly ttlLongWarningSeconds: number;
  readonly ttlLongErrorSeconds: number;
  /** SD104. */
  readonly ttlShortWarningSeconds: number;
  readonly ttlShortErrorSeconds: number;
  /** SD003, as shares of the quota. */
  readonly quotaWarningShare: number;
  readonly quotaErrorShare: number;
  /** SD003: what etcd takes where nobody says otherwise. */
  readonly assumedQuotaBytes: number;
  /** SD003: below half in use, from this size on. */
  readonly fragmentationBytes: number;
  /** SD303. */
  readonly criticalWarningSeconds: number;
  readonly criticalErrorSeconds: number;
  /** SD307. */
  readonly maintenanceWarningSeconds: number;
  readonly maintenanceErrorSeconds: number;
  /** SD106: overdue by less is about to be revoked. */
  readonly overdueSeconds: number;
  /** SD106: leases that etcd revokes in a second. */
  readonly revokesPerSecond: number;
  /** SD105: share of the TTL below which a renewal was missed, and below which it is about to run out. */
  readonly lateShare: number;
  readonly lastShare: number;
  /** SD105: share of the TTL after which a lease without any renewal is one that nobody renews. */
  readonly stoppedShare: number;
  /** SD102: a session of Consul without TTL that holds nothing for longer is reported. */
  readonly emptySessionSeconds: number;
  /** SD105: layouts that renew at another point, with the seconds below which they are late. */
  readonly lateSecondsOf: Readonly<Record<string, number>>;
  /** SD302: more than this share of all probes failing is about the place that they are made from. */
  readonly vantageShare: number;
  /** SD302: fewer silent instances than this are reported one by one, whatever their share. */
  readonly vantageLeast: number;
  /** SD401: the longest that an agent of Consul takes to bring the catalog in line; more nodes take longer. */
  readonly syncPeriodSeconds: number;
  /** SD203: ranges of container bridges, as CIDR. Every machine has them for itself. */
  readonly bridgeNetworks: readonly string[];
}

export const defaultThresholds: Thresholds = {
  ttlLongWarningSeconds: 300,
  ttlLongErrorSeconds: 3_600,
  ttlShortWarningSeconds: 5,
  ttlShortErrorSeconds: 2,
  quotaWarningShare: 0.8,
  quotaErrorShare: 0.95,
  assumedQuotaBytes: 2 * 1024 ** 3,
  fragmentationBytes: 100 * 1024 ** 2,
  criticalWarningSeconds: 600,
  criticalErrorSeconds: 3_600,
  maintenanceWarningSeconds: 4 * 3_600,
  maintenanceErrorSeconds: 3 * 24 * 3_600,
  overdueSeconds: 2,
  revokesPerSecond: 1_000,
  lateShare: 1 / 3,
  lastShare: 1 / 10,
  stoppedShare: 1 / 2,
  emptySessionSeconds: 20,
  lateSecondsOf: { 'go-micro': 50 },
  vantageShare: 0.5,
  vantageLeast: 3,
  syncPeriodSeconds: 120,
  bridgeNetworks: ['172.17.0.0/16'],
};

/** A suppression of the config file. */
export interface ConfiguredSuppression {
  /** Id or slug. */
  readonly rule: string;
  /** Patterns as on the command line; null: any. */
  readonly service: string | null;
  readonly instance: string | null;
  readonly node: string | null;
  readonly key: string | null;
  readonly reason: string;
  /** A day, `2026-12-31`; null: for good, which is reported. */
  readonly until: string | null;
}

/** What a service is declared to be. */
export interface DeclaredService {
  readonly min: number | null;
  readonly max: number | null;
  readonly zones: readonly string[];
  /** It is not kept alive by anybody: no lease, no check is wanted. */
  readonly isStatic: boolean;
}

/** Everything that steers the rules. */
export interface DoctorSettings {
  readonly thresholds: Thresholds;
  /** By id: overrides what the rule says. */
  readonly severities: Readonly<Record<string, Severity>>;
  readonly suppressions: readonly ConfiguredSuppression[];
  /** A single host is meant: loopback addresses are right. */
  readonly allowLoopback: boolean;
  /** By name of the service. */
  readonly inventory: Readonly<Record<string, DeclaredService>>;
}

export const defaultSettings: DoctorSettings = {
  thresholds: defaultThresholds,
  severities: {},
  suppressions: [],
  allowLoopback: false,
  inventory: {},
};
