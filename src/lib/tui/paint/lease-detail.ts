import { kindText } from '../../render/lease-columns.js';
import { secondsText } from '../../render/instance-facts.js';
import { ownText } from '../../render/safe-text.js';
import { countText } from '../../render/summary-lines.js';
import { glyphOf, wordOf } from '../../render/view.js';
import type { LeaseRow } from '../model/rows.js';
import { ttlBar } from './bar.js';
import type { PaintContext } from './context.js';
import { BLANK_LINE, field, guttered } from './detail-lines.js';
import { leaseState, renewedOf } from './lease-columns.js';
import { span, type Spans } from './line.js';
import { nameText } from './shown-text.js';
import { BOLD, DIM, PLAIN, RED, stateStyle } from './style.js';

/** Everything that is known of one lease, TTL check or session, a line each. */
export function leaseDetail(row: LeaseRow, context: PaintContext, width: number): readonly Spans[] {
  const { ascii } = context;
  const lines: Spans[] = [field('lease', span(nameText(row.id, ascii)))];
  if (row.leaseKind !== 'lease') lines.push(field('kind', span(kindText(row.leaseKind))));
  if (row.name !== null && row.name !== '') lines.push(field('name', span(nameText(row.name, ascii))));
  if (row.node !== null) lines.push(field('node', span(nameText(row.node, ascii))));
  lines.push(...stateLines(row, context, width));
  if (row.output !== null && row.output.trim() !== '')
    lines.push(field('output'), ...guttered(row.output, context, 3));
  return [...lines, ...boundLines(row, context)];
}

function stateLines(row: LeaseRow, context: PaintContext, width: number): readonly Spans[] {
  const { model, view } = context;
  const lines: Spans[] = [];
  if (row.health !== null) {
    const state = leaseState(row);
    lines.push(
      field('state', span(glyphOf(state, view), stateStyle(state)), span(ownText(` ${wordOf(state)}`))),
    );
  }
  // A registry that keeps no time has none to show.
  if (model.identity.hasNodes) return lines;
  const ttl = model.ttlOf(row) ?? row.ttl;
  const left = row.isOverdue
    ? [span(ownText('overdue, and still there'), RED)]
    : ttlBar(ttl, context, { cells: Math.max(6, Math.min(24, width - 22)), mark: 2 });
  const granted = ttl?.grantedSeconds ?? null;
  lines.push(
    field('granted', span(ownText(granted === null ? 'unknown' : secondsText(granted)))),
    field('ttl left', ...left),
    field('renewed', span(ownText(row.isRenewed === null ? 'unknown' : renewedOf(row)))),
  );
  return lines;
}

/** Longer lists are shown by `y`. */
const MOST_BOUND = 200;

function boundLines(
  { bound, knowsBindings, isRenewed }: LeaseRow,
  { ascii }: PaintContext,
): readonly Spans[] {
  const unseen = ownText(`what ${bound.length === 0 ? '' : 'else '}hangs on it could not be seen`);
  const nothing = isRenewed === true ? 'nothing hangs on it, yet it is renewed' : 'nothing hangs on it';
  const rest = !knowsBindings ? [unseen] : bound.length === 0 ? [ownText(nothing)] : [];
  return [
    BLANK_LINE,
    [span(ownText(` bound to ${countText(bound.length, 'key')}`), BOLD)],
    ...bound.slice(0, MOST_BOUND).map((name): Spans => [span(ownText('   ')), span(nameText(name, ascii))]),
    ...rest.map((text): Spans => [span(ownText('   ')), span(text, knowsBindings ? PLAIN : DIM)]),
  ];
}
