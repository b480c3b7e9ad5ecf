import { editConfig, readText } from '../config/file.js';
import { nativeVariables } from '../config/native.js';
import { validKeys } from '../config/schema.js';
import { resolveSettings } from '../config/settings.js';
import { nearest } from '../config/nearest.js';
import { SdctlError } from '../errors.js';
import type { Column } from '../render/columns.js';
import { configView } from '../render/documents.js';
import type { SettingItem } from '../render/document-types.js';
import type { Field } from '../render/fields.js';
import { escapeField, ownText, safeName, safeText } from '../render/safe-text.js';
import type { Invocation } from './invocation.js';
import { documentText, isDocumentFormat, listDocumentText } from './print-document.js';
import { printRows, type ListFlags } from './print-list.js';
import { usageError } from './usage.js';

const columns: readonly Column<SettingItem>[] = [
  { key: 'setting', header: 'SETTING', align: 'left', cell: (row) => ({ text: safeName(row.setting) }) },
  {
    key: 'value',
    header: 'VALUE',
    align: 'left',
    cut: 'end',
    cell: (row) => ({ text: row.value === null ? ownText('-') : safeName(row.value) }),
  },
  { key: 'from', header: 'FROM', align: 'left', cell: (row) => ({ text: safeText(row.from) }) },
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

/** Prints where the config file is. @throws {SdctlError} E_CONFIG when there is no place for one */
export function printConfigPath(invocation: Invocation): void {
  const { location } = invocation;
  if (location === null)
    throw new SdctlError('E_CONFIG', 'there is no place for a config file', {
      why: 'neither HOME nor XDG_CONFIG_HOME is set',
      hint: '--config FILE or SDCTL_CONFIG names one',
    });
  invocation.print(`${safeText(location.path, { max: Infinity })}\n`);
}

/** Prints one value of the file by its dotted path. @throws {SdctlError} E_NOT_FOUND when it is not set */
export async function printConfigValue(invocation: Invocation, key: string): Promise<void> {
  let value: unknown = invocation.config;
  for (const part of splitKey(key)) {
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, part)
        ? (value as Readonly<Record<string, unknown>>)[part]
        : undefined;
  }
  if (value === undefined) {
    requireKnownKey(key);
    throw new SdctlError('E_NOT_FOUND', `${key} is not set in the config file`, {
      hint: `sdctl config set ${key} VALUE`,
    });
  }
  const { format } = invocation.view;
  if (isDocumentFormat(format))
    invocation.print(await documentText({ apiVersion: 'sdctl/v1', kind: 'ConfigValue', key, value }, format));
  else if (typeof value === 'object') invocation.print(await documentText(value ?? {}, 'yaml'));
  else invocation.print(`${escapeField(typeof value === 'string' ? value : JSON.stringify(value))}\n`);
}

/**
 * Sets one value by its dotted path; the value is read as YAML (`10s`, `true`, `[a, b]`). The file is checked before it is written.
 *
 * @throws {SdctlError} E_CONFIG when the result would not be valid
 */
export async function setConfigValue(invocation: Invocation, key: string, text: string): Promise<void> {
  requireKnownKey(key);
  const { parseValue } = await import('../config/parse.js');
  const value = parseValue(text);
  await editConfig(invocation.location, (document) => {
    document.setIn(splitKey(key), document.createNode(value));
  });
  invocation.diagnostics.say(`Set ${key} in ${invocation.location?.path ?? ''}.`);
}

/** `contexts.prod.servers`; a name with dots is quoted: `contexts."a.b".servers`. */
function splitKey(key: string): string[] {
  const parts = [...key.matchAll(/"([^"]*)"|([^."]+)/g)].map((match) => match[1] ?? match[2] ?? '');
  if (parts.length === 0) throw usageError(`"${key}" is no setting`, undefined, 'sdctl config view');
  return parts;
}

function requireKnownKey(key: string): void {
  const parts = splitKey(key);
  for (const [index, part] of parts.entries()) {
    const valid = validKeys(parts.slice(0, index));
    if (valid === null || valid.includes(part)) continue;
    const close = nearest(part, valid);
    throw usageError(
      `"${key}" is no setting`,
      `valid${index === 0 ? '' : ` in ${parts.slice(0, index).join('.')}`}: ${valid.join(', ')}`,
      close === null ? undefined : [...parts.slice(0, index), close].join('.'),
    );
  }
}

/** Checks the file and says so; parsing it has already thrown if it is wrong. */
export function printValidation(invocation: Invocation): void {
  const { location } = invocation;
  const exists = readText(location) !== null;
  invocation.diagnostics.say(
    exists
      ? `${location?.path ?? ''} is valid.`
      : `There is no config file at ${location?.path ?? '(nowhere)'}; defaults are in force.`,
  );
}
