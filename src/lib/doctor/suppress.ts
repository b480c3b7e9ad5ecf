import type { BaselineEntry } from '../model/doctor-report.js';
import type {
  ExaminationReport,
  Finding,
  Found,
  RuleFacts,
  RuleOutcome,
  Severity,
} from '../model/finding.js';
import type { Instance } from '../model/instance.js';
import { toRfc3339 } from '../time/clock.js';
import { factsOf, isChosen, toFinding, worstFirst, type RuleChoice } from './examine.js';
import { expiredSuppression } from './rules/sd901-expired-suppression.js';
import { unusedSuppression } from './rules/sd902-unused-suppression.js';
import type { ConfiguredSuppression } from './settings.js';
import { suppressionsOf, type NameMatcher } from './suppress-configured.js';
import { Marks } from './suppress-marks.js';
import type { History } from './types.js';

/** What hides findings, and what has to be known to judge it. */
export interface SuppressionTerms {
  readonly suppressions: readonly ConfiguredSuppression[];
  /** By id of a rule, as in the settings. */
  readonly severities: Readonly<Record<string, Severity>>;
  /** All that a suppression may name. */
  readonly rules: readonly RuleFacts[];
  /** Of the snapshot; their metadata counts. */
  readonly instances: readonly Instance[];
  /** By fingerprint; null: none is used. */
  readonly baseline: ReadonlyMap<string, BaselineEntry> | null;
  /** Milliseconds since 1970: what is over by then is over. */
  readonly takenAtMs: number;
  /** The service that was asked about; null: all. */
  readonly service: string | null;
  readonly choice: RuleChoice;
  /** As for `examine`. */
  readonly identity: string;
  readonly history: History | null;
  /** A test for names out of a pattern, as on the command line. */
  readonly matcher: NameMatcher;
}

/**
 * Says of each finding whether it counts: a suppression of the config file, then the metadata of its instance, then the
 * baseline take it out. What is wrong with the suppressions themselves becomes findings of SD901 and SD902.
 */
export function suppress(report: ExaminationReport, terms: SuppressionTerms): ExaminationReport {
  const configured = suppressionsOf(terms.suppressions, {
    today: toRfc3339(terms.takenAtMs).slice(0, 10),
    rules: terms.rules,
    matcher: terms.matcher,
  });
  const marks = new Marks(terms.instances, terms.rules);
  const judge = (finding: Finding): Finding => ({
    ...finding,
    suppression: configured.of(finding) ?? marks.suppressionOf(finding) ?? baselined(finding, terms),
  });
  const findings = report.findings.map(judge);
  const isDecided = decidedIn(report, terms);
  const expired = [...configured.expired(report.findings)];
  const unused = [...configured.unused(isDecided), ...idleMarks(marks, report.findings, isDecided)];
  const mayHaveAny = terms.suppressions.length > 0;
  const own = [
    ownRule(expiredSuppression, expired, mayHaveAny, terms),
    ownRule(unusedSuppression, unused, mayHaveAny || unused.length > 0, terms),
  ];
  return {
    outcomes: [...report.outcomes, ...own.flatMap(({ outcomes }) => outcomes)],
    findings: [...findings, ...own.flatMap((one) => one.findings.map(judge))].sort(worstFirst),
  };
}

function baselined({ fingerprint }: Finding, { baseline }: SuppressionTerms): Finding['suppression'] {
  const entry = baseline?.get(fingerprint);
  if (entry === undefined) return null;
  const { firstSeen } = entry;
  return { by: 'baseline', reason: `in the baseline since ${firstSeen}`, until: null, firstSeen };
}

/** Whether this run could have had findings of a rule anywhere: only then one that is missing says something. */
function decidedIn(
  { outcomes }: ExaminationReport,
  { service }: SuppressionTerms,
): (rule: string) => boolean {
  const decided = outcomes.filter(({ status }) => status === 'pass' || status === 'fail');
  const ids = new Set(decided.map(({ rule }) => rule.id));
  return (rule) => service === null && ids.has(rule);
}

function idleMarks(
  marks: Marks,
  findings: readonly Finding[],
  isDecided: (rule: string) => boolean,
): readonly Found[] {
  return [...marks.idle(findings, isDecided)].map((mark) => unusedSuppression.foundForMark(mark));
}

/** One of the two rules about suppressions, as if it had been examined with the others. */
function ownRule(
  rule: RuleFacts,
  found: readonly Found[],
  applies: boolean,
  terms: SuppressionTerms,
): ExaminationReport {
  if (!isChosen(rule, terms.choice)) return { outcomes: [], findings: [] };
  const facts = factsOf(rule);
  const outcome: RuleOutcome = applies
    ? { rule: facts, status: found.length === 0 ? 'pass' : 'fail', reason: null }
    : { rule: facts, status: 'skip', reason: 'nothing is suppressed' };
  const severity = terms.severities[rule.id];
  const findings = found.map((one) =>
    toFinding(facts, severity === undefined ? one : { ...one, severity }, terms, terms.identity),
  );
  // The same suppression may stand in the config file twice.
  const once = new Map(findings.map((finding) => [finding.fingerprint, finding]));
  return { outcomes: [outcome], findings: [...once.values()] };
}
