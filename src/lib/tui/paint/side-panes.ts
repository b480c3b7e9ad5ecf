import { detailText, subjectText } from '../../render/doctor-facts.js';
import { ownText } from '../../render/safe-text.js';
import type { Area } from '../model/frame.js';
import type { EventRow, FindingRow } from '../model/rows.js';
import { fill, lineIn, type PaintContext } from './context.js';
import { eventDetail, eventSubject, shortSubject } from './event-text.js';
import { eventMark, severityMark } from './glyphs.js';
import { span } from './line.js';
import { cellsOf, nameText } from './shown-text.js';
import { DIM } from './style.js';
import { clockOf } from './times.js';

/** A pane that is narrower than this has no room for signs, nor for what is said twice. */
const ROOMY = 78;
const SUBJECT = { least: 12, most: 32 };

/** Cells for the subjects of the lines that are visible. */
function subjectCells(subjects: readonly string[]): number {
  const widest = subjects.reduce((most, text) => Math.max(most, cellsOf(text)), 0);
  return Math.max(SUBJECT.least, Math.min(SUBJECT.most, widest));
}

/** The last events, the newest first. */
export function eventLines(context: PaintContext, area: Area): readonly string[] {
  const { events, place } = context.model;
  const visible = events.slice(0, area.height);
  if (visible.length === 0) return fill(context, area, [[span(ownText(' nothing has happened yet'), DIM)]]);
  const isOfOne = place.screen === 'service' && area.width < 100;
  const subjects = visible.map(({ event }) => (isOfOne ? shortSubject : eventSubject)(event, context));
  const cells = isOfOne ? Math.min(24, Math.max(6, ...subjects.map(cellsOf))) : subjectCells(subjects);
  const lines = visible.map((row: EventRow, index) => {
    const { event, atMs } = row;
    const [mark, style] = eventMark(event.type);
    const line = lineIn(context, area).skip(1);
    if (area.width >= ROOMY && !isOfOne) line.put(mark, style).skip(1);
    return line
      .put(clockOf(atMs))
      .skip(2)
      .cell(span(ownText(event.type), style), { width: 7, align: 'left', cut: 'end' })
      .skip(2)
      .cell(span(subjects[index] ?? ownText('-')), { width: cells, align: 'left', cut: 'middle' })
      .skip(2)
      .put(eventDetail(row, context))
      .finish();
  });
  return filledUp(lines, context, area);
}

/** The worst findings of the doctor's last run. */
export function findingLines(context: PaintContext, area: Area): readonly string[] {
  const { doctor } = context.model;
  const visible = doctor.findings.slice(0, area.height);
  if (visible.length === 0) return fill(context, area, [[span(ownText(` ${noFindings(context)}`), DIM)]]);
  const subjects = visible.map(({ finding }) => subjectText(finding, context.view));
  const cells = subjectCells(subjects);
  const lines = visible.map(({ finding }: FindingRow, index) => {
    const [mark, style] = severityMark(finding.severity, context.ascii);
    return lineIn(context, area)
      .skip(1)
      .put(mark, style)
      .skip(1)
      .cell(span(nameText(finding.rule.id, context.ascii)), { width: 5, align: 'left', cut: 'end' })
      .skip(2)
      .cell(span(subjects[index] ?? ownText('-')), { width: cells, align: 'left', cut: 'middle' })
      .skip(2)
      .put(detailText(finding, context.view))
      .finish();
  });
  return filledUp(lines, context, area);
}

function noFindings({ model: { doctor } }: PaintContext): string {
  switch (doctor.state) {
    case 'never':
      return 'the doctor has not run yet: 4 goes there';
    case 'running':
      return 'the doctor is looking';
    case 'failed':
      return 'the doctor could not look: 4 says why';
    case 'done':
      return 'nothing found';
  }
}

function filledUp(lines: string[], context: PaintContext, area: Area): readonly string[] {
  while (lines.length < area.height) lines.push(lineIn(context, area).finish());
  return lines;
}
