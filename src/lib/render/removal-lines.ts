import { formatEndpoint } from '../model/endpoint.js';
import { instanceKey, shownKey, type Instance } from '../model/instance.js';
import type { LeaseBinding } from '../model/lease.js';
import type { RemovalPlan } from '../model/removal.js';
import { formatDuration } from '../time/duration.js';
import { instanceText } from './event-lines.js';
import { ownText, safeName, safeText, type SafeText } from './safe-text.js';
import { stateText, type View } from './view.js';

type Dress = Pick<View, 'ascii' | 'plain'>;

/** What a removal plan shows of one instance. */
export interface ShownRemoval {
  readonly plan: RemovalPlan;
  /** What a process that still runs does after it, one clause; null: nobody knows. */
  readonly afterwards: string | null;
}

/** One target as the plan lists it: name, endpoint, state, lease, and who keeps it there. */
export function targetLine(instance: Instance, view: Dress): SafeText {
  const endpoint = instance.endpoints[0];
  const { owner, lease } = instance;
  const parts = [
    instanceText(instance, view),
    endpoint === undefined ? 'no endpoint' : safeName(formatEndpoint(endpoint), view),
    stateText(instance.health, view),
    lease === null ? 'no lease' : `lease ${safeName(lease.id, view)}`,
    ...(owner === null ? [] : [`kept by ${ownerText(instance, view)}`]),
  ];
  return ownText(`  ${parts.join('   ')}`);
}

/** `web-1, pid 4711`; null where the entry does not say. */
function ownerText({ owner }: Pick<Instance, 'owner'>, view: Pick<View, 'ascii'>): SafeText | null {
  return owner === null ? null : ownText(`${safeName(owner.host, view)}, pid ${owner.pid}`);
}

/** How the removal goes about it, one line for each way that differs; then everything that falls beside the targets. */
export function howLines(shown: readonly ShownRemoval[], view: Dress): readonly SafeText[] {
  const texts = new Set(shown.map(({ plan }) => methodText(plan, shown.length === 1, view)));
  const layouts = new Map<string, string>();
  for (const { plan, afterwards } of shown)
    if (afterwards !== null) layouts.set(plan.instance.layout, afterwards);
  const habits = [...layouts].map(([layout, text]) =>
    ownText(`${safeName(layout, view)}: ${safeText(text, view)}.`),
  );
  const lines = [...texts].map((text) => ownText(`How: ${text}`));
  const last = lines.pop();
  const joined = last === undefined ? [] : [...lines, ownText([last, ...habits].join(' '))];
  return [...joined, ...onePerLease(shown).flatMap((plan) => fallLines(plan, view))];
}

function methodText(
  { instance, method, at, agent, takesMs }: RemovalPlan,
  isOnly: boolean,
  view: Dress,
): SafeText {
  const agentAt = at === null ? 'its agent' : `its agent at ${safeName(at, view)}`;
  switch (method) {
    case 'delete': {
      const unchanged = isOnly ? `at revision ${safeName(instance.revision, view)}` : 'as shown';
      const lease = isOnly && instance.lease !== null ? ' under this lease' : '';
      return ownText(`delete the ${keyWord(instance)}, if it still is ${unchanged}${lease}.`);
    }
    case 'revoke':
      return ownText('revoke the lease, which takes every key that hangs on it.');
    case 'agent':
      return ownText(`deregister at ${agentAt}, which owns it.`);
    case 'catalog':
      return ownText(catalogText(instance, agent, view));
    case 'replace':
      return ownText(
        `its id cannot stand in a URL, so ${agentAt} gets an entry in its place that ends by itself, within ${formatDuration(takesMs)}.`,
      );
  }
}

function keyWord({ key, root }: Instance): string {
  return key !== null && root === null ? 'entry' : 'key';
}

function catalogText({ node }: Instance, agent: RemovalPlan['agent'], view: Dress): string {
  const place = `node ${safeName(node ?? '', view)}`;
  if (agent === 'alive')
    return `remove it from the catalog alone: the agent of ${place} is alive and puts it back within one to two minutes, or at once when its check changes.`;
  if (agent === 'dead')
    return `remove it from the catalog: the agent of ${place} is gone. It is back if that agent returns with its data.`;
  return `remove it from the catalog: no agent of ${place} keeps it.`;
}

/** Several targets may hang on one lease, which falls once. */
function onePerLease(shown: readonly ShownRemoval[]): readonly RemovalPlan[] {
  const plans = new Map(shown.map(({ plan }) => [plan.instance.lease?.id ?? '', plan]));
  return [...plans.values()];
}

function fallLines({ instance, method, falls }: RemovalPlan, view: Dress): readonly SafeText[] {
  if (method !== 'revoke') return [];
  const lease = safeName(instance.lease?.id ?? '', view);
  const head = ownText(
    `With lease ${lease} fall ${falls.length === 0 ? 'no other keys' : `${falls.length} more:`}`,
  );
  return [head, ...falls.map((binding) => ownText(`  ${bindingLine(binding, view)}`))];
}

function bindingLine(binding: LeaseBinding, view: Dress): SafeText {
  const { kind, instance, key, isBinaryKey, layout } = binding;
  const at = safeName(shownKey({ key: key ?? '', isBinaryKey }), view);
  if (instance !== null) return ownText(`${instanceText(instance, view)}   ${at}`);
  if (kind === 'marker') return ownText(`${at}   marker of ${safeName(layout ?? '', view)}`);
  return ownText(`${at}   ${kind === 'unread' ? 'not read' : 'not an instance'}`);
}

/** What is known about one entry after the look, for people. */
export interface ShownReturn {
  readonly removed: Instance;
  readonly instance: Instance;
  readonly isNewKey: boolean;
  readonly afterMs: number;
}

/** Why an entry is back, one sentence for an error: where, under what, kept by whom. */
export function returnReason({ removed, instance, isNewKey }: ShownReturn): string {
  const parts = [
    ...(isNewKey ? [`under another key, ${instance.key ?? instanceKey(instance)}`] : []),
    ...(instance.lease === null || instance.lease.id === removed.lease?.id
      ? []
      : [`under lease ${instance.lease.id}`]),
  ];
  const keeper =
    instance.owner === null
      ? 'the process is still running'
      : `it is kept by ${instance.owner.host}, pid ${instance.owner.pid}`;
  return [...parts, keeper].join('; ');
}
