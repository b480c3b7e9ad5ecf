interface Fitting {
  readonly header: string;
  readonly cut?: 'end' | 'middle';
  readonly least?: number;
  readonly leaves?: number;
}

// Below this a cut name says nothing any more; then a column leaves instead.
const LEAST_CUT_WIDTH = 12;

/**
 * Widths that fit into `available` cells: first the widest columns that may be cut shrink, then columns leave,
 * highest `leaves` first; one that asked for a `least` width gives that up before it leaves. What cannot be cut and
 * does not leave keeps its width, even if the line is too long then.
 *
 * @returns a width per column; null for one that left
 */
export function fitColumns(
  columns: readonly Fitting[],
  natural: readonly number[],
  available: number,
  gap: number,
): (number | null)[] {
  const gone = new Set<number>();
  const modest = new Set<number>();
  const leastOf = (floor: number): number[] =>
    columns.map((column, index) => {
      const width = natural[index] ?? 0;
      const wanted = modest.has(index) ? floor : Math.max(floor, column.least ?? 0);
      return column.cut === undefined ? width : Math.min(width, Math.max(wanted, column.header.length));
    });
  for (;;) {
    const widths = natural.map((width, index) => (gone.has(index) ? null : width));
    if (shrink(widths, leastOf(LEAST_CUT_WIDTH), available, gap)) return widths;
    const leaving = nextToLeave(columns, gone);
    if (leaving === null) {
      shrink(widths, leastOf(0), available, gap);
      return widths;
    }
    if (columns[leaving]?.least === undefined || modest.has(leaving)) gone.add(leaving);
    else modest.add(leaving);
  }
}

/** Takes cells from the widest column again and again; answers whether the line fits now. */
function shrink(
  widths: (number | null)[],
  least: readonly number[],
  available: number,
  gap: number,
): boolean {
  const shown = widths.filter((width) => width !== null);
  let excess = shown.reduce((sum, width) => sum + width, 0) + gap * (shown.length - 1) - available;
  while (excess > 0) {
    let widest = -1;
    widths.forEach((width, index) => {
      if (width === null || width <= (least[index] ?? width)) return;
      if (widest === -1 || width > (widths[widest] ?? 0)) widest = index;
    });
    if (widest === -1) return false;
    const width = widths[widest] ?? 0;
    const next = Math.max(
      0,
      ...widths.filter((other, index) => index !== widest && other !== null && other < width).map(Number),
    );
    const room = Math.max(1, Math.min(excess, width - Math.max(next, least[widest] ?? 0)));
    widths[widest] = width - room;
    excess -= room;
  }
  return true;
}

function nextToLeave(columns: readonly Fitting[], gone: ReadonlySet<number>): number | null {
  let found: number | null = null;
  let highest = -Infinity;
  columns.forEach((column, index) => {
    if (column.leaves === undefined || gone.has(index) || column.leaves <= highest) return;
    highest = column.leaves;
    found = index;
  });
  return found;
}
