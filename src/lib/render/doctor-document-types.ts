import type { FailOn, ReportCounts } from '../model/doctor-report.js';
import type { Evidence, RuleGroup, RuleMode, RuleOutcome, Severity, Subject } from '../model/finding.js';
import type { Head } from './document-types.js';

/** Why a finding does not count. */
export interface SuppressionItem {
  readonly by: 'config' | 'instance' | 'baseline';
  readonly reason: string;
  /** A day. */
  readonly until: string | null;
  /** A day; of the baseline. */
  readonly firstSeen: string | null;
}

/** One finding. */
export interface FindingItem {
  /** `SD101`. */
  readonly rule: string;
  readonly slug: string;
  readonly group: RuleGroup;
  readonly title: string;
  readonly severity: Severity;
  /** null: it counts. */
  readonly suppression: SuppressionItem | null;
  readonly subject: Subject;
  readonly detail: string;
  readonly evidence: readonly Evidence[];
  /** `commands`: words of a command each, not quoted. */
  readonly fix: { readonly text: string; readonly commands: readonly (readonly string[])[] };
  /** The same in every run. */
  readonly fingerprint: string;
  readonly knownSince: string | null;
  /** Where its rule is explained, in the repository of sdctl. */
  readonly docs: string;
}

/** What became of one rule. */
export interface RuleOutcomeItem {
  readonly rule: string;
  readonly slug: string;
  readonly group: RuleGroup;
  readonly title: string;
  readonly mode: RuleMode;
  readonly status: RuleOutcome['status'];
  /** Why it was left out or could not be decided. */
  readonly reason: string | null;
}

/** Something the baseline names and that was not found any more. */
export interface BaselineEntryItem {
  readonly fingerprint: string;
  readonly rule: string;
  readonly firstSeen: string;
  readonly subject: string;
}

/** One run of doctor. */
export interface DoctorReportDocument extends Head<'DoctorReport'> {
  readonly context: string | null;
  readonly backend: string;
  /** null: all services. */
  readonly service: string | null;
  readonly revision: string;
  readonly takenAt: string;
  readonly tookSeconds: number;
  readonly failOn: FailOn;
  readonly exitCode: number;
  readonly exitReason: string;
  readonly counts: ReportCounts;
  readonly findings: readonly FindingItem[];
  readonly outcomes: readonly RuleOutcomeItem[];
  readonly gone: readonly BaselineEntryItem[];
}

/** Lines of `-o jsonl`. */
export type FindingLine = Head<'Finding'> & FindingItem;
export type RuleOutcomeLine = Head<'RuleOutcome'> & RuleOutcomeItem;
export type BaselineEntryLine = Head<'BaselineEntry'> & BaselineEntryItem;
