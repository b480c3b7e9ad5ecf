import type { Area } from '../model/frame.js';
import type { PaneName, Place, Size } from '../model/paint-model.js';

/** Below this nothing useful can be shown. */
export const LEAST: Size = { columns: 40, rows: 10 };

export interface TitledRule {
  readonly area: Area;
  readonly text: string;
  readonly pane: PaneName;
}

/** Which cells belong to what. null: there is no room for it, or the place has none. */
export interface Regions {
  /** Identity and path. */
  readonly head: Area;
  /** Facts about everything in the table, above it. */
  readonly summary: Area | null;
  /** With its header. */
  readonly table: Area | null;
  readonly detail: Area | null;
  readonly findings: Area | null;
  readonly events: Area | null;
  /** A remark below the table. */
  readonly foot: Area | null;
  readonly message: Area;
  readonly keys: Area;
  readonly titles: readonly TitledRule[];
  readonly dividers: readonly Area[];
}

export function isTooSmall({ columns, rows }: Size): boolean {
  return !(columns >= LEAST.columns && rows >= LEAST.rows);
}

/** No screen is larger; a size that says so is a mistake of somebody. */
const MOST_CELLS = 2_000;

/** The size in whole cells, whatever was said. */
export function wholeSize({ columns, rows }: Size): Size {
  const whole = (cells: number): number =>
    Number.isFinite(cells) ? Math.max(0, Math.min(MOST_CELLS, Math.trunc(cells))) : 0;
  return { columns: whole(columns), rows: whole(rows) };
}

const HEAD = 2;
/** Message and keys. */
const TAIL = 2;
const TALL = 20;

/** From here on there is room for panes beside and below the table. */
function isWide({ columns, rows }: Size): boolean {
  return columns >= 120 && rows >= 30;
}

/** Where everything of a place stands at a size. */
export function regionsOf(place: Place, anySize: Size): Regions {
  const size = wholeSize(anySize);
  const { columns, rows } = size;
  const row = (top: number, height = 1): Area => ({
    top,
    left: 0,
    width: columns,
    height: Math.max(0, height),
  });
  const blank: Regions = {
    head: row(0, HEAD),
    summary: null,
    table: null,
    detail: null,
    findings: null,
    events: null,
    foot: null,
    message: row(rows - TAIL),
    keys: row(rows - 1),
    titles: [],
    dividers: [],
  };
  const body = row(HEAD, rows - HEAD - TAIL);
  switch (place.screen) {
    case 'services':
      return { ...blank, ...(isWide(size) ? withFindingsAndEvents(body) : { table: body }) };
    case 'service':
      return { ...blank, ...serviceRegions(body, size) };
    case 'host':
      return { ...blank, ...(isWide(size) ? sideBySide(body, 0) : { table: body }) };
    case 'instance':
      return { ...blank, detail: body };
    case 'leases':
      return { ...blank, ...leasesRegions(body, size) };
    case 'lease':
      return { ...blank, ...leaseRegions(body, size) };
    case 'doctor':
      return { ...blank, ...doctorRegions(body, size) };
    case 'events':
      return { ...blank, ...(rows >= 14 ? withFoot(body, 1) : { table: body }) };
  }
}

type Some = Partial<Regions>;

/** Rows that panes below the table take, with their title. */
function lowerRows(body: Area): number {
  return Math.floor((body.height + HEAD + TAIL) / 3);
}

/** The rows above and below a border. */
function split(body: Area, lower: number): readonly [Area, Area] {
  const upper = body.height - lower;
  return [
    { ...body, height: upper },
    { ...body, top: body.top + upper, height: lower },
  ];
}

/** A pane under a title of its own. */
function titled(
  area: Area,
  text: string,
  pane: PaneName,
): { readonly rule: TitledRule; readonly area: Area } {
  return {
    rule: { area: { ...area, height: 1 }, text, pane },
    area: { ...area, top: area.top + 1, height: area.height - 1 },
  };
}

function withFindingsAndEvents(body: Area): Some {
  const [table, lower] = split(body, lowerRows(body));
  const half = Math.floor(lower.width / 2);
  // A blank before its neighbour.
  const findings = titled({ ...lower, width: half - 1 }, 'findings', 'findings');
  // The mark before the next title is a blank already.
  const rule = { ...findings.rule, area: { ...findings.rule.area, width: half } };
  const events = titled({ ...lower, left: half, width: lower.width - half }, 'events', 'events');
  return { table, findings: findings.area, events: events.area, titles: [rule, events.rule] };
}

function withFoot(body: Area, height: number): Some {
  const [table, foot] = split(body, height);
  return { table, foot };
}

function serviceRegions(body: Area, size: Size): Some {
  const summaryRows = size.rows < 16 ? 0 : size.columns >= 120 ? 1 : 2;
  const summary = summaryRows === 0 ? null : { ...body, height: summaryRows };
  const rest = { ...body, top: body.top + summaryRows, height: body.height - summaryRows };
  if (isWide(size)) {
    const [upper, lower] = split(rest, lowerRows(body));
    const events = titled(lower, 'events', 'events');
    const lists = sideBySide(upper, 0);
    return { ...lists, summary, events: events.area, titles: [...(lists.titles ?? []), events.rule] };
  }
  if (size.rows < TALL) return { summary, table: rest };
  const [table, lower] = split(rest, Math.min(14, Math.floor((size.rows - 6) / 2)));
  const events = titled(lower, 'recent events', 'events');
  return { summary, table, events: events.area, titles: [events.rule] };
}

/** The table, and at its right what is selected in it. */
function sideBySide(body: Area, footRows: number): Some {
  const left = Math.max(80, Math.floor(body.width * 0.615));
  const list = { ...body, width: left };
  const [table, foot] = split(list, footRows);
  const right = { ...body, left: left + 1, width: body.width - left - 1 };
  const detail = titled(right, 'detail', 'detail');
  return {
    table,
    foot: footRows === 0 ? null : foot,
    detail: detail.area,
    titles: [detail.rule],
    dividers: [{ ...body, left, width: 1 }],
  };
}

function leasesRegions(body: Area, size: Size): Some {
  const footRows = size.rows >= TALL ? 2 : 0;
  if (isWide(size)) return sideBySide(body, footRows);
  return footRows === 0 ? { table: body } : withFoot(body, footRows);
}

/** What is known of the lease, then the instances that hang on it. */
function leaseRegions(body: Area, { rows }: Size): Some {
  const height = rows >= TALL ? 9 : rows >= 14 ? 4 : 2;
  const [detail, table] = split(body, body.height - height);
  return { detail, table };
}

function doctorRegions(body: Area, { rows }: Size): Some {
  if (rows < TALL) return { table: body };
  const [table, lower] = split(body, Math.floor(rows / 2));
  const detail = titled(lower, 'finding', 'detail');
  return { table, detail: detail.area, titles: [detail.rule] };
}
