import { glyphOf, shownOrder, wordOf } from '../../render/view.js';
import { countText } from '../../render/summary-lines.js';
import { ownText } from '../../render/safe-text.js';
import type { Area } from '../model/frame.js';
import type { ServiceRow } from '../model/rows.js';
import { fill, lineIn, type PaintContext } from './context.js';
import { cellsOfSpans, span, type Spans } from './line.js';
import { nameText } from './shown-text.js';
import { sparkline, summedBy, sumOfLast } from './sparkline.js';
import { DIM, PLAIN, stateStyle } from './style.js';
import { clockOf } from './times.js';

/** An hour in as many cells. */
const HOUR_CELLS = 30;
const HOUR = 60;

/** How a service is doing: its states, and its churn of an hour; on one line where that has room. */
export function summaryLines(context: PaintContext, area: Area): readonly string[] {
  const { service } = context.model;
  if (service === null) return fill(context, area, []);
  const states = stateSpans(service, context);
  const churn = churnSpans(service, context);
  if (area.height > 1) return fill(context, area, [states, churn]);
  const column = Math.max(cellsOfSpans(states) + 2, area.width - Math.max(65, cellsOfSpans(churn)));
  return [lineIn(context, area).all(states).upTo(column).all(churn).finish()];
}

function stateSpans({ instances, counts, layouts }: ServiceRow, { ascii }: PaintContext): Spans {
  const states = shownOrder.flatMap((state) => {
    const count = counts[state];
    if (count === 0) return [];
    return [
      span(ownText(glyphOf(state, { ascii })), stateStyle(state)),
      span(ownText(` ${count} ${wordOf(state)}  `)),
    ];
  });
  const layout = layouts.length === 0 ? '' : `  layout ${nameText(layouts.join(', '), ascii)}`;
  const head = ` ${countText(instances, 'instance')}${states.length === 0 ? '  ' : ': '}`;
  return [span(ownText(head)), ...states, span(ownText(layout), DIM)];
}

function churnSpans({ churn, joined, left }: ServiceRow, { glyphs }: PaintContext): Spans {
  const [came, went] = [sumOfLast(joined, HOUR), sumOfLast(left, HOUR)];
  const line = sparkline(summedBy(churn, HOUR / HOUR_CELLS), HOUR_CELLS, glyphs);
  const style = came + went === 0 ? DIM : PLAIN;
  return [
    span(ownText(' churn 60 min  '), DIM),
    span(line, style),
    span(ownText(`  ${came} joined, ${went} left`), style),
  ];
}

const MINUTE_MS = 60_000;
/** More events than this in an hour are not counted for a line of thirty cells. */
const MOST_EVENTS = 20_000;

/** Churn of an hour from the events themselves, and when it was worst. */
export function eventChurn({ model, glyphs }: PaintContext): Spans {
  const minutes = new Array<number>(HOUR).fill(0);
  const now = Math.floor(model.nowMs / MINUTE_MS);
  let seen = 0;
  for (const { event, atMs } of model.events) {
    const ago = now - Math.floor(atMs / MINUTE_MS);
    // The newest come first.
    if (ago >= HOUR || (seen += 1) > MOST_EVENTS) break;
    const index = HOUR - 1 - Math.max(0, ago);
    if (event.type === 'joined' || event.type === 'left') minutes[index] = (minutes[index] ?? 0) + 1;
  }
  const most = Math.max(...minutes);
  const oldest = model.events.at(-1);
  const isFull = model.events.length >= model.keepEvents && oldest !== undefined;
  const reach = isFull ? Math.min(HOUR, now - Math.floor(oldest.atMs / MINUTE_MS) + 1) : HOUR;
  const line = sparkline(summedBy(minutes, HOUR / HOUR_CELLS), HOUR_CELLS, glyphs);
  const peak =
    most === 0
      ? 'nothing came or went'
      : `peak ${most}/min at ${clockOf((now - (HOUR - 1 - minutes.lastIndexOf(most))) * MINUTE_MS).slice(0, 5)}`;
  return [
    span(ownText(` churn ${reach} min  `), DIM),
    span(line, most === 0 ? DIM : PLAIN),
    span(ownText(`  ${peak}`), most === 0 ? DIM : PLAIN),
  ];
}
