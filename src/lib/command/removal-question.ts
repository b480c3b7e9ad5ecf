import { formatInstanceName } from '../model/instance-name.js';
import type { Instance } from '../model/instance.js';
import { bindingName } from '../render/lease-facts.js';
import { howLines, targetLine } from '../render/removal-lines.js';
import { safeName, safeText } from '../render/safe-text.js';
import { countText } from '../render/summary-lines.js';
import { confirm, type ConfirmFlags } from './confirm.js';
import type { DeregisterOptions } from './deregister-run.js';
import type { Invocation } from './invocation.js';
import { fallingBindings, fallingInstances, type PlannedRemoval, type RemovalPlans } from './removal-plan.js';

/** Says what would happen: where, to what, how, and what falls beside it. */
export function sayPlan(
  invocation: Invocation,
  { planned, refused }: RemovalPlans,
  options: DeregisterOptions,
): void {
  const { view, connection, serverNames } = invocation;
  const where = connection.context === null ? '' : ` (${safeName(serverNames)})`;
  const shown = planned.map(({ plan, comeback }) => ({ plan, afterwards: comeback?.text ?? null }));
  const lines = [
    `Registry ${safeName(invocation.place)}${where}`,
    ...planned.map(({ plan }) => targetLine(plan.instance, view)),
    ...refused.map(({ name, error }) => `  ${safeName(name)}   ${safeText(error.message)}`),
    ...howLines(shown, view),
    ...(options.undoFile === null ? [] : unsavedLines(planned)),
  ];
  for (const line of lines) say(invocation, options.flags, line);
}

/** Nobody is asked about what they were not shown, whatever --quiet says. */
function say({ deps, diagnostics, flags }: Invocation, { yes }: ConfirmFlags, line: string): void {
  const isAsked = yes !== true && deps.stdinIsTerminal && deps.stderr.isTerminal;
  if (flags.quiet === true && isAsked) diagnostics.line(line);
  else diagnostics.say(line);
}

/** Keys that are no instances fall with a lease, and are not saved. */
function unsavedLines(planned: readonly PlannedRemoval[]): readonly string[] {
  const others = fallingBindings(planned).filter(({ instance }) => instance === null);
  if (others.length === 0) return [];
  const names = others.map((binding) => safeName(bindingName(binding, false)));
  return [`Not saved in the undo file, because they are no instances: ${names.join(', ')}`];
}

/** Gets the go-ahead. @throws {SdctlError} E_CONFIRM */
export async function askToRemove(
  invocation: Invocation,
  planned: readonly PlannedRemoval[],
  { flags, isChosen }: DeregisterOptions,
): Promise<void> {
  const { connection, place } = invocation;
  const falling = fallingInstances(planned);
  const others = fallingBindings(planned).filter(({ instance }) => instance === null).length;
  const services = [...new Set(falling.map(({ service }) => service))];
  const what = whatText(falling, services, others);
  const question = `Remove ${safeName(what)} from ${safeName(place)}?`;
  const [service = ''] = services;
  // Where no context has a name, the kind of registry is what somebody has to be sure of.
  if (services.length > 1)
    return confirm(invocation, question, flags, {
      word: connection.context ?? connection.backend,
      wordWhat: 'context',
      what,
    });
  const isMany = isChosen || falling.length > 1 || others > 0;
  return confirm(invocation, question, flags, { word: isMany ? service : null, wordWhat: 'service', what });
}

function whatText(falling: readonly Instance[], services: readonly string[], others: number): string {
  const keys = others === 0 ? '' : ` and ${countText(others, 'other key')}`;
  const [only, ...more] = falling;
  if (only !== undefined && more.length === 0) return formatInstanceName(only) + keys;
  const of = services.length === 1 ? (services[0] ?? '') : `${services.length} services`;
  return `${falling.length} instances of ${of}${keys}`;
}
