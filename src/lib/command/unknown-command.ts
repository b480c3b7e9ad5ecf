import { nearest } from '../config/nearest.js';
import type { SdctlError } from '../errors.js';
import { usageError } from './usage.js';

/**
 * A command that does not exist, with the nearest name; never run automatically.
 *
 * @param name as typed: `lst`, `context nope`
 * @param known all commands, their words separated by spaces
 */
export function unknownCommand(name: string, known: readonly string[]): SdctlError {
  const [topic = '', verb] = name.split(' ');
  const verbs = known.filter((id) => id.startsWith(`${topic} `)).map((id) => id.slice(topic.length + 1));
  if (verbs.length > 0) {
    const close = nearest(verb ?? '', verbs);
    const hint = close === null ? `sdctl ${topic} --help` : `sdctl ${topic} ${close} --help`;
    return usageError(
      `sdctl ${topic} has no command "${verb ?? ''}"`,
      `it has: ${verbs.sort().join(', ')}`,
      hint,
    );
  }
  const close = nearest(name, known) ?? nearest(topic, known);
  if (close === null) return usageError(`sdctl has no command "${name}"`, undefined, 'sdctl --help');
  return usageError(`sdctl has no command "${name}"`, `closest: ${close}`, `sdctl ${close} --help`);
}

/** A flag before the command that no command has. */
export function unknownLeadingFlag(flag: string, known: readonly string[]): SdctlError {
  const close = nearest(
    flag.replace(/^-+/, ''),
    known.map((name) => name.replace(/^-+/, '')),
  );
  const why =
    close === null ? 'only flags that every command has may stand before it' : `closest: --${close}`;
  return usageError(`${flag} cannot stand before a command`, why, 'sdctl COMMAND --help');
}
