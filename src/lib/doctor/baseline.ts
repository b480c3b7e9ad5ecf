import type { BaselineEntry } from '../model/doctor-report.js';
import type { ExaminationReport } from '../model/finding.js';
import { compareText } from '../model/instance.js';
import { subjectName } from '../model/subject-name.js';
import { isDay } from '../time/day.js';

/** Accepted findings by fingerprint. */
export type Baseline = ReadonlyMap<string, BaselineEntry>;

/** The first lines of the file. */
const HEAD = [
  '# Findings of sdctl doctor that are accepted for now; sdctl doctor --update-baseline writes this file.',
  '# fingerprint, rule, first seen, subject',
];

const FINGERPRINT = /^[0-9a-f]{16}$/;
const RULE = /^SD\d{3}$/;

/** A baseline that was read, or the first line that is none. */
export type ParsedBaseline =
  | { readonly ok: true; readonly baseline: Baseline }
  | { readonly ok: false; readonly line: number; readonly why: string };

/** Reads the text of a baseline file. Of one fingerprint that stands there twice, the earlier day counts. */
export function parseBaseline(text: string): ParsedBaseline {
  const baseline = new Map<string, BaselineEntry>();
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const entry = parseLine(line);
    if (typeof entry === 'string') return { ok: false, line: index + 1, why: entry };
    const known = baseline.get(entry.fingerprint);
    if (known === undefined || entry.firstSeen < known.firstSeen) baseline.set(entry.fingerprint, entry);
  }
  return { ok: true, baseline };
}

/** @returns what is wrong with a line that is none */
function parseLine(line: string): BaselineEntry | string {
  const parts = line.split('\t');
  const [fingerprint = '', rule = '', firstSeen = '', subject = ''] = parts;
  if (parts.length !== 4) return `it has ${parts.length} fields in place of 4`;
  if (!FINGERPRINT.test(fingerprint)) return 'its fingerprint is not 16 hex digits';
  if (!RULE.test(rule)) return 'its rule is no id such as SD101';
  if (!isDay(firstSeen)) return 'its day is not one such as 2026-03-02';
  return { fingerprint, rule, firstSeen, subject };
}

/** The text of a baseline file: one line each, sorted by fingerprint, so that a change of one is a change of one line. */
export function formatBaseline(baseline: Baseline): string {
  const lines = [...baseline.values()].map(({ fingerprint, rule, firstSeen, subject }) =>
    [fingerprint, rule, firstSeen, subject].join('\t'),
  );
  return [...HEAD, ...lines.sort(compareText), ''].join('\n');
}

/** How far a run can speak about what it has not found. */
export interface BaselineScope {
  /** The service that was asked about; null: all. */
  readonly service: string | null;
  /** Everything that was asked for could be read. */
  readonly isComplete: boolean;
}

/** Entries that this run would have found if they were still there: those of rules that were decided, on all services. */
export function goneFrom(
  baseline: Baseline,
  { findings, outcomes }: ExaminationReport,
  { service, isComplete }: BaselineScope,
): readonly BaselineEntry[] {
  if (service !== null || !isComplete) return [];
  const decided = outcomes.filter(({ status }) => status === 'pass' || status === 'fail');
  const rules = new Set(decided.map(({ rule }) => rule.id));
  const found = new Set(findings.map(({ fingerprint }) => fingerprint));
  const gone = [...baseline.values()].filter(
    ({ fingerprint, rule }) => rules.has(rule) && !found.has(fingerprint),
  );
  return gone.sort((a, b) => compareText(a.rule, b.rule) || compareText(a.subject, b.subject));
}

/** What a new baseline is made of. */
export interface BaselineChange {
  readonly old: Baseline | null;
  /** After `suppress`: what the config file or an instance hides needs no place in the baseline. */
  readonly report: ExaminationReport;
  readonly scope: BaselineScope;
  /** In UTC, `2026-03-02`. */
  readonly today: string;
  /** Makes one field of a line of untrusted text. */
  readonly escape: (text: string) => string;
}

/**
 * The baseline that accepts all that was found now. What this run could not judge stays. A rule that broke is never
 * accepted: it is a defect of sdctl, and to leave the rule out is the way around it.
 */
export function nextBaseline({ old, report, scope, today, escape }: BaselineChange): Baseline {
  const next = new Map(old ?? []);
  for (const { fingerprint } of goneFrom(next, report, scope)) next.delete(fingerprint);
  for (const { fingerprint, rule, subject, suppression } of report.findings) {
    const isElsewhere = suppression !== null && suppression.by !== 'baseline';
    if (isElsewhere || rule.id === 'SD999') next.delete(fingerprint);
    else
      next.set(fingerprint, {
        fingerprint,
        rule: rule.id,
        firstSeen: next.get(fingerprint)?.firstSeen ?? today,
        subject: escape(subjectName(subject)),
      });
  }
  return next;
}
