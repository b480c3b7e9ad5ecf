import { resolve } from 'node:path';
import { editConfig, type Env } from '../config/file.js';
import { localDirectory } from '../config/settings.js';
import { runFleet } from '../demo/run-fleet.js';
import { SdctlError } from '../errors.js';
import { instanceColumns, instanceFields } from '../render/instance-columns.js';
import { leaseIdsOf, withLeases } from '../discovery/ttl.js';
import { compareText, type Instance } from '../model/instance.js';
import { currentOf } from './context-edit.js';
import type { Invocation } from './invocation.js';
import { printRows } from './print-list.js';
import { everything } from './select.js';
import { requireDuration, requireInteger } from './usage.js';
import { eventTypes, followMembership } from './watch-stream.js';

export interface DevFlags {
  readonly dir?: string | undefined;
  readonly for?: string | undefined;
  readonly services: string;
  readonly instances: string;
  readonly churn: string;
  readonly seed: string;
  readonly 'no-context'?: boolean | undefined;
}

export interface DevPlan {
  readonly directory: string;
  readonly seed: string;
  readonly services: number;
  readonly instances: number;
  readonly churnPerMinute: number;
  readonly forMs: number | null;
  readonly writesContext: boolean;
}

const CONTEXT = 'dev';

/** @throws {SdctlError} E_USAGE for a flag that cannot be used, or when nothing says where the registry may live */
export function devPlan(flags: DevFlags, env: Env): DevPlan {
  return {
    directory: resolve(flags.dir ?? localDirectory(env)),
    seed: flags.seed,
    services: requireInteger('--services', flags.services, 1, 1_000),
    instances: requireInteger('--instances', flags.instances, 1, 10_000),
    // A trailing unit is taken as well: 6/m.
    churnPerMinute: requireInteger('--churn', flags.churn.replace(/\/m(in)?$/, ''), 0, 6_000),
    forMs: flags.for === undefined ? null : requireDuration('--for', flags.for, { minMs: 1 }),
    writesContext: flags['no-context'] !== true,
  };
}

/**
 * Runs the fleet: the table once, then its changes as lines, until a signal or the time is over.
 *
 * @throws {SdctlError} E_CONFLICT when a fleet runs in that directory already
 */
export async function runDev(invocation: Invocation, plan: DevPlan): Promise<void> {
  const { clock, processes } = invocation.deps;
  await using fleet = await runFleet({ ...plan, signal: invocation.signal }, { clock, processes });
  await using handle = await invocation.openRegistry();
  const snapshot = await handle.operations.listAll(invocation.callOptions());
  const judged = withLeases(
    snapshot,
    await handle.operations.leases(leaseIdsOf(snapshot), invocation.callOptions()),
  );
  sayStart(
    invocation,
    plan,
    judged.instances,
    plan.writesContext ? await writeContext(invocation, plan.directory) : null,
  );
  if (invocation.view.format !== 'jsonl') {
    const rows = [...judged.instances].sort(
      (a, b) => compareText(a.service, b.service) || compareText(a.id, b.id),
    );
    invocation.print(
      await printRows(
        rows,
        { columns: instanceColumns({ services: true }), fields: instanceFields },
        invocation.view,
        {},
      ),
    );
  }
  const following = followMembership(invocation, handle, {
    service: null,
    selection: everything,
    until: null,
    untilText: '',
    types: new Set(eventTypes),
    initial: invocation.view.format === 'jsonl',
    retryStartMs: 0,
    wholeMs: plan.forMs,
  });
  // A fleet that stops by itself has failed: only the signal stops it otherwise.
  const end = await Promise.race([following, fleet.ended.then((error) => error ?? 'stopped')]);
  if (end instanceof SdctlError) throw end;
}

function sayStart(
  invocation: Invocation,
  plan: DevPlan,
  instances: readonly Instance[],
  context: string | null,
): void {
  const services = new Set(instances.map((instance) => instance.service)).size;
  const { diagnostics } = invocation;
  diagnostics.say(
    `Local registry with ${services} services and ${instances.length} instances, about ${plan.churnPerMinute} changes a minute, in ${plan.directory}.`,
  );
  const where = context === null ? `--dir ${plan.directory}` : `-c ${context}`;
  diagnostics.say(`In another terminal:   sdctl list ${where}        Ctrl-C stops it.`);
}

/**
 * Writes the context and makes it the current one where none is. A context of that name for something else is left alone.
 *
 * @returns its name; null when it could not be written
 */
async function writeContext(invocation: Invocation, directory: string): Promise<string | null> {
  const existing = invocation.config.contexts?.[CONTEXT];
  if (existing !== undefined && existing.backend !== 'local') {
    invocation.diagnostics.notify({
      level: 'warning',
      text: `context ${CONTEXT} exists and names ${existing.backend}: left alone`,
    });
    return null;
  }
  if (existing?.directory === directory && currentOf(invocation.config) !== null) return CONTEXT;
  try {
    await editConfig(invocation.location, (document, config) => {
      document.setIn(['contexts', CONTEXT, 'backend'], 'local');
      document.setIn(['contexts', CONTEXT, 'directory'], directory);
      if (currentOf(config) === null) document.set('currentContext', CONTEXT);
    });
    return CONTEXT;
  } catch (error) {
    if (!(error instanceof SdctlError)) throw error;
    invocation.diagnostics.notify({
      level: 'warning',
      text: `${error.message}${error.why === undefined ? '' : `: ${error.why}`}`,
    });
    return null;
  }
}
