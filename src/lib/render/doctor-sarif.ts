import type { DoctorReport } from '../model/doctor-report.js';
import type { Finding, RuleFacts, RuleOutcome, Severity } from '../model/finding.js';
import { subjectName } from '../model/subject-name.js';
import { toRfc3339 } from '../time/clock.js';
import { commandTexts, suppressionText } from './doctor-facts.js';
import { regionFor, type ReportPlace } from './doctor-place.js';
import { safeName, toJson } from './safe-text.js';

export interface SarifOptions {
  /** Version of sdctl. */
  readonly version: string;
  /** null: none, and results have no place in a file, which some readers refuse. */
  readonly place: ReportPlace | null;
}

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  info: 'note',
};
/** GitHub refuses a file with more results. */
const MOST_RESULTS = 25_000;

/** A run as SARIF 2.1.0, with the fields that GitHub asks for. Ends with a newline. */
export function doctorSarif(report: DoctorReport, options: SarifOptions): string {
  const rules = reportedRules(report);
  const indexOf = new Map(rules.map(({ id }, index) => [id, index]));
  const run = {
    tool: { driver: driverOf(rules, report, options) },
    automationDetails: { id: `sdctl-doctor/${safeName(report.context ?? report.backend)}/` },
    columnKind: 'utf16CodeUnits',
    invocations: [invocationOf(report, indexOf)],
    results: report.findings
      .slice(0, MOST_RESULTS)
      .map((finding) => resultOf(finding, indexOf.get(finding.rule.id) ?? -1, options)),
  };
  return `${toJson({ $schema: SCHEMA, version: '2.1.0', runs: [run] }, { indent: 2 })}\n`;
}

/** Each rule once, those that have only findings last. */
function reportedRules({ outcomes, findings }: DoctorReport): readonly RuleFacts[] {
  const rules = new Map<string, RuleFacts>();
  for (const { rule } of [...outcomes, ...findings]) if (!rules.has(rule.id)) rules.set(rule.id, rule);
  return [...rules.values()];
}

function driverOf(rules: readonly RuleFacts[], report: DoctorReport, { version }: SarifOptions): object {
  return {
    name: 'sdctl',
    semanticVersion: version,
    rules: rules.map((rule) => ruleOf(rule, report)),
  };
}

function ruleOf({ id, slug, group, title, severity, mode }: RuleFacts, { guides }: DoctorReport): object {
  const guide = guides.get(id) ?? { detects: title, why: title, guard: '', fix: title };
  const { detects, why, guard, fix } = guide;
  return {
    id,
    name: pascalCase(slug),
    shortDescription: { text: title },
    fullDescription: { text: `${detects} ${why}` },
    help: {
      text: `${detects}\n\nWhy: ${why}\n\nGuard: ${guard}\n\nFix: ${fix}`,
      markdown: `${detects}\n\n**Why:** ${why}\n\n**Guard:** ${guard}\n\n**Fix:** ${fix}`,
    },
    defaultConfiguration: { level: LEVELS[severity] },
    properties: {
      tags: ['service-registry', group, mode],
      'problem.severity': severity === 'info' ? 'recommendation' : severity,
    },
  };
}

function pascalCase(slug: string): string {
  return slug.replace(/(?:^|-)([a-z])/g, (_whole, letter: string) => letter.toUpperCase());
}

function resultOf(finding: Finding, ruleIndex: number, { place }: SarifOptions): object {
  const { rule, severity, fingerprint, suppression, evidence, knownSince } = finding;
  return {
    ruleId: rule.id,
    ruleIndex,
    level: LEVELS[severity],
    message: { text: messageOf(finding) },
    locations: [locationOf(finding, place)],
    // GitHub tells by the first whether it has seen a finding before; the second is the same under our own name.
    partialFingerprints: { primaryLocationLineHash: `${fingerprint}:1` },
    fingerprints: { 'sdctl/v1': fingerprint },
    suppressions: suppression === null ? [] : [suppressionOf(suppression)],
    properties: {
      evidence: evidence.map(({ name, value }) => ({ name, value })),
      knownSince,
    },
  };
}

function suppressionOf(suppression: NonNullable<Finding['suppression']>): object {
  return {
    kind: 'external',
    status: 'accepted',
    justification: suppressionText(suppression, { ascii: false }),
  };
}

function messageOf(finding: Finding): string {
  const lines = [finding.detail, `Fix: ${finding.fix.text}`, ...commandTexts(finding, { ascii: false })];
  return lines.map((line) => linkless(safeName(line, { max: 4_000 }))).join('\n');
}

/** `[text](target)` in a message is a link; nobody who may register makes one. */
function linkless(text: string): string {
  return text.replace(/[[\]](?=[^[\]]*\]\(|\()/g, String.raw`\$&`);
}

function locationOf({ subject }: Finding, place: ReportPlace | null): object {
  const logicalLocations = [
    {
      name: subject.instance ?? subject.service ?? subjectName(subject),
      fullyQualifiedName: subjectName(subject),
      kind: subject.service === null ? 'object' : 'resource',
    },
  ];
  if (place === null) return { logicalLocations };
  const { line, column, endColumn } = regionFor(place, subject.service);
  const uri = place.path.split('/').map(encodeURIComponent).join('/');
  return {
    physicalLocation: {
      artifactLocation: { uri, uriBaseId: '%SRCROOT%' },
      region: { startLine: line, startColumn: column, endLine: line, endColumn },
    },
    logicalLocations,
  };
}

/** When it ran, how it ended, and what could not be decided: that is no result, and must not look like a pass. */
function invocationOf(report: DoctorReport, indexOf: ReadonlyMap<string, number>): object {
  const { takenAtMs, tookMs, verdict, outcomes, findings } = report;
  const unknown = outcomes.filter(({ status }) => status === 'unknown');
  const more = findings.length - MOST_RESULTS;
  return {
    executionSuccessful: verdict.code !== 11,
    exitCode: verdict.code,
    exitCodeDescription: verdict.reason,
    startTimeUtc: toRfc3339(takenAtMs),
    endTimeUtc: toRfc3339(takenAtMs + Math.round(tookMs)),
    toolExecutionNotifications: [
      ...unknown.map((outcome) => notificationOf(outcome, indexOf)),
      ...(more > 0 ? [{ level: 'warning', message: { text: `${more} more findings are left out` } }] : []),
    ],
  };
}

function notificationOf({ rule, reason }: RuleOutcome, indexOf: ReadonlyMap<string, number>): object {
  return {
    level: 'warning',
    message: {
      text: linkless(safeName(`${rule.id} ${rule.slug} is unknown: ${reason ?? ''}`, { max: 4_000 })),
    },
    associatedRule: { id: rule.id, index: indexOf.get(rule.id) ?? -1 },
  };
}
