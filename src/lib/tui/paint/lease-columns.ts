import { formatLeaseName } from '../../model/lease-name.js';
import { secondsText } from '../../render/instance-facts.js';
import { kindText } from '../../render/lease-columns.js';
import { ownText, type SafeText } from '../../render/safe-text.js';
import { glyphOf, wordOf, type ShownState } from '../../render/view.js';
import type { LeaseRow } from '../model/rows.js';
import { barWidth, ttlBar } from './bar.js';
import type { Column } from './column.js';
import type { PaintContext } from './context.js';
import { span, type Span, type Spans } from './line.js';
import { freeText, nameText } from './shown-text.js';
import { DIM, PLAIN, RED, stateStyle } from './style.js';

const BAR = 12;
const NOTHING = span(ownText('-'), DIM);

/** A lease as it is named on the command line. */
export function leaseName({ leaseKind, id, node }: LeaseRow, ascii: boolean): SafeText {
  return nameText(formatLeaseName({ kind: leaseKind, id, node }), ascii);
}

/** The state that the sign of a lease shows. */
export function leaseState({ isOverdue, health }: LeaseRow): ShownState {
  return isOverdue ? 'critical' : (health ?? 'unknown');
}

/** `payments/i-39, 2 more`; `nothing, yet renewed`; `-` where nobody knows. */
function boundText({ bound, knowsBindings, isRenewed }: LeaseRow, ascii: boolean): SafeText {
  const [first] = bound;
  if (first === undefined) {
    if (!knowsBindings) return ownText('-');
    return ownText(isRenewed === true ? 'nothing, yet renewed' : 'nothing');
  }
  const more = bound.length === 1 ? '' : `, ${bound.length - 1} more`;
  return ownText(`${nameText(first, ascii)}${more}`);
}

const idColumn: Column<LeaseRow> = {
  key: 'lease',
  header: 'LEASE',
  // The whole of an id of etcd.
  width: 16,
  flex: { share: 1, most: 40 },
  cut: 'middle',
  cell: (row, { ascii }) => span(nameText(row.id, ascii)),
};

const wordColumn: Column<LeaseRow> = {
  key: 'word',
  header: 'STATE',
  width: 8,
  leaves: 1,
  from: 0,
  below: 60,
  cell: (row) => {
    const state = leaseState(row);
    return span(wordOf(state), stateStyle(state));
  },
};

const ttlColumn: Column<LeaseRow> = {
  key: 'ttl',
  header: 'TTL LEFT',
  width: barWidth(BAR, 2),
  leaves: 6,
  from: 60,
  cell: ttlCell,
};

function ttlCell(row: LeaseRow, context: PaintContext): Span | Spans {
  const { model } = context;
  if (row.isOverdue) return span(ownText('overdue !'), RED);
  return ttlBar(model.ttlOf(row) ?? row.ttl, context, { cells: BAR, mark: 2 });
}

const grantedColumn: Column<LeaseRow> = {
  key: 'granted',
  header: 'GRANTED',
  width: 7,
  align: 'right',
  leaves: 3,
  cell: ({ ttl }) => span(ownText(secondsText(ttl?.grantedSeconds ?? null))),
};

const keysColumn: Column<LeaseRow> = {
  key: 'keys',
  header: 'KEYS',
  width: 4,
  align: 'right',
  leaves: 4,
  from: 60,
  cell: ({ bound, knowsBindings }) =>
    knowsBindings || bound.length > 0 ? span(ownText(`${bound.length}${knowsBindings ? '' : '+'}`)) : NOTHING,
};

const boundColumn: Column<LeaseRow> = {
  key: 'bound',
  header: 'BOUND TO',
  width: 21,
  flex: { share: 8, most: 80 },
  leaves: 5,
  from: 60,
  cell: (row, { ascii }) => span(boundText(row, ascii), row.bound.length === 0 ? DIM : PLAIN),
};

const renewedColumn: Column<LeaseRow> = {
  key: 'renewed',
  header: 'RENEWED',
  width: 7,
  leaves: 1,
  wide: true,
  cell: (row) => span(renewedOf(row)),
};

/** `yes`, `no`, `-`. */
export function renewedOf({ isRenewed }: LeaseRow): SafeText {
  return ownText(isRenewed === null ? '-' : isRenewed ? 'yes' : 'no');
}

const kindColumn: Column<LeaseRow> = {
  key: 'kind',
  header: 'KIND',
  width: 9,
  leaves: 2,
  from: 60,
  cell: ({ leaseKind }) => span(kindText(leaseKind)),
};

const nodeColumn: Column<LeaseRow> = {
  key: 'node',
  header: 'NODE',
  width: 10,
  flex: { share: 1, most: 24 },
  leaves: 3,
  from: 60,
  cell: ({ node }, { ascii }) => (node === null ? NOTHING : span(nameText(node, ascii))),
};

const stateColumn: Column<LeaseRow> = {
  key: 'state',
  header: 'STATE',
  width: 10,
  leaves: 6,
  from: 60,
  cell: ({ health }, context) => {
    if (health === null) return NOTHING;
    return [
      span(glyphOf(health, context.view), stateStyle(health)),
      span(ownText(` ${wordOf(health)}`), health === 'passing' ? PLAIN : stateStyle(health)),
    ];
  },
};

const outputColumn: Column<LeaseRow> = {
  key: 'output',
  header: 'OUTPUT',
  width: 12,
  flex: { share: 2, most: 100 },
  leaves: 4,
  from: 60,
  cell: ({ output }, { ascii }) => {
    const text = output?.trim() ?? '';
    return text === '' ? NOTHING : span(freeText(text, ascii));
  },
};

/** Columns of the leases; on a registry with nodes those of TTL checks and sessions. */
export function leaseColumns(hasNodes: boolean): readonly Column<LeaseRow>[] {
  return hasNodes
    ? [idColumn, wordColumn, kindColumn, nodeColumn, stateColumn, outputColumn, { ...boundColumn, leaves: 1 }]
    : [idColumn, wordColumn, ttlColumn, grantedColumn, keysColumn, boundColumn, renewedColumn];
}
