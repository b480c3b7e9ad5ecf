import type { Area, ChromePart } from '../model/frame.js';

/** A picture with each row that differs once, and where the rows of the whole one are in it. */
export interface CompactPicture {
  readonly parts: readonly ChromePart[];
  readonly height: number;
  /** By row of the whole picture: its row in this one; rows on which nothing stands are left out. */
  readonly rows: ReadonlyMap<number, number>;
}

/**
 * Ink's work grows with every cell of its picture. Most rows of the screen are none of its business, and on most of the
 * others stands the same line between two panes: one row of it is drawn for all of them.
 */
export function compact(parts: readonly ChromePart[], height: number): CompactPicture {
  const dividers = parts.filter(({ kind }) => kind === 'divider');
  const others = parts.filter(({ kind }) => kind !== 'divider');
  const rows = new Map<number, number>();
  const alike = new Map<string, number>();
  let next = 0;
  for (let row = 0; row < height; row += 1) {
    if (others.some(({ area }) => covers(area, row))) {
      rows.set(row, next++);
      continue;
    }
    const standing = dividers.filter(({ area }) => covers(area, row));
    if (standing.length === 0) continue;
    const look = standing.map(({ area }) => `${area.left} ${area.width}`).join();
    const same = alike.get(look);
    rows.set(row, same ?? next);
    if (same === undefined) alike.set(look, next++);
  }
  const placed = others.map((part) => {
    // All its rows are there, one below the other, so only its first one moves.
    const { area } = part;
    return { ...part, area: { ...area, top: rows.get(Math.max(0, area.top)) ?? next } };
  });
  return {
    parts: [...placed, ...dividers.flatMap((part) => cellsOfDivider(part, rows, height))],
    height: next,
    rows,
  };
}

/** One piece for each row of the compact picture that it stands on. */
function cellsOfDivider(part: ChromePart, rows: ReadonlyMap<number, number>, height: number): ChromePart[] {
  const { area } = part;
  const tops = new Set<number>();
  for (let row = Math.max(0, area.top); row < Math.min(height, area.top + area.height); row += 1) {
    const top = rows.get(row);
    if (top !== undefined) tops.add(top);
  }
  return [...tops].map((top) => ({ ...part, area: { ...area, top, height: 1 } }));
}

function covers({ top, height }: Area, row: number): boolean {
  return row >= top && row < top + height;
}
