import { countReport, type DoctorReport } from '../model/doctor-report.js';
import type { Finding } from '../model/finding.js';
import { commandTexts, subjectText, suppressionText } from './doctor-facts.js';
import { markdownCode, markdownText } from './markdown-text.js';
import { countText } from './summary-lines.js';

/** GitHub drops a summary of more than a mebibyte, all of it. */
const MOST_BYTES = 900_000;

/** A run for a chat or the summary of a job: how it ends, every finding in a table, what is unknown. */
export function doctorMarkdown(report: DoctorReport): string {
  const counting = report.findings.filter(({ suppression }) => suppression === null);
  const silent = report.findings.filter(({ suppression }) => suppression !== null);
  const budget = { leftBytes: MOST_BYTES };
  const parts = [
    headLine(report),
    countLine(report),
    table(['Severity', 'Rule', 'Subject', 'Finding', 'Fix'], counting.map(findingRow), budget),
    section('Unknown', table(['Rule', 'Why'], unknownRows(report), budget)),
    section('Suppressed', table(['Rule', 'Subject', 'Finding', 'Why'], silent.map(silentRow), budget)),
    section('Not found any more', table(['Rule', 'Subject', 'First seen'], goneRows(report), budget)),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function headLine({ context, backend, service, verdict }: DoctorReport): string {
  const words = { 0: 'passed', 10: 'failed', 11: 'could not decide' } as const;
  const where =
    context === null ? markdownText(backend) : `${markdownCode(context)} (${markdownText(backend)})`;
  const only = service === null ? '' : `, service ${markdownCode(service)}`;
  return `### sdctl doctor ${words[verdict.code]}: ${where}${only}`;
}

function countLine(report: DoctorReport): string {
  const { error, warning, info, passed, unknown, suppressed, baselined } = countReport(report);
  const counts = [
    countText(error, 'error'),
    countText(warning, 'warning'),
    `${info} info`,
    `${countText(passed, 'rule')} passed`,
    `${unknown} unknown`,
    `${suppressed} suppressed`,
    `${baselined} in the baseline`,
  ];
  return `${counts.join(', ')}. Exit ${report.verdict.code}: ${markdownText(report.verdict.reason)}.`;
}

type Row = readonly string[];

/** Rows until the space is used up; the rest is counted. */
function table(head: Row, rows: readonly Row[], budget: { leftBytes: number }): string {
  if (rows.length === 0) return '';
  const line = (cells: Row): string => `| ${cells.join(' | ')} |`;
  const lines = [line(head), line(head.map(() => '---'))];
  for (const [index, row] of rows.entries()) {
    const text = line(row);
    budget.leftBytes -= Buffer.byteLength(text) + 1;
    if (budget.leftBytes < 0) {
      lines.push('', `and ${rows.length - index} more`);
      break;
    }
    lines.push(text);
  }
  return lines.join('\n');
}

function section(title: string, content: string): string {
  return content === '' ? '' : `#### ${title}\n\n${content}`;
}

function ruleCell({ id, slug }: { readonly id: string; readonly slug: string }): string {
  return `${id} ${slug}`;
}

function findingRow(finding: Finding): Row {
  const { severity, rule, detail, fix } = finding;
  const commands = commandTexts(finding, { ascii: false }).map((command) => markdownCode(command, 1_000));
  return [
    severity,
    ruleCell(rule),
    markdownCode(subjectText(finding, { ascii: false })),
    markdownText(detail),
    [markdownText(fix.text), ...commands].join('<br>'),
  ];
}

function unknownRows({ outcomes }: DoctorReport): readonly Row[] {
  return outcomes
    .filter(({ status }) => status === 'unknown')
    .map(({ rule, reason }) => [ruleCell(rule), markdownText(reason ?? '')]);
}

function silentRow(finding: Finding): Row {
  const { rule, detail, suppression } = finding;
  return [
    ruleCell(rule),
    markdownCode(subjectText(finding, { ascii: false })),
    markdownText(detail),
    suppression === null ? '' : markdownText(suppressionText(suppression, { ascii: false })),
  ];
}

function goneRows({ gone }: DoctorReport): readonly Row[] {
  return gone.map(({ rule, subject, firstSeen }) => [
    markdownText(rule),
    markdownCode(subject),
    markdownText(firstSeen),
  ]);
}
