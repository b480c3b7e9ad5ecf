import type { Health } from '../../model/instance.js';
import { ownText, type SafeText } from '../../render/safe-text.js';
import { glyphOf, wordOf } from '../../render/view.js';
import type { ServiceRow } from '../model/rows.js';
import { barWidth, ttlBar } from './bar.js';
import type { Column } from './column.js';
import type { PaintContext } from './context.js';
import { span, type Span, type Spans } from './line.js';
import { nameText } from './shown-text.js';
import { churnFigure, sparkline, sumOfLast } from './sparkline.js';
import { DIM, PLAIN, stateStyle } from './style.js';
import { spanText } from './times.js';

const barCells = ({ isBig }: PaintContext): number => (isBig ? 12 : 6);

/** Minutes of churn that are drawn. */
export function churnMinutes({ isBig }: PaintContext): number {
  return isBig ? 30 : 15;
}

const figureCells = ({ isBig }: PaintContext): number => (isBig ? 7 : 5);

function countColumn(state: Health, rest: Pick<Column<ServiceRow>, 'wide'> = {}): Column<ServiceRow> {
  return {
    key: state,
    header: ({ ascii }) => glyphOf(state, { ascii }),
    width: 3,
    gap: 1,
    align: 'right',
    leaves: 5,
    ...rest,
    cell: ({ counts }, context) => countCell(counts[state], state, context),
  };
}

function countCell(count: number, state: Health, { glyphs }: PaintContext): Span {
  if (count === 0) return span(glyphs.none, DIM);
  return span(ownText(String(count)), state === 'passing' ? PLAIN : stateStyle(state));
}

const nameColumn: Column<ServiceRow> = {
  key: 'service',
  header: 'SERVICE',
  width: 16,
  flex: { share: 8, most: 60 },
  cell: (row, { ascii }) => span(nameText(row.name, ascii)),
};

/** In place of the counts where they have no room. */
const wordColumn: Column<ServiceRow> = {
  key: 'word',
  header: 'HEALTH',
  width: 8,
  leaves: 1,
  from: 0,
  below: 60,
  cell: ({ health }) => span(wordOf(health), stateStyle(health)),
};

const instancesColumn: Column<ServiceRow> = {
  key: 'instances',
  header: 'INST',
  width: 4,
  gap: 1,
  align: 'right',
  leaves: 7,
  from: 60,
  cell: (row) => span(ownText(String(row.instances))),
};

const ttlColumn: Column<ServiceRow> = {
  key: 'ttl',
  header: 'LOWEST TTL',
  width: (context) => barWidth(barCells(context), 1),
  gap: 3,
  leaves: 6,
  from: 60,
  cell: lowestTtl,
};

function lowestTtl(row: ServiceRow, context: PaintContext): Span | Spans {
  const { model } = context;
  if (row.health === 'left' && row.lastChangeMs !== null)
    return span(ownText(`left ${spanText(row.lastChangeMs, model.nowMs)} ago`), DIM);
  if (!row.hasLeases) return span(ownText('no lease'), DIM);
  const lowest = model.lowestTtlOf(row);
  return ttlBar(lowest?.ttl ?? null, context, {
    cells: barCells(context),
    isPartial: lowest?.isPartial === true,
    mark: 1,
  });
}

/** Where checks tell what leases tell elsewhere. */
const checksColumn: Column<ServiceRow> = {
  key: 'ttl',
  header: 'CHECKS',
  width: 12,
  gap: 3,
  leaves: 6,
  from: 60,
  cell: ({ health }) => span(wordOf(health), stateStyle(health)),
};

const churnColumn: Column<ServiceRow> = {
  key: 'churn',
  header: (context) => `CHURN ${churnMinutes(context)} MIN`,
  width: (context) => churnMinutes(context) + 1 + figureCells(context),
  leaves: 4,
  leavesWide: 0,
  cell: churnCell,
};

function churnCell(row: ServiceRow, context: PaintContext): Spans {
  const minutes = churnMinutes(context);
  const joined = sumOfLast(row.joined, minutes);
  const left = sumOfLast(row.left, minutes);
  const line = ownText(`${sparkline(row.churn, minutes, context.glyphs)} `);
  const style = joined + left === 0 ? DIM : PLAIN;
  return [span(line, style), span(churnFigure(joined, left, figureCells(context), context.glyphs), style)];
}

const lastChangeColumn: Column<ServiceRow> = {
  key: 'lastChange',
  header: 'LAST CHANGE',
  width: 11,
  leaves: 3,
  cell: ({ lastChangeMs }, { model, isStale }) =>
    lastChangeMs === null
      ? span(ownText('-'), DIM)
      : span(ownText(`${spanText(lastChangeMs, model.nowMs)} ago`), isStale ? DIM : PLAIN),
};

const versionsColumn: Column<ServiceRow> = {
  key: 'versions',
  header: 'VERSIONS',
  width: 14,
  flex: { share: 1, most: 30 },
  leaves: 2,
  cell: ({ versions }, context) => span(versionsText(versions, context)),
};

/** `1.8.1 1.8.2`; of more than two the first and the last. */
function versionsText(versions: readonly string[], { ascii }: PaintContext): SafeText {
  const [first, second] = versions;
  if (first === undefined) return ownText('-');
  if (second === undefined) return nameText(first, ascii);
  const last = nameText(versions.at(-1) ?? second, ascii);
  return ownText(`${nameText(first, ascii)}${versions.length > 2 ? ' to ' : ' '}${last}`);
}

const layoutColumn: Column<ServiceRow> = {
  key: 'layout',
  header: 'LAYOUT',
  width: 7,
  flex: { share: 0.5, most: 12 },
  leaves: 1,
  cell: ({ layouts }, { ascii }) =>
    span(layouts.length === 0 ? ownText('-') : nameText(layouts.join(','), ascii)),
};

const rootColumn: Column<ServiceRow> = {
  key: 'root',
  header: 'ROOT',
  width: 12,
  flex: { share: 1, most: 30 },
  leaves: 0.5,
  wide: true,
  cell: ({ root }, { ascii }) =>
    root === null ? span(ownText('-'), DIM) : span(nameText(root || "''", ascii)),
};

/** Columns of the overview; on a registry with nodes the state of the checks is in place of a TTL. */
export function serviceColumns(hasNodes: boolean): readonly Column<ServiceRow>[] {
  return [
    nameColumn,
    wordColumn,
    instancesColumn,
    countColumn('passing'),
    countColumn('warning'),
    countColumn('critical'),
    countColumn('maintenance', { wide: true }),
    countColumn('unknown', { wide: true }),
    hasNodes ? checksColumn : ttlColumn,
    churnColumn,
    lastChangeColumn,
    versionsColumn,
    layoutColumn,
    ...(hasNodes ? [] : [rootColumn]),
  ];
}
