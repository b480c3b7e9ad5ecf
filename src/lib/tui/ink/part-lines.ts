import type { ChromePart } from '../model/frame.js';
import type { Dress } from '../model/paint-model.js';
import { cellsOf, sliceColumns } from './slice-columns.js';
import { styled } from './style.js';

type Part<Kind extends ChromePart['kind']> = ChromePart & { readonly kind: Kind };

/** Room that the reason why a prompt cannot be taken leaves for what is typed. */
const TYPED_SHARE = 2;

/** The lines of a part; none is wider than `width`. */
export function partLines(part: ChromePart, width: number, dress: Dress): readonly string[] {
  switch (part.kind) {
    case 'title':
      return [titleLine(part, width, dress)];
    case 'divider':
      return Array.from({ length: part.area.height }, () => (dress.ascii ? '|' : '│'));
    case 'keys':
      return [keysLine(part, width, dress)];
    case 'prompt':
      return [promptLine(part, width, dress)];
    case 'lines':
      return part.lines.slice(0, part.area.height).map((line) => fitted(line, width));
  }
}

/** The focus has a mark of its own: bold must not be the only difference. */
function titleLine(part: Part<'title'>, width: number, dress: Dress): string {
  const mark = part.isFocused ? (dress.ascii ? '>' : '▌') : ' ';
  const text = fitted(`${mark}${part.text} `, width);
  const rule = (dress.ascii ? '-' : '─').repeat(Math.max(0, width - cellsOf(text)));
  return part.isFocused ? styled('bold', text + rule, dress) : text + rule;
}

function keysLine(part: Part<'keys'>, width: number, dress: Dress): string {
  let line = '';
  let column = 0;
  for (const { key, does } of part.keys) {
    const gap = column === 0 ? ' ' : '  ';
    column += cellsOf(`${gap}${key} ${does}`);
    if (column > width) break;
    line += `${gap}${styled('bold', key, dress)} ${styled('dim', does, dress)}`;
  }
  return line;
}

/** `/pay█`, what Tab would add, and why it cannot be taken. Of a long text the end is shown, where the cursor is. */
function promptLine(part: Part<'prompt'>, width: number, dress: Dress): string {
  const { label, text, completion, problem } = part;
  const room = width - cellsOf(label) - 1;
  const typed = endOf(text, problem === null ? room : Math.floor(room / TYPED_SHARE));
  const added = completion.startsWith(text) ? completion.slice(text.length) : '';
  const [under = ' ', ...rest] = Array.from(added);
  const cursor = dress.color ? styled('inverse', under, dress) : `_${under.trim()}`;
  const line = label + typed + cursor + styled('dim', rest.join(''), dress);
  return fitted(problem === null ? line : `${line}  ${styled('yellow', problem, dress)}`, width);
}

function endOf(text: string, width: number): string {
  const cells = cellsOf(text);
  return cells <= width ? text : sliceColumns(text, cells - Math.max(0, width), Math.max(0, width));
}

function fitted(text: string, width: number): string {
  return cellsOf(text) <= width ? text : sliceColumns(text, 0, width);
}
