import stringWidth from 'string-width';

const SGR = /(\x1b\[[\d;:]*m)/;
// Latin letters, boxes and bars: one cell and one UTF-16 unit each.
const SINGLE = /^[\x20-\x7e\xa1-\xac\xae-\u02ff\u2190-\u2193\u2500-\u259f…·●▲✖◼◌○▌▼]*$/;

let graphemes: Intl.Segmenter | null = null;

/** Cells of a text that holds colours and nothing else but what is printed. */
export function cellsOf(text: string): number {
  return SINGLE.test(text) ? text.length : stringWidth(text);
}

/** The cells from `left` on, exactly `width` of them, with their colours; a glyph that is cut in two leaves blanks. */
export function sliceColumns(line: string, left: number, width: number): string {
  const end = left + width;
  if (SINGLE.test(line)) return line.slice(left, end).padEnd(width);
  let out = '';
  let column = 0;
  let filled = left;
  let isColored = false;
  for (const part of line.split(SGR)) {
    if (part.startsWith('\x1b')) {
      // Those from before the slice are in force in it.
      if (column < end) {
        out += part;
        isColored = true;
      }
      continue;
    }
    for (const [glyph, cells] of glyphsOf(part)) {
      const after = column + cells;
      if (column >= left && after <= end && (cells > 0 || column > left)) {
        out += ' '.repeat(Math.max(0, column - filled)) + glyph;
        filled = after;
      }
      column = after;
      if (column >= end) break;
    }
  }
  return `${out}${isColored ? '\x1b[0m' : ''}${' '.repeat(Math.max(0, end - filled))}`;
}

function* glyphsOf(text: string): Iterable<readonly [glyph: string, cells: number]> {
  if (SINGLE.test(text)) {
    for (const character of text) yield [character, 1];
    return;
  }
  graphemes ??= new Intl.Segmenter('en');
  for (const { segment } of graphemes.segment(text)) yield [segment, stringWidth(segment)];
}
