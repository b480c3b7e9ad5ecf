import { SdctlError } from '../errors.js';
import { isSet, type Env } from '../config/env.js';
import { errorDocument } from '../render/documents.js';
import { defectText, errorText } from '../render/error-text.js';
import { safeText, toJson } from '../render/safe-text.js';
import { decideAscii, decideColor } from './color.js';
import { describeCauses, writeCrashFile } from './crash-file.js';
import type { Deps } from './deps.js';
import { flagValue, hasFlag } from './raw-flags.js';

export interface Failure {
  readonly deps: Deps;
  readonly argv: readonly string[];
  /** null: no command was found. */
  readonly command: string | null;
  /** The format in force; null: not known yet, read from the arguments. */
  readonly format: string | null;
  /** A document stands on stdout already, and there may only be one. */
  readonly answered?: boolean;
  /** Another exit code than the error's own: that of the signal which ended the command. */
  readonly exitCode?: number;
}

/**
 * Prints a failure: text for people on stderr, and in JSON modes one document on stdout.
 *
 * @returns the exit code
 */
export function reportFailure(thrown: unknown, failure: Failure): number {
  const { deps, argv } = failure;
  const isOurs = thrown instanceof SdctlError && thrown.code !== 'E_DEFECT';
  const crashFile = isOurs ? null : writeCrashFile(thrown, deps, argv);
  const error = isOurs ? thrown : toDefect(thrown, crashFile);
  const exitCode = failure.exitCode ?? error.exitCode;
  const isJson = writeDocument(error, exitCode, failure);
  // Nothing has failed for people who pressed Ctrl-C themselves.
  if (error.code === 'E_ABORTED' || (isJson && hasFlag(argv, '--quiet', 'q'))) return exitCode;
  const color = decideColor({
    flag: flagValue(argv, '--color'),
    env: deps.env,
    isTerminal: deps.stderr.isTerminal,
  });
  const ascii = decideAscii(hasFlag(argv, '--ascii'), deps.env);
  const command = failure.command?.replaceAll(':', ' ') ?? '';
  deps.stderr.write(
    isOurs ? errorText(error, { color, ascii, command }) : defectText(error, { color, ascii, crashFile }),
  );
  if (hasFlag(argv, '--debug') || isSet(deps.env['SDCTL_DEBUG'])) {
    const lines = describeCauses(thrown).split('\n');
    deps.stderr.write(lines.map((line) => `${safeText(line, { ascii, max: 4_000 })}\n`).join(''));
  }
  return exitCode;
}

function toDefect(thrown: unknown, crashFile: string | null): SdctlError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new SdctlError('E_DEFECT', `sdctl hit a defect: ${message}`, {
    hint: `report it with ${crashFile ?? 'the output of --debug'}`,
  });
}

/** @returns whether programs read the answer */
function writeDocument(error: SdctlError, exitCode: number, failure: Failure): boolean {
  const { deps, argv } = failure;
  const format = failure.format ?? formatOf(argv, deps.env);
  if (format !== 'json' && format !== 'jsonl') return false;
  // Lines that a signal ended are whole as they are; a single document must not be missing.
  if (failure.answered === true && format === 'json') return true;
  if (error.code === 'E_ABORTED' && format === 'jsonl') return true;
  const document = errorDocument(error);
  const stamped = { ...document, error: { ...document.error, exitCode } };
  deps.stdout.write(`${toJson(stamped, format === 'json' ? { indent: 2 } : {})}\n`);
  return true;
}

/** The format asked for, found without a parser. */
function formatOf(argv: readonly string[], env: Env): string | null {
  if (hasFlag(argv, '--json')) return 'json';
  return flagValue(argv, '--output', 'o') ?? env['SDCTL_OUTPUT'] ?? null;
}
