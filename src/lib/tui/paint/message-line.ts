import { formatInstanceName } from '../../model/instance-name.js';
import { healthStates, type Instance } from '../../model/instance.js';
import { detailText, subjectText } from '../../render/doctor-facts.js';
import { ownText, pasteable, type SafeText } from '../../render/safe-text.js';
import { countText } from '../../render/summary-lines.js';
import { wordOf } from '../../render/view.js';
import type { Area } from '../model/frame.js';
import { hereOnly } from '../model/identity.js';
import type { EventRow, FindingRow, InstanceRow, LeaseRow, Row, ServiceRow } from '../model/rows.js';
import { worstCheck } from './instance-columns.js';
import { lineIn, type PaintContext } from './context.js';
import { eventDetail, eventSubject } from './event-text.js';
import { problemText } from './identity-line.js';
import { leaseName } from './lease-columns.js';
import { span, type Span } from './line.js';
import { churnMinutes } from './service-columns.js';
import { cellsOf, freeText, nameText } from './shown-text.js';
import { sumOfLast } from './sparkline.js';
import { PLAIN, RED, YELLOW, type Style } from './style.js';
import { groupedText, leftSecondsText, spanText } from './times.js';

/** What is said of a row; one that is quiet leaves room for what is said of everything. */
interface Saying {
  readonly text: SafeText;
  readonly isQuiet: boolean;
}

const LEVELS: Readonly<Record<'info' | 'warning' | 'error', Style>> = {
  info: PLAIN,
  warning: YELLOW,
  error: RED,
};

/** The whole name of the selected row and what is wrong with it, and where it stands. */
export function messageLine(context: PaintContext, area: Area): string {
  const position = positionText(context);
  const said = saidSpan(context);
  const right = cellsOf(position);
  return lineIn(context, area)
    .skip(1)
    .cell(said, { width: area.width - 1 - right - (right === 0 ? 0 : 1), align: 'left', cut: 'end' })
    .upTo(area.width - right)
    .put(position)
    .finish();
}

/** `1 of 19`, with the number of marked rows. */
function positionText({ model: { table, place } }: PaintContext): SafeText {
  if (place.screen === 'instance') return ownText('');
  const { selected, rows, marks } = table;
  const count = marks.size === 0 ? 0 : rows.filter(({ key }) => marks.has(key)).length;
  const marked = count === 0 ? '' : `${groupedText(count)} marked`;
  if (!(selected >= 0 && selected < rows.length)) return ownText(marked);
  const position = `${groupedText(selected + 1)} of ${groupedText(rows.length)}`;
  return ownText(marked === '' ? position : `${marked}  ${position}`);
}

function saidSpan(context: PaintContext): Span {
  const { message, paused, place, table, keepEvents } = context.model;
  if (message !== null) return span(freeText(message.text, context.ascii), LEVELS[message.level]);
  if (paused !== null && place.screen === 'events') {
    const events = paused === 1 ? '1 newer event waits' : `${groupedText(paused)} newer events wait`;
    return span(ownText(`paused: ${events}; p to resume (nothing is lost up to ${groupedText(keepEvents)})`));
  }
  const outage = outageText(context);
  if (outage !== null) return span(outage, YELLOW);
  if (place.screen === 'instance') return span(sameAs(context));
  if (place.screen === 'doctor') {
    const unknown = unknownRules(context);
    if (unknown !== null) return span(unknown);
  }
  const row = table.rows[table.selected];
  const saying = row === undefined ? null : sayingOf(row, context);
  if (saying?.isQuiet === false) return span(saying.text);
  const all = sayingOfAll(context);
  if (saying === null) return span(all?.text ?? ownText(''), all?.style ?? PLAIN);
  return all === null
    ? span(saying.text)
    : span(ownText(`${saying.text}${context.glyphs.between}${all.text}`));
}

/** Why the picture is an old one: above all that could be said of a row, which stands there as it was. */
function outageText(context: PaintContext): SafeText | null {
  const { connection, place, table } = context.model;
  const problem = connection.kind === 'stale' ? problemText(context) : null;
  if (problem === null) return null;
  const row = place.screen === 'instance' ? undefined : table.rows[table.selected];
  return row === undefined
    ? problem
    : ownText(`${problem}${context.glyphs.between}${sayingOf(row, context).text}`);
}

/** What is to be said when the selected row has nothing to say. */
function sayingOfAll(context: PaintContext): Span | null {
  const { knownTtls, place, partial } = context.model;
  if (partial.hidden || partial.undecoded > 0) return span(ownText(partialTexts(context).join('; ')), YELLOW);
  const isAboutTtls = place.screen === 'services' || place.screen === 'leases';
  if (knownTtls === null || !isAboutTtls || knownTtls.known >= knownTtls.all) return null;
  return span(ownText(`TTL known for ${groupedText(knownTtls.known)} of ${groupedText(knownTtls.all)}`));
}

/** `some entries hidden by access rules`, `2 entries could not be decoded`. */
export function partialTexts({ model: { partial } }: PaintContext): readonly SafeText[] {
  const texts: SafeText[] = [];
  if (partial.hidden) texts.push(ownText('some entries hidden by access rules'));
  if (partial.undecoded === 1) texts.push(ownText('1 entry could not be decoded: u shows it'));
  if (partial.undecoded > 1)
    texts.push(ownText(`${groupedText(partial.undecoded)} entries could not be decoded: u lists them`));
  return texts;
}

function sayingOf(row: Row, context: PaintContext): Saying {
  switch (row.kind) {
    case 'service':
      return serviceSaying(row, context);
    case 'instance':
      return instanceSaying(row, context);
    case 'lease':
      return leaseSaying(row, context);
    case 'finding':
      return findingSaying(row, context);
    case 'event':
      return eventSaying(row, context);
  }
}

/** `checkout: 1 critical, 1 warning; 3 left and 4 joined in 15 min`. */
function serviceSaying(row: ServiceRow, context: PaintContext): Saying {
  const minutes = churnMinutes(context);
  const [joined, left] = [sumOfLast(row.joined, minutes), sumOfLast(row.left, minutes)];
  const ill = healthStates.filter((state) => state !== 'passing' && row.counts[state] > 0);
  const states = ill.map((state) => `${row.counts[state]} ${wordOf(state)}`).join(', ');
  const changes = [left > 0 ? `${left} left` : '', joined > 0 ? `${joined} joined` : ''].filter(
    (part) => part !== '',
  );
  const moved = changes.length === 0 ? '' : `; ${changes.join(' and ')} in ${minutes} min`;
  const state =
    row.health === 'left' ? 'its last instance has left' : states || `${row.counts.passing} passing`;
  return {
    text: ownText(`${nameText(row.name, context.ascii)}: ${state}${moved}`),
    isQuiet: states === '' && moved === '' && row.health !== 'left',
  };
}

/** `i-7f3a: warning, renewals 4s late`; of several services with the name of its own. */
function instanceSaying(row: InstanceRow, context: PaintContext): Saying {
  const { instance, leftAtMs, health, reason } = row;
  const { ascii, model } = context;
  // One id may stand on several nodes.
  const ownName = instance.node === null ? instance.id : `${instance.id}@${instance.node}`;
  const name = nameText(model.place.screen === 'service' ? ownName : formatInstanceName(instance), ascii);
  if (leftAtMs !== null)
    return { text: ownText(`${name}: left ${spanText(leftAtMs, model.nowMs)} ago`), isQuiet: false };
  const why = health === 'passing' ? '' : (reason ?? checkOutput(instance));
  const because = why === '' ? '' : `, ${freeText(why, ascii)}`;
  return { text: ownText(`${name}: ${wordOf(health)}${because}`), isQuiet: health === 'passing' };
}

function checkOutput(instance: Instance): string {
  return worstCheck(instance)?.output.trim() ?? '';
}

/** `694d8c1f2a3b4c11 ends in 2s unless renewed; 1 key goes with it`. */
function leaseSaying(row: LeaseRow, context: PaintContext): Saying {
  const { ascii, model } = context;
  const name = leaseName(row, ascii);
  if (row.isOverdue)
    return { text: ownText(`${name} is overdue, and the registry still keeps it`), isQuiet: false };
  if (row.leaseKind !== 'lease') {
    const state = row.health === null ? '' : `: ${wordOf(row.health)}`;
    const output = row.output?.trim() ?? '';
    const said = output === '' ? '' : `${state === '' ? ': ' : ', '}${freeText(output, ascii)}`;
    return {
      text: ownText(`${name}${state}${said}`),
      isQuiet: row.health === null || row.health === 'passing',
    };
  }
  const left = (model.ttlOf(row) ?? row.ttl)?.leftSeconds ?? null;
  const end =
    left === null ? ': its time was not read yet' : ` ends in ${leftSecondsText(left)} unless renewed`;
  const count = row.bound.length;
  const goes = count === 1 ? 'goes' : 'go';
  const least = row.knowsBindings ? '' : 'at least ';
  const keys = count === 0 ? '' : `; ${least}${countText(count, 'key')} ${goes} with it`;
  return { text: ownText(`${name}${end}${keys}`), isQuiet: row.health === null || row.health === 'passing' };
}

function findingSaying({ finding }: FindingRow, { view }: PaintContext): Saying {
  return { text: ownText(`${subjectText(finding, view)}: ${detailText(finding, view)}`), isQuiet: false };
}

function eventSaying(row: EventRow, context: PaintContext): Saying {
  const { event } = row;
  const what = `${event.type} ${eventSubject(event, context)}`;
  return { text: ownText(`${what}: ${eventDetail(row, context)}`), isQuiet: false };
}

/** Rules that could not be decided, which is never a pass. */
function unknownRules({ model: { doctor }, ascii }: PaintContext): SafeText | null {
  const unknown = doctor.outcomes.filter(({ status }) => status === 'unknown');
  if (unknown.length === 0) return null;
  const rules = unknown.map(({ rule, reason }) =>
    reason === null ? nameText(rule.id, ascii) : `${nameText(rule.id, ascii)} (${freeText(reason, ascii)})`,
  );
  return ownText(`unknown: ${rules.join(', ')}`);
}

const ASCII = /^[\x20-\x7e]*$/;

/** The command that says the same, where it can be pasted as it is shown. */
function sameAs({ model: { detail, place, identity }, ascii }: PaintContext): SafeText {
  if (place.screen !== 'instance') return ownText('');
  const name =
    detail === null
      ? formatInstanceName({ service: place.service, id: place.id, node: null })
      : formatInstanceName(detail.instance);
  const command =
    detail === null ? null : pasteable(hereOnly(identity)(['sdctl', 'list', name, '-o', 'yaml']));
  if (command === null || (ascii && !ASCII.test(command))) return nameText(name, ascii);
  return ownText(`same as: ${command}`);
}
