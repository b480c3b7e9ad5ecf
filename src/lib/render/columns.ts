import type { SafeText } from './safe-text.js';
import { fitColumns } from './fit-columns.js';
import { cutText, loadMeasure, type Measure } from './text-width.js';
import { ellipsisOf, paint, type StyleName, type View } from './view.js';

/** A stretch of a cell in one style. */
export interface Span {
  readonly text: SafeText;
  readonly style?: StyleName | undefined;
}

/** What stands in one place of a table. */
export interface Cell extends Span {
  /** The same text in pieces of different style; used when the cell is not cut. */
  readonly spans?: readonly Span[];
}

/** A column as data: header, alignment and a pure function from row to cell. */
export interface Column<Row> {
  readonly key: string;
  readonly header: string;
  readonly align: 'left' | 'right';
  /** Shown by `wide` only. */
  readonly wide?: boolean;
  /** Where text is cut when the table is too wide: names at the end, ids in the middle. Default: never cut. */
  readonly cut?: 'end' | 'middle';
  /** Narrowest width before other columns have left; default 12. Only with `cut`. */
  readonly least?: number;
  /** Columns leave a table that cannot be cut any further, highest number first. Default: stays. */
  readonly leaves?: number;
  readonly cell: (row: Row, view: View) => Cell;
}

const GAP = '  ';

/**
 * An aligned table with a header. `table` is cut to the view's width, `wide` shows all columns and cuts nothing.
 * Loads the width tables only when a cell holds characters of unusual width.
 *
 * @returns lines, each ended by a newline; empty without rows
 */
export async function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  view: View,
): Promise<string> {
  if (rows.length === 0) return '';
  const wide = view.format === 'wide';
  const shown = columns.filter((column) => wide || column.wide !== true);
  const grid = rows.map((row) => shown.map((column) => column.cell(row, view)));
  const measure = await loadMeasure(textsOf(grid));
  const natural = shown.map((column, index) => naturalWidth(column, index, grid, measure, view));
  const fitted = wide ? natural : fitColumns(shown, natural, view.width, GAP.length);
  const placed = fitted.flatMap((width, index) => {
    const column = shown[index];
    return width === null || column === undefined ? [] : [{ column, index, width }];
  });
  const lines: string[] = [];
  if (view.headers !== false) {
    lines.push(toLine(placed, (place) => headerCell(place.column), measure, view));
  }
  for (const cells of grid) lines.push(toLine(placed, (place) => cells[place.index], measure, view));
  return lines.join('');
}

interface Place {
  readonly column: Pick<Column<never>, 'header' | 'align' | 'cut'>;
  readonly index: number;
  readonly width: number;
}

function headerCell(column: { readonly header: string }): Cell {
  return { text: column.header as SafeText, style: 'header' };
}

function* textsOf(grid: readonly (readonly Cell[])[]): Generator<string> {
  for (const cells of grid) for (const cell of cells) yield cell.text;
}

function naturalWidth(
  column: { readonly header: string },
  index: number,
  grid: readonly (readonly Cell[])[],
  measure: Measure,
  view: View,
): number {
  let width = view.headers === false ? 0 : column.header.length;
  for (const cells of grid) width = Math.max(width, measure(cells[index]?.text ?? ''));
  return width;
}

function toLine(
  places: readonly Place[],
  cellOf: (place: Place) => Cell | undefined,
  measure: Measure,
  view: View,
): string {
  let line = '';
  let pending = '';
  for (const place of places) {
    const cell = cellOf(place);
    const text = cell?.text ?? '';
    const natural = measure(text);
    const cut = natural > place.width;
    const shown = cut
      ? cutText(text, place.width, place.column.cut ?? 'end', ellipsisOf(view), measure)
      : text;
    const padding = ' '.repeat(Math.max(0, place.width - (cut ? measure(shown) : natural)));
    const painted =
      cut || cell?.spans === undefined ? paint(shown, cell?.style, view) : paintSpans(cell.spans, view);
    // Padding is written only once something follows it, so that no line ends in blanks.
    if (place.column.align === 'right') {
      line += pending + padding + painted;
      pending = GAP;
    } else {
      if (painted !== '') line += pending + painted;
      pending = painted === '' ? pending + padding + GAP : padding + GAP;
    }
  }
  return `${line}\n`;
}

function paintSpans(spans: readonly Span[], view: View): string {
  let out = '';
  for (const span of spans) out += paint(span.text, span.style, view);
  return out;
}
