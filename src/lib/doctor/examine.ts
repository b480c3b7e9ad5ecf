import { compareText } from '../model/instance.js';
import {
  severities,
  type ExaminationReport,
  type Finding,
  type Found,
  type RuleFacts,
  type RuleOutcome,
} from '../model/finding.js';
import { fingerprintOf } from './fingerprint.js';
import { brokenRule } from './rules/sd999-broken-rule.js';
import type { Examination, Rule } from './types.js';

/** The parts of an examination that are there before the first rule runs. */
export type Premises = Omit<Examination, 'earlier'>;

/** What chooses among the rules. */
export interface RuleChoice {
  /** null: all. */
  readonly only: ReadonlySet<string> | null;
  readonly skip: ReadonlySet<string>;
}

/**
 * Runs rules over one examination, each after those that it looks at. A rule that throws is a finding of its own, and
 * the others go on.
 *
 * @param identity what tells this registry from another one in fingerprints
 */
export function examine(
  premises: Premises,
  rules: readonly Rule[],
  choice: RuleChoice,
  identity: string,
): ExaminationReport {
  const earlier = new Map<string, readonly Found[]>();
  const outcomes: RuleOutcome[] = [];
  const findings: Finding[] = [];
  const examination: Examination = { ...premises, earlier };
  for (const rule of inOrder(rules)) {
    if (!isChosen(rule, choice)) continue;
    const { outcome, found, broken } = runRule(rule, examination);
    outcomes.push(outcome);
    earlier.set(rule.id, found);
    for (const one of found) findings.push(toFinding(rule, one, premises, identity));
    for (const one of broken) findings.push(toFinding(brokenRule, one, premises, identity));
  }
  return { outcomes, findings: findings.sort(worstFirst) };
}

/** Whether a rule is asked for: by id, slug or group. */
export function isChosen(rule: RuleFacts, { only, skip }: RuleChoice): boolean {
  const names = [rule.id, rule.slug, rule.group];
  if (names.some((name) => skip.has(name))) return false;
  return only === null || names.some((name) => only.has(name));
}

interface RuleRun {
  readonly outcome: RuleOutcome;
  readonly found: readonly Found[];
  /** What it threw, as a finding. */
  readonly broken: readonly Found[];
}

function runRule(rule: Rule, examination: Examination): RuleRun {
  const facts = factsOf(rule);
  const none = { found: [], broken: [] };
  if (!rule.backends.includes(examination.backend)) {
    const reason = `it is not for ${examination.backend}`;
    return { outcome: { rule: facts, status: 'skip', reason }, ...none };
  }
  try {
    const verdict = rule.applies?.(examination) ?? null;
    if (verdict !== null) return { outcome: { rule: facts, ...verdict }, ...none };
    const found = [...rule.check(examination)].map((one) => overridden(rule, one, examination));
    const status = found.length === 0 ? 'pass' : 'fail';
    return { outcome: { rule: facts, status, reason: null }, found, broken: [] };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    const outcome = { rule: facts, status: 'unknown', reason: `it broke: ${reason}` } as const;
    return { outcome, found: [], broken: [brokenRule.foundFor(facts, reason)] };
  }
}

/** A severity of the settings counts for every finding of a rule. */
function overridden({ id, slug }: RuleFacts, found: Found, { settings }: Examination): Found {
  const severity = settings.severities[id] ?? settings.severities[slug];
  return severity === undefined ? found : { ...found, severity };
}

/** What a rule has found, as it is reported; see `examine` for the identity. */
export function toFinding(
  rule: RuleFacts,
  found: Found,
  { history }: Pick<Premises, 'history'>,
  identity: string,
): Finding {
  const facts = factsOf(rule);
  const fingerprint = fingerprintOf(facts, found, identity);
  const knownSince = history?.since('finding', fingerprint) ?? null;
  return { ...found, rule: facts, fingerprint, suppression: null, knownSince };
}

/** A rule without what runs it. */
export function factsOf({ id, slug, group, title, severity, mode }: RuleFacts): RuleFacts {
  return { id, slug, group, title, severity, mode };
}

/** Each rule behind those that it looks at; otherwise as listed. */
function inOrder(rules: readonly Rule[]): readonly Rule[] {
  const ordered: Rule[] = [];
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  const visited = new Set<string>();
  const visit = (rule: Rule): void => {
    if (visited.has(rule.id)) return;
    visited.add(rule.id);
    for (const id of rule.after ?? []) {
      const before = byId.get(id);
      if (before !== undefined) visit(before);
    }
    ordered.push(rule);
  };
  for (const rule of rules) visit(rule);
  return ordered;
}

/** The order of a report. */
export function worstFirst(a: Finding, b: Finding): number {
  return (
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    compareText(a.rule.id, b.rule.id) ||
    compareText(subjectText(a), subjectText(b)) ||
    compareText(a.fingerprint, b.fingerprint)
  );
}

function subjectText({ subject }: Found): string {
  return Object.values(subject).join('\0');
}
