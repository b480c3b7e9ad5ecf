import { elapsedBetween, type Span } from '../discovery/lease-renewal.js';
import {
  expiredCheck,
  hasLostLease,
  judgeStale,
  LEAST_CRITICAL_SECONDS,
  ttlOf,
  Twins,
  type StaleSample,
  type StaleVerdict,
} from '../discovery/staleness.js';
import { leaseIdsOf } from '../discovery/ttl.js';
import { abortedError, isAborted } from '../errors.js';
import { instanceKey, type Instance } from '../model/instance.js';
import type { Lease, RegistryHandle } from '../registry/types.js';
import { formatDuration } from '../time/duration.js';
import type { Invocation } from './invocation.js';
import { findRefusing } from './probe-endpoints.js';
import type { RemovalTargets } from './removal-targets.js';

/** Between two looks at what is over in a moment: a lease about to be revoked, a port of a process that starts anew. */
const MOMENT_SECONDS = 3;
/** Who renews does so at every third; a half tells. */
const HALF = 0.5;
const ROUNDING_SECONDS = 3;
/** A timer may end a little early, and the looks must not lie too close together for that. */
const MARGIN_MS = 100;

/** What a search for stale entries has to look at. */
export interface StaleSearch {
  /** Finds what may be stale, and everything around it; anew each time. */
  readonly find: () => Promise<RemovalTargets>;
  /** Connect to what has no lease. */
  readonly probesTcp: boolean;
}

export interface StaleFindings {
  /** As of the second look. */
  readonly latest: RemovalTargets;
  readonly verdicts: readonly StaleVerdict[];
}

interface Look extends StaleSample {
  readonly targets: RemovalTargets;
  readonly span: Span;
}

/** Looks twice, as far apart as it takes to tell, and judges what is of nobody any more. */
export async function findStale(
  invocation: Invocation,
  handle: RegistryHandle,
  { find, probesTcp }: StaleSearch,
): Promise<StaleFindings> {
  const { backend, capabilities } = handle;
  const { signal } = invocation;
  const first = await look(invocation, handle, find);
  const asked = first.targets.instances;
  const doubtful = asked.filter((instance) => hasLostLease(instance, backend));
  const refusing = probesTcp ? await findRefusing(doubtful, capabilities.remote, signal) : [];
  if (!probesTcp && backend !== 'consul') sayUnprobed(invocation, doubtful.length);
  const waitSeconds = Math.max(
    backend === 'consul' ? consulWait(first) : leaseWait(first),
    refusing.length > 0 ? MOMENT_SECONDS : 0,
  );
  if (waitSeconds > 0) await wait(invocation, waitSeconds * 1_000 + MARGIN_MS);
  const second = await look(invocation, handle, find);
  const stillRefusing = await findRefusing(refusing, capabilities.remote, signal);
  if (isAborted(signal)) throw abortedError(signal);
  const elapsed = elapsedBetween(first.span, second.span);
  const refused = probesTcp ? new Set(stillRefusing.map(instanceKey)) : null;
  return { latest: second.targets, verdicts: judgeStale({ backend, first, second, elapsed, refused }) };
}

async function look(
  invocation: Invocation,
  handle: RegistryHandle,
  find: () => Promise<RemovalTargets>,
): Promise<Look> {
  const { clock } = invocation.deps;
  const fromMs = clock.monotonicMs();
  const targets = await find();
  const { snapshot } = targets;
  const ids = leaseIdsOf(snapshot);
  const leases: ReadonlyMap<string, Lease> =
    handle.capabilities.readableTtl && ids.length > 0
      ? await handle.operations.leases(ids, invocation.callOptions())
      : new Map<string, Lease>();
  return { targets, instances: snapshot.instances, leases, span: { fromMs, toMs: clock.monotonicMs() } };
}

async function wait(invocation: Invocation, ms: number): Promise<void> {
  const { deps, diagnostics, signal } = invocation;
  diagnostics.clear();
  diagnostics.say(`Looking again in ${formatDuration(ms)}, to be sure …`);
  await deps.clock.sleep(ms, signal);
  if (isAborted(signal)) throw abortedError(signal);
}

/** One TTL, and not less than half a minute: who is only late passes its check within that. */
function consulWait({ instances, targets }: Look): number {
  const twins = new Twins(instances);
  const asked = targets.instances;
  const expired = asked.filter((instance) => expiredCheck(instance) !== null);
  const hasDoubt = expired.length > 0 || asked.some((instance) => twins.passingBeside(instance) !== null);
  return hasDoubt ? largest([LEAST_CRITICAL_SECONDS, ...expired.map(ttlOf)]) : 0;
}

/** Long enough to see a renewal of the leases that are compared, and to see a lapsed one stay. */
function leaseWait({ instances, leases, targets }: Look): number {
  const twins = new Twins(instances);
  const asked = targets.instances;
  const compared = asked.flatMap((instance) => {
    const others = twins.beside(instance);
    return others.length === 0 ? [] : [instance, ...others];
  });
  const ttls = compared.map((instance) => leaseOf(instance, leases)?.grantedSeconds ?? 0);
  const renewals = compared.length === 0 ? 0 : largest(ttls) * HALF + ROUNDING_SECONDS;
  const isLapsed = (instance: Instance): boolean =>
    instance.lease !== null && leaseOf(instance, leases)?.isOverdue !== false;
  return Math.max(renewals, asked.some(isLapsed) ? MOMENT_SECONDS : 0);
}

function largest(numbers: readonly number[]): number {
  return numbers.reduce((most, one) => Math.max(most, one), 0);
}

function leaseOf({ lease }: Instance, leases: ReadonlyMap<string, Lease>): Lease | undefined {
  return lease === null ? undefined : leases.get(lease.id);
}

function sayUnprobed({ diagnostics }: Invocation, count: number): void {
  if (count === 0) return;
  diagnostics.say(
    `${count === 1 ? '1 instance has' : `${count} instances have`} no lease where others have one: --probe tcp tells whether anything listens there.`,
  );
}
