import { parse, stringify } from 'lossless-json';

/** A JSON object; whole numbers that a JavaScript number cannot hold are bigints. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A digit run that a number may round: lease ids have up to 19 digits. */
const LONG_NUMBER = /\d{16}/;
const WHOLE = /^-?\d+$/;

/** The value of a JSON text, its whole numbers exact; undefined for what is no JSON. Total. */
export function parseJson(text: string): unknown {
  try {
    // The exact parser takes several times as long, and nearly no entry needs it.
    const plain: unknown = JSON.parse(text);
    return LONG_NUMBER.test(text) ? exact(text, plain) : plain;
  } catch {
    return undefined;
  }
}

/** @param plain the same value with rounded numbers, for a text nested deeper than a recursive parser can follow */
function exact(text: string, plain: unknown): unknown {
  try {
    return parse(text, null, { parseNumber: toNumber, onDuplicateKey: ({ newValue }) => newValue });
  } catch {
    return plain;
  }
}

function toNumber(text: string): number | bigint {
  const value = Number(text);
  return WHOLE.test(text) && !Number.isSafeInteger(value) ? BigInt(text) : value;
}

/** A JSON object; null for anything else. */
export function objectOf(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

/** A JSON array; empty for anything else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** A text, even an empty one; null for anything else. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** A finite number, also one written as text; null for anything else. */
export function numberOf(value: unknown): number | null {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'string' || !/^-?\d+(\.\d+)?$/.test(value)) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** A value as text: a text as it is, anything else as compact JSON; null where it is nested too deeply to be written. */
export function valueText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  try {
    return stringify(value) ?? null;
  } catch {
    // JSON is read at any depth, but written by recursion, which a hostile value drives out of the stack.
    return null;
  }
}

/** Shared by all that have none. */
const NONE: Readonly<Record<string, string>> = {};

/**
 * The pairs of an object as texts, without those of some names; empty for what is no object.
 *
 * @returns null where a value cannot be written as text again
 */
export function textMap(
  value: unknown,
  without: ReadonlySet<string> = new Set(),
): Readonly<Record<string, string>> | null {
  const entries = Object.entries(objectOf(value) ?? {});
  if (entries.length === 0) return NONE;
  const pairs: [string, string][] = [];
  for (const [key, item] of entries) {
    if (without.has(key)) continue;
    const text = valueText(item);
    if (text === null) return null;
    pairs.push([key, text]);
  }
  return Object.fromEntries(pairs);
}
