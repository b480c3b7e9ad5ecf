import { eastAsianWidth } from 'get-east-asian-width';
import { ownText, safeName, safeText, type SafeText } from '../../render/safe-text.js';
import { cutText } from '../../render/text-width.js';

/** A map that forgets everything when it is full: what is visible comes back with the next frame. */
class BoundedMap<Value> {
  readonly #values = new Map<string, Value>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string, make: (key: string) => Value): Value {
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const value = make(key);
    if (this.#values.size >= this.#most) this.#values.clear();
    this.#values.set(key, value);
    return value;
  }
}

const MOST_TEXTS = 4_096;
/** Longer texts are few, and a map of many of them would be large. */
const LONG = 512;
const MOST_LONG_TEXTS = 64;

type Escape = (value: string) => SafeText;

function remembered(escape: Escape): Escape {
  const short = new BoundedMap<SafeText>(MOST_TEXTS);
  const long = new BoundedMap<SafeText>(MOST_LONG_TEXTS);
  return (value) => (value.length > LONG ? long : short).get(value, escape);
}

const names = remembered((value) => safeName(value));
const asciiNames = remembered((value) => safeName(value, { ascii: true }));
const texts = remembered((value) => safeText(value));
const asciiTexts = remembered((value) => safeText(value, { ascii: true }));

/** An untrusted name, id, endpoint, tag or key as it may be shown. Remembered. */
export function nameText(value: string, ascii: boolean): SafeText {
  return ascii ? asciiNames(value) : names(value);
}

/** Untrusted free text on one line. Remembered. */
export function freeText(value: string, ascii: boolean): SafeText {
  return ascii ? asciiTexts(value) : texts(value);
}

/** The same text if nothing has to be escaped in it. Remembered. */
export const checkedText: Escape = remembered((value) => safeText(value, { max: Infinity }));

// Our own glyphs beside ASCII and Latin letters: one cell and one UTF-16 unit each.
const OWN = new Set(Array.from('●▲▼✖◼◌○…→↑↓⏎›‖−', (glyph) => glyph.charCodeAt(0)));

/** Whether all terminals give the text as many cells as it has UTF-16 units. */
export function isEasy(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= 0x20 && code <= 0x7e) continue;
    if (code >= 0xa1 && code <= 0x2ff && code !== 0xad) continue;
    // Lines and blocks.
    if (code >= 0x2500 && code <= 0x259f) continue;
    if (!OWN.has(code)) return false;
  }
  return true;
}

const widths = new BoundedMap<number>(MOST_TEXTS);
const PICTOGRAPH = /\p{Extended_Pictographic}/u;

/** Cells that a text takes at most: terminals dispute about what they join, so every character counts for itself. */
export function cellsOf(text: string): number {
  return isEasy(text) ? text.length : widths.get(text, disputedCells);
}

function disputedCells(text: string): number {
  let cells = 0;
  for (const character of text) {
    if (isEasy(character)) cells += 1;
    else cells += PICTOGRAPH.test(character) ? 2 : eastAsianWidth(character.codePointAt(0) ?? 0);
  }
  return cells;
}

/** To find where a letter of such a text ends takes long. */
const cuts = new BoundedMap<string>(MOST_TEXTS);

/** Cuts to at most `width` cells with an ellipsis at the end or in the middle. */
export function cutCells(text: SafeText, width: number, where: 'end' | 'middle', ellipsis: string): SafeText {
  if (!isEasy(text))
    return ownText(
      cuts.get(`${width} ${where} ${ellipsis} ${text}`, () => cutText(text, width, where, ellipsis, cellsOf)),
    );
  if (text.length <= width) return text;
  if (width <= ellipsis.length) return ownText(ellipsis.slice(0, Math.max(0, width)));
  const room = width - ellipsis.length;
  const tail = where === 'middle' ? Math.floor(room / 2) : 0;
  return ownText(text.slice(0, room - tail) + ellipsis + (tail === 0 ? '' : text.slice(-tail)));
}

/** Breaks a text into lines of at most `width` cells, at blanks where there are any. */
export function wrapCells(text: SafeText, width: number): readonly SafeText[] {
  if (width < 1) return [];
  if (cellsOf(text) <= width) return [text];
  const lines: SafeText[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (cellsOf(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(ownText(line));
    const pieces = hardBreak(word, width);
    line = pieces.pop() ?? '';
    for (const piece of pieces) lines.push(ownText(piece));
  }
  if (line !== '') lines.push(ownText(line));
  return lines;
}

/** Pieces of at most `width` cells; a character wider than that is left out. */
export function hardBreak(text: string, width: number): string[] {
  if (isEasy(text)) {
    const pieces: string[] = [];
    for (let index = 0; index < text.length; index += width) pieces.push(text.slice(index, index + width));
    return pieces;
  }
  const pieces: string[] = [];
  let piece = '';
  let cells = 0;
  for (const character of text) {
    const own = cellsOf(character);
    if (own > width) continue;
    if (cells + own > width) {
      pieces.push(piece);
      piece = '';
      cells = 0;
    }
    piece += character;
    cells += own;
  }
  if (piece !== '') pieces.push(piece);
  return pieces;
}
