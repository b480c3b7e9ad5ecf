import type { BindingKind, LeaseBinding, LeaseRecord } from '../model/lease.js';
import { shownKey } from '../model/instance.js';
import { leaseDecimal } from './document-items.js';
import { renderTsv, type Field } from './fields.js';
import { secondsText, leftText } from './instance-facts.js';
import { kindText, leaseFields } from './lease-columns.js';
import { bindingName, leaseText, orderedBindings, renewedText } from './lease-facts.js';
import { clockText } from './local-time.js';
import { escapeField, gutterText, ownText, safeName, type SafeText } from './safe-text.js';
import { isNarrow } from './text-width.js';
import { stateText, type View } from './view.js';

export interface LeaseDetailOptions {
  readonly backend: string;
  /** When it was read, RFC 3339 UTC. */
  readonly at: string;
}

/** A word and the lines behind it. */
type Row = readonly [word: string, lines: readonly string[]];

const GAP = '  ';
const MOST_KEY_WIDTH = 60;

/** One lease as `key  value` lines for people, each ended by a newline. */
export function leaseDetails(lease: LeaseRecord, options: LeaseDetailOptions, view: View): string {
  const rows = [...idRows(lease, options, view), ...stateRows(lease, options, view), boundRow(lease, view)];
  const width = Math.max(...rows.map(([word]) => word.length));
  return rows
    .flatMap(([word, lines]) =>
      lines.map((line, index) => `${(index === 0 ? word : '').padEnd(width)}${GAP}${line}\n`),
    )
    .join('');
}

function idRows(lease: LeaseRecord, { backend }: LeaseDetailOptions, view: View): readonly Row[] {
  const decimal = leaseDecimal(lease.id, backend);
  const id = leaseText(lease, view) + (decimal === null ? '' : `  (decimal ${decimal})`);
  const rows: Row[] = [['lease', [id]]];
  if (lease.kind !== 'lease') rows.push(['kind', [kindText(lease.kind)]]);
  if (lease.name !== null && lease.name !== '') rows.push(['name', [safeName(lease.name, view)]]);
  if (lease.node !== null) rows.push(['node', [safeName(lease.node, view)]]);
  return rows;
}

function stateRows(lease: LeaseRecord, { at }: LeaseDetailOptions, view: View): readonly Row[] {
  const { isOverdue, leftSeconds, health, output, onEnd } = lease;
  const left = leftSeconds === null ? 'unknown' : leftText(leftSeconds);
  const rows: Row[] = [
    ['granted', [lease.grantedSeconds === null ? 'unknown' : secondsText(lease.grantedSeconds)]],
    ['left', [`${isOverdue ? 'overdue, and still there' : left} at ${clockText(at)}`]],
    ['renewed', [renewalText(lease)]],
  ];
  if (health !== null) rows.push(['state', [stateText(health, view)]]);
  if (output !== null && output !== '') rows.push(['output', gutterText(output, view).split('\n')]);
  if (onEnd !== null)
    rows.push(['at its end', [`its locks are ${onEnd === 'delete' ? 'deleted' : 'released'}`]]);
  return rows;
}

/** Consul tells too little of a session for anybody to know. */
function renewalText(lease: LeaseRecord): string {
  if (lease.isRenewed !== null) return renewedText(lease);
  return lease.kind === 'session' ? 'unknown' : 'unknown: sdctl lease list --observe tells';
}

function boundRow(lease: LeaseRecord, view: View): Row {
  const bindings = orderedBindings(lease);
  const keys = bindings.map((binding) => keyText(binding, view));
  const widest = keys.reduce(
    (width, key) => Math.max(width, key !== null && isNarrow(key) ? key.length : 0),
    0,
  );
  const width = Math.min(MOST_KEY_WIDTH, widest);
  const lines = bindings.map((binding, index) => {
    const key = keys[index] ?? null;
    const meaning = bindingText(binding, view);
    return key === null ? meaning : `${key.padEnd(width)}${GAP}${meaning}`;
  });
  return [boundWord(lease), [...lines, ...unseenLine(lease)]];
}

function boundWord({ kind, knowsBindings, bindings }: LeaseRecord): string {
  if (kind === 'ttl-check') return 'bound to';
  return knowsBindings ? `keys (${bindings.length})` : 'keys';
}

function unseenLine({ knowsBindings, bindings }: LeaseRecord): readonly string[] {
  const isBare = bindings.length === 0;
  if (knowsBindings) return isBare ? ['nothing'] : [];
  return [`what ${isBare ? '' : 'else '}hangs on it could not be seen`];
}

function keyText({ key, isBinaryKey }: LeaseBinding, view: View): SafeText | null {
  return key === null ? null : safeName(shownKey({ key, isBinaryKey }), { ascii: view.ascii, max: 1_000 });
}

const MEANINGS: Readonly<Record<Exclude<BindingKind, 'instance'>, string>> = {
  marker: 'marker',
  undecoded: 'not an instance',
  lock: 'lock',
  unread: 'not read',
};

/** What one thing is: `payments/i-39 (kratos)`, `marker of rpcx`, `not an instance`, `lock`. */
function bindingText(binding: LeaseBinding, view: View): SafeText {
  const { kind, layout } = binding;
  const of = layout === null ? '' : safeName(layout, view);
  if (kind === 'instance') {
    const name = safeName(bindingName(binding, true), view);
    return ownText(of === '' ? name : `${name} (${of})`);
  }
  return ownText(kind === 'marker' && of !== '' ? `marker of ${of}` : MEANINGS[kind]);
}

/**
 * One lease as `field<TAB>value` lines: the fields of `lease list -o tsv`, `onEnd`, then a line `key` for each key that
 * hangs on it, with a third field: what it is.
 */
export function leaseDetailsTsv(lease: LeaseRecord, backend: string): string {
  const fields: readonly Field<LeaseRecord>[] = [
    ...leaseFields(backend),
    { key: 'onEnd', value: (row) => row.onEnd },
  ];
  const lines = fields.map((field) => `${field.key}\t${renderTsv([field], [lease])}`);
  for (const binding of orderedBindings(lease)) {
    const { key, isBinaryKey, kind } = binding;
    if (key === null) continue;
    const meaning = kind === 'instance' ? escapeField(bindingName(binding, true)) : kind;
    lines.push(`key\t${escapeField(shownKey({ key, isBinaryKey }))}\t${meaning}\n`);
  }
  return lines.join('');
}
