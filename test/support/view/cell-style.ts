/**
 * How cells are dressed, as text that can be compared: one letter for each cell.
 *
 * Blank: a blank cell without attributes. `.` default, `-` dim, `*` bold, `#` inverse, `@` bold inverse.
 * `k r g y u m c w` the palette colours black, red, green, yellow, blue, magenta, cyan, white; capitals when bold.
 * `x` bright black. Everything else gets a digit, in the order of the words for it, and a line in the legend.
 */
import type { IBufferCell } from '@xterm/headless';

const COLORS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;
const LETTERS: Readonly<Record<string, string>> = {
  default: '.',
  dim: '-',
  bold: '*',
  inverse: '#',
  'bold inverse': '@',
  black: 'k',
  red: 'r',
  green: 'g',
  yellow: 'y',
  blue: 'u',
  magenta: 'm',
  cyan: 'c',
  white: 'w',
  'bold black': 'K',
  'bold red': 'R',
  'bold green': 'G',
  'bold yellow': 'Y',
  'bold blue': 'U',
  'bold magenta': 'M',
  'bold cyan': 'C',
  'bold white': 'W',
  'bright black': 'x',
};
const DIGITS = '0123456789';

/** What can be seen of the attributes of a cell, in words; a blank one shows only its ground. */
export function styleOf(cell: IBufferCell): string {
  const isBlank = cell.getChars().trim() === '' && cell.isInverse() === 0 && cell.isUnderline() === 0;
  const ground = colorOf(cell, 'background');
  if (isBlank) return ground === null ? 'blank' : `on ${ground}`;
  const words = [
    cell.isBold() !== 0 && 'bold',
    cell.isDim() !== 0 && 'dim',
    cell.isItalic() !== 0 && 'italic',
    cell.isUnderline() !== 0 && 'underline',
    cell.isBlink() !== 0 && 'blink',
    cell.isStrikethrough() !== 0 && 'strikethrough',
    cell.isInvisible() !== 0 && 'invisible',
    cell.isInverse() !== 0 && 'inverse',
    colorOf(cell, 'foreground'),
    ground !== null && `on ${ground}`,
  ].filter((word) => typeof word === 'string');
  return words.length === 0 ? 'default' : words.join(' ');
}

function colorOf(cell: IBufferCell, layer: 'foreground' | 'background'): string | null {
  const isFront = layer === 'foreground';
  if (isFront ? cell.isFgDefault() : cell.isBgDefault()) return null;
  const number = isFront ? cell.getFgColor() : cell.getBgColor();
  if (isFront ? cell.isFgRGB() : cell.isBgRGB()) return `rgb(${number.toString(16).padStart(6, '0')})`;
  const name = COLORS[number % 8] ?? '';
  if (number < 8) return name;
  return number < 16 ? `bright ${name}` : `palette ${number}`;
}

export interface StyleMap {
  /** A letter for each cell. */
  readonly rows: readonly string[];
  /** `0 = bold inverse red`; only for what has no letter of its own. */
  readonly legend: readonly string[];
}

/** @param rows styles in words, a cell each */
export function toStyleMap(rows: readonly (readonly string[])[]): StyleMap {
  const others = [...new Set(rows.flat())].filter((style) => style !== 'blank' && !(style in LETTERS)).sort();
  const letterOf = new Map(others.map((style, index) => [style, DIGITS[index] ?? '?']));
  return {
    rows: rows.map((row) =>
      row.map((style) => (style === 'blank' ? ' ' : (LETTERS[style] ?? letterOf.get(style) ?? '?'))).join(''),
    ),
    legend: others.map((style) => `${letterOf.get(style) ?? '?'} = ${style}`),
  };
}

/** The words behind a letter of `toStyleMap`. */
export function wordsOf(letter: string, legend: readonly string[]): readonly string[] {
  const known = Object.entries(LETTERS).find(([, one]) => one === letter)?.[0];
  const style = known ?? legend.find((line) => line.startsWith(`${letter} = `))?.slice(4) ?? 'default';
  return style.split(' ');
}
