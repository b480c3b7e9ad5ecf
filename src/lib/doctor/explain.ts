import type { RuleMode } from '../model/finding.js';
import type { ExplainedRule } from './rule-names.js';

/** A word and what stands behind it. */
export type ExplainedPart = readonly [word: string, text: string];

/** What `--explain` and `docs/rules.md` say of a rule. */
export interface Explanation {
  /** `SD101 key-without-lease`. */
  readonly heading: string;
  readonly title: string;
  /** A few words each. */
  readonly facts: readonly ExplainedPart[];
  /** A sentence or two each. */
  readonly texts: readonly ExplainedPart[];
}

const LOOKS_AT: Readonly<Record<RuleMode, string>> = {
  instant: 'one snapshot',
  observe: 'several samples, with --observe',
  probe: 'connections to instances, with --probe',
  history: 'one snapshot, and what earlier runs have seen',
};

/** Everything that a rule says of itself. */
export function explanationOf({
  id,
  slug,
  group,
  title,
  severity,
  mode,
  backends,
  text,
}: ExplainedRule): Explanation {
  return {
    heading: `${id} ${slug}`,
    title,
    facts: [
      ['Group', group],
      ['Severity', severity === 'info' ? 'info' : `${severity} at worst`],
      ['Looks at', LOOKS_AT[mode]],
      ['Registries', backends === undefined ? 'all' : backends.join(', ')],
    ],
    texts: [
      ['Detects', text.detects],
      ['Why', text.why],
      ['Guard', text.guard],
      ['Fix', text.fix],
    ],
  };
}

/** The answer to `--explain`: lines, each ended by a newline. */
export function explainText(rule: ExplainedRule): string {
  const { heading, title, facts, texts } = explanationOf(rule);
  const parts = [...facts, ...texts];
  const width = Math.max(...parts.map(([word]) => word.length));
  const lines = parts.map(([word, text]) => `${word.padEnd(width)}  ${text}`);
  return `${[heading, title, '', ...lines].join('\n')}\n`;
}
