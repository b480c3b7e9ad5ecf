import type { DriftFacts } from '../model/backend-facts.js';
import type { Examination } from './types.js';

/** Agents of one datacenter up to this number sync as often as they can. */
const SMALL_CLUSTER = 128;

/** Looks at the drift of an observation, in order of time. */
export interface ObservedDrift {
  /** One look alone tells nothing of how long. */
  readonly looks: readonly (readonly DriftFacts[])[];
  /** From the first look to the last. */
  readonly spanMs: number;
}

/** What was seen each time that agents were asked; the first time is that of the facts. */
export function observedDrift({ samples, facts }: Examination): ObservedDrift {
  const looks = samples.flatMap(({ atMs, drift }, position) => {
    const seen = position === 0 ? (drift ?? facts.drift) : drift;
    return seen == null ? [] : [{ atMs, seen }];
  });
  const first = looks[0]?.atMs ?? 0;
  return { looks: looks.map(({ seen }) => seen), spanMs: (looks.at(-1)?.atMs ?? first) - first };
}

/** The drift of the last look that was there in every one before it, as it is now. */
export function lastingDrift(looks: ObservedDrift['looks']): readonly DriftFacts[] {
  const earlier = looks.slice(0, -1).map((look) => new Set(look.map(markOf)));
  return (looks.at(-1) ?? []).filter((drift) => earlier.every((marks) => marks.has(markOf(drift))));
}

function markOf({ node, service, instance, kind }: DriftFacts): string {
  return JSON.stringify([node, service, instance, kind]);
}

/** The longest that an agent takes for a whole sync: Consul spreads the agents of larger clusters over more time. */
export function syncPeriodMs({ facts, settings }: Examination): number {
  const nodes = facts.nodes?.length ?? facts.members?.length ?? 0;
  const doublings = nodes <= SMALL_CLUSTER ? 0 : Math.ceil(Math.log2(nodes / SMALL_CLUSTER));
  return settings.thresholds.syncPeriodSeconds * 1_000 * (1 + doublings / 2);
}
