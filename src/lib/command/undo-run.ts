import { setImmediate } from 'node:timers/promises';
import { abortedError, isAborted, SdctlError } from '../errors.js';
import type { SavedEntry } from '../model/removal.js';
import type { RegistryHandle, RemovalOptions } from '../registry/types.js';
import { restoreResult } from '../render/removal-documents.js';
import { safeName } from '../render/safe-text.js';
import { AuditLog } from './audit-log.js';
import { lastArgument } from './hint-argument.js';
import type { Invocation } from './invocation.js';
import { originOf } from './list-answer.js';
import { isDocumentFormat, listDocumentText } from './print-document.js';
import { readUndoFile } from './undo-file.js';
import { occupiedNow } from './undo-occupied.js';
import { savedKey, savedName, sayRestored, type RestoreOutcome } from './undo-lines.js';
import { requireSameRegistry } from './undo-origin.js';

/** How to put entries back. */
export interface UndoOptions extends Pick<RemovalOptions, 'ownerPort'> {
  readonly file: string;
  readonly isDryRun: boolean;
  /** Also into another registry than the one that they were taken from. */
  readonly force: boolean;
}

/**
 * Puts back what a removal has saved, where nothing stands now.
 *
 * @throws {SdctlError} E_FILE for a file that is none; E_USAGE for one of another registry; E_CONFLICT where something
 *   stands; E_PARTIAL when some of several could not be put back
 */
export async function undoRemoval(
  invocation: Invocation,
  handle: RegistryHandle,
  options: UndoOptions,
): Promise<void> {
  const content = await readUndoFile(options.file);
  requireSameRegistry(invocation, content, options);
  const { diagnostics, signal } = invocation;
  diagnostics.clear();
  diagnostics.say(`Registry ${safeName(invocation.place)}`);
  const audit = new AuditLog(invocation);
  audit.warnIfUnwritable(options.isDryRun);
  const isOccupied = options.isDryRun ? await occupiedNow(invocation, handle, content.items) : null;
  const outcomes: RestoreOutcome[] = [];
  for (const entry of content.items) {
    const outcome =
      isOccupied === null
        ? await restoreOne(invocation, handle, entry, options)
        : planned(entry, isOccupied(entry));
    sayRestored(invocation, handle, outcome);
    if (!options.isDryRun) record(audit, outcome);
    outcomes.push(outcome);
  }
  await print(invocation, outcomes, options.isDryRun);
  if (isAborted(signal)) throw abortedError(signal);
  if (outcomes.length === 0) diagnostics.say('Nothing to put back: the file holds no entry.');
  if (options.isDryRun) diagnostics.say('Dry run: nothing was put back.');
  const error = wholeError(outcomes);
  if (error !== null) throw error;
}

function planned(entry: SavedEntry, isOccupied: boolean): RestoreOutcome {
  const error = isOccupied ? occupied(savedName(entry)) : null;
  return { entry, outcome: isOccupied ? 'occupied' : 'planned', restored: null, error };
}

async function restoreOne(
  invocation: Invocation,
  handle: RegistryHandle,
  entry: SavedEntry,
  { ownerPort }: UndoOptions,
): Promise<RestoreOutcome> {
  // An embedded registry answers at once, and a signal is only heard between two turns.
  await setImmediate();
  const name = savedName(entry);
  if (isAborted(invocation.signal))
    return failed(entry, brokenOff(`${name} was left alone: it was broken off`));
  const options = { ...invocation.callOptions(), ...(ownerPort === undefined ? {} : { ownerPort }) };
  try {
    const restored = await handle.operations.restore(entry, options);
    const error = restored.outcome === 'restored' ? null : occupied(name);
    return { entry, outcome: restored.outcome, restored, error };
  } catch (error) {
    if (!(error instanceof SdctlError)) throw error;
    if (error.code !== 'E_ABORTED') return failed(entry, error);
    return failed(entry, brokenOff(`${name} was broken off: nobody knows whether it is put back`));
  }
}

function failed(entry: SavedEntry, error: SdctlError): RestoreOutcome {
  return { entry, outcome: 'failed', restored: null, error };
}

function brokenOff(message: string): SdctlError {
  return new SdctlError('E_ABORTED', message);
}

function occupied(name: string): SdctlError {
  return new SdctlError('E_CONFLICT', `${name} was left alone`, {
    why: 'something stands there by now',
    hint: `sdctl list ${lastArgument(name)}`,
  });
}

async function print(
  invocation: Invocation,
  outcomes: readonly RestoreOutcome[],
  isDryRun: boolean,
): Promise<void> {
  const { view } = invocation;
  if (!isDocumentFormat(view.format)) return;
  const document = restoreResult(outcomes, originOf(invocation), { dryRun: isDryRun });
  invocation.print(await listDocumentText(document, view.format, {}));
}

function wholeError(outcomes: readonly RestoreOutcome[]): SdctlError | null {
  const failures = outcomes.filter(({ error }) => error !== null);
  const first = failures[0]?.error ?? null;
  if (first === null || outcomes.length === 1) return first;
  const isOneCause =
    failures.length === outcomes.length && failures.every(({ error }) => error?.code === first.code);
  return new SdctlError(
    isOneCause ? first.code : 'E_PARTIAL',
    `${failures.length} of ${outcomes.length} entries were not put back`,
    {
      details: {
        failed: failures.map(({ entry, error }) => ({ name: savedName(entry), code: error?.code })),
      },
    },
  );
}

function record(audit: AuditLog, { entry, outcome, error }: RestoreOutcome): void {
  audit.record({
    command: 'deregister --undo',
    target: savedName(entry),
    key: savedKey(entry),
    how: 'restore',
    agent: null,
    outcome,
    error: error?.message ?? null,
  });
}
