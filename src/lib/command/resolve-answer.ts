import { pickEndpoints, strategies, type Choice, type Strategy } from '../discovery/pick.js';
import { parseHealthList } from '../discovery/selector.js';
import { SdctlError } from '../errors.js';
import { formatCallTarget, formatCallUrl } from '../model/endpoint.js';
import type { Health, Instance, Snapshot } from '../model/instance.js';
import { endpointList } from '../render/documents.js';
import { instanceText } from '../render/event-lines.js';
import { instanceColumns, instanceFields } from '../render/instance-columns.js';
import { escapeField } from '../render/safe-text.js';
import { partialLine, undecodedLines } from '../render/summary-lines.js';
import { lastArgument } from './hint-argument.js';
import type { Invocation } from './invocation.js';
import { originOf } from './list-answer.js';
import { requireOneService } from './look-up.js';
import { noSuchService } from './names.js';
import { isDocumentFormat, listDocumentText } from './print-document.js';
import { printRows } from './print-list.js';
import { requireInteger, usageError } from './usage.js';

export interface ResolveFlags {
  readonly all?: boolean | undefined;
  readonly count?: string | undefined;
  readonly strategy?: string | undefined;
  readonly include?: string | undefined;
  readonly zone?: string | undefined;
  readonly protocol?: string | undefined;
  readonly url?: boolean | undefined;
}

export interface ResolvePlan {
  readonly strategy: Strategy;
  readonly usable: ReadonlySet<Health>;
  readonly count: number;
  readonly zone: string | null;
  /** Of the endpoint to choose; null: the first one that has a port. */
  readonly protocol: string | null;
  /** Print the protocol too, whatever it is. */
  readonly url: boolean;
}

/** @throws {SdctlError} E_USAGE for a flag that cannot be read */
export function resolvePlan(flags: ResolveFlags): ResolvePlan {
  if (flags.all === true && flags.count !== undefined)
    throw usageError('--all and --count contradict each other', undefined, '--all');
  const strategy = strategies.find((known) => known === (flags.strategy ?? 'first'));
  if (strategy === undefined)
    throw usageError(
      `--strategy ${flags.strategy ?? ''} is not known`,
      `valid: ${strategies.join(', ')}`,
      '--strategy random',
    );
  if (strategy === 'nearest' && flags.zone === undefined) {
    throw usageError(
      '--strategy nearest needs the zone of the caller',
      undefined,
      '--strategy nearest --zone eu-west-1a',
    );
  }
  const include = flags.include === undefined ? null : parseHealthList(flags.include);
  if (include?.ok === false)
    throw usageError(
      `--include ${include.word} is no state`,
      'valid: warning, critical, maintenance, disabled',
      '--include warning',
    );
  return {
    strategy,
    usable: new Set<Health>(['passing', 'unknown', ...(include?.states ?? [])]),
    count:
      flags.all === true
        ? Infinity
        : flags.count === undefined
          ? 1
          : requireInteger('--count', flags.count, 1),
    zone: flags.zone ?? null,
    protocol: flags.protocol?.toLowerCase() ?? null,
    url: flags.url === true,
  };
}

/**
 * Chooses and prints.
 *
 * @throws {SdctlError} E_NOT_FOUND for a service without entries, E_NO_USABLE when none may be called
 */
export async function printEndpoints(
  invocation: Invocation,
  snapshot: Snapshot,
  service: string,
  plan: ResolvePlan,
  flags: { readonly fields?: string | undefined },
): Promise<void> {
  const { view, deps } = invocation;
  if (snapshot.instances.length === 0 && snapshot.undecoded.length === 0)
    throw noSuchService(service, invocation.place);
  for (const line of undecodedLines(snapshot.undecoded, view)) invocation.diagnostics.say(line);
  if (snapshot.partial) invocation.diagnostics.say(partialLine(originOf(invocation), view));
  const turn = Math.floor(deps.clock.nowMs() / 1_000);
  requireOneService(service, snapshot.instances, `sdctl resolve ${service}`);
  const { choices, skipped } = pickEndpoints(snapshot.instances, { ...plan, random: deps.random, turn });
  for (const { instance, why } of skipped) {
    invocation.diagnostics.notify({
      level: 'detail',
      text: `skipped ${instanceText(instance, view)}: ${why}`,
    });
  }
  if (choices.length === 0) throw noneUsable(service, snapshot, skipped);
  const chosen = choices.slice(0, plan.count);
  invocation.print(await endpointsText(invocation, snapshot, chosen, { ...flags, url: plan.url }));
}

async function endpointsText(
  invocation: Invocation,
  snapshot: Snapshot,
  chosen: readonly Choice[],
  flags: { readonly fields?: string | undefined; readonly url: boolean },
): Promise<string> {
  const { view } = invocation;
  if (isDocumentFormat(view.format))
    return listDocumentText(endpointList(chosen, snapshot, originOf(invocation)), view.format, flags);
  if (view.format === 'name')
    return chosen
      .map(({ endpoint }) => (flags.url ? formatCallUrl(endpoint) : formatCallTarget(endpoint)))
      .map((target) => `${escapeField(target)}\n`)
      .join('');
  const rows: readonly Instance[] = chosen.map(({ instance }) => instance);
  return printRows(rows, { columns: instanceColumns(), fields: instanceFields }, view, flags);
}

function noneUsable(
  service: string,
  snapshot: Snapshot,
  skipped: readonly { readonly why: string }[],
): SdctlError {
  const counts = new Map<string, number>();
  for (const { why } of skipped) counts.set(why, (counts.get(why) ?? 0) + 1);
  if (snapshot.undecoded.length > 0) counts.set('unreadable', snapshot.undecoded.length);
  const why = [...counts].map(([reason, count]) => `${count} ${reason}`).join(', ');
  const first = ['warning'].find((state) => counts.has(state));
  return new SdctlError('E_NO_USABLE', `no instance of "${service}" may be called`, {
    why: `${snapshot.instances.length} registered: ${why}`,
    hint:
      first === undefined
        ? `sdctl list ${lastArgument(service)}`
        : `sdctl resolve --include ${first} ${lastArgument(service)}`,
    details: { service, states: Object.fromEntries(counts) },
  });
}
