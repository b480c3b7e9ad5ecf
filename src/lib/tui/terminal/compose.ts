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

/**
 * One finished line for each row: what was drawn around the slots, and their lines.
 *
 * @param segments by row; they do not overlap each other or a slot
 */
export function compose(
  size: Size,
  segments: readonly (readonly Segment[])[],
  slots: readonly Slot[],
): string[] {
  const lines: string[] = [];
  for (let row = 0; row < size.rows; row += 1) {
    const pieces: Segment[] = [...(segments[row] ?? [])];
    for (const { area, lines: slotLines } of slots) {
      if (row < area.top || row >= area.top + area.height) continue;
      const text = slotLines[row - area.top] ?? ' '.repeat(area.width);
      pieces.push({ left: area.left, width: area.width, text });
    }
    lines.push(join(pieces, size.columns));
  }
  return lines;
}

function join(pieces: readonly Segment[], columns: number): string {
  const [only] = pieces;
  if (pieces.length === 1 && only?.left === 0 && only.width >= columns) return only.text;
  let line = '';
  let column = 0;
  for (const { left, width, text } of pieces.toSorted((one, other) => one.left - other.left)) {
    if (width <= 0) continue;
    line += ' '.repeat(Math.max(0, left - column)) + closed(text);
    column = left + width;
  }
  return line + ' '.repeat(Math.max(0, columns - column));
}

/** The colours of a piece end with it. */
function closed(text: string): string {
  return text.includes('\x1b') && !text.endsWith('\x1b[0m') ? `${text}\x1b[0m` : text;
}
