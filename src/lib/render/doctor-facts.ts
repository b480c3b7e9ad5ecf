import type { DoctorReport } from '../model/doctor-report.js';
import type { Finding, RuleGroup, RuleOutcome, Severity, Suppression } from '../model/finding.js';
import { subjectName } from '../model/subject-name.js';
import { ownText, pasteable, safeName, type SafeText } from './safe-text.js';
import { glyphOf, type ShownState, type StyleName, type View } from './view.js';

/** A part of a report: the rules of one group, and what they have found. */
export interface DoctorSection {
  readonly title: string;
  /** Worst first, only those that count. */
  readonly findings: readonly Finding[];
  readonly outcomes: readonly RuleOutcome[];
}

/** What the rules of a group are about. */
export const sectionTitles: Readonly<Record<RuleGroup, string>> = {
  backend: 'Connection',
  leases: 'Leases',
  data: 'Registrations',
  health: 'Health',
  topology: 'Topology',
};
const ABOUT_DOCTOR = 'Doctor';

/** In a fixed order; sections without rules and findings are left out. */
export function sectionsOf({ findings, outcomes }: DoctorReport): readonly DoctorSection[] {
  const counting = findings.filter(({ suppression }) => suppression === null);
  const titles = [...Object.values(sectionTitles), ABOUT_DOCTOR];
  return titles
    .map((title) => ({
      title,
      findings: counting.filter(({ rule }) => sectionTitle(rule) === title),
      outcomes: outcomes.filter(({ rule }) => sectionTitle(rule) === title),
    }))
    .filter((section) => section.findings.length > 0 || section.outcomes.length > 0);
}

/** Rules of SD9xx are about suppressions and rules, not about the registry. */
function sectionTitle({ id, group }: RuleOutcome['rule']): string {
  return id.startsWith('SD9') ? ABOUT_DOCTOR : sectionTitles[group];
}

const STATES: Readonly<Record<Severity, ShownState>> = {
  error: 'critical',
  warning: 'warning',
  info: 'left',
};

/** The colour of a severity. */
export function severityStyle(severity: Severity): StyleName {
  return STATES[severity];
}

/** The glyph of a severity; a word of fixed width in a plain view. */
export function severityMark(severity: Severity, view: Pick<View, 'ascii' | 'plain'>): SafeText {
  return view.plain ? ownText(severity.padEnd('warning'.length)) : glyphOf(STATES[severity], view);
}

/** Longest sentence of a rule that is shown; names in it may be of any length. */
const LONGEST_DETAIL = 1_000;

/** What a finding says, on one line. */
export function detailText({ detail }: Pick<Finding, 'detail'>, view: Pick<View, 'ascii'>): SafeText {
  return safeName(detail, { ascii: view.ascii, max: LONGEST_DETAIL });
}

/** What a finding is about, where there is room for a name only. */
export function subjectText({ subject }: Pick<Finding, 'subject'>, view: Pick<View, 'ascii'>): SafeText {
  return safeName(subjectName(subject), view);
}

/** Commands of a fix that can be pasted as they are; one that would have to be escaped to be shown is left out. */
export function commandTexts(
  { fix }: Pick<Finding, 'fix'>,
  { ascii }: Pick<View, 'ascii'>,
): readonly SafeText[] {
  const shown = fix.commands.flatMap((words) => pasteable(words) ?? []);
  return ascii ? shown.filter((command) => ASCII.test(command)) : shown;
}

const ASCII = /^[\x20-\x7e]*$/;

/** Why a finding does not count: `suppressed until 2026-12-31: a batch job`. */
export function suppressionText(suppression: Suppression, view: Pick<View, 'ascii'>): SafeText {
  const reason = safeName(suppression.reason, { ascii: view.ascii });
  if (suppression.by === 'baseline') return reason;
  const until = suppression.until === null ? '' : ` until ${safeName(suppression.until, view)}`;
  const where = suppression.by === 'instance' ? ' by the instance' : '';
  return ownText(`suppressed${where}${until}: ${reason}`);
}
