import { SdctlError } from '../errors.js';
import { isSafe, safeText, type SafeText } from './safe-text.js';
import { paint, type View } from './view.js';

export interface ErrorTextOptions {
  /** The command without arguments, as typed: `list`, `context add`; null before one is known. */
  readonly command: string | null;
  /** Where a defect was written down; null when it was not. */
  readonly crashFile?: string | null;
}

const LONGEST = 2_000;

/**
 * A failure as people read it: what failed, why, what to try, the code; the last line dim. Never wrapped, so that
 * the suggestion can be pasted; left out when pasting it would not give what is shown.
 * Anything but an SdctlError is a defect.
 *
 * @returns lines, each ended by a newline
 */
export function renderError(
  error: unknown,
  options: ErrorTextOptions,
  view: Pick<View, 'ascii' | 'color'>,
): string {
  const text = { ascii: view.ascii, max: LONGEST };
  const lines: string[] = [];
  if (error instanceof SdctlError && error.code !== 'E_DEFECT') {
    lines.push(`Error: ${safeText(error.message, text)}`);
    if (error.why !== undefined && error.why !== '') lines.push(`  ${safeText(error.why, text)}`);
    const hint = hintText(error.hint, view);
    if (hint !== null) lines.push(`  Try: ${hint}`);
    lines.push(codeLine(error.code, options, view));
  } else {
    lines.push(`sdctl hit a defect: ${safeText(defectMessage(error), text)}`);
    const crashFile = options.crashFile ?? null;
    if (crashFile !== null) lines.push(`  Written down in ${safeText(crashFile, text)}`);
    lines.push(codeLine('E_DEFECT', options, view));
  }
  return `${lines.join('\n')}\n`;
}

/** A suggestion that may be offered; null when it holds anything that had to be escaped. */
export function hintText(hint: string | undefined, view: Pick<View, 'ascii'>): SafeText | null {
  if (hint === undefined || hint === '' || !isSafe(hint)) return null;
  const shown = safeText(hint, { identifier: true, max: Infinity, ascii: view.ascii });
  return shown === hint ? shown : null;
}

/** What a value that was thrown says, whatever it is. */
export function defectMessage(error: unknown): string {
  if (error instanceof Error) return error.message === '' ? error.name : error.message;
  return typeof error === 'string' ? error : `${typeof error} thrown`;
}

function codeLine(code: string, options: ErrorTextOptions, view: Pick<View, 'color'>): string {
  const command = options.command === null ? 'sdctl' : `sdctl ${safeText(options.command)}`;
  return paint(`  (${code}, ${command} --debug for details)`, 'dim', view);
}
