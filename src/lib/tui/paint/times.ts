import { formatDuration } from '../../time/duration.js';
import { ownText, type SafeText } from '../../render/safe-text.js';

const two = (value: number): string => String(value).padStart(2, '0');

/** Local wall clock of milliseconds since 1970, `HH:MM:SS`; `--:--:--` for what is no time. */
export function clockOf(ms: number): SafeText {
  const time = new Date(ms);
  if (Number.isNaN(time.getTime())) return ownText('--:--:--');
  return ownText(`${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`);
}

/** The same with milliseconds, for a log. */
export function exactClockOf(ms: number): SafeText {
  const time = new Date(ms);
  if (Number.isNaN(time.getTime())) return ownText('--:--:--.---');
  return ownText(`${clockOf(ms)}.${String(time.getMilliseconds()).padStart(3, '0')}`);
}

/** How long ago, in at most two units: `12s`, `1m 40s`, `3h 5m`; never negative. */
export function spanText(fromMs: number, toMs: number): string {
  const ms = toMs - fromMs;
  // A clock that was set back must not give a negative age.
  return !Number.isFinite(ms) || ms < 1_000 ? '0s' : formatDuration(ms);
}

/** `2.1s` below ten seconds, then as `spanText`: for what is waited for. */
export function waitText(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return '0.0s';
  return ms < 9_950 ? `${(ms / 1_000).toFixed(1)}s` : spanText(0, ms);
}

/** Seconds left in at most four cells: `11s`, `999s`, `16m`, `27h`, `41d`. */
export function leftSecondsText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (!Number.isFinite(whole)) return '-';
  if (whole < 1_000) return `${whole}s`;
  if (whole < 60 * 1_000) return `${Math.floor(whole / 60)}m`;
  if (whole < 3_600 * 1_000) return `${Math.floor(whole / 3_600)}h`;
  return whole < 86_400 * 1_000 ? `${Math.floor(whole / 86_400)}d` : '>999d';
}

/** A count that can be read: `10,000`. */
export function groupedText(count: number): string {
  const digits = String(Math.trunc(count));
  if (count < 1_000 || !/^\d+$/.test(digits)) return digits;
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}
