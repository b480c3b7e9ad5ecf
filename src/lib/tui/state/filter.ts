import { globMatcher, parseSelector } from '../../discovery/selector.js';
import type { Instance } from '../../model/instance.js';
import type { Row } from '../model/rows.js';
import { namesOf, searchText } from './row-text.js';

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

const everything: FilterResult = { ok: true, matches: () => true };

/** Reads `text`, `!text`, `name*`, `/pattern/` and `-l selector`, the last one also behind one of the others. */
export function readFilter(typed: string, context: FilterContext): FilterResult {
  const text = typed.trim();
  if (text === '') return everything;
  if (text.length > LONGEST) return { ok: false, reason: `longer than ${LONGEST} characters` };
  if (text.startsWith('!')) {
    const inner = readFilter(text.slice(1), context);
    // What is not finished yet hides nothing.
    return inner.ok && inner !== everything ? { ok: true, matches: (row) => !inner.matches(row) } : inner;
  }
  const both = /^(?!-l(?:\s|$))(\S.*?)\s+(-l(?:\s.*)?)$/s.exec(text);
  if (both !== null) return allOf([readFilter(both[1] ?? '', context), readFilter(both[2] ?? '', context)]);
  if (/^-l(?:\s|$)/.test(text)) return bySelector(text.slice(2).trim(), context);
  if (text.startsWith('/')) return byPattern(patternOf(text));
  const wanted = text.toLowerCase();
  // As on the command line: a pattern is for whole names.
  if (wanted.includes('*')) {
    const matches = globMatcher(wanted);
    return { ok: true, matches: (row) => namesOf(row).some((name) => matches(name.toLowerCase())) };
  }
  return { ok: true, matches: (row) => searchText(row).includes(wanted) };
}

/** Whether something is wrong with what was typed. */
export function isReadable(typed: string): boolean {
  return readFilter(typed, { instancesOf: () => [] }).ok;
}

function allOf(filters: readonly FilterResult[]): FilterResult {
  const read = filters.flatMap((one) => (one.ok ? [one] : []));
  const failed = filters.find((one) => !one.ok);
  return failed ?? { ok: true, matches: (row) => read.every(({ matches }) => matches(row)) };
}

/** `/re/` without its slashes; the last one may be missing yet, and one behind a backslash is not the last one. */
function patternOf(text: string): string {
  return /^\/((?:[^\\]|\\.)*?)\/?$/s.exec(text)?.[1] ?? text.slice(1);
}

function bySelector(text: string, { instancesOf }: FilterContext): FilterResult {
  if (text === '') return everything;
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
  if (text === '') return everything;
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
      return row.isOverdue || row.health === 'critical' || row.health === 'warning' || isUnbound(row);
    case 'finding':
      return row.finding.severity !== 'info';
    case 'event':
      return row.event.type === 'left' || row.event.type === 'stale' || isWorse(row);
  }
}

/** What hangs on a lease of somebody else is not known, and no problem. */
function isUnbound({ bound, knowsBindings }: Extract<Row, { kind: 'lease' }>): boolean {
  return knowsBindings && bound.length === 0;
}

function isWorse({ event }: Extract<Row, { kind: 'event' }>): boolean {
  return event.type === 'updated' && event.instance.health !== 'passing';
}
