import { ruleGroups, type RuleFacts } from '../model/finding.js';
import { rules } from './rules/index.js';
import { expiredSuppression } from './rules/sd901-expired-suppression.js';
import { unusedSuppression } from './rules/sd902-unused-suppression.js';
import { brokenRule } from './rules/sd999-broken-rule.js';
import type { RuleText } from './types.js';

/** A rule with what it explains of itself. */
export type ExplainedRule = RuleFacts & { readonly text: RuleText; readonly backends?: readonly string[] };

/** Everything that a finding can come from: the rules, and what is found out about the rules themselves. */
export const allRules: readonly ExplainedRule[] = [
  ...rules,
  expiredSuppression,
  unusedSuppression,
  brokenRule,
];

/** The rule of an id or slug; ids are taken in any case. null: there is none. */
export function ruleNamed<Rule extends RuleFacts>(among: readonly Rule[], name: string): Rule | null {
  return among.find(({ id, slug }) => id === name.toUpperCase() || slug === name) ?? null;
}

/** Every word that `--only` and `--skip` take. */
export function choosableNames(among: readonly RuleFacts[]): readonly string[] {
  return [...among.flatMap(({ id, slug }) => [id, slug]), ...ruleGroups];
}
