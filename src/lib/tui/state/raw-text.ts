import { createHash } from 'node:crypto';
import { SdctlError } from '../../errors.js';
import type { Finding } from '../../model/finding.js';
import { shownKey, type UndecodedEntry } from '../../model/instance.js';
import { formatCallTarget } from '../../model/endpoint.js';
import type { LeaseRecord } from '../../model/lease.js';
import type { ReadOnlyRegistry } from '../../registry/read-only.js';
import { bindingName, orderedBindings, timesText } from '../../render/lease-facts.js';
import { binaryText, isSafe, pasteable, safeName, safeText } from '../../render/safe-text.js';
import { hereOnly, type Identity } from '../model/identity.js';
import type { InstanceRow, LeaseRow, Row } from '../model/rows.js';

const CALL_MS = 5_000;
/** Characters of a value that are shown. */
const LONGEST = 64_000;

interface RawOptions {
  readonly ascii: boolean;
  readonly signal: AbortSignal;
}

/** An entry as it is stored, read now. Lines are safe. Never rejects for what a registry says. */
export async function rawLines(
  registry: ReadOnlyRegistry,
  row: InstanceRow | LeaseRow,
  { ascii, signal }: RawOptions,
): Promise<readonly string[]> {
  const options = { signal, timeoutMs: CALL_MS };
  try {
    if (row.kind === 'lease') {
      const record = await registry.readLease({ id: row.id, node: row.node }, options);
      return record === null ? ['It is not there any more.'] : leaseLines(record, ascii);
    }
    const entry = await registry.readEntry(row.instance, options);
    if (entry === null) return ['It is not there any more.'];
    const key =
      entry.key === null
        ? []
        : [`key  ${safeName(shownKey({ ...entry, key: entry.key }), { ascii, max: 4_000 })}`, ''];
    return [...key, ...valueLines(entry.value, ascii)];
  } catch (error) {
    if (!(error instanceof SdctlError)) throw error;
    return [
      safeText(error.message, { ascii }),
      ...(error.why === undefined ? [] : [safeText(error.why, { ascii })]),
    ];
  }
}

function valueLines(value: Uint8Array, ascii: boolean): readonly string[] {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(value);
    return linesOf(indented(text), ascii);
  } catch {
    const hash = createHash('sha256').update(value).digest('hex');
    return [binaryText(value.length, hash, ascii)];
  }
}

function linesOf(text: string, ascii: boolean): readonly string[] {
  const shown = text
    .slice(0, LONGEST)
    .split('\n')
    .map((line) => safeText(line, { ascii, max: Infinity }));
  return text.length > LONGEST ? [...shown, `(+${text.length - LONGEST})`] : shown;
}

/** JSON on one line is hard to read; anything else is shown as it is. */
function indented(text: string): string {
  if (text.includes('\n')) return text;
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  return broken(text);
}

/** Only blanks change: a number or a name that a parser has read and written again may be another one. */
function broken(json: string): string {
  let out = '';
  let depth = 0;
  const nextLine = (): string => `\n${'  '.repeat(depth)}`;
  for (const [token] of json.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|\{\s*\}|\[\s*\]|[[\]{}:,]|[^\s"[\]{}:,]+/g)) {
    if (token === '{' || token === '[') {
      depth += 1;
      out += token + nextLine();
    } else if (token === '}' || token === ']') {
      depth -= 1;
      out += nextLine() + token;
    } else if (token === ',') out += token + nextLine();
    else if (token === ':') out += ': ';
    else out += token.replace(/^([[{])\s+/, '$1');
  }
  return out;
}

function leaseLines(record: LeaseRecord, ascii: boolean): readonly string[] {
  const name = (text: string): string => safeName(text, { ascii, max: 4_000 });
  const bindings = orderedBindings(record).map((binding) => {
    const key =
      binding.key === null ? '' : name(shownKey({ key: binding.key, isBinaryKey: binding.isBinaryKey }));
    return `  ${key.padEnd(48)}  ${name(bindingName(binding, true))}`.trimEnd();
  });
  const output = record.output === null ? [] : ['output', ...linesOf(record.output, ascii)];
  return [
    `kind     ${record.kind}`,
    `id       ${name(record.id)}`,
    ...(record.node === null ? [] : [`node     ${name(record.node)}`]),
    ...(record.name === null ? [] : [`name     ${name(record.name)}`]),
    `left     ${timesText(record)}`,
    `keys (${record.bindings.length}${record.knowsBindings ? '' : ', maybe more'})`,
    ...bindings,
    ...output,
  ];
}

/** So many entries are listed; whoever wrote more of them has another problem. */
const MOST_UNREAD = 1_000;

/** Keys of entries that cannot be read, each with the reason. Lines are safe. */
export function unreadLines(entries: readonly UndecodedEntry[], ascii: boolean): readonly string[] {
  const lines = entries
    .slice(0, MOST_UNREAD)
    .map(
      (entry) => `${safeName(shownKey(entry), { ascii, max: 4_000 })}  ${safeText(entry.reason, { ascii })}`,
    );
  const more = entries.length - lines.length;
  return more === 0 ? lines : [...lines, `${more} more`];
}

/** A finding as text. */
export function findingLines(
  { rule, detail, subject, evidence, fix }: Finding,
  identity: Pick<Identity, 'flags'>,
  ascii: boolean,
): readonly string[] {
  const text = (value: string): string => safeText(value, { ascii, max: 4_000 });
  const about = Object.entries(subject).flatMap(([part, value]: [string, string | null]) =>
    value === null ? [] : [`${part.padEnd(9)} ${safeName(value, { ascii })}`],
  );
  const commands = fix.commands.map(hereOnly(identity)).flatMap((words) => pasteable(words) ?? []);
  return [
    `${rule.id} ${rule.slug} (${rule.severity})`,
    text(detail),
    '',
    ...about,
    '',
    ...evidence.map(({ name, value }) => `${text(name)}  ${text(value)}`),
    '',
    text(fix.text),
    ...commands.map((command) => `  ${command}`),
    `  sdctl doctor --explain ${rule.id}`,
  ];
}

/**
 * Endpoints of rows, one a line, as a client takes them.
 *
 * @returns null when one holds anything that is not to be pasted; empty when there is none
 */
export function endpointsText(rows: readonly Row[]): string | null {
  const targets = rows.flatMap((row) => {
    const [first] = row.kind === 'instance' ? row.instance.endpoints : [];
    return first === undefined ? [] : [formatCallTarget(first)];
  });
  return targets.every(isSafe) ? targets.join('\n') : null;
}
