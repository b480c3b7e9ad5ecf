import { shownKey, type UndecodedEntry } from '../model/instance.js';
import { ownText, safeName, safeText, type SafeText } from './safe-text.js';
import type { View } from './view.js';

/** Which registry an answer comes from. */
export interface Origin {
  /** null: no context, the registry was named by flags or variables. */
  readonly context: string | null;
  readonly backend: string;
}

/** `prod-eu (etcd)`, or only `etcd` without a context. */
export function originText(origin: Origin, view: Pick<View, 'ascii'>): SafeText {
  const backend = safeName(origin.backend, view);
  return origin.context === null ? backend : ownText(`${safeName(origin.context, view)} (${backend})`);
}

/** `1 instance`, `6 instances`. */
export function countText(count: number, noun: string): SafeText {
  return ownText(count === 1 ? `1 ${noun}` : `${count} ${noun}s`);
}

export interface ListCounts {
  /** null: one service was asked for. */
  readonly services: number | null;
  readonly instances: number;
  readonly revision: string;
}

/** The line under a list: `4 services, 24 instances in prod-eu (etcd), rev 48211`. */
export function listSummary(counts: ListCounts, origin: Origin, view: Pick<View, 'ascii'>): SafeText {
  const services = counts.services === null ? '' : `${countText(counts.services, 'service')}, `;
  const what = `${services}${countText(counts.instances, 'instance')}`;
  return ownText(`${what} in ${originText(origin, view)}, rev ${safeName(counts.revision, view)}`);
}

// A prefix full of foreign keys must not flood the screen; documents list all of them.
const SHOWN_UNDECODED = 5;

/** Lines for stderr about entries nobody could read; none when all were read. */
export function undecodedLines(entries: readonly UndecodedEntry[], view: Pick<View, 'ascii'>): SafeText[] {
  if (entries.length === 0) return [];
  const lines = entries.slice(0, SHOWN_UNDECODED).map((entry) => {
    const reason = safeText(entry.reason, view);
    return ownText(`  ${safeName(shownKey(entry), view)}: ${reason} (${entry.sizeBytes} B)`);
  });
  const more = entries.length - lines.length;
  if (more > 0) lines.push(ownText(`  and ${more} more`));
  const head =
    entries.length === 1 ? '1 entry could not be read:' : `${entries.length} entries could not be read:`;
  return [ownText(head), ...lines];
}

/** The line for stderr when access rules hide a part of the registry. */
export function partialLine(origin: Origin, view: Pick<View, 'ascii'>): SafeText {
  return ownText(
    `Incomplete: access rules of ${originText(origin, view)} hide a part of what was asked for.`,
  );
}
