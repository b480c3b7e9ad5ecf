/** Runs of the built `sdctl doctor`, and what they have found in short words. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { runBinary, type BinaryOptions } from './binary.js';
import { makeTempDir } from './servers/lifetime.js';

interface Subject {
  readonly service: string | null;
  readonly instance: string | null;
  readonly node: string | null;
  readonly key: string | null;
  readonly server: string | null;
  readonly lease: string | null;
}

/** As `-o json` prints it, as far as tests look at it. */
interface PrintedFinding {
  readonly rule: string;
  readonly severity: string;
  readonly detail: string;
  readonly subject: Subject;
}

interface PrintedOutcome {
  readonly rule: string;
  readonly status: string;
  readonly reason: string | null;
}

export interface DoctorRun {
  readonly code: number | null;
  readonly findings: readonly PrintedFinding[];
  readonly outcomes: readonly PrintedOutcome[];
  /** Standard output and error, for failures and for secrets. */
  readonly said: string;
  readonly stderr: string;
  /** Ids of the rules that ended so, sorted. */
  idsOf(status: string): readonly string[];
}

interface DoctorRunOptions extends BinaryOptions {
  /** Section `doctor` of the config file. */
  readonly settings?: object;
  readonly withinMs?: number;
}

/** Runs it to its end with `-o json`. Without `home` nothing of an earlier run is known. */
export async function runDoctor(
  args: readonly string[],
  { settings, withinMs = 60_000, ...options }: DoctorRunOptions = {},
): Promise<DoctorRun> {
  const config = settings === undefined ? [] : ['--config', fileOf('config.yaml', { doctor: settings })];
  const run = await runBinary(['doctor', ...args, ...config, '-o', 'json'], { ...options, withinMs });
  const report = parsed(run.stdout);
  return {
    code: run.ended.code,
    findings: report?.findings ?? [],
    outcomes: report?.outcomes ?? [],
    said: run.said,
    stderr: run.stderr,
    idsOf: (status) =>
      (report?.outcomes ?? [])
        .filter((one) => one.status === status)
        .map(({ rule }) => rule)
        .sort(),
  };
}

/** A file that a flag names. JSON is YAML too. @returns its path */
export function fileOf(name: string, content: unknown): string {
  const file = path.join(makeTempDir('doctor'), name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

/** `SD203 error order/i-1`, sorted. */
export function inShort({ findings }: DoctorRun): readonly string[] {
  return findings.map(({ rule, severity, subject }) => `${rule} ${severity} ${nameOf(subject)}`).sort();
}

function nameOf({ service, instance, node, key, server, lease }: Subject): string {
  if (service !== null && instance !== null) return `${service}/${instance}`;
  return key ?? service ?? node ?? server ?? lease ?? 'the registry';
}

interface Report {
  readonly findings: readonly PrintedFinding[];
  readonly outcomes: readonly PrintedOutcome[];
}

/** null: it printed no report, which its exit code tells. */
function parsed(stdout: string): Report | null {
  return stdout.startsWith('{') ? (JSON.parse(stdout) as Report) : null;
}
