import { parseSelector } from '../../discovery/selector.js';
import type { Instance } from '../../model/instance.js';
import type { Row } from '../model/rows.js';
import { searchText } from './row-text.js';

/** What a filter needs to know of rows that stand for several instances. */
export interface FilterContext {
  /** Instances behind a row: its own, those of a service, those on a lease. */
  readonly instancesOf: (row: Row) => Iterable<Instance>;
}

/** A filter that was read, or why it could not be. */
export type FilterResult =
  | { readonly ok: true; readonly matches: (row: Row) => boolean }
  | { readonly ok: false; readonly reason: string };

/** A pattern somebody types must not hold up the screen; longer ones are a paste. */
const LONGEST = 256;

/** Reads `text`, `!text`, `/pattern/` and `-l selector`. */
export function readFilter(typed: string, context: FilterContext): FilterResult {
  const text = typed.trim();
  if (text === '') return { ok: true, matches: () => true };
  if (text.length > LONGEST) return { ok: false, reason: `longer than ${LONGEST} characters` };
  if (text.startsWith('!')) {
    const inner = readFilter(text.slice(1), context);
    return inner.ok && text.length > 1 ? { ok: true, matches: (row) => !inner.matches(row) } : inner;
  }
  if (/^-l(?:\s|$)/.test(text)) return bySelector(text.slice(2).trim(), context);
  if (text.startsWith('/')) return byPattern(text.slice(1).replace(/\/$/, ''));
  const wanted = text.toLowerCase();
  return { ok: true, matches: (row) => searchText(row).includes(wanted) };
}

function bySelector(text: string, { instancesOf }: FilterContext): FilterResult {
  if (text === '') return { ok: true, matches: () => true };
  const selector = parseSelector(text);
  if (!selector.ok) return selector;
  return {
    ok: true,
    matches: (row) => {
      for (const instance of instancesOf(row)) if (selector.matches(instance)) return true;
      return false;
    },
  };
}

function byPattern(text: string): FilterResult {
  if (text === '') return { ok: true, matches: () => true };
  try {
    const pattern = new RegExp(text, 'im');
    return { ok: true, matches: (row) => pattern.test(searchText(row)) };
  } catch {
    return { ok: false, reason: 'no regular expression' };
  }
}

/** Whether a row is one that somebody has to look at. */
export function isProblem(row: Row): boolean {
  switch (row.kind) {
    case 'service':
      return row.health === 'critical' || row.health === 'warning' || row.health === 'unknown';
    case 'instance':
      return row.health === 'critical' || row.health === 'warning' || row.health === 'unknown';
    case 'lease':
      return row.isOverdue || row.health === 'critical' || row.health === 'warning' || row.bound.length === 0;
    case 'finding':
      return row.finding.severity !== 'info';
    case 'event':
      return row.event.type === 'left' || row.event.type === 'stale' || isWorse(row);
  }
}

function isWorse({ event }: Extract<Row, { kind: 'event' }>): boolean {
  return event.type === 'updated' && event.instance.health !== 'passing';
}
