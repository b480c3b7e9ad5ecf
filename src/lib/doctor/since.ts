import type { Evidence, Severity } from '../model/finding.js';
import { formatDuration } from '../time/duration.js';
import type { Examination, History, Verdict } from './types.js';

/** How long something is known to be so: a lower bound, because nobody looked before. */
export interface Since {
  /** RFC 3339 UTC. */
  readonly at: string;
  readonly seconds: number;
}

/** What the state file remembers the maintenance of a whole node by; an instance has `instanceKey`. */
export function nodeHistoryKey(node: string): string {
  return JSON.stringify(['node', node]);
}

/** Since when something was so in every run; null: this run is the first that sees it. */
export function sinceOf(
  { history, takenAtMs }: Examination,
  kind: Parameters<History['since']>[0],
  key: string,
): Since | null {
  const at = history?.since(kind, key) ?? null;
  if (at === null) return null;
  const seconds = (takenAtMs - Date.parse(at)) / 1_000;
  return Number.isFinite(seconds) ? { at, seconds: Math.max(0, seconds) } : null;
}

/** `at least since 2026-03-02T10:00:00Z (3h 5m)`. */
export function sinceText({ at, seconds }: Since): string {
  return `at least since ${at} (${formatDuration(seconds * 1_000)})`;
}

/** The same as evidence; nothing where nothing is known. */
export function sinceEvidence(name: string, since: Since | null): readonly Evidence[] {
  return since === null ? [] : [{ name, value: sinceText(since) }];
}

/** How bad it is that something lasts; null: not bad yet. */
export function severityAfter(
  { seconds }: Since,
  warningSeconds: number,
  errorSeconds: number,
): Severity | null {
  if (seconds >= errorSeconds) return 'error';
  return seconds >= warningSeconds ? 'warning' : null;
}

/** For rules that only earlier runs can decide. */
export function historyVerdict({ history }: Examination): Verdict | null {
  return history === null ? { status: 'skip', reason: 'needs the state file of earlier runs' } : null;
}
