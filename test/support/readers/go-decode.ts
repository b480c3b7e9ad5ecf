/**
 * `json.Unmarshal` of Go into a value of a known type: a field of the wrong type fails the whole document, a missing
 * one and a null are the zero value, unknown ones are ignored, and names match without regard to case.
 */
import { isJson, rawElements, rawMembers } from './raw-json.js';
import type { JsonValue } from './types.js';

/** Takes the text of a JSON value; throws a `GoDecodeError`. */
export type GoDecoder<T> = (raw: string) => T;

class GoDecodeError extends Error {
  override readonly name = 'GoDecodeError';
}

export const goString: GoDecoder<string> = (raw) => {
  if (raw === 'null') return '';
  if (!raw.startsWith('"')) throw wrongType(raw, 'string');
  return JSON.parse(raw) as string;
};

export const goBool: GoDecoder<boolean> = (raw) => {
  if (raw !== 'true' && raw !== 'false' && raw !== 'null') throw wrongType(raw, 'bool');
  return raw === 'true';
};

/** Unlike JavaScript, Go takes neither `1.0` nor `1e3` for a whole number. */
export const goInt: GoDecoder<number> = (raw) => {
  if (raw === 'null') return 0;
  if (!/^-?\d+$/.test(raw) || !Number.isSafeInteger(Number(raw))) throw wrongType(raw, 'int');
  return Number(raw);
};

export function goUint(bits: number): GoDecoder<number> {
  return (raw) => {
    const value = goInt(raw);
    if (raw.startsWith('-') || value >= 2 ** bits) throw wrongType(raw, `uint${bits}`);
    return value;
  };
}

export const goAny: GoDecoder<JsonValue> = (raw) => JSON.parse(raw) as JsonValue;

export function goList<T>(element: GoDecoder<T>): GoDecoder<readonly T[]> {
  return (raw) => {
    if (raw === 'null') return [];
    const elements = rawElements(raw);
    if (elements === undefined) throw wrongType(raw, 'slice');
    return elements.map(element);
  };
}

export function goMap<T>(value: GoDecoder<T>): GoDecoder<Readonly<Record<string, T>>> {
  return (raw) => {
    if (raw === 'null') return {};
    const members = rawMembers(raw);
    if (members === undefined) throw wrongType(raw, 'map');
    return Object.fromEntries(members.map((member) => [member.key, value(member.value)]));
  };
}

type Struct<F> = { readonly [K in keyof F]: F[K] extends GoDecoder<infer T> ? T : never };

export function goStruct<F extends Readonly<Record<string, GoDecoder<unknown>>>>(
  fields: F,
): GoDecoder<Struct<F>> {
  const names = Object.keys(fields);
  return (raw) => {
    const members = raw === 'null' ? [] : rawMembers(raw);
    if (members === undefined) throw wrongType(raw, 'struct');
    const texts = new Map(names.map((name) => [name, 'null']));
    for (const { key, value } of members) {
      const name = names.find((n) => n === key) ?? names.find((n) => n.toLowerCase() === key.toLowerCase());
      if (name !== undefined) texts.set(name, value);
    }
    const values = Object.entries(fields).map(([name, decode]) => [name, decode(texts.get(name) ?? 'null')]);
    return Object.fromEntries(values) as Struct<F>;
  };
}

export type Unmarshalled<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

export function unmarshal<T>(decode: GoDecoder<T>, text: string): Unmarshalled<T> {
  if (!isJson(text)) return { ok: false, reason: `no JSON: ${text}` };
  try {
    return { ok: true, value: decode(text.trim()) };
  } catch (error) {
    if (error instanceof GoDecodeError) return { ok: false, reason: error.message };
    throw error;
  }
}

function wrongType(raw: string, type: string): GoDecodeError {
  return new GoDecodeError(`cannot unmarshal ${raw} into a ${type}`);
}
