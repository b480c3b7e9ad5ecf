/** How the encoders of the frameworks write JSON: no space, no newline at the end, and each its own escapes. */
import { rawElements, rawMembers } from './raw-json.js';

export interface Dialect {
  /** Spellings of a string; more than one where releases of the encoder differ. */
  readonly spellings: readonly ((text: string) => string)[];
  readonly sortsMaps: boolean;
}

/** As `JSON.stringify`, which since its start has had the short forms of backspace and form feed. */
const short = (text: string): string => JSON.stringify(text);

/** Before Go 1.22 those two were written as numbers. Escapes are matched whole: a backslash of its own takes two. */
const numbered = (text: string): string =>
  short(text).replace(/\\./g, (escape) =>
    escape === '\\b' ? '\\u0008' : escape === '\\f' ? '\\u000c' : escape,
  );

/** JSON that is safe inside HTML and JavaScript, as `json.Marshal` makes it. */
const htmlSafe = (json: string): string =>
  json.replace(
    /[&<>\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** `encoding/json` of Go's library. */
export const standard: Dialect = {
  spellings: [(text) => htmlSafe(short(text)), (text) => htmlSafe(numbered(text))],
  sortsMaps: true,
};

/** The faster encoder that hertz brings. */
export const sonic: Dialect = { spellings: [short, numbered], sortsMaps: false };

/** What the encoder would have written for the value of `raw`, its members left in their order; one per spelling. */
export function encodings(raw: string, dialect: Dialect): readonly string[] {
  return dialect.spellings.map((spell) => encode(raw, spell));
}

function encode(raw: string, spell: (text: string) => string): string {
  const members = rawMembers(raw);
  if (members !== undefined) {
    return `{${members.map(({ key, value }) => `${spell(key)}:${encode(value, spell)}`).join(',')}}`;
  }
  const elements = rawElements(raw);
  if (elements !== undefined) return `[${elements.map((element) => encode(element, spell)).join(',')}]`;
  const text = raw.trim();
  if (text.startsWith('"')) return spell(JSON.parse(text) as string);
  // A whole number is left alone: JavaScript would round a long one.
  return /^-?\d+$/.test(text) ? text : JSON.stringify(JSON.parse(text));
}

/** Order of Go's strings, and of etcd's keys. */
export function byteOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** `url.Values.Encode`: keys sorted, the values of one key in their order. */
export function encodeQuery(pairs: readonly (readonly [string, string])[]): string {
  return pairs
    .toSorted(([a], [b]) => byteOrder(a, b))
    .map(([key, value]) => `${escapeQuery(key)}=${escapeQuery(value)}`)
    .join('&');
}

/** `url.QueryEscape`: all but letters, digits and `-_.~`, and a plus for a space. */
function escapeQuery(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

/** `url.ParseQuery`; undefined where it returns an error. */
export function parseQuery(text: string): readonly (readonly [string, string])[] | undefined {
  if (text.includes(';')) return undefined;
  const pairs = text.split('&').filter((part) => part !== '');
  try {
    return pairs.map((pair) => {
      const [key = '', ...rest] = pair.split('=');
      return [unescapeQuery(key), unescapeQuery(rest.join('='))] as const;
    });
  } catch {
    return undefined;
  }
}

function unescapeQuery(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
