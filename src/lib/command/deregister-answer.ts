import { abortedError, isAborted, type SdctlError } from '../errors.js';
import { formatInstanceName } from '../model/instance-name.js';
import type { LeaseBinding } from '../model/lease.js';
import type { RegistryHandle } from '../registry/types.js';
import { deregisterResult } from '../render/removal-documents.js';
import { escapeField, safeName, safeText } from '../render/safe-text.js';
import type { Invocation } from './invocation.js';
import { originOf } from './list-answer.js';
import { isDocumentFormat, listDocumentText } from './print-document.js';
import type { PlannedRemoval } from './removal-plan.js';
import { wholeError, type RemovalResult } from './removal-result.js';

/**
 * The names of what one removal took, at once: what is gone is said even if the rest is broken off.
 *
 * @param beside what falls and is no target itself
 */
export function printRemoved(
  invocation: Invocation,
  handle: RegistryHandle,
  { plan }: PlannedRemoval,
  beside: ReadonlySet<LeaseBinding>,
): void {
  if (isDocumentFormat(invocation.view.format)) return;
  const fallen = plan.falls.flatMap((binding) => (beside.has(binding) ? (binding.instance ?? []) : []));
  for (const instance of [plan.instance, ...fallen]) {
    const name = formatInstanceName({ ...instance, node: null }, handle.capabilities.nodes);
    invocation.print(`${escapeField(name)}\n`);
  }
}

/**
 * The end: the whole as a document where one was asked for, and its failure.
 *
 * @throws {SdctlError} that of the only target, or of the whole
 */
export async function answer(
  invocation: Invocation,
  handle: RegistryHandle,
  results: readonly RemovalResult[],
  isDryRun: boolean,
): Promise<void> {
  const { diagnostics, signal } = invocation;
  await printResults(invocation, handle, results, isDryRun);
  const failed = results.filter(({ error }) => error !== null);
  if (isAborted(signal)) {
    sayFailures(
      invocation,
      failed.filter(({ error }) => error?.code === 'E_ABORTED'),
    );
    throw abortedError(signal);
  }
  // The failure of the whole only counts them.
  if (results.length > 1) sayFailures(invocation, failed);
  if (isDryRun) diagnostics.say('Dry run: nothing was removed.');
  const error = wholeError(results);
  if (error !== null) throw error;
}

function sayFailures({ diagnostics }: Invocation, failed: readonly RemovalResult[]): void {
  for (const { name, error } of failed) if (error !== null) diagnostics.line(failureLine(name, error));
}

function failureLine(name: string, { message, why }: SdctlError): string {
  const reason = why === undefined ? '' : ` (${safeText(why)})`;
  return `  ${safeName(name)}: ${safeText(message)}${reason}`;
}

async function printResults(
  invocation: Invocation,
  handle: RegistryHandle,
  results: readonly RemovalResult[],
  isDryRun: boolean,
): Promise<void> {
  const { view } = invocation;
  if (!isDocumentFormat(view.format)) return;
  // A target that stands for nothing, or cannot be reached, fails like any command: with an error as the document.
  const [only] = results;
  if (results.length === 1 && only?.plan === null) return;
  const items = results.map(({ name, instance, plan, outcome, error, verdict }) => ({
    name,
    entry: instance,
    plan,
    outcome,
    error,
    looked: verdict === null || verdict.state === 'unknown' ? null : lookOf(verdict),
  }));
  const document = deregisterResult(items, originOf(invocation), {
    dryRun: isDryRun,
    hasNodes: handle.capabilities.nodes,
  });
  invocation.print(await listDocumentText(document, view.format, {}));
}

function lookOf(verdict: Exclude<NonNullable<RemovalResult['verdict']>, { state: 'unknown' }>) {
  return verdict.state === 'gone'
    ? { goneForMs: verdict.forMs, back: null }
    : { goneForMs: null, back: { instance: verdict.back.instance, afterMs: verdict.back.afterMs } };
}
