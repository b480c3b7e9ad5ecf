import type { Column } from '../render/columns.js';
import { renderTable } from '../render/columns.js';
import { chooseFields, renderTsv, sortByField, type Field } from '../render/fields.js';
import type { View } from '../render/view.js';
import { requireInteger, usageError } from './usage.js';

export interface ListFlags {
  readonly fields?: string | undefined;
  readonly 'sort-by'?: string | undefined;
  readonly limit?: string | undefined;
}

/** Sorts and limits rows as the flags say. @throws {SdctlError} E_USAGE for an unknown field */
export function arrange<Row>(
  rows: readonly Row[],
  fields: readonly Field<Row>[],
  flags: ListFlags,
): readonly Row[] {
  const sortBy = flags['sort-by'];
  let arranged = rows;
  if (sortBy !== undefined) {
    const [name = '', direction] = sortBy.split(':');
    const valid = fields.map((candidate) => candidate.key);
    const field = fields.find((candidate) => candidate.key === name);
    if (field === undefined || (direction !== undefined && direction !== 'asc' && direction !== 'desc')) {
      throw usageError(
        `--sort-by ${sortBy} is not valid`,
        `fields: ${valid.join(', ')}; :desc for the reverse`,
        `--sort-by ${valid[0] ?? ''}`,
      );
    }
    arranged = sortByField(rows, field, direction === 'desc');
  }
  return flags.limit === undefined ? arranged : arranged.slice(0, requireInteger('--limit', flags.limit, 1));
}

/** Rows as a table or as tab-separated lines. @throws {SdctlError} E_USAGE for unknown `--fields` */
export async function printRows<Row>(
  rows: readonly Row[],
  shape: { readonly columns: readonly Column<Row>[]; readonly fields: readonly Field<Row>[] },
  view: View,
  flags: ListFlags,
): Promise<string> {
  const names = fieldNames(flags);
  if (view.format === 'tsv') {
    const chosen =
      names === null ? { ok: true as const, fields: shape.fields } : chooseFields(shape.fields, names);
    if (!chosen.ok) throw unknownFields(chosen.unknown, chosen.valid);
    return renderTsv(chosen.fields, rows, { headers: view.headers === true });
  }
  if (names === null) return renderTable(shape.columns, rows, view);
  const byKey = new Map(shape.columns.map((column) => [column.key.toLowerCase(), column]));
  const aliases: Readonly<Record<string, string>> = {
    instance: 'id',
    ttlleftseconds: 'ttl',
    ttlseconds: 'ttl',
    registeredat: 'age',
    name: 'service',
  };
  const columns = names.map(
    (name) => byKey.get(name.toLowerCase()) ?? byKey.get(aliases[name.toLowerCase()] ?? ''),
  );
  const unknown = names.filter((_, index) => columns[index] === undefined);
  if (unknown.length > 0)
    throw unknownFields(
      unknown,
      [...byKey.values()].map((column) => column.key),
    );
  const shown = columns.flatMap((column) => (column === undefined ? [] : [{ ...column, wide: false }]));
  return renderTable(shown, rows, view);
}

/** The names of `--fields`; null when the flag is absent. */
export function fieldNames(flags: ListFlags): readonly string[] | null {
  if (flags.fields === undefined) return null;
  return flags.fields
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** @returns the error that lists the valid names */
export function unknownFields(unknown: readonly string[], valid: readonly string[]): Error {
  return usageError(
    `no field ${unknown.join(', ')}`,
    `valid: ${valid.join(', ')}`,
    `--fields ${valid.slice(0, 2).join(',')}`,
  );
}
