import type { Area } from '../model/frame.js';
import type { Size } from '../model/paint-model.js';
import type { Segment } from '../terminal/compose.js';
import { sliceColumns } from './slice-columns.js';

/** By row: what of the lines lies outside of the holes. */
export function segmentsAround(lines: readonly string[], size: Size, holes: readonly Area[]): Segment[][] {
  return Array.from({ length: size.rows }, (_, row) =>
    gaps(size.columns, holesOf(row, holes)).map(({ left, width }) => ({
      left,
      width,
      text: sliceColumns(lines[row] ?? '', left, width),
    })),
  );
}

interface Span {
  readonly left: number;
  readonly width: number;
}

function holesOf(row: number, holes: readonly Area[]): Span[] {
  return holes
    .filter(({ top, height }) => row >= top && row < top + height)
    .toSorted((one, other) => one.left - other.left);
}

function gaps(columns: number, holes: readonly Span[]): Span[] {
  const found: Span[] = [];
  let column = 0;
  for (const { left, width } of [...holes, { left: columns, width: 0 }]) {
    if (left > column) found.push({ left: column, width: left - column });
    column = Math.max(column, left + width);
  }
  return found;
}
