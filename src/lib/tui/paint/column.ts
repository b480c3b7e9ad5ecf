import type { Row } from '../model/rows.js';
import type { PaintContext } from './context.js';
import type { CellOptions, Span, Spans } from './line.js';

type Sized<Value> = Value | ((context: PaintContext) => Value);

/** One column of a table. Adding one is one entry in a list. */
export interface Column<R extends Row> {
  /** As in `tui.hide` and as a sort is named. */
  readonly key: string;
  readonly header: Sized<string>;
  /** Cells that it needs. */
  readonly width: Sized<number>;
  /** Takes a share of the cells that are left, up to `most`. */
  readonly flex?: { readonly share: number; readonly most: number };
  readonly align?: 'right';
  /** Ids are cut in the middle: their ends differ. */
  readonly cut?: 'middle';
  /** Blanks before it; two unless told otherwise. */
  readonly gap?: number;
  /** When cells are short, the column with the smallest number goes first; left out: it stays. */
  readonly leaves?: number;
  /** The same while wide columns are asked for. */
  readonly leavesWide?: number;
  /** Least width of the table that it is shown in, 80 unless told otherwise; where it is not needed any more. */
  readonly from?: number;
  readonly below?: number;
  /** Only while wide columns are asked for. */
  readonly wide?: true;
  /** A method, so that columns of one kind of row can stand in a list for all kinds. */
  cell(row: R, context: PaintContext): Span | Spans;
}

/** The table of a screen. */
export interface TableDesign {
  readonly kind: Row['kind'];
  readonly columns: readonly Column<Row>[];
  /** What the sign before a row says, as a sort is named. */
  readonly sign: { readonly key: string; readonly header: string };
}

/** A column with the place that it got. */
export interface PlacedColumn {
  readonly column: Column<Row>;
  readonly header: string;
  readonly gap: number;
  /** How its cells are put. */
  readonly options: CellOptions;
}

/** Cells before the first column: selection, sign, mark. */
export const MARGIN = 3;
const GAP = 2;
/** Narrower tables show only what says so. */
const FROM = 80;

/** Which columns have room, and how much; the first column always stays. */
export function placeColumns(
  { columns }: TableDesign,
  width: number,
  context: PaintContext,
): readonly PlacedColumn[] {
  const { hiddenColumns, dress } = context.model;
  const places = columns
    .filter(
      ({ key, from = FROM, below = Infinity, wide }, index) =>
        index === 0 ||
        (width >= from && width < below && (wide !== true || dress.wide) && !hiddenColumns.has(key)),
    )
    .map((column, index) => ({
      column,
      header: sized(column.header, context),
      gap: index === 0 ? 0 : (column.gap ?? GAP),
      width: sized(column.width, context),
    }));
  let room = width - MARGIN - places.reduce((sum, place) => sum + place.gap + place.width, 0);
  while (room < 0) {
    const leaving = nextToLeave(places, dress.wide);
    if (leaving === -1) break;
    const [gone] = places.splice(leaving, 1);
    room += gone === undefined ? 0 : gone.gap + gone.width;
  }
  if (room > 0) share(places, room);
  return places.map(({ column, header, gap, width: cells }) => {
    const { align = 'left', cut = 'end' } = column;
    return { column, header, gap, options: { width: cells, align, cut } };
  });
}

function sized<Value extends string | number>(value: Sized<Value>, context: PaintContext): Value {
  return typeof value === 'function' ? value(context) : value;
}

function nextToLeave(places: readonly { readonly column: Column<Row> }[], isWide: boolean): number {
  let first = -1;
  let least = Infinity;
  for (const [index, { column }] of places.entries()) {
    const { leaves = Infinity, leavesWide = leaves } = column;
    const rank = index === 0 ? Infinity : isWide ? leavesWide : leaves;
    if (rank < least) [first, least] = [index, rank];
  }
  return first;
}

/** Hands out what is left by shares, until nobody takes any more. */
function share(places: { readonly column: Column<Row>; width: number }[], total: number): void {
  let room = total;
  while (room > 0) {
    const takers = places.filter(({ column: { flex }, width }) => flex !== undefined && width < flex.most);
    const shares = takers.reduce((sum, { column }) => sum + (column.flex?.share ?? 0), 0);
    let taken = 0;
    for (const taker of takers) {
      const { share: own, most } = taker.column.flex ?? { share: 0, most: 0 };
      const more = Math.min(most - taker.width, Math.floor((room * own) / shares));
      taker.width += more;
      taken += more;
    }
    if (taken === 0) {
      // Less than a cell for each: the greediest takes it.
      const [greediest] = takers.toSorted(
        (a, b) => (b.column.flex?.share ?? 0) - (a.column.flex?.share ?? 0),
      );
      if (greediest === undefined) return;
      greediest.width += 1;
      taken = 1;
    }
    room -= taken;
  }
}
