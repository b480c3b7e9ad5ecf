import { countReport, type BaselineEntry, type DoctorReport } from '../model/doctor-report.js';
import type { Finding, RuleOutcome } from '../model/finding.js';
import { formatDuration } from '../time/duration.js';
import {
  commandTexts,
  detailText,
  sectionsOf,
  sectionTitles,
  severityMark,
  severityStyle,
  suppressionText,
  type DoctorSection,
} from './doctor-facts.js';
import { ownText, safeName, type SafeText } from './safe-text.js';
import { countText, originText } from './summary-lines.js';
import { glyphOf, paint, wordOf, type ShownState, type View } from './view.js';

export interface DoctorTextOptions {
  /** Also what was seen, and which rules were left out. */
  readonly verbose: boolean;
}

/** How many lines a list has before the rest of it is counted; documents hold all of it. */
const MOST_LINES = 20;

/** A report for people: what was found, by section and worst first, then what is not known, and how it ends. */
export function doctorText(report: DoctorReport, view: View, options: DoctorTextOptions): string {
  const context = { report, view, options, explained: new Set<string>() };
  const lines = [
    heading(sectionTitles.backend, view),
    ...serverLines(report, view),
    ...sectionsOf(report).flatMap((section) => sectionLines(section, context)),
    ...outcomeSection('Unknown', 'unknown', report, view),
    ...(options.verbose ? outcomeSection('Left out', 'skip', report, view) : []),
    ...suppressedSection(report, view),
    ...goneSection(report.gone, view),
    '',
    summaryLine(report),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function sectionLines(section: DoctorSection, context: FindingContext): readonly string[] {
  const { view } = context;
  const lines = [
    ...section.findings.flatMap((finding) => findingLines(finding, context)),
    ...passedLines(section, view),
  ];
  // The first section begins with the servers, whatever its rules say.
  const isHeaded = lines.length === 0 || section.title === sectionTitles.backend;
  return isHeaded ? lines : [heading(section.title, view), ...lines];
}

function heading(title: string, view: View): string {
  return paint(title, 'header', view);
}

/** A state before one line: its glyph, its word in a plain view. */
function mark(state: ShownState, view: View): string {
  const text = view.plain ? wordOf(state).padEnd('warning'.length) : glyphOf(state, view);
  return paint(text, state, view);
}

function serverLines(report: DoctorReport, view: View): readonly string[] {
  const answering = report.servers.filter(({ problem }) => problem === null);
  const times = answering.flatMap(({ roundTripMs }) => roundTripMs ?? []);
  const took = times.length === 0 ? '' : ` (${formatDuration(Math.max(...times))})`;
  const names = answering.map(({ server }) => safeName(server, view)).join(', ');
  const origin = originText(report, view);
  const only = report.service === null ? '' : `; only ${safeName(report.service, view)} was looked at`;
  const silent = report.servers.flatMap(({ server, problem }) =>
    problem === null
      ? []
      : [`  ${mark('warning', view)} ${safeName(server, view)}: ${safeName(problem, view)}`],
  );
  const first = names === '' ? `${origin} was read` : `${origin} answers at ${names}${took}`;
  return [`  ${mark('passing', view)} ${first}${only}`, ...silent];
}

interface FindingContext {
  readonly report: DoctorReport;
  readonly view: View;
  readonly options: DoctorTextOptions;
  /** Rules whose reason stands there already. */
  readonly explained: Set<string>;
}

function findingLines(
  finding: Finding,
  { report, view, options, explained }: FindingContext,
): readonly string[] {
  const { rule, severity } = finding;
  const sign = severityMark(severity, view);
  const lines = [`  ${paint(sign, severityStyle(severity), view)} ${rule.id}  ${detailText(finding, view)}`];
  const indent = ' '.repeat(2 + sign.length + 1 + rule.id.length + 2);
  const add = (word: string, texts: readonly string[]): void => {
    for (const [index, text] of texts.entries())
      lines.push(`${indent}${paint((index === 0 ? word : '').padEnd(5), 'dim', view)} ${text}`);
  };
  const why = report.guides.get(rule.id)?.why;
  if (why !== undefined && !explained.has(rule.id))
    add('Why', [safeName(why, { ascii: view.ascii, max: 1_000 })]);
  explained.add(rule.id);
  if (finding.knownSince !== null) add('Since', [sinceText(finding.knownSince, view)]);
  if (options.verbose && finding.evidence.length > 0) add('Facts', [evidenceText(finding, view)]);
  add('Fix', [safeName(finding.fix.text, { ascii: view.ascii, max: 1_000 }), ...commandTexts(finding, view)]);
  return lines;
}

function sinceText(since: string, view: View): SafeText {
  const ago = view.nowMs - Date.parse(since);
  const shown = safeName(since.replace(/\.\d+Z$/, 'Z'), view);
  return ownText(ago >= 0 ? `at least ${shown} (${formatDuration(ago)})` : `at least ${shown}`);
}

function evidenceText({ evidence }: Finding, view: View): string {
  return evidence.map(({ name, value }) => `${safeName(name, view)} ${safeName(value, view)}`).join('; ');
}

function passedLines({ findings, outcomes }: DoctorSection, view: View): readonly string[] {
  const passed = outcomes.filter(({ status }) => status === 'pass').length;
  if (passed === 0) return [];
  const other = findings.length === 0 ? 'rule' : 'other rule';
  return [`  ${mark('passing', view)} ${countText(passed, other)} passed`];
}

function outcomeSection(
  title: string,
  status: RuleOutcome['status'],
  { outcomes }: DoctorReport,
  view: View,
): readonly string[] {
  const lines = outcomes
    .filter((outcome) => outcome.status === status)
    .map(({ rule, reason }) => {
      const why = safeName(reason ?? 'nobody knows why', { ascii: view.ascii, max: 1_000 });
      return `  ${mark('unknown', view)} ${rule.id}  ${rule.slug}: ${why}`;
    });
  return lines.length === 0 ? [] : [heading(title, view), ...lines];
}

function suppressedSection({ findings }: DoctorReport, view: View): readonly string[] {
  const lines = findings.flatMap((finding) => {
    const { rule, severity, suppression } = finding;
    if (suppression === null) return [];
    const text = `${severityMark(severity, view)} ${rule.id}  ${detailText(finding, view)} (${suppressionText(suppression, view)})`;
    return [`  ${paint(text, 'dim', view)}`];
  });
  return lines.length === 0 ? [] : [heading('Suppressed', view), ...shortened(lines)];
}

function goneSection(gone: readonly BaselineEntry[], view: View): readonly string[] {
  if (gone.length === 0) return [];
  const lines = gone.map(
    ({ rule, subject, firstSeen }) =>
      `  ${mark('left', view)} ${safeName(rule, view)}  ${safeName(subject, view)} since ${safeName(firstSeen, view)}`,
  );
  return [
    heading('Not found any more', view),
    ...shortened(lines),
    '  sdctl doctor --update-baseline takes them out of the baseline.',
  ];
}

function shortened(lines: readonly string[]): readonly string[] {
  const more = lines.length - MOST_LINES;
  return more <= 1 ? lines : [...lines.slice(0, MOST_LINES), `  and ${more} more, see -o json`];
}

/** `1 error, 1 warning, 17 passed, 1 unknown, 0 suppressed in 640ms. Exit 10 because of --fail-on error.` */
function summaryLine(report: DoctorReport): SafeText {
  const { error, warning, info, passed, skipped, unknown, suppressed, baselined } = countReport(report);
  const parts = [
    countText(error, 'error'),
    countText(warning, 'warning'),
    ...(info === 0 ? [] : [`${info} info`]),
    `${passed} passed`,
    `${unknown} unknown`,
    ...(skipped === 0 ? [] : [`${skipped} left out`]),
    `${suppressed} suppressed`,
    ...(baselined === 0 ? [] : [`${baselined} in the baseline`]),
  ];
  return ownText(`${parts.join(', ')} in ${formatDuration(report.tookMs)}. ${endText(report)}`);
}

/** How a run ends, one sentence. */
function endText({ verdict: { code, reason }, failOn }: DoctorReport): string {
  return code === 10 ? `Exit 10 because of --fail-on ${failOn}.` : `Exit ${code}: ${reason}.`;
}
