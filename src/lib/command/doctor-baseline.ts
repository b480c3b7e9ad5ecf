import { readFileSync, statSync } from 'node:fs';
import { formatBaseline, parseBaseline, type Baseline } from '../doctor/baseline.js';
import { SdctlError } from '../errors.js';
import { replaceFile } from './replace-file.js';

/**
 * Reads the file of `--baseline`.
 *
 * @param mayBeNew `--update-baseline` creates one that is not there
 * @returns null when there is none, and there may be none
 * @throws {SdctlError} E_FILE when it cannot be read, with the line when it is no baseline
 */
export function readBaseline(file: string, mayBeNew: boolean): Baseline | null {
  const text = textOf(file);
  if (text === null) {
    if (mayBeNew) return null;
    throw unreadable(file, 'no such file', `sdctl doctor --baseline ${file} --update-baseline`);
  }
  const parsed = parseBaseline(text);
  if (parsed.ok) return parsed.baseline;
  throw new SdctlError('E_FILE', `${file} line ${parsed.line} is no line of a baseline`, {
    why: parsed.why,
    hint: 'sdctl doctor --update-baseline writes such files',
  });
}

function textOf(file: string): string | null {
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found === undefined) return null;
    // A pipe without a writer would never end, and a device neither.
    if (!found.isFile()) throw unreadable(file, 'it is no regular file');
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof SdctlError) throw error;
    throw unreadable(file, (error as NodeJS.ErrnoException).code ?? String(error), undefined, error);
  }
}

function unreadable(
  file: string,
  why: string,
  hint = '--baseline with another path',
  cause?: unknown,
): SdctlError {
  return new SdctlError('E_FILE', `cannot read the baseline ${file}`, { why, hint, cause });
}

/** Writes the file anew, all of it or nothing. @throws {SdctlError} E_FILE */
export function writeBaseline(file: string, baseline: Baseline): void {
  try {
    replaceFile(file, formatBaseline(baseline), null);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new SdctlError('E_FILE', `cannot write the baseline ${file}`, {
      why: code ?? message,
      hint: '--baseline with another path',
      cause: error,
    });
  }
}
