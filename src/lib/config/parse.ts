import * as v from 'valibot';
import { isSeq, LineCounter, parse, parseDocument, type Document, type Node } from 'yaml';
import { SdctlError } from '../errors.js';
import { parseDuration } from '../time/duration.js';
import { configSchema, validKeys, type ConfigFile } from './schema.js';
import { nearest } from './nearest.js';

export interface ParsedConfig {
  readonly config: ConfigFile;
  /** Keeps comments and order; what a write changes. */
  readonly document: Document;
}

/**
 * Reads the text of a config file; never trusts it.
 *
 * @param file its name, for messages
 * @throws {SdctlError} E_CONFIG with file, line, the wrong key and a suggestion
 */
export function parseConfig(text: string, file: string): ParsedConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const broken = document.errors[0];
  if (broken !== undefined) {
    throw configError(`${file} line ${lines.linePos(broken.pos[0]).line}: ${broken.message}`, undefined);
  }
  const raw = withoutNull(document.toJS() ?? {});
  if (Array.isArray(raw)) throw configError(`${file}: not a mapping of settings`, 'it is a list');
  const result = v.safeParse(configSchema, raw);
  const lineOf = (path: readonly PropertyKey[]): number => findLine(document, lines, path);
  if (!result.success) throw toError(result.issues[0], file, lineOf);
  refuseLostNames(raw, result.output, file, lineOf);
  checkMeaning(result.output, file, lineOf);
  return { config: result.output, document };
}

/** A value as it may stand in the file (`10s`, `true`, `[a, b]`); text that is no YAML means itself. */
export function parseValue(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return text;
  }
}

/** A key without a value (`contexts:`) is as good as no key. */
function withoutNull(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNull(inner)]));
}

type LineOf = (path: readonly PropertyKey[]) => number;

function toError(issue: v.BaseIssue<unknown>, file: string, lineOf: LineOf): SdctlError {
  const path = (issue.path ?? []).map((part) => String(part.key));
  const where = `${file} line ${lineOf(path)}`;
  const parent = path.slice(0, -1);
  const key = path.at(-1) ?? '';
  const inside = parent.length === 0 ? '' : ` in ${parent.join('.')}`;
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const valid = validKeys(parent) ?? [];
    const close = nearest(key, valid);
    return configError(
      `${where}: unknown key "${key}"${inside}`,
      `valid: ${valid.join(', ')}`,
      close === null ? undefined : `${close}:`,
    );
  }
  if (issue.received === 'undefined')
    return configError(`${where}: "${key}" is missing${inside}`, `expected ${issue.expected ?? 'a value'}`);
  if (path.length === 0)
    return configError(`${file}: not a mapping of settings`, `it holds ${shownValue(issue.received, path)}`);
  // A value that is of the right kind and yet none.
  if (issue.type === 'check')
    return configError(
      `${where}: "${key}"${inside} ${issue.message}`,
      `it is ${shownValue(issue.received, path)}`,
    );
  return configError(
    `${where}: "${key}"${inside} must be ${issue.expected ?? 'something else'}`,
    `it is ${shownValue(issue.received, path)}`,
  );
}

/** A value that is not allowed; where a secret may have been written by mistake, only that it is text. */
function shownValue(received: string, path: readonly string[]): string {
  return received.startsWith('"') && (path.includes('auth') || received.includes('@')) ? 'text' : received;
}

/** Where the file takes any name, and what has it. */
const NAMED = [
  { path: ['contexts'], what: 'context' },
  { path: ['doctor', 'severities'], what: 'rule' },
  { path: ['doctor', 'thresholds', 'lateSecondsOf'], what: 'layout' },
] as const;

/** Names that the checker leaves out silently, because JavaScript has a meaning for them: `constructor`. */
function refuseLostNames(raw: unknown, config: ConfigFile, file: string, lineOf: LineOf): void {
  for (const { path, what } of NAMED) {
    const kept = mappingAt(config, path);
    const lost = Object.keys(mappingAt(raw, path)).find((name) => !Object.hasOwn(kept, name));
    if (lost === undefined) continue;
    throw configError(
      `${file} line ${lineOf([...path, lost])}: no ${what} can be named "${lost}"`,
      'JavaScript keeps that name for itself',
    );
  }
}

function mappingAt(value: unknown, path: readonly string[]): object {
  let found = value;
  for (const part of path) found = (found as Readonly<Record<string, unknown>> | undefined)?.[part];
  return typeof found === 'object' && found !== null ? found : {};
}

/** What the shape alone cannot say. */
function checkMeaning(config: ConfigFile, file: string, lineOf: LineOf): void {
  const timeout = config.defaults?.timeout;
  if (timeout === undefined) return;
  const parsed = parseDuration(timeout);
  const wrong = !parsed.ok ? parsed.reason : parsed.ms < 1 ? 'is too short' : null;
  if (wrong === null) return;
  throw configError(
    `${file} line ${lineOf(['defaults', 'timeout'])}: timeout "${timeout}" ${wrong}`,
    'durations are written 500ms, 30s, 5m',
    `timeout: ${(parsed.ok ? null : parsed.suggestion) ?? '5s'}`,
  );
}

function findLine(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const line = lineOfKey(parent, path[length - 1], lines);
    if (line !== null) return line;
  }
  return 1;
}

function lineOfKey(parent: unknown, key: PropertyKey | undefined, lines: LineCounter): number | null {
  const items = (parent as { items?: readonly unknown[] } | null)?.items;
  if (items === undefined) return null;
  if (isSeq(parent)) {
    const range = (items[Number(key)] as Node | undefined)?.range;
    return range ? lines.linePos(range[0]).line : null;
  }
  for (const item of items) {
    const keyNode = (item as { key?: Node & { value?: unknown } }).key;
    if (keyNode?.range && String(keyNode.value) === String(key)) return lines.linePos(keyNode.range[0]).line;
  }
  return null;
}

function configError(message: string, why: string | undefined, hint?: string): SdctlError {
  return new SdctlError('E_CONFIG', message, {
    ...(why === undefined ? {} : { why }),
    hint: hint ?? 'sdctl config path',
  });
}
