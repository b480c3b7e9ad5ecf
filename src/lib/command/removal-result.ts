import { SdctlError } from '../errors.js';
import { formatInstanceName } from '../model/instance-name.js';
import type { Instance } from '../model/instance.js';
import type { RemovalPlan } from '../model/removal.js';
import type { DeregisterOutcome } from '../registry/types.js';
import { returnReason } from '../render/removal-lines.js';
import { shellQuote } from '../render/safe-text.js';
import { formatDuration } from '../time/duration.js';
import type { Verdict } from './comeback-watch.js';
import { lastArgument } from './hint-argument.js';

/** What became of one target. */
export interface RemovalResult {
  /** SERVICE/INSTANCE, with the node where there are nodes. */
  readonly name: string;
  readonly instance: Instance | null;
  /** null: it was refused before there was a plan. */
  readonly plan: RemovalPlan | null;
  readonly outcome: DeregisterOutcome | 'planned' | 'failed' | 'came-back';
  /** Why it is not as asked for; null: it is. */
  readonly error: SdctlError | null;
  /** What the look afterwards has found; null: there was none. */
  readonly verdict: Verdict | null;
}

/** The failure of one target; null for an outcome that is as asked for. */
export function outcomeError(outcome: DeregisterOutcome, { instance }: RemovalPlan): SdctlError | null {
  const name = formatInstanceName(instance);
  if (outcome === 'changed')
    return new SdctlError('E_CONFLICT', `${name} changed meanwhile and was left alone`, {
      why: 'it is not the entry that was shown any more',
      hint: `sdctl list ${lastArgument(name)}`,
    });
  if (outcome === 'not-owner')
    return new SdctlError('E_CONFLICT', `${name} can only be removed by its own agent`, {
      why: `the agent of node ${instance.node ?? ''} owns it and would put it back`,
      hint: '--server with the address of that agent',
    });
  return null;
}

/** A result with what the look has found. */
export function withVerdict(result: RemovalResult, verdict: Verdict): RemovalResult {
  const { instance, name } = result;
  if (instance === null || verdict.state === 'gone') return { ...result, verdict };
  if (verdict.state === 'unknown') {
    const error = new SdctlError(
      'E_UNREACHABLE',
      `${name} was removed, but nobody knows whether it came back`,
      {
        why: verdict.why,
        hint: `sdctl list ${lastArgument(name)}`,
      },
    );
    return { ...result, verdict, error };
  }
  const { back } = verdict;
  const shown = {
    removed: instance,
    instance: back.instance,
    isNewKey: back.kind === 'new-key',
    afterMs: back.afterMs,
  };
  const { owner } = back.instance;
  const error = new SdctlError('E_CAME_BACK', `${name} came back after ${formatDuration(back.afterMs)}`, {
    why: returnReason(shown),
    hint:
      owner === null
        ? 'stop its process first'
        : `stop process ${owner.pid} on ${shellQuote(owner.host)} first`,
    details: {
      afterSeconds: Math.round(back.afterMs) / 1_000,
      key: back.instance.key,
      lease: back.instance.lease?.id ?? null,
      owner: owner === null ? null : { host: owner.host, pid: owner.pid },
    },
  });
  return { ...result, outcome: 'came-back', verdict, error };
}

/**
 * The failure of the whole, from those of the parts.
 *
 * @returns null when nothing failed
 */
export function wholeError(results: readonly RemovalResult[]): SdctlError | null {
  const errors = results.flatMap(({ error }) => (error === null ? [] : [error]));
  const [first] = errors;
  if (first === undefined) return null;
  if (results.length === 1) return first;
  const isOneCause = errors.length === results.length && errors.every(({ code }) => code === first.code);
  const failed = results.filter(({ error }) => error !== null);
  return new SdctlError(
    isOneCause ? first.code : 'E_PARTIAL',
    `${failed.length} of ${results.length} targets are not as asked for`,
    {
      ...(isOneCause && first.hint !== undefined ? { hint: first.hint } : {}),
      details: { failed: failed.map(({ name, error }) => ({ name, code: error?.code ?? null })) },
    },
  );
}
