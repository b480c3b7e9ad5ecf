import type { ServerFacts } from './backend-facts.js';
import { severities, type ExaminationReport, type Finding, type Severity } from './finding.js';

/** From which severity on findings fail a run; `never`: they do not. */
export const failLevels = [...severities, 'never'] as const;
export type FailOn = (typeof failLevels)[number];

/** What a rule says of itself. One sentence or two each. */
export interface RuleGuide {
  readonly detects: string;
  readonly why: string;
  readonly guard: string;
  readonly fix: string;
}

/** How a run ends, and why. */
export interface DoctorVerdict {
  /** 10: a finding counts; 11: too much is unknown. */
  readonly code: 0 | 10 | 11;
  /** A clause: `2 findings count with --fail-on error`. */
  readonly reason: string;
}

/** A finding that is accepted for now. */
export interface BaselineEntry {
  readonly fingerprint: string;
  /** `SD101`. */
  readonly rule: string;
  /** A day, `2026-03-02`. */
  readonly firstSeen: string;
  /** What it is about, escaped for a line of text. For people; it decides nothing. Untrusted text. */
  readonly subject: string;
}

/** One run of the rules with everything that a report says. */
export interface DoctorReport extends ExaminationReport {
  /** null: no context, the registry was named by flags or variables. */
  readonly context: string | null;
  readonly backend: string;
  /** The service that was asked about; null: all. */
  readonly service: string | null;
  readonly revision: string;
  /** Milliseconds since 1970. */
  readonly takenAtMs: number;
  readonly tookMs: number;
  readonly servers: readonly ServerFacts[];
  readonly failOn: FailOn;
  readonly verdict: DoctorVerdict;
  /** What the baseline names and this run has not found any more. */
  readonly gone: readonly BaselineEntry[];
  /** By id of the rule; for every rule that is reported. */
  readonly guides: ReadonlyMap<string, RuleGuide>;
}

/** How much there is of everything; findings that do not count are `suppressed` or `baselined` only. */
export interface ReportCounts {
  readonly error: number;
  readonly warning: number;
  readonly info: number;
  readonly suppressed: number;
  readonly baselined: number;
  /** Rules. */
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly unknown: number;
}

/** Counts findings by severity and rules by what became of them. */
export function countReport({ findings, outcomes }: ExaminationReport): ReportCounts {
  const ofSeverity = (severity: Severity): number =>
    findings.filter((finding) => finding.suppression === null && finding.severity === severity).length;
  const ofStatus = (status: string): number => outcomes.filter((outcome) => outcome.status === status).length;
  const silent = findings.filter(({ suppression }) => suppression !== null);
  const baselined = silent.filter(({ suppression }) => suppression?.by === 'baseline').length;
  return {
    error: ofSeverity('error'),
    warning: ofSeverity('warning'),
    info: ofSeverity('info'),
    suppressed: silent.length - baselined,
    baselined,
    passed: ofStatus('pass'),
    failed: ofStatus('fail'),
    skipped: ofStatus('skip'),
    unknown: ofStatus('unknown'),
  };
}

/** Whether a finding makes a run fail. */
export function isFailing({ severity, suppression }: Finding, failOn: FailOn): boolean {
  if (suppression !== null || failOn === 'never') return false;
  return severities.indexOf(severity) <= severities.indexOf(failOn);
}
