import type { Finding, Found, RuleFacts, Suppression } from '../model/finding.js';
import { ruleNamed } from './rule-names.js';
import { expiredSuppression } from './rules/sd901-expired-suppression.js';
import { unusedSuppression } from './rules/sd902-unused-suppression.js';
import type { ConfiguredSuppression } from './settings.js';

/** Makes a test for names of a pattern such as `pay*`. */
export type NameMatcher = (pattern: string) => (name: string) => boolean;

interface Compiled {
  readonly source: ConfiguredSuppression;
  /** Id of its rule; null: there is none of that name, which whoever read the config file has refused. */
  readonly rule: string | null;
  readonly isOver: boolean;
  readonly matches: (finding: Finding) => boolean;
  uses: number;
}

const places = ['service', 'instance', 'node', 'key'] as const;

/** The suppressions of the config file on one day. */
export interface ConfiguredSuppressions {
  /** Why the config file does not want a finding to count; null: it does not say so. Remembers what was of use. */
  of(finding: Finding): Suppression | null;
  /** Those whose day is over. */
  expired(findings: readonly Finding[]): Iterable<Found>;
  /** Those that were of no use to `of` so far, and those without a last day. */
  unused(isDecided: (rule: string) => boolean): Iterable<Found>;
}

/** What suppressions are read with. */
export interface SuppressionContext {
  /** In UTC, `2026-03-02`. */
  readonly today: string;
  /** All that a suppression may name. */
  readonly rules: readonly RuleFacts[];
  readonly matcher: NameMatcher;
}

/** Reads the suppressions of the config file. */
export function suppressionsOf(
  sources: readonly ConfiguredSuppression[],
  context: SuppressionContext,
): ConfiguredSuppressions {
  const all = sources.map((source) => compile(source, context));
  return {
    of: (finding) => {
      const fitting = all.filter(({ isOver, matches }) => !isOver && matches(finding));
      for (const one of fitting) one.uses += 1;
      const first = fitting[0]?.source;
      return first === undefined ? null : { by: 'config', reason: first.reason, until: first.until };
    },
    *expired(findings) {
      for (const { source, isOver, matches } of all)
        if (isOver)
          yield expiredSuppression.foundFor(source, source.until ?? '', findings.filter(matches).length);
    },
    *unused(isDecided) {
      for (const { source, rule, isOver, uses } of all) {
        if (isOver || rule === null) continue;
        if (uses === 0 && isDecided(rule)) yield unusedSuppression.foundFor(source, 'unused');
        else if (source.until === null) yield unusedSuppression.foundFor(source, 'endless');
      }
    },
  };
}

function compile(source: ConfiguredSuppression, { today, rules, matcher }: SuppressionContext): Compiled {
  const rule = ruleNamed(rules, source.rule)?.id ?? null;
  const tests = places.flatMap((place) => {
    const pattern = source[place];
    if (pattern === null) return [];
    const isLike = matcher(pattern);
    // A name may hold what a pattern gives a meaning to: `[::1]:80`.
    return [({ subject }: Finding) => isNamed(subject[place], pattern, isLike)];
  });
  const matches = (finding: Finding): boolean =>
    finding.rule.id === rule && tests.every((test) => test(finding));
  return { source, rule, isOver: source.until !== null && source.until < today, matches, uses: 0 };
}

function isNamed(name: string | null, pattern: string, isLike: (name: string) => boolean): boolean {
  return name !== null && (name === pattern || isLike(name));
}
