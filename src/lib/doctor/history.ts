import { compareText } from '../model/instance.js';
import { toRfc3339 } from '../time/clock.js';
import type { History } from './types.js';

/** What the state file remembers. */
export type HistoryKind = Parameters<History['since']>[0];
const historyKinds = [
  'critical',
  'maintenance',
  'healthy',
  'finding',
] as const satisfies readonly HistoryKind[];

/** Since when something is so, and what it belongs to. */
interface Remembered {
  /** RFC 3339 UTC. */
  readonly since: string;
  /** The rule of a finding, the service of everything else. Untrusted text. */
  readonly of: string;
}

type Kinds = Readonly<Record<HistoryKind, Map<string, Remembered>>>;

/** What earlier runs on one registry knew. */
export interface HistoryState {
  /** RFC 3339 UTC; null: there was none. */
  readonly firstRun: string | null;
  readonly kinds: Readonly<Record<HistoryKind, ReadonlyMap<string, Remembered>>>;
}

function eachKind(make: (kind: HistoryKind) => Map<string, Remembered>): Kinds {
  return {
    critical: make('critical'),
    maintenance: make('maintenance'),
    healthy: make('healthy'),
    finding: make('finding'),
  };
}

/** Something that is so now. */
export interface Observed {
  readonly kind: HistoryKind;
  readonly key: string;
  readonly of: string;
}

/** Before the first run. */
export const noHistory: HistoryState = {
  firstRun: null,
  kinds: eachKind(() => new Map()),
};

/** What rules may ask of it. */
export function historyOf({ firstRun, kinds }: HistoryState): History {
  return { firstRun, since: (kind, key) => kinds[kind].get(key)?.since ?? null };
}

/**
 * What the next run has to know: what is so now with the time since when it was so in every run, and what this run could
 * not judge as it was. Everything else is forgotten.
 *
 * @param judges whether this run would have seen something of that kind, of that rule or service
 */
export function nextHistory(
  old: HistoryState,
  observed: Iterable<Observed>,
  { nowMs, judges }: { readonly nowMs: number; readonly judges: (kind: HistoryKind, of: string) => boolean },
): HistoryState {
  const now = toRfc3339(nowMs);
  const kinds = eachKind((kind) => new Map([...old.kinds[kind]].filter(([, { of }]) => !judges(kind, of))));
  for (const { kind, key, of } of observed)
    kinds[kind].set(key, { since: old.kinds[kind].get(key)?.since ?? now, of });
  return { firstRun: old.firstRun ?? now, kinds };
}

const HEAD = { apiVersion: 'sdctl/v1', kind: 'DoctorState' } as const;

/** The text of a state file; ends with a newline. Lists in place of objects, because a key may be any text. */
export function formatHistory({ firstRun, kinds }: HistoryState, registry: string): string {
  const seen = historyKinds.flatMap((kind) =>
    [...kinds[kind]]
      .map(([key, { since, of }]) => [kind, key, since, of] as const)
      .sort((a, b) => compareText(a[1], b[1])),
  );
  return `${JSON.stringify({ ...HEAD, registry, firstRun, seen })}\n`;
}

/** A state that was read, or why it is none. */
export type ParsedHistory =
  { readonly ok: true; readonly state: HistoryState } | { readonly ok: false; readonly why: string };

/**
 * Reads the text of a state file; never trusts it. What it says of the future, after a clock was set back, is left out.
 *
 * @param registry whose file it has to be
 */
export function parseHistory(text: string, registry: string, nowMs: number): ParsedHistory {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { ok: false, why: 'it is not JSON' };
  }
  if (typeof raw !== 'object' || raw === null) return { ok: false, why: 'it is no state of doctor' };
  const file = raw as Readonly<Record<string, unknown>>;
  if (file['apiVersion'] !== HEAD.apiVersion || file['kind'] !== HEAD.kind || !Array.isArray(file['seen']))
    return { ok: false, why: 'it is no state of doctor' };
  if (file['registry'] !== registry) return { ok: false, why: 'it is of another registry' };
  const kinds = readSeen(file['seen'], nowMs);
  if (kinds === null) return { ok: false, why: 'an entry of it has another form' };
  const firstRun = isPastTime(file['firstRun'], nowMs) ? file['firstRun'] : null;
  return { ok: true, state: { firstRun, kinds } };
}

/** @returns null when one of them has another form */
function readSeen(seen: readonly unknown[], nowMs: number): Kinds | null {
  const kinds = eachKind(() => new Map());
  for (const entry of seen) {
    if (!Array.isArray(entry) || entry.length !== 4) return null;
    const [name, key, since, of] = entry as readonly unknown[];
    const kind = historyKinds.find((known) => known === name);
    if (kind === undefined || typeof key !== 'string' || typeof of !== 'string') return null;
    if (isPastTime(since, nowMs)) kinds[kind].set(key, { since, of });
  }
  return kinds;
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;

function isPastTime(value: unknown, nowMs: number): value is string {
  return typeof value === 'string' && RFC_3339.test(value) && Date.parse(value) <= nowMs;
}
