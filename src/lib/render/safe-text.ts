declare const safeBrand: unique symbol;

/** Text that may reach a terminal: no control, bidi or hidden character is in it. Painters accept nothing else. */
export type SafeText = string & { readonly [safeBrand]: true };

export interface SafeTextOptions {
  /** Names, ids, endpoints, tags, keys: zero-width joiners are escaped too. Default false. */
  readonly identifier?: boolean;
  /** Longest text shown, in characters of the value; the rest is counted. Default 256; `Infinity` for all. */
  readonly max?: number;
  /** Escapes everything outside ASCII, for terminals that cannot show it. Default false. */
  readonly ascii?: boolean;
}

const PLAIN = /^[\x20-\x7e]*$/;
const PLAIN_LINES = /^[\x20-\x7e\n]*$/;
const PLAIN_FIELD = /^[\x20-\x5b\x5d-\x7e]*$/;

// What a reader cannot see or a terminal obeys: controls, surrogates, private and unassigned code points, line and
// paragraph separators, default-ignorable characters (zero width, variation selectors, tags, fillers), bidi controls.
const HIDDEN = String.raw`\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Bidi_Control}\uFFF9-\uFFFB`;
const IGNORABLE = String.raw`\p{Default_Ignorable_Code_Point}`;
// Two accents are language, a third in a row is a tower that paints over other lines.
const TOWER = String.raw`(?<=\p{M}\p{M})\p{M}`;

const UNSAFE_TEXT = onceNeeded(
  () => new RegExp(`[${HIDDEN}]|(?![\\u200C\\u200D])${IGNORABLE}|${TOWER}`, 'gu'),
);
const UNSAFE_IDENTIFIER = onceNeeded(() => new RegExp(`[${HIDDEN}]|${IGNORABLE}|${TOWER}`, 'gu'));
const UNSAFE_FIELD = onceNeeded(() => new RegExp(`[\\\\${HIDDEN}]|${IGNORABLE}|${TOWER}`, 'gu'));
const UNSAFE_ASCII = onceNeeded(() => /[^\x20-\x7e]/gu);
const UNSAFE_JSON = onceNeeded(() => new RegExp(`[${HIDDEN}]|${IGNORABLE}`, 'gu'));

/** Unicode classes take a millisecond each to compile, and most texts are plain. */
function onceNeeded(compile: () => RegExp): () => RegExp {
  let compiled: RegExp | null = null;
  return () => (compiled ??= compile());
}

const LETTERS: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '\\': '\\\\',
};

function escapeCharacter(character: string): string {
  const letter = LETTERS[character];
  if (letter !== undefined) return letter;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`;
}

/**
 * What may reach a terminal. Escapes, never drops, so that tampering stays visible; one line.
 * A value longer than `max` ends in `…(+N)`, N being the characters left out.
 */
export function safeText(value: string, options: SafeTextOptions = {}): SafeText {
  const { identifier = false, max = 256, ascii = false } = options;
  if (value.length <= max) {
    if (PLAIN.test(value)) return value as SafeText;
    return escapeWith(value, identifier, ascii);
  }
  const end = indexAfter(value, max);
  if (end === value.length) return escapeWith(value, identifier, ascii);
  const more = `${ascii ? '...' : '…'}(+${countCharacters(value, end)})`;
  return (escapeWith(value.slice(0, end), identifier, ascii) + more) as SafeText;
}

function escapeWith(value: string, identifier: boolean, ascii: boolean): SafeText {
  const unsafe = ascii ? UNSAFE_ASCII : identifier ? UNSAFE_IDENTIFIER : UNSAFE_TEXT;
  return value.replace(unsafe(), escapeCharacter) as SafeText;
}

/** Index behind the first `count` code points, so that no pair is cut in two. */
function indexAfter(value: string, count: number): number {
  let index = 0;
  for (let seen = 0; seen < count && index < value.length; seen += 1) index += unitsAt(value, index);
  return index;
}

function countCharacters(value: string, from: number): number {
  let count = 0;
  for (let index = from; index < value.length; index += unitsAt(value, index)) count += 1;
  return count;
}

function unitsAt(value: string, index: number): number {
  return (value.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
}

/** `safeText` for a name, id, endpoint, tag or key. */
export function safeName(value: string, options: Omit<SafeTextOptions, 'identifier'> = {}): SafeText {
  return safeText(value, { ...options, identifier: true });
}

/** Marks text that sdctl itself wrote; never for anything read from a registry, server, file or flag. */
export function ownText(text: string): SafeText {
  return text as SafeText;
}

/** Whether the text can be shown and pasted as it is. */
export function isSafe(value: string): boolean {
  return PLAIN.test(value) || value.search(UNSAFE_IDENTIFIER()) === -1;
}

/** The reversible form for `tsv` and `name`: every unsafe character and the backslash escaped, nothing cut. */
export function escapeField(value: string): SafeText {
  return (PLAIN_FIELD.test(value) ? value : value.replace(UNSAFE_FIELD(), escapeCharacter)) as SafeText;
}

const ESCAPE = /\\(?:u\{([0-9a-f]+)\}|x([0-9a-f]{2})|(.))/g;
const UNESCAPED: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(LETTERS).map(([character, escaped]) => [escaped.slice(1), character]),
);

/** The inverse of `escapeField`; a sequence that it does not write stays as it is. */
export function unescapeField(text: string): string {
  return text.replace(ESCAPE, (whole: string, wide?: string, byte?: string, letter?: string) => {
    const hex = wide ?? byte;
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return UNESCAPED[letter ?? ''] ?? whole;
  });
}

/**
 * Free text of several lines, each behind a gutter, so that it cannot imitate sdctl's own lines.
 * At most 4 000 characters unless told otherwise; a line each, no newline at the end.
 */
export function gutterText(value: string, options: Omit<SafeTextOptions, 'identifier'> = {}): SafeText {
  const { max = 4_000, ascii = false } = options;
  const gutter = ascii ? '| ' : '│ ';
  const end = indexAfter(value, max);
  const lines = value.slice(0, end).split(/\r?\n/);
  const left = countCharacters(value, end);
  const shown = lines.map((line) => gutter + safeText(line, { max: Infinity, ascii }));
  if (left > 0) shown.push(`${gutter}${ascii ? '...' : '…'}(+${left})`);
  return shown.join('\n') as SafeText;
}

/** Stands for bytes that are not UTF-8: `<binary 128 B, sha256 ab12cd34…>`. */
export function binaryText(sizeBytes: number, sha256: string, ascii = false): SafeText {
  return `<binary ${sizeBytes} B, sha256 ${safeName(sha256, { max: 8, ascii }).slice(0, 8)}${ascii ? '...' : '…'}>` as SafeText;
}

export interface JsonOptions {
  /** Spaces per level; 0 (default) for one line. */
  readonly indent?: number;
}

/**
 * Exact JSON in which no character can act on a terminal: those are `\uXXXX` escapes, so parsing gives the same
 * values. A bigint becomes a string. No newline at the end.
 */
export function toJson(value: unknown, options: JsonOptions = {}): string {
  const text = JSON.stringify(value, bigintAsText, options.indent ?? 0);
  return replaceHidden(text, escapeUnits);
}

/** Rewrites every hidden or controlling character except the newline, which is layout in the formats that call this. */
export function replaceHidden(text: string, escape: (character: string) => string): string {
  if (PLAIN_LINES.test(text)) return text;
  return text.replace(UNSAFE_JSON(), (character) => (character === '\n' ? character : escape(character)));
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

function escapeUnits(character: string): string {
  let out = '';
  for (let index = 0; index < character.length; index += 1) {
    out += `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }
  return out;
}

const BARE_WORD = /^[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*$/;

/** One word for a POSIX shell. Says nothing about hidden characters; see `pasteable`. */
export function shellQuote(word: string): string {
  return BARE_WORD.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** A command ready to paste, quoted for a POSIX shell; null when a word holds anything that would have to be escaped. */
export function pasteable(words: readonly string[]): SafeText | null {
  return words.every(isSafe) ? (words.map(shellQuote).join(' ') as SafeText) : null;
}
