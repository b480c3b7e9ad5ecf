import type { Instance, LeaseRef } from '../model/instance.js';
import { formatEndpoint } from '../model/endpoint.js';

const RFC_3339_UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;

/** A time as documents have it, RFC 3339 UTC; null for what is no time. */
export function toUtc(text: string | null): string | null {
  if (text === null) return null;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) return null;
  return RFC_3339_UTC.test(text) ? text : new Date(ms).toISOString();
}

/** Age for people in one unit, counted from an RFC 3339 time: `4m`, `2h`, `41d`; null when the time is unknown. */
export function ageText(since: string | null, nowMs: number): string | null {
  const at = Date.parse(since ?? '');
  if (Number.isNaN(at)) return null;
  // A clock ahead of ours must not give a negative age.
  const seconds = Math.max(0, Math.floor((nowMs - at) / 1_000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** `11s/30s`: left over granted, `-` for what is not known; `no lease` without one. */
export function ttlText(lease: LeaseRef | null): string {
  if (lease === null) return 'no lease';
  const { leftSeconds, ttlSeconds } = lease;
  if (leftSeconds === null && ttlSeconds === null) return '-';
  return `${leftText(leftSeconds)}/${secondsText(ttlSeconds)}`;
}

/** What is left, in whole seconds: a tenth is noise by the time it is read. */
export function leftText(seconds: number | null): string {
  return seconds === null ? '-' : `${Math.max(0, Math.floor(seconds))}s`;
}

/** `11s`, or `-` where unknown. */
export function secondsText(seconds: number | null): string {
  return seconds === null ? '-' : `${Math.round(seconds * 10) / 10}s`;
}

/** The endpoint callers try first; null for an instance without one. */
export function firstEndpoint(instance: Instance): string | null {
  const [first] = instance.endpoints;
  return first === undefined ? null : formatEndpoint(first);
}
