import { nativeVariables } from '../config/native.js';
import { resolveSettings } from '../config/settings.js';
import type { Column } from '../render/columns.js';
import { configView } from '../render/documents.js';
import type { SettingItem } from '../render/document-types.js';
import type { Field } from '../render/fields.js';
import { ownText, safeName, safeText } from '../render/safe-text.js';
import type { Invocation } from './invocation.js';
import { isDocumentFormat, listDocumentText } from './print-document.js';
import { printRows, type ListFlags } from './print-list.js';

const columns: readonly Column<SettingItem>[] = [
  {
    key: 'setting',
    header: 'SETTING',
    align: 'left',
    cell: (row, view) => ({ text: safeName(row.setting, { ascii: view.ascii }) }),
  },
  {
    key: 'value',
    header: 'VALUE',
    align: 'left',
    cut: 'end',
    cell: (row, { ascii }) => ({ text: row.value === null ? ownText('-') : safeName(row.value, { ascii }) }),
  },
  {
    key: 'from',
    header: 'FROM',
    align: 'left',
    cell: (row, view) => ({ text: safeText(row.from, { ascii: view.ascii }) }),
  },
];
const fields: readonly Field<SettingItem>[] = [
  { key: 'setting', value: (row) => row.setting },
  { key: 'value', value: (row) => row.value },
  { key: 'from', value: (row) => row.from },
];

/** Prints every setting in force; where each comes from with `sources`. */
export async function printSettings(
  invocation: Invocation,
  sources: boolean,
  flags: ListFlags,
): Promise<void> {
  const { view, deps, config, location } = invocation;
  const settings = resolveSettings({ flags: invocation.flags, env: deps.env, config });
  const rows: SettingItem[] = [...settings.sources, ...generalSettings(invocation)];
  const ignored = settings.ignored.map(({ name, why }) => ({ name, why }));
  if (isDocumentFormat(view.format)) {
    const document = configView({
      configFile: location?.path ?? null,
      context: settings.context?.name ?? null,
      items: rows,
      ignored,
    });
    invocation.print(await listDocumentText(document, view.format, flags));
    return;
  }
  const shown: SettingItem[] = [
    ...rows,
    ...ignored.map(({ name, why }) => ({ setting: 'ignored', value: name, from: why })),
  ];
  const parts = {
    columns: sources ? columns : columns.slice(0, 2),
    fields: sources || view.format !== 'tsv' ? fields : fields.slice(0, 2),
  };
  invocation.print(await printRows(shown, parts, view, flags));
  const native = nativeVariables(deps.env);
  if (settings.connection === null && native.length === 0)
    invocation.diagnostics.say('No registry is named: sdctl dev, or sdctl context add.');
}

function generalSettings(invocation: Invocation): SettingItem[] {
  const { flags, deps, config, view } = invocation;
  const timeout: [string, string] =
    flags.timeout !== undefined
      ? [flags.timeout, '--timeout']
      : deps.env['SDCTL_TIMEOUT']
        ? [deps.env['SDCTL_TIMEOUT'], 'SDCTL_TIMEOUT']
        : config.defaults?.timeout !== undefined
          ? [config.defaults.timeout, 'config file']
          : ['5s', 'built-in'];
  const from =
    flags.output !== undefined
      ? '--output'
      : flags.json === true
        ? '--json'
        : deps.env['SDCTL_OUTPUT']
          ? 'SDCTL_OUTPUT'
          : config.defaults?.output !== undefined
            ? 'config file'
            : 'built-in';
  return [
    { setting: 'timeout', value: timeout[0], from: timeout[1] },
    { setting: 'output', value: view.format, from },
  ];
}
