import { elapsedBetween, withRenewals, type Span } from '../discovery/lease-renewal.js';
import { selectLeases, type LeaseFilter } from '../discovery/lease-selection.js';
import { abortedError, isAborted } from '../errors.js';
import type { LeaseListing, LeaseRecord } from '../model/lease.js';
import { formatLeaseName } from '../model/lease-name.js';
import type { CallOptions, Notice, RegistryHandle } from '../registry/types.js';
import { renderNames } from '../render/fields.js';
import { leaseColumns, leaseFields, ttlField } from '../render/lease-columns.js';
import { leaseList } from '../render/lease-documents.js';
import { leaseSummary } from '../render/lease-lines.js';
import { countText } from '../render/summary-lines.js';
import { safeName, safeText, unescapeField } from '../render/safe-text.js';
import { formatDuration } from '../time/duration.js';
import type { Invocation } from './invocation.js';
import { originOf } from './list-answer.js';
import { isDocumentFormat, listDocumentText } from './print-document.js';
import { arrange, printRows, type ListFlags } from './print-list.js';
import { requireDuration, usageError } from './usage.js';

export interface LeaseFlags extends ListFlags {
  readonly service?: string | undefined;
  readonly expiring?: string | undefined;
  readonly orphans?: boolean | undefined;
  readonly observe?: string | undefined;
}

/** Which leases `lease list` is asked for, and how long it looks. */
export interface LeaseQuestion {
  readonly filter: LeaseFilter;
  /** How long to wait between two lists; null: one list. */
  readonly observeMs: number | null;
}

/** A list of leases, and when it was read. */
export interface ReadLeases extends LeaseListing {
  readonly span: Span;
}

/** Said when times of leases rose without anybody renewing them. */
export const NEW_EPOCH =
  'etcd has a new leader, which gave every lease its whole time again: that is no renewal';

/** @throws {SdctlError} E_USAGE for a flag that cannot be read */
export function leaseQuestion(flags: LeaseFlags): LeaseQuestion {
  const { service, expiring, observe } = flags;
  if (service === '')
    throw usageError('--service is empty', 'it is there, but names nothing', 'sdctl lease list');
  return {
    filter: {
      service: service === undefined ? null : unescapeField(service),
      expiringSeconds: expiring === undefined ? null : requireDuration('--expiring', expiring) / 1_000,
      isOrphan: flags.orphans === true,
    },
    observeMs: observe === undefined ? null : requireDuration('--observe', observe, { minMs: 1_000 }),
  };
}

/** @throws {SdctlError} E_USAGE where the registry does not tell what a filter needs */
export function refuseUnreadableTtl(
  { place }: Invocation,
  handle: RegistryHandle,
  { filter }: LeaseQuestion,
): void {
  if (filter.expiringSeconds === null || handle.capabilities.readableTtl) return;
  throw usageError(
    '--expiring is not possible here',
    `${place} does not tell how much time is left`,
    'sdctl lease list --sort-by health',
  );
}

/** Reads all leases once. */
export async function readLeases(
  { deps }: Invocation,
  { operations }: RegistryHandle,
  options: CallOptions,
): Promise<ReadLeases> {
  const fromMs = deps.clock.monotonicMs();
  const listing = await operations.listLeases(options);
  return { ...listing, span: { fromMs, toMs: deps.clock.monotonicMs() } };
}

/** Says nothing twice but how far it is, for lists that are read again. */
export function eachOnce(notify: (notice: Notice) => void): (notice: Notice) => void {
  const said = new Set<string>();
  return (notice) => {
    if (notice.level !== 'progress' && said.has(notice.text)) return;
    said.add(notice.text);
    notify(notice);
  };
}

/** Reads all leases twice, with a wait between, and judges who renews them. */
async function observeLeases(
  invocation: Invocation,
  handle: RegistryHandle,
  waitMs: number,
): Promise<ReadLeases> {
  const { deps, diagnostics, signal } = invocation;
  const options = { ...invocation.callOptions(), notify: eachOnce(diagnostics.notify) };
  const first = await readLeases(invocation, handle, options);
  diagnostics.clear();
  diagnostics.notify({ level: 'progress', text: `Observing ${formatDuration(waitMs)} …` });
  await deps.clock.sleep(waitMs, signal);
  if (isAborted(signal)) throw abortedError(signal);
  const second = await readLeases(invocation, handle, options);
  if (first.epoch !== second.epoch) {
    diagnostics.say(NEW_EPOCH);
    return second;
  }
  const elapsed = elapsedBetween(first.span, second.span);
  return { ...second, leases: withRenewals(first.leases, second.leases, elapsed) };
}

/** Answers `lease list`. */
export async function listLeases(
  invocation: Invocation,
  handle: RegistryHandle,
  question: LeaseQuestion,
  flags: ListFlags,
): Promise<void> {
  const { filter, observeMs } = question;
  const read =
    observeMs === null
      ? await readLeases(invocation, handle, invocation.callOptions())
      : await observeLeases(invocation, handle, observeMs);
  const leases = selectLeases(read.leases, filter);
  const rows = arrangeLeases(invocation, leases, flags);
  const { view } = invocation;
  if (isDocumentFormat(view.format)) {
    invocation.print(await listDocumentText(leaseList(rows, read, originOf(invocation)), view.format, flags));
  } else if (view.format === 'name') {
    invocation.print(renderNames(rows.map(formatLeaseName)));
  } else {
    await printLeaseRows(invocation, handle, rows, { flags, isObserved: observeMs !== null });
  }
  sayUnseen(invocation, read, filter);
  saySummary(invocation, read, leases);
}

/** Sorts and limits leases as the flags say. @throws {SdctlError} E_USAGE for an unknown field */
export function arrangeLeases(
  { connection }: Invocation,
  leases: readonly LeaseRecord[],
  flags: ListFlags,
): readonly LeaseRecord[] {
  return arrange(leases, [...leaseFields(connection.backend), ttlField], flags);
}

/** Prints leases as a table or tab-separated. */
export async function printLeaseRows(
  invocation: Invocation,
  handle: RegistryHandle,
  rows: readonly LeaseRecord[],
  { flags, isObserved }: { readonly flags: ListFlags; readonly isObserved: boolean },
): Promise<void> {
  const { backend } = invocation.connection;
  const columns = leaseColumns({ backend, hasNodes: handle.capabilities.nodes, isObserved });
  invocation.print(await printRows(rows, { columns, fields: leaseFields(backend) }, invocation.view, flags));
}

/** Says what could not be seen, and what was left out because of that. */
export function sayUnseen(
  { diagnostics, view }: Invocation,
  { hidden, leases }: Pick<LeaseListing, 'hidden' | 'leases'>,
  { isOrphan }: LeaseFilter,
): void {
  for (const sentence of hidden)
    diagnostics.say(`Incomplete: ${safeText(sentence, { ascii: view.ascii, max: 4_000 })}`);
  if (!isOrphan) return;
  const unknown = leases.filter(({ knowsBindings, bindings }) => !knowsBindings && bindings.length === 0);
  const sessions = unknown.filter(({ kind }) => kind === 'session').length;
  const others = unknown.length - sessions;
  if (sessions > 0)
    diagnostics.say(
      `${countText(sessions, 'session')} left out: a list does not ask what a session holds, sdctl lease inspect does.`,
    );
  if (others > 0)
    diagnostics.say(
      `${countText(others, 'lease')} left out: ${others === 1 ? 'its' : 'their'} keys may not be seen.`,
    );
}

/** Says on a terminal how many there are. */
export function saySummary(
  invocation: Invocation,
  { revision }: Pick<LeaseListing, 'revision'>,
  leases: readonly LeaseRecord[],
): void {
  const { view, deps, diagnostics } = invocation;
  if (!deps.stdout.isTerminal || (view.format !== 'table' && view.format !== 'wide')) return;
  diagnostics.say(leaseSummary(leases, safeName(revision, view), originOf(invocation), view));
}
