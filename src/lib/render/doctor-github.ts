import { severities, type Finding, type Severity } from '../model/finding.js';
import type { DoctorReport } from '../model/doctor-report.js';
import { commandTexts } from './doctor-facts.js';
import { regionFor, type ReportPlace } from './doctor-place.js';
import { safeName } from './safe-text.js';

const COMMANDS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'notice' };
/** GitHub shows so many of each kind for one step, the first ones. */
const MOST_ANNOTATIONS = 10;

/**
 * The findings that count as annotations of GitHub Actions: lines for standard output, worst first, at most ten of each
 * kind. The last one of a kind with more says how many are left; all of them stand in the summary of the step.
 */
export function doctorAnnotations(report: DoctorReport, place: ReportPlace | null): string {
  const counting = report.findings.filter(({ suppression }) => suppression === null);
  const first = verdictLines(report);
  const lines = severities.flatMap((severity) => {
    const found = counting.filter((finding) => finding.severity === severity);
    const most = MOST_ANNOTATIONS - (severity === 'error' ? first.length : 0);
    return annotationsOf(severity, found, { place, most });
  });
  return [...first, ...lines].map((line) => `${line}\n`).join('');
}

function annotationsOf(
  severity: Severity,
  findings: readonly Finding[],
  { place, most }: { readonly place: ReportPlace | null; readonly most: number },
): readonly string[] {
  const shown = findings.slice(0, findings.length <= most ? most : most - 1);
  const lines = shown.map((finding) => annotation(finding, place));
  const left = findings.length - shown.length;
  if (left === 0) return lines;
  const text = `${left} more, see the summary of this step`;
  return [...lines, command(COMMANDS[severity], { title: 'sdctl doctor' }, text)];
}

function annotation(finding: Finding, place: ReportPlace | null): string {
  const { rule, severity, detail, fix, subject } = finding;
  const text = [detail, `Fix: ${fix.text}`, ...commandTexts(finding, { ascii: false })];
  const message = text.map((line) => safeName(line, { max: 2_000 })).join('\n');
  const title = `${rule.id} ${rule.slug}`;
  if (place === null) return command(COMMANDS[severity], { title }, message);
  const { line, column, endColumn } = regionFor(place, subject.service);
  const where = { file: place.path, line: String(line), col: String(column), endColumn: String(endColumn) };
  return command(COMMANDS[severity], { ...where, title }, message);
}

/** A run that nobody can rely on has no finding to say so. */
function verdictLines({ verdict: { code, reason } }: DoctorReport): readonly string[] {
  return code === 11 ? [command('error', { title: 'sdctl doctor' }, reason)] : [];
}

/** A workflow command. Its data may hold anything but line ends and `%`; its properties no `:` and `,` either. */
function command(name: string, properties: Readonly<Record<string, string>>, data: string): string {
  const pairs = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(value)}`);
  return `::${name} ${pairs.join(',')}::${escapeData(data)}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(safeName(text, { max: Infinity }))
    .replaceAll(':', '%3A')
    .replaceAll(',', '%2C');
}
