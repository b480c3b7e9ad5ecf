import { countReport, type BaselineEntry, type DoctorReport } from '../model/doctor-report.js';
import type { Finding, RuleOutcome, Suppression } from '../model/finding.js';
import { toRfc3339 } from '../time/clock.js';
import type {
  BaselineEntryItem,
  BaselineEntryLine,
  DoctorReportDocument,
  FindingItem,
  FindingLine,
  RuleOutcomeItem,
  RuleOutcomeLine,
  SuppressionItem,
} from './doctor-document-types.js';
import { headOf } from './documents.js';

/** A run as one document. */
export function doctorDocument(report: DoctorReport): DoctorReportDocument {
  const { context, backend, service, revision, takenAtMs, tookMs, failOn, verdict } = report;
  return {
    ...headOf('DoctorReport'),
    context,
    backend,
    service,
    revision,
    takenAt: toRfc3339(takenAtMs),
    tookSeconds: Math.round(tookMs) / 1_000,
    failOn,
    exitCode: verdict.code,
    exitReason: verdict.reason,
    counts: countReport(report),
    findings: report.findings.map(findingItem),
    outcomes: report.outcomes.map(outcomeItem),
    gone: report.gone.map(goneItem),
  };
}

/** A run as lines: findings worst first, then what became of each rule, then what the baseline names in vain. */
export function* doctorLines(
  report: DoctorReport,
): Generator<FindingLine | RuleOutcomeLine | BaselineEntryLine> {
  for (const finding of report.findings) yield { ...headOf('Finding'), ...findingItem(finding) };
  for (const outcome of report.outcomes) yield { ...headOf('RuleOutcome'), ...outcomeItem(outcome) };
  for (const entry of report.gone) yield { ...headOf('BaselineEntry'), ...goneItem(entry) };
}

function findingItem(finding: Finding): FindingItem {
  const { rule, severity, suppression, subject, detail, evidence, fix, fingerprint, knownSince } = finding;
  return {
    rule: rule.id,
    slug: rule.slug,
    group: rule.group,
    title: rule.title,
    severity,
    suppression: suppression === null ? null : suppressionItem(suppression),
    subject: {
      service: subject.service,
      instance: subject.instance,
      node: subject.node,
      key: subject.key,
      server: subject.server,
      lease: subject.lease,
      address: subject.address,
    },
    detail,
    evidence: evidence.map(({ name, value }) => ({ name, value })),
    fix: { text: fix.text, commands: fix.commands },
    fingerprint,
    knownSince,
    docs: `docs/rules.md#${rule.id.toLowerCase()}-${rule.slug}`,
  };
}

function suppressionItem(suppression: Suppression): SuppressionItem {
  const { by, reason, until } = suppression;
  return { by, reason, until, firstSeen: by === 'baseline' ? suppression.firstSeen : null };
}

function outcomeItem({ rule, status, reason }: RuleOutcome): RuleOutcomeItem {
  const { id, slug, group, title, mode } = rule;
  return { rule: id, slug, group, title, mode, status, reason };
}

function goneItem({ fingerprint, rule, firstSeen, subject }: BaselineEntry): BaselineEntryItem {
  return { fingerprint, rule, firstSeen, subject };
}
