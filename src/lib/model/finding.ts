/** How bad a finding is; the worst first. */
export const severities = ['error', 'warning', 'info'] as const;
export type Severity = (typeof severities)[number];

/** What a rule is about; `--only` and `--skip` take these words too. */
export const ruleGroups = ['backend', 'leases', 'data', 'health', 'topology'] as const;
export type RuleGroup = (typeof ruleGroups)[number];

/** What a rule has to look at beside the snapshot. `observe`: several samples; `history`: earlier runs. */
export type RuleMode = 'instant' | 'observe' | 'probe' | 'history';

/** What a finding is about: enough to act on. What does not apply is null. Untrusted text. */
export interface Subject {
  readonly service: string | null;
  readonly instance: string | null;
  readonly node: string | null;
  readonly key: string | null;
  /** A server of the registry. */
  readonly server: string | null;
  /** A lease, a session or a check. */
  readonly lease: string | null;
  readonly address: string | null;
}

/** One observation behind a finding. Untrusted text. */
export interface Evidence {
  readonly name: string;
  readonly value: string;
}

/** What to do about it: one sentence, and commands that are printed, never run. Untrusted text. */
export interface Fix {
  readonly text: string;
  /** Words of a command each, not quoted yet. */
  readonly commands: readonly (readonly string[])[];
}

/** What a rule has seen, before it is known whether anybody wants to hear it. */
export interface Found {
  readonly severity: Severity;
  readonly subject: Subject;
  /** What is wrong, one sentence without the rule's name. */
  readonly detail: string;
  readonly evidence: readonly Evidence[];
  readonly fix: Fix;
  /**
   * What tells it from another finding of the same rule, the same in every run: never a TTL, a lease id that changes,
   * a revision. Default: the subject.
   */
  readonly identity?: readonly string[];
}

/** Why a finding does not count. */
export type Suppression =
  | { readonly by: 'config'; readonly reason: string; readonly until: string | null }
  | { readonly by: 'instance'; readonly reason: string; readonly until: null }
  | { readonly by: 'baseline'; readonly reason: string; readonly until: null; readonly firstSeen: string };

/** One finding as it is reported. */
export interface Finding extends Found {
  readonly rule: RuleFacts;
  /** Hash over rule, registry and identity: the same in every run. */
  readonly fingerprint: string;
  /** null: it counts. */
  readonly suppression: Suppression | null;
  /** RFC 3339 UTC: since when it is known at least, from earlier runs; null: not known. */
  readonly knownSince: string | null;
}

/** What is known of a rule without running it. */
export interface RuleFacts {
  /** `SD101`. Never used again for something else. */
  readonly id: string;
  /** `key-without-lease`. */
  readonly slug: string;
  readonly group: RuleGroup;
  readonly title: string;
  /** The worst that it reports by itself. */
  readonly severity: Severity;
  readonly mode: RuleMode;
}

/**
 * What became of a rule. `skip`: it does not apply to this registry, or was not asked for. `unknown`: it could not be
 * decided, which is never a pass.
 */
export interface RuleOutcome {
  readonly rule: RuleFacts;
  readonly status: 'fail' | 'pass' | 'skip' | 'unknown';
  /** Why it was skipped or could not be decided; null otherwise. */
  readonly reason: string | null;
}

/** Everything that one examination has found. */
export interface ExaminationReport {
  readonly outcomes: readonly RuleOutcome[];
  /** Sorted: worst first, then rule, then subject. */
  readonly findings: readonly Finding[];
}

/** A subject of which only some parts are known. */
export function subjectOf(parts: Partial<Subject>): Subject {
  return {
    service: null,
    instance: null,
    node: null,
    key: null,
    server: null,
    lease: null,
    address: null,
    ...parts,
  };
}
