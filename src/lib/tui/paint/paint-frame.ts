import { ownText, safeName, type SafeText } from '../../render/safe-text.js';
import { keyLine } from '../keys/key-table.js';
import type { Area, ChromePart, Frame } from '../model/frame.js';
import type { PaintModel, Prompt } from '../model/paint-model.js';
import { bodyText } from './body-text.js';
import { contextOf, fill, lineIn, type PaintContext } from './context.js';
import { windowOf } from './detail-lines.js';
import { dialogChrome } from './dialogs.js';
import { findingDetail } from './finding-detail.js';
import { identityLine } from './identity-line.js';
import { instanceDetail } from './instance-detail.js';
import { fittingKeys } from './key-line.js';
import { leaseDetail } from './lease-detail.js';
import { span, type Spans } from './line.js';
import { messageLine, partialTexts } from './message-line.js';
import { pathLine } from './path-line.js';
import { panesOf } from './panes.js';
import { isTooSmall, LEAST, regionsOf, wholeSize, type Regions } from './regions.js';
import { hardBreak, nameText, wrapCells } from './shown-text.js';
import { eventLines, findingLines } from './side-panes.js';
import { BOLD, DIM, YELLOW } from './style.js';
import { eventChurn, summaryLines } from './summary-lines.js';
import { paintTable, wholeNumber } from './table.js';
import { tableOf } from './tables.js';

interface Slot {
  readonly area: Area;
  readonly lines: readonly string[];
}

/** One picture of the model. Pure and total: whatever the values and the size. */
export function paintFrame(anyModel: PaintModel): Frame {
  const model = { ...anyModel, size: wholeSize(anyModel.size) };
  const context = contextOf(model);
  if (isTooSmall(model.size)) return tooSmall(context);
  const regions = regionsOf(model.place, model.size);
  if (model.dialog !== null) {
    const chrome = dialogChrome(model.dialog, model.size, model.dress);
    const area = { ...regions.head, height: 1 };
    return { chrome, slots: [{ area, lines: [identityLine(context, area)] }] };
  }
  const slots: Slot[] = [
    { area: regions.head, lines: [identityLine(context, regions.head), pathLine(context, regions.head)] },
    ...bodySlots(regions, context),
  ];
  if (model.prompt === null)
    slots.push({ area: regions.message, lines: [messageLine(context, regions.message)] });
  return {
    chrome: chromeOf(regions, context),
    slots: slots.filter(({ area }) => area.height > 0 && area.width > 0),
  };
}

/** The words are broken wherever they have to be: even a single cell says something. */
function tooSmall(context: PaintContext): Frame {
  const { columns, rows } = context.model.size;
  if (columns === 0 || rows === 0) return { chrome: [], slots: [] };
  const area = { top: 0, left: 0, width: columns, height: rows };
  const text = `${columns}x${rows} is too small, need ${LEAST.columns}x${LEAST.rows}. q quits`;
  const wrapped = wrapCells(ownText(text), columns);
  const lines = wrapped.length <= rows ? wrapped : hardBreak(text, columns).map(ownText);
  return {
    chrome: [],
    slots: [
      {
        area,
        lines: fill(
          context,
          area,
          lines.map((line) => [span(line)]),
        ),
      },
    ],
  };
}

function bodySlots(regions: Regions, context: PaintContext): readonly Slot[] {
  const slots: Slot[] = [];
  const add = (area: Area | null, paint: (area: Area) => readonly string[]): void => {
    if (area !== null && area.height > 0) slots.push({ area, lines: paint(area) });
  };
  add(regions.summary, (area) => summaryLines(context, area));
  add(regions.table, (area) => tableLines(context, area));
  add(regions.detail, (area) => detailLines(context, area));
  add(regions.foot, (area) => footLines(context, area));
  add(regions.findings, (area) => findingLines(context, area));
  add(regions.events, (area) => eventLines(context, area));
  return slots;
}

/** Rows, or why there are none. */
function tableLines(context: PaintContext, area: Area): readonly string[] {
  const { place, identity, table, connection } = context.model;
  const design = tableOf(place, identity.hasNodes);
  if (design === null) return fill(context, area, []);
  if (table.rows.length > 0) return paintTable(design, area, context, notes(context));
  const text = bodyText(context, area.width);
  if (connection.kind === 'failed') return fill(context, area, [[], ...text]);
  return paintTable(design, area, context, [...text, ...notes(context)]);
}

/** What is said below the last row, if there is room. */
function notes(context: PaintContext): readonly Spans[] {
  return [[], ...partialTexts(context).map((text): Spans => [span(ownText(' ')), span(text, YELLOW)])];
}

function detailLines(context: PaintContext, area: Area): readonly string[] {
  const { model } = context;
  const top = model.place.screen === 'instance' ? wholeNumber(model.table.top) : 0;
  return fill(
    context,
    area,
    windowOf(paddedFacts(context, area), area.height, { top, hint: restHint(context) }),
  );
}

/** How to see the lines of a detail that have no room. */
function restHint({ model: { place, table }, glyphs }: PaintContext): string {
  if (place.screen === 'instance') return 'PgDn';
  if (place.screen === 'lease' || place.screen === 'doctor') return 'y shows everything';
  return table.rows.length === 0 ? '' : `${glyphs.enter} shows everything`;
}

/** On a screen of its own there is room for a blank before them. */
function paddedFacts(context: PaintContext, area: Area): readonly Spans[] {
  const lines = factLines(context, area);
  return context.model.place.screen === 'instance' && area.height >= 12 ? [[], ...lines] : lines;
}

/** How far the detail of a screen can be scrolled, in lines; 0: all of it is visible. */
export function mostScroll(anyModel: PaintModel): number {
  const model = { ...anyModel, size: wholeSize(anyModel.size) };
  const { detail } = regionsOf(model.place, model.size);
  if (detail === null || isTooSmall(model.size)) return 0;
  return Math.max(0, paddedFacts(contextOf(model), detail).length - detail.height);
}

function factLines(context: PaintContext, area: Area): readonly Spans[] {
  const { place, detail, lease, table } = context.model;
  switch (place.screen) {
    case 'leases':
    case 'lease':
      return lease === null ? gone(context, area) : leaseDetail(lease, context, area.width);
    case 'doctor': {
      const row = table.rows[table.selected];
      return row?.kind === 'finding' ? findingDetail(row.finding, context, area.width) : [];
    }
    case 'service':
    case 'host': {
      if (detail === null) return [];
      const name = nameText(detail.instance.id, context.ascii);
      return [[span(ownText(` ${name}`), BOLD)], ...instanceDetail(detail, context, area.width)];
    }
    case 'instance':
      return detail === null ? gone(context, area) : instanceDetail(detail, context, area.width);
    case 'services':
    case 'events':
      return [];
  }
}

/** What is looked at is not there, or not yet. */
function gone(context: PaintContext, area: Area): readonly Spans[] {
  const { place, connection } = context.model;
  if (connection.kind === 'failed' || connection.kind === 'loading') return bodyText(context, area.width);
  if (place.screen !== 'instance' && place.screen !== 'lease') return [];
  return [[span(ownText(` ${nameText(place.id, context.ascii)} is gone. esc goes back`))]];
}

function footLines(context: PaintContext, area: Area): readonly string[] {
  const { place, identity } = context.model;
  if (place.screen === 'events') return [lineIn(context, area).all(eventChurn(context)).finish()];
  const note = identity.hasNodes
    ? 'The registry does not tell how much time a TTL check has left.'
    : 'TTL of visible rows is read every few seconds; between reads it is an estimate.';
  return fill(context, area, [[span(ownText(` ${note}`), DIM)]]);
}

/** Nothing here may depend on the registry: it would be laid out anew with each change. */
function chromeOf(regions: Regions, { model, ascii, glyphs }: PaintContext): readonly ChromePart[] {
  const { place, focus, prompt, paused } = model;
  const chrome: ChromePart[] = [
    ...regions.titles.map(({ area, text, pane }): ChromePart => ({
      kind: 'title',
      area,
      text,
      isFocused: pane === focus,
    })),
    ...regions.dividers.map((area): ChromePart => ({ kind: 'divider', area })),
  ];
  if (prompt !== null) chrome.push(promptPart(prompt, regions.message, ascii));
  const keys =
    prompt === null
      ? keyLine(place.screen, {
          ascii,
          isTop: model.isTop,
          hasPanes: panesOf(place, model.size).panes.length > 1,
        }).map((one) => (paused !== null && one.does === 'pause' ? { ...one, does: 'resume' } : one))
      : [
          { key: glyphs.enter, does: prompt.kind === 'filter' ? 'keep' : 'run' },
          { key: 'esc', does: prompt.kind === 'filter' ? 'clear' : 'cancel' },
          ...(prompt.kind === 'command' ? [{ key: 'tab', does: 'complete' }] : []),
        ];
  chrome.push({ kind: 'keys', area: regions.keys, keys: fittingKeys(keys, regions.keys) });
  return chrome;
}

/** Who draws it cuts it: what is typed has to be compared with what Tab would make of it. */
function promptPart({ kind, text, completion, problem }: Prompt, area: Area, ascii: boolean): ChromePart {
  const safe = (value: string): SafeText => safeName(value, { ascii, max: Infinity });
  return {
    kind: 'prompt',
    area,
    label: kind === 'filter' ? '/' : ':',
    text: safe(text),
    completion: safe(completion),
    problem: problem === null ? null : safe(problem),
  };
}
