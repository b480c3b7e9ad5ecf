import type { SdctlError } from '../errors.js';
import { ownText, safeText, type SafeText } from './safe-text.js';
import type { View } from './view.js';

/** What failed and why on one line, for events: `cannot reach etcd at …: connection refused`. */
export function errorSentence(
  error: Pick<SdctlError, 'message' | 'why'>,
  view: Pick<View, 'ascii'>,
): SafeText {
  const options = { ascii: view.ascii };
  const message = safeText(error.message, options);
  return error.why === undefined ? message : ownText(`${message}: ${safeText(error.why, options)}`);
}
