import { safeName } from './safe-text.js';

/** Words and numbers that mean nothing but themselves, with what a sentence puts around them. */
const PLAIN_WORD = /^\(?(?:[A-Za-z]+(?:-[A-Za-z]+)*|\d+)[),.;:]{0,2}$/;
const CODE_WORD = /^(\(?)(.*?)([),.;:]{0,2})$/su;

/**
 * Untrusted text for a cell of a table in GitHub's Markdown: plain words stay, everything else becomes code, so that no
 * link, mention, image or markup comes of it. One line.
 */
export function markdownText(value: string, max = 500): string {
  return safeName(value, { max }).split(' ').map(wordText).join(' ');
}

/** Untrusted text as code as a whole: a name, a command. One line; nothing where there is nothing. */
export function markdownCode(value: string, max = 500): string {
  const text = safeName(value, { max });
  if (text === '') return '';
  // A bar ends a cell even in code, and what a backslash before it means depends on who reads it.
  return /[|`\\]/.test(text) ? htmlCode(text) : `\`${text}\``;
}

function wordText(word: string): string {
  if (word === '' || PLAIN_WORD.test(word)) return word;
  const [, before = '', core = '', after = ''] = CODE_WORD.exec(word) ?? [];
  return core === '' ? htmlCode(word) : before + markdownCode(core) + after;
}

function htmlCode(text: string): string {
  const escaped = text.replace(/[^A-Za-z0-9 /,=-]/gu, (character) => `&#${character.codePointAt(0) ?? 0};`);
  return `<code>${escaped}</code>`;
}
