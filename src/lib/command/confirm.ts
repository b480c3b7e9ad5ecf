import { SdctlError, abortedError } from '../errors.js';
import { safeName, shellQuote } from '../render/safe-text.js';
import { toAscii } from './ascii.js';
import { isOn, isSet } from '../config/env.js';
import type { Invocation } from './invocation.js';

export interface ConfirmFlags {
  readonly yes?: boolean | undefined;
  readonly confirm?: string | undefined;
  readonly 'no-input'?: boolean | undefined;
}

/** What has to be confirmed, and how. */
export interface Confirmation {
  /** What has to be typed; null: yes is enough. A protected context always wants its own name. */
  readonly word: string | null;
  /** What the word is. */
  readonly wordWhat: 'service' | 'lease' | 'context';
  /** What will be removed: `4 instances of checkout`. Untrusted. */
  readonly what: string;
  /** Whether another text means the same as the word. Default: none does. */
  readonly means?: (typed: string) => boolean;
}

const ONE_INSTANCE: Confirmation = { word: null, wordWhat: 'context', what: '1 instance' };

/** The confirmation in force, and why it is that one. */
interface Demand extends Confirmation {
  /** `name of the context`. */
  readonly noun: string;
  readonly isProtected: boolean;
}

/**
 * Gets the go-ahead for removing something: `--yes` or "y" at a prompt; where a word is wanted, that word, typed or by
 * `--confirm`. In a protected context that word is its name. Enter alone is no.
 *
 * @param question one line, already safe
 * @throws {SdctlError} E_CONFIRM when it is missing, wrong, or refused
 */
export async function confirm(
  invocation: Invocation,
  question: string,
  flags: ConfirmFlags,
  confirmation: Confirmation = ONE_INSTANCE,
): Promise<void> {
  const { deps } = invocation;
  const demand = demandOf(invocation, confirmation);
  const { word } = demand;
  const isSaid = word === null || (flags.confirm !== undefined && isWord(flags.confirm, demand));
  if (flags.yes === true && isSaid) return;
  if (flags.confirm !== undefined && !isSaid) throw wrong(flags.confirm, demand);
  const mayAsk =
    deps.stdinIsTerminal &&
    deps.stderr.isTerminal &&
    flags['no-input'] !== true &&
    !isOn(deps.env['SDCTL_NO_INPUT']) &&
    !isSet(deps.env['CI']);
  if (!mayAsk || flags.yes === true) throw missing(deps.stdinIsTerminal, flags, demand);
  const prompt = `${question} ${promptText(demand)} `;
  const asked = invocation.view.ascii ? toAscii(prompt) : prompt;
  const answer = (await deps.ask(asked, invocation.signal)).trim();
  if (invocation.signal.aborted) throw abortedError(invocation.signal);
  if (word === null ? /^(y|yes)$/i.test(answer) : isWord(answer, demand)) return;
  throw new SdctlError('E_CONFIRM', 'not confirmed, nothing was removed');
}

function demandOf({ settings, connection }: Invocation, confirmation: Confirmation): Demand {
  const { context } = settings;
  if (context?.config.protected === true) {
    const { what } = confirmation;
    return { what, word: context.name, wordWhat: 'context', noun: 'name of the context', isProtected: true };
  }
  const nouns = {
    service: 'name of the service',
    lease: 'id of the lease',
    context: connection.context === null ? 'kind of the registry' : 'name of the context',
  };
  return { ...confirmation, noun: nouns[confirmation.wordWhat], isProtected: false };
}

/** As it is, or as it is shown. */
function isWord(typed: string, { word, means }: Demand): boolean {
  if (word === null || typed === '') return false;
  return typed === word || typed === safeName(word) || means?.(typed) === true;
}

function promptText({ word, noun, isProtected }: Demand): string {
  if (word === null) return '[y/N]';
  if (isProtected) return `${safeName(word)} is protected. Type its name to go on:`;
  return `Type the ${noun} (${safeName(word, { max: Infinity })}) to go on:`;
}

function wrong(typed: string, { word, noun, what, isProtected }: Demand): SdctlError {
  return new SdctlError('E_CONFIRM', `--confirm ${typed} is not the ${noun}`, {
    why: isProtected ? `context ${word ?? ''} is protected` : `it is about ${what}`,
    hint: `--yes --confirm ${shellQuote(word ?? '')}`,
  });
}

function missing(isTerminal: boolean, flags: ConfirmFlags, { word, what, isProtected }: Demand): SdctlError {
  return new SdctlError('E_CONFIRM', `confirmation needed to remove ${what}`, {
    why: isProtected ? `context ${word ?? ''} is protected` : whyMissing(isTerminal, flags),
    hint: word === null ? 'add --yes' : `add --yes --confirm ${shellQuote(word)}`,
  });
}

function whyMissing(isTerminal: boolean, { yes }: ConfirmFlags): string {
  if (yes === true) return '--yes alone is not enough for that';
  return isTerminal ? 'prompts are switched off' : 'stdin is not a terminal';
}
