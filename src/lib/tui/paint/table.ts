import { glyphOf, type ShownState } from '../../render/view.js';
import { ownText, type SafeText } from '../../render/safe-text.js';
import type { Area } from '../model/frame.js';
import type { Row } from '../model/rows.js';
import { MARGIN, placeColumns, type PlacedColumn, type TableDesign } from './column.js';
import { lineIn, type PaintContext } from './context.js';
import { eventMark, severityMark } from './glyphs.js';
import { leaseState } from './lease-columns.js';
import type { Spans } from './line.js';
import { BOLD, DIM, PLAIN, stateStyle, type Style } from './style.js';

/**
 * A table: its header, then the visible rows. Only those are formatted.
 *
 * @param notes said in the free lines below the last row, where there are any
 */
export function paintTable(
  design: TableDesign,
  area: Area,
  context: PaintContext,
  notes: readonly Spans[],
): readonly string[] {
  const { table } = context.model;
  const places = placeColumns(design, area.width, context);
  const lines: string[] = [];
  if (area.height > 0) lines.push(headerLine(places, area, context));
  const first = wholeNumber(table.top);
  let note = 0;
  for (let index = first; lines.length < area.height; index += 1) {
    const row = table.rows[index];
    if (row?.kind === design.kind) lines.push(rowLine(row, index === table.selected, places, area, context));
    else {
      const spans = row === undefined ? notes[note++] : undefined;
      lines.push(
        lineIn(context, area)
          .all(spans ?? [])
          .finish(),
      );
    }
  }
  return lines;
}

/** What may be the index of a row, whatever it is. */
export function wholeNumber(value: number): number {
  return Number.isFinite(value) ? Math.max(0, Math.trunc(value)) : 0;
}

function headerLine(places: readonly PlacedColumn[], area: Area, context: PaintContext): string {
  const line = lineIn(context, area).skip(MARGIN);
  for (const { header, gap, options } of places)
    line.skip(gap).cell({ text: ownText(header), style: BOLD }, { ...options, cut: 'end' });
  return line.finish();
}

const BLANK = ownText(' ');
const MARKED = ownText('*');

function rowLine(
  row: Row,
  isSelected: boolean,
  places: readonly PlacedColumn[],
  area: Area,
  context: PaintContext,
): string {
  const { glyphs, model } = context;
  const [sign, style] = signOf(row, context);
  const base = (isSelected ? BOLD : PLAIN) | (isGhost(row) ? DIM : PLAIN);
  const line = lineIn(context, area, base)
    .put(isSelected ? glyphs.select : BLANK)
    .put(sign, style)
    .put(model.table.marks.has(row.key) ? MARKED : BLANK);
  for (const { column, gap, options } of places) line.skip(gap).cell(column.cell(row, context), options);
  return line.finish();
}

/** Something that has just gone and is still shown for a while. */
function isGhost(row: Row): boolean {
  if (row.kind === 'service') return row.health === 'left';
  return row.kind === 'instance' && (row.health === 'left' || row.leftAtMs !== null);
}

/** The sign before a row, and its colour. */
function signOf(row: Row, { ascii }: PaintContext): readonly [SafeText, Style] {
  const ofState = (state: ShownState): readonly [SafeText, Style] => [
    glyphOf(state, { ascii }),
    stateStyle(state),
  ];
  switch (row.kind) {
    case 'service':
      return ofState(row.health);
    case 'instance':
      return ofState(row.leftAtMs === null ? row.health : 'left');
    case 'lease':
      return ofState(leaseState(row));
    case 'finding':
      return severityMark(row.finding.severity, ascii);
    case 'event':
      return eventMark(row.event.type);
  }
}
