import { isFailing, type DoctorReport } from '../model/doctor-report.js';
import type { Finding, RuleFacts, RuleOutcome } from '../model/finding.js';
import { subjectName } from '../model/subject-name.js';
import { toRfc3339 } from '../time/clock.js';
import { commandTexts, sectionsOf, suppressionText } from './doctor-facts.js';
import { xmlElement, xmlText } from './xml-text.js';

type CaseState = 'pass' | 'failure' | 'skipped' | 'error';

interface Case {
  readonly state: CaseState;
  readonly xml: string;
}

/**
 * A run as JUnit XML: a suite for each group, a case for each finding and for each rule without one. What fails the run
 * is a failure; what is below `--fail-on`, suppressed, left out or unknown is skipped with its reason, because nothing
 * of that passed. Names stay the same from run to run. Ends with a newline.
 */
export function doctorJunit(report: DoctorReport): string {
  const sections = sectionsOf({ ...report, findings: [] }).map(({ title, outcomes }) => ({
    title,
    cases: outcomes.flatMap((outcome) => casesOf(outcome, report)),
  }));
  const suites = [...sections, strayCases(report), verdictCases(report)].filter(
    ({ cases }) => cases.length > 0,
  );
  const all = suites.flatMap(({ cases }) => cases);
  const content = suites.map((suite) => suiteXml(suite, report)).join('');
  // No reader knows a count of skipped ones here.
  const { skipped: _skipped, ...counts } = countsOf(all);
  const root = xmlElement(
    'testsuites',
    { name: rootName(report), ...counts, time: seconds(report) },
    `\n${content}`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n`;
}

interface Suite {
  readonly title: string;
  readonly cases: readonly Case[];
}

function suiteXml({ title, cases }: Suite, report: DoctorReport): string {
  const timestamp = toRfc3339(report.takenAtMs).slice(0, 19);
  const attributes = { name: title, ...countsOf(cases), time: 0, timestamp };
  return `${xmlElement('testsuite', attributes, `\n${cases.map(({ xml }) => xml).join('')}`)}\n`;
}

function countsOf(cases: readonly Case[]) {
  const count = (state: CaseState): number => cases.filter((one) => one.state === state).length;
  return {
    tests: cases.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
  };
}

function rootName({ context, backend }: DoctorReport): string {
  return `sdctl doctor ${context ?? backend}`;
}

function seconds({ tookMs }: DoctorReport): string {
  return (tookMs / 1_000).toFixed(3);
}

function casesOf(outcome: RuleOutcome, report: DoctorReport): readonly Case[] {
  const { rule, status, reason } = outcome;
  if (status === 'pass') return [toCase(rule, rule.title, 'pass')];
  if (status === 'fail')
    return report.findings
      .filter(({ rule: { id } }) => id === rule.id)
      .map((one) => findingCase(one, report));
  const message = `${status === 'skip' ? 'left out' : 'unknown'}: ${reason ?? ''}`;
  return [toCase(rule, rule.title, 'skipped', { message })];
}

/** Findings of rules without an outcome of their own: those that broke. */
function strayCases(report: DoctorReport): Suite {
  const known = new Set(report.outcomes.map(({ rule }) => rule.id));
  const stray = report.findings.filter(({ rule }) => !known.has(rule.id));
  return { title: 'Broken rules', cases: stray.map((finding) => findingCase(finding, report)) };
}

/** A run that nobody can rely on must not look like one that passed. */
function verdictCases({ verdict: { code, reason } }: DoctorReport): Suite {
  if (code !== 11) return { title: 'Verdict', cases: [] };
  const rule = { id: 'doctor', slug: 'verdict' };
  return { title: 'Verdict', cases: [toCase(rule, 'enough is known', 'error', { message: reason })] };
}

function findingCase(finding: Finding, { failOn }: DoctorReport): Case {
  const { rule, severity, detail, suppression, fingerprint } = finding;
  const name = `${subjectName(finding.subject)} [${fingerprint}]`;
  if (isFailing(finding, failOn))
    return toCase(rule, name, 'failure', { message: detail, body: bodyOf(finding) });
  const why =
    suppression === null
      ? `${severity}, below --fail-on ${failOn}`
      : suppressionText(suppression, { ascii: false });
  return toCase(rule, name, 'skipped', { message: `${why}: ${detail}`, body: bodyOf(finding) });
}

/** Everything that tells what to do, so that nobody has to run it again to know. */
function bodyOf(finding: Finding): string {
  const { severity, rule, detail, evidence, fix, knownSince } = finding;
  const lines = [
    `${severity} ${rule.id} ${rule.slug}: ${detail}`,
    ...(knownSince === null ? [] : [`since at least ${knownSince}`]),
    ...evidence.map(({ name, value }) => `${name}: ${value}`),
    `fix: ${fix.text}`,
    ...commandTexts(finding, { ascii: false }),
  ];
  return lines.map((line) => xmlText(line)).join('\n');
}

function toCase(
  rule: Pick<RuleFacts, 'id' | 'slug'>,
  name: string,
  state: CaseState,
  result: { readonly message: string; readonly body?: string } = { message: '' },
): Case {
  const attributes = { classname: `sdctl.doctor.${rule.id} ${rule.slug}`, name, time: 0 };
  const { message, body = '' } = result;
  const inner = {
    pass: '',
    failure: xmlElement('failure', { message, type: rule.id }, body),
    error: xmlElement('error', { message, type: rule.id }, body),
    // An element without content for many readers.
    skipped: xmlElement('skipped', { message }) + (body === '' ? '' : xmlElement('system-out', {}, body)),
  };
  return { state, xml: `${xmlElement('testcase', attributes, inner[state])}\n` };
}
