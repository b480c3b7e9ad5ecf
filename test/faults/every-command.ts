/** The same question by every command that asks a registry. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { type Binary, startBinary } from '../support/binary.js';
import type { Row } from './fault-row.js';

const TIMEOUT_MS = 1_500;
/** Five processes start at a time, on two cores. */
const START_MS = 1_500;

export const secrets = {
  password: 'hunter2-hunter2',
  token: 'c0ffee00-aaaa-bbbb-cccc-000000000001',
} as const;

const commands: readonly (readonly string[])[] = [
  ['list', 'order', '-o', 'json'],
  ['watch', 'order', '-o', 'jsonl'],
  ['resolve', 'order', '-o', 'json'],
  ['lease', 'list', '-o', 'json'],
  ['register', 'order', '--endpoint', 'http://10.0.0.1:80', '--id', 'one', '-o', 'jsonl'],
];

export interface Expected {
  readonly exit: number;
  /** Any of these. */
  readonly codes: readonly string[];
  readonly timeoutMs?: number;
}

interface ErrorDocument {
  readonly kind: string;
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint: string | null;
    readonly exitCode: number;
  };
}

/** Each command ends in time with the cause and advice, as text and as a document, and names no secret. */
export async function everyCommandFails(
  row: Row,
  flags: readonly string[],
  env: Readonly<Record<string, string>>,
  expected: Expected,
): Promise<void> {
  const { timeoutMs = TIMEOUT_MS } = expected;
  const loud = ['--debug', '-v', '--log-file', 'log.jsonl', '--timeout', `${timeoutMs}ms`];
  const runs = commands.map((words) => row.keep(startBinary([...words, ...flags, ...loud], { env })));
  for (const run of runs) {
    const { code, ms } = await run.exit(timeoutMs + 10_000);
    const [command = ''] = run.args;
    row.measure(command, timeoutMs + START_MS, ms);
    expect(code, `${command}: ${run.said}`).toBe(expected.exit);
    const { kind, error } = JSON.parse(run.stdout) as ErrorDocument;
    expect(kind).toBe('Error');
    expect(expected.codes, `${command}: ${run.stderr}`).toContain(error.code);
    expect(error.exitCode).toBe(expected.exit);
    expect(error.hint, `${command} advises: ${run.stderr}`).toBeTruthy();
    expect(run.stderr).toContain('Error: ');
    expect(run.stderr).toContain('  Try: ');
    expect(run.stderr).toContain(`(${error.code}`);
    keepsSecrets(run);
  }
}

/** Nothing it has said or written down holds a password or a token. */
export function keepsSecrets(run: Binary): void {
  const log = path.join(run.home, 'log.jsonl');
  const written = existsSync(log) ? readFileSync(log, 'utf8') : '';
  for (const secret of Object.values(secrets)) {
    expect(run.said.includes(secret), `a secret is in: ${run.said}`).toBe(false);
    expect(written.includes(secret), `a secret is in: ${written}`).toBe(false);
  }
}
