import type { Comeback } from '../layouts/facts.js';
import { formatEndpoint } from '../model/endpoint.js';
import { instanceKey, type Instance } from '../model/instance.js';
import type { RemovalPlan } from '../model/removal.js';

/** How an entry is back. */
export type ReturnKind = 'same-key' | 'new-key';

/**
 * Whether an entry that is seen after a removal is the removed one, put back.
 *
 * @param removed as it was
 * @param known keys of everything that was there before: another instance on the same address is no return
 * @returns null: it is not
 */
export function returnOf(removed: Instance, seen: Instance, known: ReadonlySet<string>): ReturnKind | null {
  const key = instanceKey(seen);
  if (key === instanceKey(removed)) return seen.revision === removed.revision ? null : 'same-key';
  if (known.has(key) || seen.service !== removed.service || seen.endpoints.length === 0) return null;
  return addressesOf(seen) === addressesOf(removed) ? 'new-key' : null;
}

function addressesOf({ endpoints }: Instance): string {
  return endpoints.map(formatEndpoint).sort().join();
}

/** A look that costs little, for processes that are not known to come back. */
const SHORT_LOOK_MS = 3_000;
const LONGEST_LOOK_MS = 30_000;
/** What comes back at an interval comes back a moment after it. */
const LATENESS_MS = 1_000;
const UNKNOWN_TTL_SECONDS = 10;
/** What is back within this has followed its own key, and waits for no renewal. */
const AT_ONCE_SECONDS = 1;
/** The usual clients renew after a third of the TTL. */
const RENEWALS_PER_TTL = 3;
const AGENT_LOOK_MS = 20_000;
/** An agent writes everything back within one minute to two. */
const CATALOG_LOOK_MS = 150_000;

/**
 * How long to look for a return, where the caller does not say, in milliseconds.
 *
 * @param facts of what the layout's process does after such a removal; null: nobody knows
 */
export function lookForMs({ instance, method, agent }: RemovalPlan, comeback: Comeback | null): number {
  switch (method) {
    case 'agent':
    case 'replace':
      return AGENT_LOOK_MS;
    case 'catalog':
      return agent === 'alive' ? CATALOG_LOOK_MS : SHORT_LOOK_MS;
    case 'delete':
      return Math.max(SHORT_LOOK_MS, ownReturnMs(comeback, instance.lease?.ttlSeconds ?? null));
    case 'revoke':
      return Math.max(SHORT_LOOK_MS, revokedReturnMs(comeback, instance.lease?.ttlSeconds ?? null));
  }
}

function ownReturnMs(comeback: Comeback | null, ttlSeconds: number | null): number {
  if (comeback === null || comeback.outcome === 'stays-gone') return 0;
  const within = comeback.withinSeconds ?? ttlSeconds ?? UNKNOWN_TTL_SECONDS;
  return Math.min(LONGEST_LOOK_MS, within * 1_000) + LATENESS_MS;
}

/** A process that only renews its lease learns at its next renewal that it is gone; with another TTL than usual, later. */
function revokedReturnMs(comeback: Comeback | null, ttlSeconds: number | null): number {
  const usualMs = ownReturnMs(comeback, ttlSeconds);
  const isAtOnce = (comeback?.withinSeconds ?? Infinity) <= AT_ONCE_SECONDS;
  if (usualMs === 0 || isAtOnce || ttlSeconds === null) return usualMs;
  const renewalMs = (ttlSeconds * 1_000) / RENEWALS_PER_TTL;
  return Math.max(usualMs, Math.min(LONGEST_LOOK_MS, renewalMs) + LATENESS_MS);
}
