import { plannedRules } from '../doctor/planned-rules.js';
import { explainText } from '../doctor/explain.js';
import { allRules, ruleNamed } from '../doctor/rule-names.js';
import { nearest } from '../config/nearest.js';
import { escapeField } from '../render/safe-text.js';
import type { FormatChoice } from './choose-view.js';
import { readBaseline } from './doctor-baseline.js';
import { failOnOf, observeMsOf, probesOf, ruleChoice, waitMsOf, type DoctorFlags } from './doctor-flags.js';
import { policyText } from './doctor-policy.js';
import {
  fileReportsOf,
  placeOf,
  reportFormatOf,
  reportText,
  writeReport,
  writeStepSummary,
  type ReportFormat,
} from './doctor-reports.js';
import { examineUntilClean, type DoctorPlan } from './doctor-run.js';
import { readInventory, toDoctorSettings } from './doctor-settings.js';
import type { Deps } from './deps.js';
import type { Invocation, InvocationFlags } from './invocation.js';
import { refuseEmptyName } from './names.js';
import { usageError } from './usage.js';

/** The flags of `doctor` that print something and look at no registry. */
export interface DoctorCommandFlags extends DoctorFlags, InvocationFlags {
  readonly 'list-rules'?: boolean | undefined;
  readonly explain?: string | undefined;
  readonly 'print-policy'?: boolean | undefined;
}

/** What the command hands over. */
export interface DoctorShell {
  readonly version: string;
  readonly deps: Deps;
  readonly signal: AbortSignal;
  open(formats: FormatChoice, flags: Partial<InvocationFlags>): Promise<Invocation>;
}

const FORMATS: FormatChoice = { allowed: ['table', 'json', 'jsonl'], terminal: 'table', pipe: 'table' };

/** Answers `doctor`. @returns the exit code: 0, 10 or 11 */
export async function runDoctor(
  service: string | undefined,
  flags: DoctorCommandFlags,
  shell: DoctorShell,
): Promise<number> {
  refuseEmptyName(service);
  const typed = typedFormat(flags);
  const choice = ruleChoice(flags);
  const reports = fileReportsOf(flags.report ?? []);
  const invocation = await shell.open(FORMATS, { output: viewFormat(typed), json: false });
  const format = typed ?? shownFormat(invocation);
  if (flags['list-rules'] === true) return print(invocation, ruleLines());
  if (flags.explain !== undefined) return print(invocation, explained(flags.explain));
  if (flags['print-policy'] === true) return print(invocation, policyText(invocation.connection));
  const inventory = flags.inventory === undefined ? null : await readInventory(flags.inventory);
  const { config, location } = invocation;
  const baselineFile = flags.baseline ?? null;
  if (flags['update-baseline'] === true && baselineFile === null)
    throw usageError('--update-baseline needs --baseline', undefined, '--baseline FILE --update-baseline');
  const plan: DoctorPlan = {
    service: service ?? null,
    choice,
    settings: toDoctorSettings({
      config: config.doctor,
      file: location?.path ?? null,
      inventory,
      rules: allRules,
    }),
    failOn: failOnOf(flags, config.doctor),
    allowUnknown: flags['allow-unknown'] === true,
    observeMs: observeMsOf(flags),
    probes: probesOf(flags),
    isStateless: flags['no-state'] === true,
    baselineFile,
    baseline: baselineFile === null ? null : readBaseline(baselineFile, flags['update-baseline'] === true),
    updatesBaseline: flags['update-baseline'] === true,
  };
  const waitMs = waitMsOf(flags);
  await using handle = await invocation.openRegistry();
  const report = await examineUntilClean(invocation, handle, plan, waitMs);
  const context = {
    view: invocation.view,
    verbose: flags.verbose === true,
    version: shell.version,
    place: placeOf({
      inventoryFile: flags.inventory,
      inventory,
      sarifFile: flags['sarif-file'],
      checkout: shell.deps.env['GITHUB_WORKSPACE'],
    }),
  };
  for (const one of reports) await writeReport(report, one, context);
  invocation.print(await reportText(report, format, context), format !== 'text');
  if (format === 'github') {
    const problem = await writeStepSummary(report, shell.deps.env['GITHUB_STEP_SUMMARY']);
    if (problem !== null)
      invocation.diagnostics.notify({
        level: 'warning',
        text: `the step summary was not written (${problem})`,
      });
  }
  return report.verdict.code;
}

/** Flags whose answer is a text, never a report. */
const TEXTS = ['list-rules', 'explain', 'print-policy'] as const;

/** The form that `-o` or `--json` asks for; null: neither is there. @throws {SdctlError} E_USAGE */
function typedFormat(flags: DoctorCommandFlags): ReportFormat | null {
  const { output, json } = flags;
  if (json === true && output !== undefined && output !== 'json')
    throw usageError(`--json and -o ${output} contradict each other`, undefined, '-o json');
  const word = json === true ? 'json' : output;
  const text = TEXTS.find((name) => flags[name] !== undefined && flags[name] !== false);
  const format = word === undefined || word === 'table' ? null : reportFormatOf('-o', word);
  if (text === undefined) return word === 'table' ? 'text' : format;
  if (format !== null && format !== 'text')
    throw usageError(`-o ${format} is not possible with --${text}`, 'it prints text', `--${text}`);
  return 'text';
}

/** Whoever prints failures as documents knows these two only; undefined: as variables and the config file say. */
function viewFormat(typed: ReportFormat | null): string | undefined {
  if (typed === null) return undefined;
  return typed === 'json' || typed === 'jsonl' ? typed : 'table';
}

function shownFormat({ view: { format } }: Invocation): ReportFormat {
  return format === 'json' || format === 'jsonl' ? format : 'text';
}

function print(invocation: Invocation, text: string): number {
  invocation.print(text);
  return 0;
}

/** One rule in each line: id, name, group, what it looks at, severity, title. */
function ruleLines(): string {
  const written = allRules.map(({ id, slug, group, mode, severity, title }) => [
    id,
    slug,
    group,
    mode,
    severity,
    title,
  ]);
  const planned = plannedRules.map(({ id, slug, title }) => [id, slug, '', 'planned', '', title]);
  return [...written, ...planned].map((cells) => `${cells.map(escapeField).join('\t')}\n`).join('');
}

function explained(name: string): string {
  const rule = ruleNamed(allRules, name);
  if (rule !== null) return explainText(rule);
  const close = nearest(
    name,
    allRules.flatMap(({ id, slug }) => [id, slug]),
  );
  throw usageError(
    `--explain ${name} is no rule`,
    'rules are named SD101 or key-without-lease',
    close === null ? 'sdctl doctor --list-rules' : `sdctl doctor --explain ${close}`,
  );
}
