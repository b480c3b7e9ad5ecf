import { contextLayer } from '../config/layers.js';
import { maskUserInfo } from '../config/mask.js';
import { defaultPorts } from '../config/merge.js';
import type { ContextConfig } from '../config/schema.js';
import { SdctlError } from '../errors.js';
import { parseServer } from '../registry/server-url.js';
import type { Column } from '../render/columns.js';
import { contextDocument, contextItem, contextList } from '../render/documents.js';
import { escapeField, ownText, safeName } from '../render/safe-text.js';
import type { Field } from '../render/fields.js';
import { currentOf, requireContext } from './context-edit.js';
import type { Invocation } from './invocation.js';
import { documentText, isDocumentFormat, listDocumentText } from './print-document.js';
import { arrange, printRows, type ListFlags } from './print-list.js';

interface ContextRow {
  readonly name: string;
  readonly config: ContextConfig;
  readonly current: boolean;
  readonly servers: readonly string[];
  readonly notes: readonly string[];
}

const columns: readonly Column<ContextRow>[] = [
  { key: 'current', header: ' ', align: 'left', cell: (row) => ({ text: ownText(row.current ? '*' : '') }) },
  { key: 'name', header: 'NAME', align: 'left', cell: (row) => ({ text: safeName(row.name) }) },
  {
    key: 'backend',
    header: 'BACKEND',
    align: 'left',
    cell: (row) => ({ text: ownText(row.config.backend) }),
  },
  {
    key: 'servers',
    header: 'SERVERS',
    align: 'left',
    cut: 'end',
    cell: (row, view) => ({ text: ownText(serversText(row, view.format === 'wide')) }),
  },
  {
    key: 'layout',
    header: 'LAYOUT',
    align: 'left',
    cell: (row) => ({ text: safeName(row.config.layout ?? 'auto') }),
  },
  { key: 'notes', header: 'NOTES', align: 'left', cell: (row) => ({ text: ownText(row.notes.join(', ')) }) },
];

const fields: readonly Field<ContextRow>[] = [
  { key: 'name', value: (row) => row.name },
  { key: 'current', value: (row) => row.current },
  { key: 'backend', value: (row) => row.config.backend },
  { key: 'servers', value: (row) => row.servers },
  { key: 'layout', value: (row) => row.config.layout ?? 'auto' },
  { key: 'protected', value: (row) => row.config.protected ?? false },
  { key: 'readOnly', value: (row) => row.config.readOnly ?? false },
];

function serversText(row: ContextRow, all: boolean): string {
  const shown = row.servers.map((server) => safeName(server));
  const [first, ...others] = shown;
  if (first === undefined) return row.config.directory === undefined ? '-' : safeName(row.config.directory);
  if (all) return shown.join(',');
  return others.length === 0 ? first : `${first} +${others.length}`;
}

function toRow(name: string, config: ContextConfig, current: string | null): ContextRow {
  const servers = contextLayer(name, config, undefined).values.servers ?? [];
  return {
    name,
    config,
    current: name === current,
    servers: servers.map((server) => withoutSecret(server, config.backend)),
    notes: [
      ...(config.protected === true ? ['protected'] : []),
      ...(config.readOnly === true ? ['read-only'] : []),
    ],
  };
}

function withoutSecret(server: string, backend: ContextConfig['backend']): string {
  try {
    return parseServer(server, defaultPorts[backend] || 1).url;
  } catch {
    return maskUserInfo(server);
  }
}

/** Prints all contexts of the config file. */
export async function printContexts(invocation: Invocation, flags: ListFlags): Promise<void> {
  const { view, config, location } = invocation;
  const current = currentOf(config);
  const rows = arrange(
    Object.entries(config.contexts ?? {}).map(([name, context]) => toRow(name, context, current)),
    fields,
    flags,
  );
  if (isDocumentFormat(view.format)) {
    const items = rows.map((row) =>
      contextItem(row.name, { ...row.config, servers: row.servers }, row.current),
    );
    const document = contextList(items, { configFile: location?.path ?? null, currentContext: current });
    invocation.print(await listDocumentText(document, view.format, flags));
  } else if (view.format === 'name') {
    invocation.print(rows.map((row) => `${escapeField(row.name)}\n`).join(''));
  } else {
    invocation.print(await printRows(rows, { columns, fields }, view, flags));
    if (rows.length === 0)
      invocation.diagnostics.say('No contexts. sdctl context add NAME --backend etcd --server URL adds one.');
  }
}

/** Prints one context. @throws {SdctlError} E_NOT_FOUND when it or the current one does not exist */
export async function printContext(invocation: Invocation, asked: string | undefined): Promise<void> {
  const { config, view } = invocation;
  const current = currentOf(config);
  const name = asked ?? invocation.flags.context ?? current;
  if (name === null)
    throw new SdctlError('E_NOT_FOUND', 'no context is current', { hint: 'sdctl context list' });
  const row = toRow(name, requireContext(config, name), current);
  const item = contextItem(name, { ...row.config, servers: row.servers }, row.current);
  if (isDocumentFormat(view.format)) {
    invocation.print(await documentText(contextDocument(item), view.format));
  } else if (view.format === 'name') {
    invocation.print(`${escapeField(name)}\n`);
  } else {
    invocation.print(settingLines(item, view.format === 'tsv'));
  }
}

/** What a setting of a context can be; an object is a group of settings. */
type Setting = string | number | boolean | null | readonly string[] | Readonly<Record<string, unknown>>;

/** `key  value` lines of everything that is set. */
function settingLines(item: object, isTsv: boolean): string {
  const lines: [string, string][] = [];
  const add = (prefix: string, values: object): void => {
    for (const [key, value] of Object.entries(values) as [string, Setting][]) {
      if (value === null || value === false || (Array.isArray(value) && value.length === 0)) continue;
      if (typeof value === 'object' && !Array.isArray(value)) add(`${prefix}${key}.`, value);
      else lines.push([`${prefix}${key}`, Array.isArray(value) ? value.join(',') : String(value)]);
    }
  };
  add('', item);
  const width = Math.max(...lines.map(([key]) => key.length));
  return lines
    .map(([key, value]) =>
      isTsv ? `${escapeField(key)}\t${escapeField(value)}\n` : `${key.padEnd(width)}  ${safeName(value)}\n`,
    )
    .join('');
}
