import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Env } from '../config/file.js';
import { SdctlError } from '../errors.js';
import { errorDocument } from '../render/documents.js';
import { defectText, errorText } from '../render/error-text.js';
import { toJson } from '../render/safe-text.js';
import { decideColor } from './color.js';
import type { Deps } from './deps.js';

export interface Failure {
  readonly deps: Deps;
  readonly argv: readonly string[];
  /** null: no command was found. */
  readonly command: string | null;
  /** The format in force; null: not known yet, read from the arguments. */
  readonly format: string | null;
}

/**
 * Prints a failure: text for people on stderr, and in JSON modes one document on stdout.
 *
 * @returns the exit code
 */
export function reportFailure(thrown: unknown, failure: Failure): number {
  const { deps, argv } = failure;
  const isOurs = thrown instanceof SdctlError && thrown.code !== 'E_DEFECT';
  const crashFile = isOurs ? null : writeCrashFile(thrown, failure);
  const error = isOurs ? thrown : new SdctlError('E_DEFECT', `sdctl hit a defect: ${messageOf(thrown)}`, { hint: `report it with ${crashFile ?? 'the output of --debug'}` });
  const format = failure.format ?? formatOf(argv, deps.env);
  const isJson = format === 'json' || format === 'jsonl';
  if (isJson) deps.stdout.write(`${toJson(errorDocument(error), format === 'json' ? { indent: 2 } : {})}\n`);
  const quiet = isJson && hasFlag(argv, '--quiet', '-q');
  if (quiet) return error.exitCode;
  const color = decideColor({ flag: flagValue(argv, '--color'), env: deps.env, isTerminal: deps.stderr.isTerminal });
  const command = failure.command?.replaceAll(':', ' ') ?? '';
  deps.stderr.write(isOurs ? errorText(error, { color, command }) : defectText(error, { color, crashFile }));
  if (hasFlag(argv, '--debug') || deps.env['SDCTL_DEBUG']) deps.stderr.write(`${describeCauses(thrown)}\n`);
  return error.exitCode;
}

/** The format asked for, found without a parser: the failure may be that the arguments do not parse. */
function formatOf(argv: readonly string[], env: Env): string | null {
  if (hasFlag(argv, '--json')) return 'json';
  return flagValue(argv, '--output', '-o') ?? env['SDCTL_OUTPUT'] ?? null;
}

function ownArguments(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end < 0 ? argv : argv.slice(0, end);
}

function hasFlag(argv: readonly string[], ...names: readonly string[]): boolean {
  return ownArguments(argv).some((argument) => names.includes(argument));
}

function flagValue(argv: readonly string[], long: string, short?: string): string | undefined {
  const own = ownArguments(argv);
  for (const [index, argument] of own.entries()) {
    if (argument === long || argument === short) return own[index + 1];
    if (argument.startsWith(`${long}=`)) return argument.slice(long.length + 1);
    if (short !== undefined && argument.startsWith(short) && !argument.startsWith('--')) return argument.slice(short.length).replace(/^=/, '');
  }
  return undefined;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Stacks of the error and what caused it. Errors of drivers are never causes here: they may carry credentials. */
function describeCauses(thrown: unknown): string {
  const parts: string[] = [];
  for (let error = thrown; error instanceof Error && parts.length < 5; error = error.cause) {
    parts.push(error.stack ?? `${error.name}: ${error.message}`);
  }
  return parts.join('\ncaused by ');
}

/** Versions, stack and the command; no registry data and no secret, because arguments hold none. */
function writeCrashFile(thrown: unknown, { deps, argv }: Failure): string | null {
  const directory = stateDirectory(deps.env);
  const file = join(directory, `crash-${randomBytes(4).toString('hex')}.txt`);
  const masked = argv.map((argument) => argument.replace(/\/\/[^@/]*@/, '//***@'));
  const text = [`sdctl ${masked.join(' ')}`, `node ${deps.nodeVersion} ${deps.platform}`, describeCauses(thrown), ''].join('\n');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  } catch {
    return null;
  }
}

function stateDirectory(env: Env): string {
  if (env['SDCTL_STATE_DIR']) return env['SDCTL_STATE_DIR'];
  if (env['XDG_STATE_HOME']) return join(env['XDG_STATE_HOME'], 'sdctl');
  return env['HOME'] ? join(env['HOME'], '.local', 'state', 'sdctl') : join(tmpdir(), 'sdctl');
}
