import { escapeField } from './safe-text.js';

/** A value of a tab-separated field. Unknown is null, written as nothing. */
export type FieldValue = string | number | boolean | null | readonly string[];

/** A tab-separated column: fixed name, full value. */
export interface Field<Row> {
  readonly key: string;
  readonly value: (row: Row) => FieldValue;
  /** What to sort by where that is not the value: a rank, lowest first. */
  readonly rank?: (row: Row) => number;
}

/** Names in a `--fields` list: the columns in the order asked for, or the names nobody knows. */
export type FieldChoice<Row> =
  | { readonly ok: true; readonly fields: readonly Field<Row>[] }
  | { readonly ok: false; readonly unknown: readonly string[]; readonly valid: readonly string[] };

/** Picks fields by name. */
export function chooseFields<Row>(fields: readonly Field<Row>[], names: readonly string[]): FieldChoice<Row> {
  const byName = new Map(fields.map((field) => [field.key, field]));
  const unknown = names.filter((name) => !byName.has(name));
  if (unknown.length > 0) return { ok: false, unknown, valid: [...byName.keys()] };
  return { ok: true, fields: names.flatMap((name) => byName.get(name) ?? []) };
}

/**
 * Tab-separated rows: full values, every unsafe character and the backslash escaped, so exactly one tab less than
 * fields in every line. The parts of a list are joined by commas, a comma inside a part being `\x2c`.
 *
 * @returns lines, each ended by a newline; with `headers` the names first
 */
export function renderTsv<Row>(
  fields: readonly Field<Row>[],
  rows: readonly Row[],
  options: { readonly headers?: boolean } = {},
): string {
  let out = options.headers === true ? `${fields.map((field) => field.key).join('\t')}\n` : '';
  for (const row of rows) out += tsvLine(fields, row);
  return out;
}

/** One row of `renderTsv`, ended by a newline. */
export function tsvLine<Row>(fields: readonly Field<Row>[], row: Row): string {
  let line = '';
  let separator = '';
  for (const field of fields) {
    line += separator + fieldText(field.value(row));
    separator = '\t';
  }
  return `${line}\n`;
}

function fieldText(value: FieldValue): string {
  if (value === null) return '';
  if (typeof value === 'string') return escapeField(value);
  if (typeof value === 'object')
    return value.map((part) => escapeField(part).replaceAll(',', String.raw`\x2c`)).join(',');
  return String(value);
}

/** Orders rows by a field: numbers by value, text by code units, unknown last; equal rows keep their order. */
export function sortByField<Row>(rows: readonly Row[], field: Field<Row>, descending = false): Row[] {
  const valueOf = field.rank ?? field.value;
  const keyed = rows.map((row) => ({ row, value: valueOf(row) }));
  keyed.sort((a, b) => compareValues(a.value, b.value, descending));
  return keyed.map(({ row }) => row);
}

function compareValues(a: FieldValue, b: FieldValue, descending: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const [left, right] = typeof a === 'number' && typeof b === 'number' ? [a, b] : [String(a), String(b)];
  const order = left < right ? -1 : left > right ? 1 : 0;
  return descending ? -order : order;
}

/** What `-o name` prints: one name per line, escaped, each ended by a newline. */
export function renderNames(names: Iterable<string>): string {
  let out = '';
  for (const name of names) out += `${escapeField(name)}\n`;
  return out;
}
