import { shellQuote } from '../render/safe-text.js';

/** A name as the last word of a command that is offered for pasting: the shell sees one word, sdctl no flag. */
export function lastArgument(name: string): string {
  return name.startsWith('-') ? `-- ${shellQuote(name)}` : shellQuote(name);
}
