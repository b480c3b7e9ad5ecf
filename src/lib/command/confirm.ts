import { SdctlError, abortedError } from '../errors.js';
import { safeName } from '../render/safe-text.js';
import { toAscii } from './ascii.js';
import { isOn, isSet } from '../config/env.js';
import type { Invocation } from './invocation.js';

export interface ConfirmFlags {
  readonly yes?: boolean | undefined;
  readonly confirm?: string | undefined;
  readonly 'no-input'?: boolean | undefined;
}

/**
 * Gets the go-ahead for removing one thing: `--yes` or "y" at a prompt; in a protected context its name, typed or
 * by `--confirm`. Enter alone is no.
 *
 * @param question one line, already safe
 * @throws {SdctlError} E_CONFIRM when it is missing, wrong, or refused
 */
export async function confirm(invocation: Invocation, question: string, flags: ConfirmFlags): Promise<void> {
  const { deps } = invocation;
  const context = invocation.settings.context;
  const word = context !== null && context.config.protected === true ? context.name : null;
  if (word === null ? flags.yes === true : flags.yes === true && flags.confirm === word) return;
  if (flags.confirm !== undefined && word !== null && flags.confirm !== word) {
    throw new SdctlError('E_CONFIRM', `--confirm ${flags.confirm} is not the name of the context`, {
      why: `context ${word} is protected`,
      hint: `--yes --confirm ${word}`,
    });
  }
  const mayAsk =
    deps.stdinIsTerminal &&
    deps.stderr.isTerminal &&
    flags['no-input'] !== true &&
    !isOn(deps.env['SDCTL_NO_INPUT']) &&
    !isSet(deps.env['CI']);
  if (!mayAsk || flags.yes === true) throw missing(deps.stdinIsTerminal, word);
  const prompt =
    word === null
      ? `${question} [y/N] `
      : `${question} ${safeName(word)} is protected. Type its name to go on: `;
  const asked = invocation.view.ascii ? toAscii(prompt) : prompt;
  const answer = (await deps.ask(asked, invocation.signal)).trim();
  if (invocation.signal.aborted) throw abortedError(invocation.signal);
  if (word === null ? /^(y|yes)$/i.test(answer) : answer === word) return;
  throw new SdctlError('E_CONFIRM', 'not confirmed, nothing was removed');
}

function missing(isTerminal: boolean, word: string | null): SdctlError {
  const why =
    word !== null
      ? `context ${word} is protected`
      : isTerminal
        ? 'prompts are switched off'
        : 'stdin is not a terminal';
  return new SdctlError('E_CONFIRM', 'confirmation needed to remove 1 instance', {
    why,
    hint: word === null ? 'add --yes' : `add --yes --confirm ${word}`,
  });
}
