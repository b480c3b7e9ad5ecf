import { SdctlError } from '../errors.js';
import { parseDuration } from '../time/duration.js';

/** A wrong flag or argument. */
export function usageError(message: string, why?: string, hint?: string): SdctlError {
  return new SdctlError('E_USAGE', message, {
    ...(why === undefined ? {} : { why }),
    ...(hint === undefined ? {} : { hint }),
  });
}

/**
 * Reads a duration flag or variable.
 *
 * @param name as the user wrote it: `--ttl`, `SDCTL_TIMEOUT`
 * @returns milliseconds
 * @throws {SdctlError} E_USAGE with what was probably meant
 */
export function requireDuration(
  name: string,
  text: string,
  limits: { readonly minMs?: number; readonly maxMs?: number } = {},
): number {
  const parsed = parseDuration(text);
  if (!parsed.ok) {
    const hint = parsed.suggestion === null ? `${name} 30s` : `${name} ${parsed.suggestion}`;
    throw usageError(`${name} ${text} ${parsed.reason}`, 'durations are written 500ms, 30s, 5m', hint);
  }
  if (limits.minMs !== undefined && parsed.ms < limits.minMs) {
    throw usageError(
      `${name} ${text} is too short`,
      `at least ${spell(limits.minMs)}`,
      `${name} ${spell(limits.minMs)}`,
    );
  }
  if (limits.maxMs !== undefined && parsed.ms > limits.maxMs) {
    throw usageError(
      `${name} ${text} is too long`,
      `at most ${spell(limits.maxMs)}`,
      `${name} ${spell(limits.maxMs)}`,
    );
  }
  return parsed.ms;
}

function spell(ms: number): string {
  if (ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
}

/**
 * Reads a whole number.
 *
 * @throws {SdctlError} E_USAGE
 */
export function requireInteger(
  name: string,
  text: string,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    const range =
      max === Number.MAX_SAFE_INTEGER
        ? `a whole number, at least ${min}`
        : `a whole number from ${min} to ${max}`;
    throw usageError(`${name} ${text} is not valid`, range, `${name} ${min}`);
  }
  return value;
}
