import { closest } from 'fastest-levenshtein';
import { SdctlError } from '../errors.js';

/** The failure of a layout's name that nobody has; which names there are depends on the backend. */
export function unknownLayout(name: string, known: readonly string[]): SdctlError {
  const names = [...new Set(['auto', ...known])];
  return new SdctlError('E_USAGE', `no layout "${name}"`, {
    why: `valid: ${names.join(', ')}`,
    hint: `--layout ${closest(name, names)}`,
  });
}
