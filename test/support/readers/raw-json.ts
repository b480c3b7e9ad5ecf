/**
 * JSON as it is written. `JSON.parse` moves integer-like keys to the front, drops repeated ones and rounds long
 * numbers; order and exact text are what some checks are about.
 */

export interface RawMember {
  readonly key: string;
  /** Text of the value, without the space around it. */
  readonly value: string;
}

/** Strings whole, brackets and commas one by one: a comma inside a string is none. */
const token = /"(?:[^"\\]|\\.)*"|[{}[\],]|[^"{}[\],]+/g;

/** Members of the object that `text` is, in written order and with repetitions; undefined if it is no JSON object. */
export function rawMembers(text: string): readonly RawMember[] | undefined {
  return partsOf(text, '{')?.map((part) => {
    const key = /^\s*("(?:[^"\\]|\\.)*")\s*:/.exec(part);
    if (key?.[1] === undefined) throw new Error(`no member: ${part}`);
    return { key: JSON.parse(key[1]) as string, value: part.slice(key[0].length).trim() };
  });
}

/** Keys of the object that `text` is, in written order; undefined if it is no JSON object. */
export function rawKeys(text: string): readonly string[] | undefined {
  return rawMembers(text)?.map(({ key }) => key);
}

/** Texts of the elements of the array that `text` is; undefined if it is no JSON array. */
export function rawElements(text: string): readonly string[] | undefined {
  return partsOf(text, '[')?.map((part) => part.trim());
}

/** Text of the member `key`; `null` if there is none, as a missing field and a null read alike in Go. */
export function rawMember(text: string, key: string): string {
  return rawMembers(text)?.findLast((member) => member.key === key)?.value ?? 'null';
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What stands between the commas of the outermost object or array. */
function partsOf(text: string, opening: '{' | '['): string[] | undefined {
  const trimmed = text.trim();
  if (!isJson(text) || !trimmed.startsWith(opening)) return undefined;
  const body = trimmed.slice(1, -1);
  if (body.trim() === '') return [];
  const parts = [''];
  let depth = 0;
  for (const [piece] of body.matchAll(token)) {
    if (piece === '{' || piece === '[') depth += 1;
    if (piece === '}' || piece === ']') depth -= 1;
    if (piece === ',' && depth === 0) parts.push('');
    else parts.push(`${parts.pop() ?? ''}${piece}`);
  }
  return parts;
}
