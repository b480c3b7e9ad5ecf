import { editConfig, readText, setAt, type ConfigLocation } from '../config/file.js';
import { maskDeep } from '../config/mask.js';
import { nearest } from '../config/nearest.js';
import { validKeys } from '../config/schema.js';
import { SdctlError } from '../errors.js';
import { configFileDocument, configValue } from '../render/documents.js';
import { escapeField, safeName } from '../render/safe-text.js';
import type { Invocation } from './invocation.js';
import { requireContext } from './context-edit.js';
import { documentText, isDocumentFormat } from './print-document.js';
import { usageError } from './usage.js';

/** Prints where the config file is. @throws {SdctlError} E_CONFIG when there is no place for one */
export async function printConfigPath(invocation: Invocation): Promise<void> {
  const { view } = invocation;
  const location = requireLocation(invocation);
  if (!isDocumentFormat(view.format)) {
    invocation.print(`${escapeField(location.path)}\n`);
    return;
  }
  await printFile(invocation, location, view.format);
}

/**
 * Says whether the file is valid; parsing it has already thrown if it is wrong.
 *
 * @throws {SdctlError} E_CONFIG when there is no file, or its current context does not exist
 */
export async function printValidation(invocation: Invocation): Promise<void> {
  const { view, diagnostics, flags } = invocation;
  const location = requireLocation(invocation);
  const exists = readText(location) !== null;
  if (!exists && flags.config !== undefined) {
    throw new SdctlError('E_CONFIG', `no config file ${location.path}`, {
      why: '--config names it, but it does not exist',
    });
  }
  // Only here: other commands, such as the one that mends it, must work with such a file.
  const { currentContext, contexts } = invocation.config;
  if (currentContext !== undefined && !Object.hasOwn(contexts ?? {}, currentContext)) {
    throw new SdctlError('E_CONFIG', `${location.path}: currentContext names "${currentContext}"`, {
      why: 'there is no context of that name',
      hint: 'sdctl context use NAME',
    });
  }
  if (isDocumentFormat(view.format)) await printFile(invocation, location, view.format);
  const path = safeName(location.path, { max: Infinity });
  diagnostics.say(
    exists ? `${path} is valid.` : `There is no config file at ${path}; defaults are in force.`,
  );
}

async function printFile(
  invocation: Invocation,
  { path, from }: ConfigLocation,
  format: 'json' | 'jsonl' | 'yaml',
): Promise<void> {
  const exists = readText({ path, from }) !== null;
  invocation.print(await documentText(configFileDocument({ path, from, exists }), format));
}

function requireLocation({ location }: Invocation): ConfigLocation {
  if (location !== null) return location;
  throw new SdctlError('E_CONFIG', 'there is no place for a config file', {
    why: 'neither HOME nor XDG_CONFIG_HOME is set',
    hint: '--config FILE or SDCTL_CONFIG names one',
  });
}

/** Prints one value of the file by its dotted path. @throws {SdctlError} E_NOT_FOUND when it is not set */
export async function printConfigValue(invocation: Invocation, key: string): Promise<void> {
  let found: unknown = invocation.config;
  for (const part of splitKey(key)) {
    const isGroup = typeof found === 'object' && found !== null && Object.hasOwn(found, part);
    found = isGroup ? (found as Readonly<Record<string, unknown>>)[part] : undefined;
  }
  if (found === undefined) {
    requireKnownKey(key);
    throw new SdctlError('E_NOT_FOUND', `${key} is not set in the config file`, {
      hint: `sdctl config set ${key} VALUE`,
    });
  }
  const value = maskDeep(found);
  const { format } = invocation.view;
  if (isDocumentFormat(format)) invocation.print(await documentText(configValue(key, value), format));
  else if (typeof value === 'object') invocation.print(await documentText(value ?? {}, 'yaml'));
  else invocation.print(`${escapeField(typeof value === 'string' ? value : JSON.stringify(value))}\n`);
}

/**
 * Sets one value by its dotted path; the value is read as YAML (`10s`, `true`, `[a, b]`). The file is checked before it
 * is written.
 *
 * @throws {SdctlError} E_CONFIG when the result would not be valid, E_NOT_FOUND for a current context that does not exist
 */
export async function setConfigValue(invocation: Invocation, key: string, text: string): Promise<void> {
  requireKnownKey(key);
  const { parseValue } = await import('../config/parse.js');
  const value = parseValue(text);
  if (JSON.stringify(maskDeep(value)) !== JSON.stringify(value)) {
    throw usageError(
      'an address in the config file holds no user and password',
      'secrets stand there by reference only',
      `sdctl config set contexts.NAME.auth.passwordFile FILE`,
    );
  }
  const { view, location, diagnostics } = invocation;
  await editConfig(location, (document, config) => {
    if (key === 'currentContext' && typeof value === 'string') requireContext(config, value);
    setAt(document, splitKey(key), value);
  });
  if (isDocumentFormat(view.format))
    invocation.print(await documentText(configValue(key, value), view.format));
  diagnostics.say(`Set ${safeName(key)} in ${safeName(location?.path ?? '', { max: Infinity })}.`);
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
    const above = parts.slice(0, index);
    const valid = validKeys(above);
    if (valid === null || valid.includes(part)) continue;
    const close = nearest(part, valid);
    throw usageError(
      `"${key}" is no setting`,
      `valid${index === 0 ? '' : ` in ${above.join('.')}`}: ${valid.join(', ')}`,
      close === null ? undefined : [...above, close].join('.'),
    );
  }
}
