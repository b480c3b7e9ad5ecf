import type { ChromePart } from '../model/frame.js';

/** A picture without the rows on which ink draws nothing, and where its rows stand in the whole one. */
export interface CompactPicture {
  readonly parts: readonly ChromePart[];
  /** By row of this picture: its row in the whole one, ascending. */
  readonly rows: readonly number[];
}

/** Ink's work grows with every cell of its picture, and most rows of the screen are none of its business. */
export function compact(parts: readonly ChromePart[], height: number): CompactPicture {
  const used = new Set<number>();
  for (const { area } of parts)
    for (let row = Math.max(0, area.top); row < Math.min(height, area.top + area.height); row += 1)
      used.add(row);
  const rows = [...used].sort((a, b) => a - b);
  const placeOf = new Map(rows.map((row, index) => [row, index]));
  return {
    rows,
    // All rows of a part are there, one below the other, so only its first one moves.
    parts: parts.map((part) => ({
      ...part,
      area: { ...part.area, top: placeOf.get(part.area.top) ?? rows.length },
    })),
  };
}
