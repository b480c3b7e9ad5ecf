import { ownText, safeText, type SafeText } from '../../render/safe-text.js';
import { helpLines } from '../keys/help.js';
import type { Area, ChromePart } from '../model/frame.js';
import type { Dialog, Dress, Size } from '../model/paint-model.js';
import { glyphsOf } from './glyphs.js';
import { fittingKeys } from './key-line.js';
import { wholeSize } from './regions.js';
import { cellsOf, cutCells, hardBreak } from './shown-text.js';
import { wholeNumber } from './table.js';

/** How long a dialog is, and how much of it is visible at once: for scrolling. */
export interface DialogSpace {
  readonly lines: number;
  readonly page: number;
}

/** Rows above and below the text of a dialog: its title, and the keys. */
const ABOVE = { help: 2, text: 3 } as const;
const BELOW = 1;

export function dialogSpace(dialog: Dialog, size: Size, dress: Pick<Dress, 'ascii'>): DialogSpace {
  const { columns, rows } = wholeSize(size);
  return {
    lines: dialogText(dialog, columns, dress.ascii).length,
    page: Math.max(0, rows - ABOVE[dialog.kind] - BELOW),
  };
}

/** What ink draws of a dialog. The first line stays free: how the connection is has to be seen at all times. */
export function dialogChrome(dialog: Dialog, size: Size, dress: Pick<Dress, 'ascii'>): readonly ChromePart[] {
  const { columns, rows } = wholeSize(size);
  const { ascii } = dress;
  const glyphs = glyphsOf(ascii);
  const row = (top: number, height: number): Area => ({ top, left: 0, width: columns, height });
  const text = dialogText(dialog, columns, ascii);
  const { page } = dialogSpace(dialog, size, dress);
  const top = Math.max(0, Math.min(wholeNumber(dialog.top), text.length - page));
  const visible = text.slice(top, top + page).map((line) => cutCells(line, columns, 'end', glyphs.ellipsis));
  const body: ChromePart = { kind: 'lines', area: row(ABOVE[dialog.kind], page), lines: visible };
  const scroll = text.length > page ? [{ key: ascii ? 'j k' : glyphs.move, does: 'scroll' }] : [];
  const keys: ChromePart = {
    kind: 'keys',
    area: row(rows - 1, 1),
    keys: fittingKeys(
      [...scroll, { key: 'esc', does: 'close' }, { key: 'ctrl-c', does: 'quit' }],
      row(rows - 1, 1),
    ),
  };
  const title = cutCells(
    safeText(dialog.kind === 'help' ? 'help' : dialog.title, { identifier: true, ascii }),
    columns - 4,
    'end',
    glyphs.ellipsis,
  );
  return [{ kind: 'title', area: row(1, 1), text: title, isFocused: true }, body, keys];
}

function dialogText(dialog: Dialog, columns: number, ascii: boolean): readonly SafeText[] {
  if (dialog.kind === 'help')
    return helpLines({ ascii }, columns).map((line) => safeText(` ${line}`, { ascii: false, max: 1_000 }));
  return dialog.lines === null ? [ownText(' being read')] : rawLines(dialog.lines, columns, ascii);
}

interface Broken {
  readonly columns: number;
  readonly ascii: boolean;
  readonly lines: readonly SafeText[];
}

/** Kept with what was broken: an entry may be large, and is the same in every picture. */
const broken = new WeakMap<readonly string[], Broken>();

/** Lines of an entry behind a gutter, those that are too long in several. */
function rawLines(raw: readonly string[], columns: number, ascii: boolean): readonly SafeText[] {
  const known = broken.get(raw);
  if (known?.columns === columns && known.ascii === ascii) return known.lines;
  const gutter = ` ${glyphsOf(ascii).gutter}`;
  const width = Math.max(1, columns - cellsOf(gutter) - 1);
  const lines = raw.flatMap((line) => {
    const safe = safeText(line, { max: Infinity, ascii });
    const pieces = safe === '' ? [''] : hardBreak(safe, width);
    return pieces.map((piece) => ownText(gutter + piece));
  });
  broken.set(raw, { columns, ascii, lines });
  return lines;
}
