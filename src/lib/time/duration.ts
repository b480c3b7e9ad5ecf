const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/y;

/** A duration that was read, or why it could not be. */
export type DurationResult =
  | { readonly ok: true; readonly ms: number }
  | { readonly ok: false; readonly reason: string; readonly suggestion: string | null };

/**
 * Reads `500ms`, `30s`, `5m`, `1h30m`. A unit is required, because `30` means seconds to one reader and minutes to the next.
 *
 * @returns milliseconds, rounded to whole ones, or the reason and, where there is one, what was probably meant
 */
export function parseDuration(text: string): DurationResult {
  if (/^\d+(\.\d+)?$/.test(text)) return { ok: false, reason: 'has no unit', suggestion: `${text}s` };
  let ms = 0;
  PART.lastIndex = 0;
  let end = 0;
  while (end < text.length) {
    const match = PART.exec(text);
    if (match === null) return { ok: false, reason: 'is not a duration', suggestion: null };
    ms += Number(match[1]) * UNITS_MS[match[2] as keyof typeof UNITS_MS];
    end = PART.lastIndex;
  }
  if (text === '') return { ok: false, reason: 'is empty', suggestion: null };
  if (!Number.isFinite(ms) || ms > 100 * 365 * UNITS_MS.d)
    return { ok: false, reason: 'is too long', suggestion: null };
  return { ok: true, ms: Math.round(ms) };
}

/** For people: `800ms`, `12s`, `1m 40s`, `3h 5m`, `41d`. Two units at most. */
export function formatDuration(ms: number): string {
  const abs = Math.max(0, ms);
  if (abs < 1_000) return `${Math.round(abs)}ms`;
  const seconds = Math.round(abs / 1_000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return join(Math.floor(seconds / 60), 'm', seconds % 60, 's');
  if (seconds < 86_400)
    return join(Math.floor(seconds / 3_600), 'h', Math.floor((seconds % 3_600) / 60), 'm');
  if (seconds < 10 * 86_400)
    return join(Math.floor(seconds / 86_400), 'd', Math.floor((seconds % 86_400) / 3_600), 'h');
  return `${Math.floor(seconds / 86_400)}d`;
}

function join(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit} ${small}${smallUnit}`;
}
