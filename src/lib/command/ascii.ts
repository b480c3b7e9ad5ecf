const SPELLED: Readonly<Record<string, string>> = { '…': '...', '→': '->', '│': '|' };

/**
 * What sdctl says, for a terminal that shows nothing but ASCII. Signs have a spelling, everything else becomes an
 * escape; colours and line ends stay.
 */
export function toAscii(text: string): string {
  return text.replace(/[\u{80}-\u{10ffff}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return SPELLED[character] ?? (code < 0x100 ? `\\x${code.toString(16)}` : `\\u{${code.toString(16)}}`);
  });
}
