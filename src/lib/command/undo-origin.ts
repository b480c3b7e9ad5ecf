import { SdctlError } from '../errors.js';
import { shellQuote } from '../render/safe-text.js';
import type { Invocation } from './invocation.js';
import { scopeOf, type UndoContent } from './undo-file.js';

/**
 * What was taken from one registry is not put into another by mistake.
 *
 * @throws {SdctlError} E_USAGE; `force` lifts it, but never for another kind of registry
 */
export function requireSameRegistry(
  { connection, serverNames }: Invocation,
  content: UndoContent,
  { file, force }: { readonly file: string; readonly force: boolean },
): void {
  if (content.backend !== connection.backend)
    throw new SdctlError('E_USAGE', `${file} is of a registry of another kind`, {
      why: `it was taken from ${content.backend}, and this is ${connection.backend}`,
      hint: `--backend ${content.backend}`,
    });
  if (force) return;
  const { context, servers } = content;
  if (servers !== serverNames && (context === null || context !== connection.context))
    throw elsewhere(`it was taken from ${servers}, and this is ${serverNames}`, file);
  const here = scopeOf(connection);
  for (const part of ['datacenter', 'namespace', 'partition'] as const) {
    const there = content[part];
    if (there === here[part]) continue;
    const [from, to] = [there ?? 'the default one', here[part] ?? 'the default one'];
    const hint = there === null ? `without --${part}` : `--${part} ${shellQuote(there)}`;
    throw elsewhere(`it was taken from ${part} ${from}, and this is ${to}`, file, hint);
  }
}

function elsewhere(
  why: string,
  file: string,
  hint = '--force, where both are the same registry',
): SdctlError {
  return new SdctlError('E_USAGE', `${file} is of another registry`, { why, hint });
}
