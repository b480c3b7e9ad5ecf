import { healthStates, type Check, type Instance } from '../../model/instance.js';
import { formatEndpoint } from '../../model/endpoint.js';
import { formatInstanceName } from '../../model/instance-name.js';
import { ageText } from '../../render/instance-facts.js';
import { ownText } from '../../render/safe-text.js';
import { glyphOf, wordOf } from '../../render/view.js';
import type { InstanceRow } from '../model/rows.js';
import { barWidth, ttlBar } from './bar.js';
import type { Column } from './column.js';
import type { PaintContext } from './context.js';
import { span, type Span, type Spans } from './line.js';
import { freeText, nameText } from './shown-text.js';
import { DIM, PLAIN, stateStyle } from './style.js';
import { spanText } from './times.js';

const barCells = ({ isBig }: PaintContext): number => (isBig ? 14 : 10);

const NOTHING = span(ownText('-'), DIM);

/** An untrusted name in a cell; `-` where there is none. */
function nameCell(value: string | null, { ascii }: PaintContext): Span {
  return value === null || value === '' ? NOTHING : span(nameText(value, ascii));
}

const idColumn: Column<InstanceRow> = {
  key: 'instance',
  header: 'INSTANCE',
  width: 16,
  flex: { share: 1, most: 40 },
  cut: 'middle',
  cell: ({ instance }, context) => nameCell(instance.id, context),
};

/** Where instances of several services stand in one table. */
const fullNameColumn: Column<InstanceRow> = {
  ...idColumn,
  width: 20,
  flex: { share: 2, most: 60 },
  cell: ({ instance: { service, id } }, context) =>
    nameCell(formatInstanceName({ service, id, node: null }), context),
};

const wordColumn: Column<InstanceRow> = {
  key: 'word',
  header: 'HEALTH',
  width: 8,
  leaves: 1,
  from: 0,
  below: 60,
  cell: ({ health }) => span(wordOf(health), stateStyle(health)),
};

const nodeColumn: Column<InstanceRow> = {
  key: 'node',
  header: 'NODE',
  width: 12,
  flex: { share: 1, most: 30 },
  leaves: 6,
  from: 60,
  cell: ({ instance }, context) => nameCell(instance.node, context),
};

function endpointColumn(width: number): Column<InstanceRow> {
  return {
    key: 'endpoint',
    header: 'ENDPOINT',
    width,
    flex: { share: 1, most: 48 },
    leaves: 5,
    from: 60,
    cell: ({ instance }, context) => endpointCell(instance, context),
  };
}

function endpointCell({ endpoints }: Instance, context: PaintContext): Span {
  const [first] = endpoints;
  if (first === undefined) return NOTHING;
  const text = nameText(formatEndpoint(first), context.ascii);
  return span(endpoints.length === 1 ? text : ownText(`${text} +${endpoints.length - 1}`));
}

const ttlColumn: Column<InstanceRow> = {
  key: 'ttl',
  header: 'TTL',
  width: (context) => barWidth(barCells(context), 2),
  leaves: 7,
  from: 60,
  cell: ttlCell,
};

function ttlCell(row: InstanceRow, context: PaintContext): Span | Spans {
  const gone = goneSpan(row, context);
  if (gone !== null) return gone;
  if (row.instance.lease === null) return span(ownText('no lease'), DIM);
  return ttlBar(context.model.ttlOf(row), context, { cells: barCells(context), mark: 2 });
}

/** `left 12s ago` of one that is only shown for a while yet; null: it is there. */
function goneSpan({ leftAtMs, health }: InstanceRow, { model }: PaintContext): Span | null {
  if (leftAtMs !== null) return span(ownText(`left ${spanText(leftAtMs, model.nowMs)} ago`), DIM);
  return health === 'left' ? span(ownText('left'), DIM) : null;
}

/** The check that is worst, those of the node counted too; null without any. */
export function worstCheck({ checks, nodeChecks }: Instance): Check | null {
  let worst: Check | null = null;
  let rank = Infinity;
  for (const list of [checks, nodeChecks]) {
    for (const check of list) {
      const own = healthStates.indexOf(check.health);
      if (own < rank) [worst, rank] = [check, own];
    }
  }
  return worst;
}

const checkColumn: Column<InstanceRow> = {
  key: 'ttl',
  header: 'CHECK',
  width: 14,
  leaves: 7,
  from: 60,
  cell: (row, context) => {
    const gone = goneSpan(row, context);
    if (gone !== null) return gone;
    const check = worstCheck(row.instance);
    if (check === null) return span(ownText('no check'), DIM);
    const { health } = check;
    return [
      span(glyphOf(health, context.view), stateStyle(health)),
      span(ownText(` ${wordOf(health)}`), health === 'passing' ? PLAIN : stateStyle(health)),
    ];
  },
};

const outputColumn: Column<InstanceRow> = {
  key: 'output',
  header: 'OUTPUT',
  width: 12,
  flex: { share: 3, most: 120 },
  leaves: 4,
  cell: ({ instance }, { ascii }) => {
    const output = worstCheck(instance)?.output.trim() ?? '';
    return output === '' ? NOTHING : span(freeText(output, ascii));
  },
};

const versionColumn: Column<InstanceRow> = {
  key: 'version',
  header: 'VERSION',
  width: 7,
  flex: { share: 1, most: 16 },
  leaves: 2,
  cell: ({ instance }, context) => nameCell(instance.version, context),
};

const zoneColumn: Column<InstanceRow> = {
  key: 'zone',
  header: 'ZONE',
  width: 10,
  flex: { share: 1, most: 20 },
  leaves: 1,
  cell: ({ instance }, context) => nameCell(instance.zone, context),
};

const ageColumn: Column<InstanceRow> = {
  key: 'age',
  header: 'AGE',
  width: 5,
  leaves: 3,
  cell: ({ instance }, { model, isStale }) => {
    const age = ageText(instance.registeredAt, model.nowMs);
    return age === null ? NOTHING : span(ownText(age), isStale ? DIM : PLAIN);
  },
};

const wideColumns: readonly Column<InstanceRow>[] = [
  {
    key: 'weight',
    header: 'WEIGHT',
    width: 6,
    align: 'right',
    leaves: 0.9,
    wide: true,
    cell: ({ instance: { weight } }) => (weight === null ? NOTHING : span(ownText(String(weight)))),
  },
  {
    key: 'layout',
    header: 'LAYOUT',
    width: 8,
    leaves: 0.8,
    wide: true,
    cell: ({ instance }, context) => nameCell(instance.layout, context),
  },
  {
    key: 'lease',
    header: 'LEASE',
    width: 16,
    cut: 'middle',
    leaves: 0.7,
    wide: true,
    cell: ({ instance }, context) => nameCell(instance.lease?.id ?? null, context),
  },
  {
    key: 'tags',
    header: 'TAGS',
    width: 12,
    flex: { share: 1, most: 30 },
    leaves: 0.6,
    wide: true,
    cell: ({ instance }, context) => nameCell(instance.tags.join(','), context),
  },
  {
    key: 'key',
    header: 'KEY',
    width: 20,
    flex: { share: 1, most: 80 },
    cut: 'middle',
    leaves: 0.5,
    wide: true,
    cell: ({ instance }, context) => nameCell(instance.key, context),
  },
];

/** Columns of a list of instances; on a registry with nodes what the worst check says is in place of a TTL. */
export function instanceColumns(options: {
  readonly hasNodes: boolean;
  readonly ofSeveralServices: boolean;
}): readonly Column<InstanceRow>[] {
  const name = options.ofSeveralServices ? fullNameColumn : idColumn;
  const facts = options.hasNodes
    ? [nodeColumn, endpointColumn(21), checkColumn, outputColumn]
    : [endpointColumn(options.ofSeveralServices ? 21 : 24), ttlColumn];
  return [name, wordColumn, ...facts, versionColumn, zoneColumn, ageColumn, ...wideColumns];
}
