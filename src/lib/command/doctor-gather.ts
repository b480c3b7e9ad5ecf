import type { DoctorSettings } from '../doctor/settings.js';
import type { Premises } from '../doctor/examine.js';
import type { History, ProbeAnswer, Sample } from '../doctor/types.js';
import { globMatcher, isGlob } from '../discovery/selector.js';
import { withLeases } from '../discovery/ttl.js';
import { abortedError, isAborted, SdctlError } from '../errors.js';
import { nothingKnown, type BackendFacts } from '../model/backend-facts.js';
import { instanceKey, type Snapshot } from '../model/instance.js';
import { leaseKey, type LeaseListing } from '../model/lease.js';
import type { ProbeKind } from '../probe/probe-answer.js';
import type { CallOptions, Lease, RegistryHandle } from '../registry/types.js';
import type { Invocation } from './invocation.js';
import { TimeBudget } from './time-budget.js';

/** What one run looks at. */
export interface GatherOptions {
  /** null: all services. */
  readonly service: string | null;
  /** null: one look. */
  readonly observeMs: number | null;
  readonly probes: ReadonlySet<ProbeKind> | null;
  readonly settings: DoctorSettings;
  readonly history: History | null;
  /** Where the registry says what it goes without. */
  readonly notify: NonNullable<CallOptions['notify']>;
}

/** So many samples of a long window at most, and never closer than this. */
const MOST_SAMPLES = 60;
const LEAST_PAUSE_MS = 1_000;
/** The least that a renewal can be judged by. */
const LEAST_SAMPLES = 4;

/** All calls of a run together, beside what it observes: a registry of 100,000 leases takes half of this. */
const TOTAL_MS = 60_000;

interface Look {
  readonly snapshot: Snapshot;
  readonly leases: LeaseListing | null;
  readonly facts: BackendFacts;
  readonly atMs: number;
}

/**
 * Reads everything that the rules look at, once, and again while it observes.
 *
 * @param totalMs for everything together, beside what is observed
 * @throws {SdctlError} what reading the services fails with; everything else that cannot be read, or not in time, is
 *   left unknown
 */
export async function gather(
  invocation: Invocation,
  handle: RegistryHandle,
  options: GatherOptions,
  totalMs = Math.max(TOTAL_MS, invocation.callOptions().timeoutMs ?? 0),
): Promise<Premises> {
  using budget = new TimeBudget(invocation.deps.clock, invocation.signal, totalMs + (options.observeMs ?? 0));
  const first = await look(invocation, handle, options, budget).catch((error: unknown) => {
    throw budget.ended(error) ? outOfTime(invocation, budget, error) : error;
  });
  const probing = options.probes === null ? null : probe(invocation, first.snapshot, options.probes, budget);
  const samples = await observed(invocation, handle, options, budget, first);
  const probes = await probing;
  // Whom nobody asked to the end looks like one who does not answer.
  if (isAborted(invocation.signal)) throw abortedError(invocation.signal);
  if (probing !== null && budget.isOver) tell(options, budget, 'not all instances could be probed');
  return {
    backend: handle.backend as Premises['backend'],
    context: invocation.connection.context,
    service: options.service,
    takenAtMs: first.snapshot.takenAtMs,
    snapshot: first.snapshot,
    leases: first.leases,
    facts: first.facts,
    samples,
    probes: budget.isOver ? null : (probes ?? null),
    history: options.history,
    settings: options.settings,
  };
}

/** The first look and those behind it, as many as there is time for. */
async function observed(
  invocation: Invocation,
  handle: RegistryHandle,
  options: GatherOptions,
  budget: TimeBudget,
  first: Look,
): Promise<readonly Sample[]> {
  const samples = [toSample(first)];
  for (const pauseMs of pauses(options.observeMs)) {
    invocation.diagnostics.notify({ level: 'progress', text: `Observing, ${samples.length} looks so far …` });
    await invocation.deps.clock.sleep(pauseMs, budget.signal);
    if (isAborted(invocation.signal)) throw abortedError(invocation.signal);
    try {
      samples.push(toSample(await look(invocation, handle, options, budget)));
    } catch (error) {
      if (!budget.ended(error)) throw error;
      const text = `observing ended after ${samples.length} looks: a run takes at most ${String(budget)}`;
      options.notify({ level: 'warning', text });
      break;
    }
  }
  return samples;
}

/** What a run goes without because its time was up. */
function tell({ notify }: Pick<GatherOptions, 'notify'>, budget: TimeBudget, what: string): void {
  notify({ level: 'warning', text: `${what} within ${String(budget)}: rules about them are unknown` });
}

function pauses(observeMs: number | null): readonly number[] {
  if (observeMs === null) return [];
  const count = Math.min(MOST_SAMPLES, Math.max(LEAST_SAMPLES, Math.floor(observeMs / LEAST_PAUSE_MS))) - 1;
  return Array.from({ length: count }, () => observeMs / count);
}

async function look(
  invocation: Invocation,
  handle: RegistryHandle,
  asked: GatherOptions,
  budget: TimeBudget,
): Promise<Look> {
  const { service, notify } = asked;
  const { operations, registry } = handle;
  const options = { ...invocation.callOptions(budget.signal), notify };
  const pending = operations.readFacts(options);
  // It is awaited behind the others; until then nobody would hear of its failure.
  pending.catch(() => undefined);
  const isWhole = service === null || isGlob(service);
  const read = await (isWhole ? operations.listAll(options) : registry.list(service, options));
  const leases = await readableLeases(handle, options, budget, isWhole ? read : undefined);
  const snapshot = service !== null && isWhole ? matching(read, service) : read;
  const facts = await pending.catch((error: unknown) => {
    if (!budget.ended(error)) throw error;
    tell(asked, budget, 'the servers could not be asked how they are');
    return nothingKnown;
  });
  const atMs = invocation.deps.clock.monotonicMs();
  return { snapshot: judged(snapshot, leases), leases, facts, atMs };
}

/** What a pattern leaves of everything. */
function matching(snapshot: Snapshot, pattern: string): Snapshot {
  const matches = globMatcher(pattern);
  const isAsked = ({ service }: { readonly service: string | null }): boolean =>
    service === null || matches(service);
  return {
    ...snapshot,
    instances: snapshot.instances.filter(isAsked),
    undecoded: snapshot.undecoded.filter(isAsked),
    skipped: snapshot.skipped.filter(isAsked),
  };
}

function outOfTime({ place }: Invocation, budget: TimeBudget, cause: unknown): SdctlError {
  return new SdctlError('E_TIMEOUT', `cannot read all services in ${place}`, {
    why: `not complete within ${String(budget)}, the time of a whole run`,
    hint: 'sdctl doctor SERVICE',
    cause,
  });
}

/** Leases that may not be seen, or are too many for the time, make rules unknown, and do not end a run. */
async function readableLeases(
  handle: RegistryHandle,
  options: CallOptions & Pick<GatherOptions, 'notify'>,
  budget: TimeBudget,
  known: Snapshot | undefined,
): Promise<LeaseListing | null> {
  try {
    return await handle.operations.listLeases({ ...options, timeoutMs: budget.totalMs }, known);
  } catch (error) {
    if (error instanceof SdctlError && error.exitCode === 5) return null;
    if (!budget.ended(error)) throw error;
    tell(options, budget, 'not all leases could be read');
    return null;
  }
}

/** What is left of a lease belongs to the health of its instances. */
function judged(snapshot: Snapshot, listing: LeaseListing | null): Snapshot {
  if (listing === null) return snapshot;
  const leases = new Map<string, Lease>();
  for (const { kind, id, grantedSeconds, leftSeconds, isOverdue } of listing.leases)
    if (kind === 'lease') leases.set(id, { id, grantedSeconds, leftSeconds, isOverdue });
  return leases.size === 0 ? snapshot : withLeases(snapshot, leases);
}

function toSample({ snapshot, leases, facts, atMs }: Look): Sample {
  const terms = new Set(facts.servers.flatMap(({ term }) => term ?? []));
  return {
    atMs,
    leases: new Map((leases?.leases ?? []).map((lease) => [leaseKey(lease), lease])),
    instances: new Map(snapshot.instances.map((instance) => [instanceKey(instance), instance])),
    term: [...terms].sort().at(-1) ?? null,
    drift: facts.drift,
  };
}

async function probe(
  { deps, diagnostics }: Invocation,
  { instances }: Snapshot,
  kinds: ReadonlySet<ProbeKind>,
  { signal }: TimeBudget,
): Promise<ReadonlyMap<string, readonly ProbeAnswer[]>> {
  const { probeInstances } = await import('../probe/probe-instances.js');
  return probeInstances(instances, {
    kinds,
    signal,
    nowMs: () => deps.clock.monotonicMs(),
    onProgress: (done, all) => {
      diagnostics.notify({ level: 'progress', text: `Connecting to instances: ${done} of ${all}` });
    },
  });
}
