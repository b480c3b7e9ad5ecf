import type { SdctlError } from '../errors.js';
import { isSafe, safeText, type SafeText } from './safe-text.js';
import { paint } from './view.js';

export interface ErrorTextOptions {
  readonly color: boolean;
  /** Only ASCII may be written. Default false. */
  readonly ascii?: boolean;
  /** The command without arguments: `list`, `context add`; empty or left out before one is known. */
  readonly command?: string;
}

export interface DefectTextOptions extends ErrorTextOptions {
  /** Where the defect was written down; null when it was not. */
  readonly crashFile: string | null;
}

const LONGEST = 2_000;
const DEFECT = 'sdctl hit a defect: ';

/**
 * A failure as people read it: what failed, why, what to try, the code; the last line dim. Never wrapped, so that
 * the suggestion can be pasted; the suggestion is left out when it would not be shown exactly as it is.
 *
 * @returns lines, each ended by a newline
 */
export function errorText(error: SdctlError, options: ErrorTextOptions): string {
  const text = { ascii: options.ascii === true, max: LONGEST };
  const lines = [`Error: ${safeText(error.message, text)}`];
  if (error.why !== undefined && error.why !== '') lines.push(`  ${safeText(error.why, text)}`);
  const hint = hintText(error.hint, text);
  if (hint !== null) lines.push(`  Try: ${hint}`);
  lines.push(codeLine(error.code, options));
  return `${lines.join('\n')}\n`;
}

/** A defect in sdctl as people read it: what was thrown, and where it is written down. */
export function defectText(error: Error, options: DefectTextOptions): string {
  const text = { ascii: options.ascii === true, max: LONGEST };
  const message = error.message.startsWith(DEFECT) ? error.message : DEFECT + (error.message || error.name);
  const lines = [safeText(message, text)];
  if (options.crashFile !== null) lines.push(safeText(`  Please report it with ${options.crashFile}`, text));
  return `${[...lines, codeLine('E_DEFECT', options)].join('\n')}\n`;
}

/** A suggestion that may be offered; null when it holds anything that had to be escaped. */
function hintText(hint: string | undefined, options: { readonly ascii?: boolean } = {}): SafeText | null {
  if (hint === undefined || hint === '' || !isSafe(hint)) return null;
  const shown = safeText(hint, { identifier: true, max: Infinity, ascii: options.ascii === true });
  return shown === hint ? shown : null;
}

function codeLine(code: string, options: ErrorTextOptions): string {
  const { command = '' } = options;
  const again = command === '' ? 'sdctl' : `sdctl ${safeText(command, { ascii: options.ascii === true })}`;
  return paint(`  (${code}, ${again} --debug for details)`, 'dim', options);
}
