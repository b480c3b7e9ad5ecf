import { isLeaseId } from '../discovery/lease-id.js';
import { SdctlError } from '../errors.js';
import { formatInstanceName } from '../model/instance-name.js';
import type { LeaseName, LeaseRecord } from '../model/lease.js';
import { formatLeaseName } from '../model/lease-name.js';
import type { RegistryHandle } from '../registry/types.js';
import { renderNames } from '../render/fields.js';
import { revokeResult } from '../render/lease-documents.js';
import { bindingName, leaseText } from '../render/lease-facts.js';
import { revokeLines } from '../render/lease-revoke-lines.js';
import { safeName } from '../render/safe-text.js';
import { countText } from '../render/summary-lines.js';
import { AuditLog } from './audit-log.js';
import { confirm, type ConfirmFlags } from './confirm.js';
import type { Invocation } from './invocation.js';
import { lastArgument } from './hint-argument.js';
import { requireLease } from './lease-lookup.js';
import { originOf } from './list-answer.js';
import { isDocumentFormat, listDocumentText } from './print-document.js';
import { usageError } from './usage.js';

export interface RevokeFlags extends ConfirmFlags {
  readonly 'dry-run'?: boolean | undefined;
}

/** The answer did not come, whatever became of the lease. */
const UNANSWERED: ReadonlySet<string> = new Set(['E_TIMEOUT', 'E_UNREACHABLE', 'E_ABORTED']);

type Outcome = 'planned' | 'revoked' | 'absent';

/**
 * Ends one lease: reads it, says what falls with it, asks, and ends it if nothing else hangs on it by then.
 *
 * @throws {SdctlError} E_NOT_FOUND; E_USAGE for what is never revoked; E_FORBIDDEN when what hangs on it may not be
 *   seen; E_CONFIRM; E_CONFLICT when something else hangs on it by now
 */
export async function revokeOne(
  invocation: Invocation,
  handle: RegistryHandle,
  names: readonly LeaseName[],
  flags: RevokeFlags,
): Promise<void> {
  const { diagnostics, view } = invocation;
  const lease = await requireLease(invocation, handle, names);
  refuseCheck(lease);
  refuseReadOnlyLayout(lease);
  refuseUnseen(lease);
  diagnostics.clear();
  for (const line of revokeLines(lease, safeName(invocation.place, view), view)) diagnostics.say(line);
  const isDryRun = flags['dry-run'] === true;
  const audit = new AuditLog(invocation);
  audit.warnIfUnwritable(isDryRun);
  if (isDryRun) return answer(invocation, lease, 'planned');
  await ask(invocation, lease, flags);
  const outcome = await revoke(invocation, handle, lease, audit);
  if (outcome === 'changed') throw changed(lease);
  await answer(invocation, lease, outcome);
}

/** @throws {SdctlError} E_USAGE with the command that ends the instance */
function refuseCheck(lease: LeaseRecord): void {
  if (lease.kind !== 'ttl-check') return;
  const name = lease.bindings.find(({ kind }) => kind === 'instance')?.name ?? null;
  throw usageError(
    `${formatLeaseName(lease)} is a TTL check, which cannot be revoked`,
    name === null
      ? 'it belongs to a node and stays as long as its agent wants it'
      : 'it ends with its instance',
    name === null ? undefined : `sdctl deregister ${lastArgument(formatInstanceName(name))}`,
  );
}

function refuseReadOnlyLayout(lease: LeaseRecord): void {
  const instance = lease.bindings.find((binding) => binding.instance?.readOnly === true)?.instance ?? null;
  if (instance === null) return;
  throw new SdctlError('E_USAGE', `lease ${formatLeaseName(lease)} is never revoked by sdctl`, {
    why: `${formatInstanceName(instance)} hangs on it, and its layout ${instance.layout} is read-only: the state of another system`,
    hint: 'change it with the tools of that system',
  });
}

/** A session may be ended unseen: ending it is what its owner does too, and its locks are released rather than lost. */
function refuseUnseen(lease: LeaseRecord): void {
  if (lease.knowsBindings || lease.kind === 'session') return;
  throw new SdctlError('E_FORBIDDEN', `lease ${formatLeaseName(lease)} cannot be revoked safely`, {
    why: 'what hangs on it may not be seen, so nobody could say what would be removed',
    hint: 'sdctl lease revoke with a user who may read its keys',
  });
}

async function ask(invocation: Invocation, lease: LeaseRecord, flags: RevokeFlags): Promise<void> {
  const { connection, place, view } = invocation;
  const { kind, onEnd, bindings, knowsBindings } = lease;
  const shown = formatLeaseName(lease);
  const noun = kind === 'session' ? 'session' : 'lease';
  const question = `Revoke ${noun} ${leaseText(lease, view)} in ${safeName(place)}?`;
  const thing = kind === 'session' && onEnd !== 'delete' ? 'lock' : 'key';
  const things = bindings.length === 0 ? '' : `${countText(bindings.length, thing)} with `;
  await confirm(invocation, question, flags, {
    word: bindings.length > 1 || !knowsBindings ? shown : null,
    wordWhat: 'lease',
    what: `${things}${noun} ${shown}`,
    means: (typed) => isLeaseId(typed, connection.backend, lease),
  });
}

async function revoke(
  invocation: Invocation,
  handle: RegistryHandle,
  lease: LeaseRecord,
  audit: AuditLog,
): Promise<'revoked' | 'absent' | 'changed'> {
  try {
    const outcome = await handle.operations.revokeLease(lease, invocation.callOptions());
    record(audit, lease, outcome, null);
    return outcome;
  } catch (error) {
    // It may have been ended all the same: the answer was lost, not the question.
    record(audit, lease, 'failed', error instanceof Error ? error.message : String(error));
    if (error instanceof SdctlError && UNANSWERED.has(error.code))
      invocation.diagnostics.say(
        `Whether ${leaseText(lease, invocation.view)} has ended is not known: sdctl lease inspect tells.`,
      );
    throw error;
  }
}

/** One line for the lease, and one for each thing that fell with it. */
function record(audit: AuditLog, lease: LeaseRecord, outcome: string, error: string | null): void {
  const fallen = outcome === 'revoked' || outcome === 'failed' ? lease.bindings : [];
  const things = fallen.map((binding) => ({ target: bindingName(binding, true), key: binding.key }));
  for (const thing of [{ target: formatLeaseName(lease), key: null }, ...things])
    audit.record({ command: 'lease revoke', ...thing, how: 'revoke', agent: null, outcome, error });
}

function changed(lease: LeaseRecord): SdctlError {
  const name = formatLeaseName(lease);
  return new SdctlError('E_CONFLICT', `lease ${name} changed meanwhile and was left alone`, {
    why: 'something else hangs on it by now',
    hint: `sdctl lease inspect ${lastArgument(name)}`,
  });
}

async function answer(invocation: Invocation, lease: LeaseRecord, outcome: Outcome): Promise<void> {
  const { view, diagnostics } = invocation;
  if (isDocumentFormat(view.format)) {
    const document = revokeResult({ lease, outcome }, originOf(invocation));
    invocation.print(await listDocumentText(document, view.format, {}));
  } else if (outcome === 'revoked') {
    invocation.print(renderNames([formatLeaseName(lease)]));
  }
  if (outcome === 'absent') diagnostics.say(`${leaseText(lease, view)} was already gone.`);
  if (outcome === 'planned') diagnostics.say('Dry run: nothing was removed.');
}
