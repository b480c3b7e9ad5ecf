import { abortedError, isAborted } from '../errors.js';
import { isChosen, type DeregisterFlags } from './deregister-flags.js';
import type { Invocation } from './invocation.js';
import { usageError } from './usage.js';

const STDIN = '-';
const MOST_BYTES = 16 * 1024 ** 2;

/** Whether names come from standard input, which then answers no question. */
export function readsStdin(given: readonly string[]): boolean {
  return given.includes(STDIN);
}

/**
 * The names on the command line, and those on standard input in place of `-`.
 *
 * @throws {SdctlError} E_USAGE when nothing is named, or flags contradict each other
 */
export async function namesToRemove(
  invocation: Invocation,
  given: readonly string[],
  flags: DeregisterFlags,
): Promise<readonly string[]> {
  if (given.includes('')) throw usageError('a name is empty', 'the argument is there, but holds nothing');
  const typed = given.filter((name) => name !== STDIN);
  const names = readsStdin(given) ? [...typed, ...(await namesOnStdin(invocation))] : typed;
  if (names.length === 0 && (readsStdin(given) || !isChosen(flags)))
    throw usageError(
      'nothing is named',
      readsStdin(given)
        ? 'standard input held no name'
        : 'what to remove is named, or chosen by -l, --tag, --health or --stale',
      'sdctl deregister SERVICE/INSTANCE',
    );
  if (flags.id !== undefined && (names.length !== 1 || isChosen(flags)))
    throw usageError('--id needs one SERVICE', undefined, 'sdctl deregister order --id i-7f3a');
  return names;
}

async function namesOnStdin(invocation: Invocation): Promise<readonly string[]> {
  const { flags, deps, signal } = invocation;
  if (flags['password-file'] === STDIN || flags['token-file'] === STDIN)
    throw usageError(
      'standard input cannot hold names and a secret',
      'both - read it',
      'name a file for one of them',
    );
  const text = await deps.readInput(signal, MOST_BYTES);
  // What came until Ctrl-C is not what somebody wanted to give.
  if (isAborted(signal)) throw abortedError(signal);
  if (text === null)
    throw usageError('standard input holds too much', `more than ${MOST_BYTES / 1024 ** 2} MiB of names`);
  return linesOf(text);
}

/** One name in each line, exactly as it stands there: ids may begin and end with blanks. */
function linesOf(text: string): readonly string[] {
  return text
    .replace(/^\ufeff/, '')
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line.trim() !== '');
}
