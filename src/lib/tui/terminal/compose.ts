import type { Area } from '../model/frame.js';
import type { Size } from '../model/paint-model.js';

/** A part of one row, exactly `width` cells wide. */
export interface Segment {
  readonly left: number;
  readonly width: number;
  readonly text: string;
}

export interface Slot {
  readonly area: Area;
  /** One for each row of the area, exactly as wide as it. */
  readonly lines: readonly string[];
}

/** A piece of a row: what ink drew, or a line of a slot. */
type Piece = { readonly left: number; readonly width: number } & (
  { readonly text: string } | { readonly slot: number; readonly line: number }
);

/** What stands where, row by row, from left to right: it stays as long as what ink draws and the slots' places do. */
export interface Plan {
  readonly columns: number;
  readonly rows: readonly (readonly Piece[])[];
}

/** @param segments by row; they do not overlap each other or a slot */
export function planRows(
  { columns, rows }: Size,
  segments: readonly (readonly Segment[])[],
  areas: readonly Area[],
): Plan {
  return {
    columns,
    rows: Array.from({ length: rows }, (_, row) => {
      const inRow = areas.flatMap(({ top, left, width, height }, slot): Piece[] =>
        row >= top && row < top + height ? [{ left, width, slot, line: row - top }] : [],
      );
      return [...(segments[row] ?? []), ...inRow]
        .filter(({ width }) => width > 0)
        .sort((one, other) => one.left - other.left);
    }),
  };
}

/** One finished line for each row: what was drawn around the slots, and their lines. */
export function compose({ columns, rows }: Plan, slots: readonly Slot[]): string[] {
  return rows.map((pieces) => joined(pieces, columns, slots));
}

function joined(pieces: readonly Piece[], columns: number, slots: readonly Slot[]): string {
  const [only] = pieces;
  if (pieces.length === 1 && only?.left === 0 && only.width >= columns) return textOf(only, slots);
  let line = '';
  let column = 0;
  for (const piece of pieces) {
    line += ' '.repeat(Math.max(0, piece.left - column)) + closed(textOf(piece, slots));
    column = piece.left + piece.width;
  }
  return line + ' '.repeat(Math.max(0, columns - column));
}

function textOf(piece: Piece, slots: readonly Slot[]): string {
  if ('text' in piece) return piece.text;
  return slots[piece.slot]?.lines[piece.line] ?? ' '.repeat(piece.width);
}

/** The colours of a piece end with it. */
function closed(text: string): string {
  return text.includes('\x1b') && !text.endsWith('\x1b[0m') ? `${text}\x1b[0m` : text;
}
