import type { RegistryHandle } from '../registry/types.js';
import { safeText } from '../render/safe-text.js';
import { formatDuration } from '../time/duration.js';
import { AuditLog } from './audit-log.js';
import { ComebackWatch } from './comeback-watch.js';
import type { ConfirmFlags } from './confirm.js';
import { answer, printRemoved } from './deregister-answer.js';
import type { Invocation } from './invocation.js';
import {
  fallingBindings,
  fallingInstances,
  planRemovals,
  type PlannedRemoval,
  type PlanOptions,
  type RemovalPlans,
} from './removal-plan.js';
import { askToRemove, sayPlan } from './removal-question.js';
import { recordRemoval } from './removal-record.js';
import { withVerdict, type RemovalResult } from './removal-result.js';
import { saveAll } from './removal-save.js';
import { refusals, RemovalSteps, toResult } from './removal-step.js';
import type { RemovalTargets } from './removal-targets.js';
import { requireFreeUndoFile } from './undo-file.js';

/** How a removal is to be done. */
export interface DeregisterOptions extends PlanOptions {
  readonly flags: ConfirmFlags;
  readonly isDryRun: boolean;
  /** Targets were chosen by what they are, not named one by one. */
  readonly isChosen: boolean;
  /** Connect to what has no lease, to tell whether it is stale. */
  readonly probesTcp: boolean;
  readonly undoFile: string | null;
}

/**
 * Removes instances: says what would happen, asks, saves what goes, removes exactly what was shown, and looks whether
 * it comes back.
 *
 * @throws {SdctlError} what was refused beforehand; E_CONFIRM; E_CAME_BACK; E_CONFLICT; E_PARTIAL when some of several
 *   are not as asked for
 */
export async function deregister(
  invocation: Invocation,
  handle: RegistryHandle,
  targets: RemovalTargets,
  options: DeregisterOptions,
): Promise<void> {
  const { isDryRun } = options;
  const plans = await planRemovals(invocation, handle, targets, options);
  invocation.diagnostics.clear();
  if (plans.planned.length === 0) return answer(invocation, handle, refusals(plans), isDryRun);
  sayPlan(invocation, plans, options);
  if (options.undoFile !== null) requireFreeUndoFile(options.undoFile);
  const audit = new AuditLog(invocation);
  audit.warnIfUnwritable(isDryRun);
  const results = isDryRun
    ? plans.planned.map((removal) => toResult(removal, 'planned'))
    : await carryOut(invocation, handle, { plans, targets, options, audit });
  await answer(invocation, handle, [...results, ...refusals(plans)], isDryRun);
}

interface Work {
  readonly plans: RemovalPlans;
  readonly targets: RemovalTargets;
  readonly options: DeregisterOptions;
  readonly audit: AuditLog;
}

async function carryOut(
  invocation: Invocation,
  handle: RegistryHandle,
  { plans: { planned }, targets, options, audit }: Work,
): Promise<readonly RemovalResult[]> {
  await askToRemove(invocation, planned, options);
  const { undoFile } = options;
  const changed =
    undoFile === null ? new Set<string>() : await saveAll(invocation, handle, planned, undoFile);
  await using watch = await startWatch(invocation, handle, targets, planned);
  const steps = new RemovalSteps(invocation, handle, changed);
  const beside = new Set(fallingBindings(planned));
  const results: RemovalResult[] = [];
  for (const removal of planned) {
    const done = await steps.remove(removal);
    recordRemoval(audit, done, beside);
    if (done.outcome === 'removed') {
      printRemoved(invocation, handle, removal, beside);
      if (removal.lookMs > 0) watch.add(removal.plan.instance, removal.lookMs);
    }
    results.push(done);
  }
  return await lookAfter(invocation, watch, { planned, results, audit });
}

async function startWatch(
  invocation: Invocation,
  handle: RegistryHandle,
  { snapshot }: RemovalTargets,
  planned: readonly PlannedRemoval[],
): Promise<ComebackWatch> {
  const falling = fallingInstances(planned);
  const looks = planned.some(({ lookMs }) => lookMs > 0);
  const services = looks ? [...new Set(falling.map(({ service }) => service))] : [];
  return ComebackWatch.start(invocation, handle, services, [...snapshot.instances, ...falling]);
}

/** What became of each by the end of the look. */
async function lookAfter(
  invocation: Invocation,
  watch: ComebackWatch,
  {
    planned,
    results,
    audit,
  }: Pick<Work, 'audit'> & {
    readonly planned: readonly PlannedRemoval[];
    readonly results: readonly RemovalResult[];
  },
): Promise<readonly RemovalResult[]> {
  const isLookedAt = results.map(
    ({ outcome }, index) => outcome === 'removed' && (planned[index]?.lookMs ?? 0) > 0,
  );
  if (!isLookedAt.includes(true)) return results;
  sayLook(invocation, planned);
  const verdicts = (await watch.finish()).values();
  const after = results.map((result, index) => {
    const verdict = isLookedAt[index] === true ? verdicts.next().value : undefined;
    return verdict === undefined ? result : withVerdict(result, verdict);
  });
  for (const result of after) if (result.outcome === 'came-back') recordRemoval(audit, result);
  sayGone(invocation, planned, after);
  return after;
}

function sayLook({ diagnostics }: Invocation, planned: readonly PlannedRemoval[]): void {
  const longest = planned.reduce((most, { lookMs }) => Math.max(most, lookMs), 0);
  diagnostics.notify({
    level: 'progress',
    text: `Looking for ${formatDuration(longest)} whether it comes back …`,
  });
}

function sayGone(
  { diagnostics, view }: Invocation,
  planned: readonly PlannedRemoval[],
  results: readonly RemovalResult[],
): void {
  const gone = results.flatMap(({ verdict }) => (verdict?.state === 'gone' ? [verdict.forMs] : []));
  if (gone.length === 0) return;
  const subject = gone.length === 1 ? 'Gone' : `${gone.length} gone`;
  const shortest = gone.reduce((least, ms) => Math.min(least, ms), Infinity);
  diagnostics.say(`${subject}, and still gone after ${formatDuration(shortest)}.`);
  for (const line of laterLines(planned, results)) diagnostics.say(safeText(line, view));
}

/** What may come back after the look was over, one sentence for each layout. */
function laterLines(
  planned: readonly PlannedRemoval[],
  results: readonly RemovalResult[],
): ReadonlySet<string> {
  const lines = planned.flatMap(({ plan, comeback, lookMs }, index) => {
    const within = comeback?.withinSeconds ?? 0;
    if (results[index]?.verdict?.state !== 'gone' || within * 1_000 <= lookMs) return [];
    return `A process of ${plan.instance.layout} that still runs may bring it back within ${formatDuration(within * 1_000)}.`;
  });
  return new Set(lines);
}
