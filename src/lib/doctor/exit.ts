import { isFailing, type DoctorVerdict, type FailOn } from '../model/doctor-report.js';
import type { ExaminationReport } from '../model/finding.js';

/** What decides how a run ends, beside what it has found. */
export interface ExitTerms {
  readonly failOn: FailOn;
  readonly allowUnknown: boolean;
  /** Everything that was asked for could be read. */
  readonly isComplete: boolean;
}

/** About the servers themselves: what hides them is ordinary, and says nothing of the entries. */
const ABOUT_SERVERS = /^SD00\d$/;

/**
 * How a run ends: a finding that counts is certain, whatever else is unknown, so 10 wins over 11. Suppressed and
 * baselined findings do not count.
 */
export function verdictOf(report: ExaminationReport, terms: ExitTerms): DoctorVerdict {
  const { failOn, allowUnknown, isComplete } = terms;
  const failing = report.findings.filter((finding) => isFailing(finding, failOn)).length;
  if (failing > 0) {
    const count = failing === 1 ? '1 finding counts' : `${failing} findings count`;
    return { code: 10, reason: `${count} with --fail-on ${failOn}` };
  }
  const doubt = isComplete ? tooMuchUnknown(report) : 'not everything that was asked for could be read';
  if (doubt === null) return { code: 0, reason: `no finding counts with --fail-on ${failOn}` };
  return allowUnknown
    ? { code: 0, reason: `--allow-unknown was given, although ${doubt}` }
    : { code: 11, reason: doubt };
}

/** @returns why nobody can rely on the rules; null: they have decided enough */
function tooMuchUnknown({ outcomes }: ExaminationReport): string | null {
  const applicable = outcomes.filter(({ status }) => status !== 'skip');
  const unknown = applicable.filter(({ status }) => status === 'unknown');
  if (unknown.every(({ rule }) => ABOUT_SERVERS.test(rule.id))) return null;
  if (unknown.length * 2 <= applicable.length) return null;
  return `${unknown.length} of ${applicable.length} rules could not be decided`;
}
