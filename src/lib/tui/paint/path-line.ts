import { glyphOf } from '../../render/view.js';
import { ownText, type SafeText } from '../../render/safe-text.js';
import type { Area } from '../model/frame.js';
import type { PaintModel } from '../model/paint-model.js';
import { lineIn, type PaintContext } from './context.js';
import { severityMark } from './glyphs.js';
import { cellsOfSpans, span, type Span, type Spans } from './line.js';
import { nameText } from './shown-text.js';
import { BOLD, DIM, PLAIN, stateStyle, YELLOW } from './style.js';
import { clockOf, groupedText, spanText } from './times.js';

/** The path keeps so large a part of the line. */
const LEAST_SHARE = 5;

/** Where one is, and what narrows and orders the table; the less useful part goes when cells are short. */
export function pathLine(context: PaintContext, area: Area): string {
  const path = pathSpans(context);
  const facts = factSpans(context);
  const forms = [...tableForms(context)];
  let left: Spans = path;
  let right: Spans = forms.at(-1) ?? [];
  choice: for (const form of forms) {
    for (const extra of [facts, facts.slice(0, 1), []]) {
      left = [...path, ...extra.flat()];
      right = form;
      if (cellsOfSpans(left) + 2 + cellsOfSpans(right) <= area.width) break choice;
    }
  }
  // A very long filter must not hide where one is.
  const least = Math.min(cellsOfSpans(path) + 1, Math.floor(area.width / LEAST_SHARE));
  const rightCells = Math.min(cellsOfSpans(right), area.width - least);
  const leftRoom = Math.max(0, area.width - rightCells - (rightCells === 0 ? 0 : 1));
  // The left part is cut for its own room, so that it cannot push the filter out.
  const line = lineIn(context, area);
  return line
    .cell(left, { width: leftRoom, align: 'left', cut: 'end' })
    .upTo(area.width - rightCells)
    .cell(right, { width: rightCells, align: 'left', cut: 'end' })
    .finish();
}

/** `services › checkout`, with how many there are. */
function pathSpans(context: PaintContext): Spans {
  const { model, glyphs, ascii } = context;
  const { place, table } = model;
  const step = (name: string): readonly Span[] => [
    span(glyphs.below, DIM),
    span(nameText(name, ascii), BOLD),
  ];
  switch (place.screen) {
    case 'services':
      return [span(ownText(isKnown(model) ? ` services (${countText(table)})` : ' services'), BOLD)];
    case 'service':
      return [span(ownText(' services')), ...step(place.name), ...shownOf(table)];
    case 'instance':
      return [
        span(ownText(' services')),
        span(glyphs.below, DIM),
        span(nameText(place.service, ascii)),
        ...step(place.id),
      ];
    case 'host':
      return [span(ownText(' host')), ...step(place.host), span(ownText(` (${countText(table)})`))];
    case 'leases':
      return [span(ownText(isKnown(model) ? ` leases (${countText(table)})` : ' leases'), BOLD)];
    case 'lease':
      return [span(ownText(' leases')), ...step(place.id), ...shownOf(table)];
    case 'doctor':
      return [span(ownText(' doctor'), BOLD), ...shownOf(table), ...doctorCounts(context)];
    case 'events':
      return eventsPath(context, place.of);
  }
}

/** Before anything was read, no number is true. */
function isKnown({ connection, isReading, table }: PaintModel): boolean {
  return connection.kind !== 'loading' && connection.kind !== 'failed' && (!isReading || table.total > 0);
}

function eventsPath({ model, ascii, glyphs }: PaintContext, of: string | null): Spans {
  const { table, keepEvents } = model;
  const kept = `last ${groupedText(keepEvents)} kept`;
  const count = table.rows.length === table.total ? kept : `${countText(table)}, ${kept}`;
  const path = of === null ? [] : [span(glyphs.below, DIM), span(nameText(of, ascii), BOLD)];
  return [span(ownText(' events'), BOLD), ...path, span(ownText(` (${count})`))];
}

/** `19`, or `5 shown of 61`. */
function countText({ rows, total }: PaintModel['table']): string {
  return rows.length === total
    ? groupedText(total)
    : `${groupedText(rows.length)} shown of ${groupedText(total)}`;
}

/** The same where the number alone is said elsewhere. */
function shownOf(table: PaintModel['table']): readonly Span[] {
  return table.rows.length === table.total ? [] : [span(ownText(` (${countText(table)})`))];
}

/** What else is known of the place: the first part is the most useful. */
function factSpans(context: PaintContext): readonly Spans[] {
  const { model, glyphs, ascii } = context;
  const { screen } = model.place;
  if (!isKnown(model)) return [];
  if (screen === 'services') {
    const { instances, critical, warning } = model.totals;
    const between = span(glyphs.between, DIM);
    const states = (['critical', 'warning'] as const).flatMap((state) => {
      const count = state === 'critical' ? critical : warning;
      if (count === 0) return [];
      return [
        span(ownText('  ')),
        span(glyphOf(state, { ascii }), stateStyle(state)),
        span(ownText(` ${groupedText(count)}`)),
      ];
    });
    const only = model.only === null ? [] : [[between, span(ownText(`only ${nameText(model.only, ascii)}`))]];
    return [
      ...incomplete(context),
      ...only,
      [between, span(ownText(`instances ${groupedText(instances)}`))],
      ...(states.length === 0 ? [] : [[between, ...states.slice(1)]]),
    ];
  }
  return incomplete(context);
}

/** That the table is not all there is stays in sight, whatever else is said. */
function incomplete({ model: { partial }, glyphs }: PaintContext): readonly Spans[] {
  if (!partial.hidden && partial.undecoded === 0) return [];
  return [[span(glyphs.between, DIM), span(ownText('! incomplete'), YELLOW)]];
}

function doctorCounts({ model: { doctor }, ascii }: PaintContext): Spans {
  const counting = doctor.findings.filter(({ finding }) => finding.suppression === null);
  const passed = doctor.outcomes.filter(({ status }) => status === 'pass').length;
  const severities = (['error', 'warning', 'info'] as const).flatMap((severity) => {
    const count = counting.filter(({ finding }) => finding.severity === severity).length;
    if (count === 0) return [];
    const [glyph, style] = severityMark(severity, ascii);
    return [span(ownText('  ')), span(glyph, style), span(ownText(` ${count} ${severity}`))];
  });
  if (doctor.ranAtMs === null) return severities;
  const passing = span(glyphOf('passing', { ascii }), stateStyle('passing'));
  return [...severities, span(ownText('  ')), passing, span(ownText(` ${passed} passed`))];
}

/** What narrows and orders the table, from everything to what must be seen: an active filter. */
function* tableForms(context: PaintContext): Generator<Spans> {
  const { place, table, dress } = context.model;
  if (place.screen === 'instance') {
    yield [];
    return;
  }
  const run = place.screen === 'doctor' ? runSpans(context) : [];
  const filter = filterSpans(context);
  const isFiltered = table.filter !== '' || table.problemsOnly || table.narrowed !== '';
  const sort = isOwnOrder(place.screen, table.sort) ? [] : sortSpans(context);
  const wide = dress.wide ? [span(ownText('   wide'), DIM)] : [];
  const parts = place.screen === 'doctor' && !isFiltered ? run : [...run, ...gapBefore(run), ...filter];
  yield [...parts, ...sort, ...wide];
  yield [...parts, ...sort];
  yield parts;
  yield isFiltered ? filter : [];
}

/** The order that these have by themselves goes without saying. */
function isOwnOrder(
  screen: PaintModel['place']['screen'],
  { column, descending }: PaintModel['table']['sort'],
): boolean {
  return (
    (screen === 'events' && column === 'time' && descending) ||
    (screen === 'doctor' && column === 'severity' && !descending)
  );
}

function gapBefore(spans: Spans): Spans {
  return spans.length === 0 ? [] : [span(ownText('   '))];
}

function filterSpans({ model: { place, table }, ascii }: PaintContext): Spans {
  const { filter, problemsOnly } = table;
  const shown: SafeText = filter === '' ? ownText('none') : nameText(filter, ascii);
  const style = filter === '' ? PLAIN : BOLD | YELLOW;
  return [
    span(ownText('/ filter: '), filter === '' ? DIM : PLAIN),
    span(shown, filter === '' ? DIM : style),
    ...(problemsOnly ? [span(ownText('   only problems'), BOLD | YELLOW)] : []),
    ...narrowedSpans(place, table, ascii),
  ];
}

/** `types: all` of the event log; the least severity of the doctor's findings where not all are shown. */
function narrowedSpans(
  { screen }: PaintModel['place'],
  { narrowed }: PaintModel['table'],
  ascii: boolean,
): Spans {
  if (screen === 'events') {
    const isAll = narrowed === '';
    const label = span(ownText('   types: '), isAll ? DIM : PLAIN);
    return [label, isAll ? span(ownText('all'), DIM) : span(nameText(narrowed, ascii), BOLD | YELLOW)];
  }
  if (narrowed === '') return [];
  return [span(ownText('   severity: ')), span(nameText(narrowed, ascii), BOLD | YELLOW)];
}

function sortSpans({ model: { table, place, identity }, ascii, glyphs }: PaintContext): Spans {
  const { column: own, descending } = table.sort;
  if (own === '') return [];
  // Checks have no time that is left: the order goes by what they say.
  const column = own === 'ttl' && place.screen === 'leases' && identity.hasNodes ? 'state' : own;
  return [
    span(ownText('   sort: '), DIM),
    span(nameText(column, ascii)),
    span(ownText(` ${descending ? glyphs.descending : glyphs.ascending}`)),
  ];
}

function runSpans({ model }: PaintContext): Spans {
  const { state, ranAtMs } = model.doctor;
  const ran = ranAtMs === null ? '' : `run ${clockOf(ranAtMs)}, ${spanText(ranAtMs, model.nowMs)} ago`;
  switch (state) {
    case 'never':
      return [span(ownText('not run yet'), DIM)];
    case 'running':
      return [span(ownText(ran === '' ? 'running' : `running; last ${ran}`), BOLD)];
    case 'failed':
      return [span(ownText(ran === '' ? 'failed' : `failed; last ${ran}`), BOLD | YELLOW)];
    case 'done':
      return [span(ownText(ran))];
  }
}
