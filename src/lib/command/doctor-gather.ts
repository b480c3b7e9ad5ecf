import type { DoctorSettings } from '../doctor/settings.js';
import type { Premises } from '../doctor/examine.js';
import type { History, ProbeAnswer, Sample } from '../doctor/types.js';
import { globMatcher, isGlob } from '../discovery/selector.js';
import { withLeases } from '../discovery/ttl.js';
import { abortedError, isAborted, SdctlError } from '../errors.js';
import type { BackendFacts } from '../model/backend-facts.js';
import { instanceKey, type Snapshot } from '../model/instance.js';
import { leaseKey, type LeaseListing } from '../model/lease.js';
import type { ProbeKind } from '../probe/probe-answer.js';
import type { CallOptions, Lease, RegistryHandle } from '../registry/types.js';
import { formatDuration } from '../time/duration.js';
import type { Invocation } from './invocation.js';

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

/** A call for each lease: a registry of 100,000 takes half of this. */
const LEASES_MS = 50_000;

interface Look {
  readonly snapshot: Snapshot;
  readonly leases: LeaseListing | null;
  readonly facts: BackendFacts;
  readonly atMs: number;
}

/**
 * Reads everything that the rules look at, once, and again while it observes.
 *
 * @throws {SdctlError} what reading the services fails with; everything else that cannot be read is left unknown
 */
export async function gather(
  invocation: Invocation,
  handle: RegistryHandle,
  options: GatherOptions,
): Promise<Premises> {
  const first = await look(invocation, handle, options);
  const samples = [toSample(first)];
  const probing = options.probes === null ? null : probe(invocation, first.snapshot, options.probes);
  for (const pauseMs of pauses(options.observeMs)) {
    invocation.diagnostics.notify({ level: 'progress', text: `Observing, ${samples.length} looks so far …` });
    await invocation.deps.clock.sleep(pauseMs, invocation.signal);
    if (isAborted(invocation.signal)) throw abortedError(invocation.signal);
    samples.push(toSample(await look(invocation, handle, options)));
  }
  const probes = await probing;
  // Whom nobody asked to the end looks like one who does not answer.
  if (isAborted(invocation.signal)) throw abortedError(invocation.signal);
  return {
    backend: handle.backend as Premises['backend'],
    context: invocation.connection.context,
    service: options.service,
    takenAtMs: first.snapshot.takenAtMs,
    snapshot: first.snapshot,
    leases: first.leases,
    facts: first.facts,
    samples,
    probes,
    history: options.history,
    settings: options.settings,
  };
}

function pauses(observeMs: number | null): readonly number[] {
  if (observeMs === null) return [];
  const count = Math.min(MOST_SAMPLES, Math.max(LEAST_SAMPLES, Math.floor(observeMs / LEAST_PAUSE_MS))) - 1;
  return Array.from({ length: count }, () => observeMs / count);
}

async function look(
  invocation: Invocation,
  handle: RegistryHandle,
  { service, notify }: GatherOptions,
): Promise<Look> {
  const { operations, registry } = handle;
  const options = { ...invocation.callOptions(), notify };
  const pending = operations.readFacts(options);
  // It is awaited behind the others; until then nobody would hear of its failure.
  pending.catch(() => undefined);
  const isWhole = service === null || isGlob(service);
  const read = await (isWhole ? operations.listAll(options) : registry.list(service, options));
  const leases = await readableLeases(handle, options, isWhole ? read : undefined);
  const snapshot = service !== null && isWhole ? matching(read, service) : read;
  const facts = await pending;
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

/** Leases that may not be seen, or are too many for the time, make rules unknown, and do not end a run. */
async function readableLeases(
  handle: RegistryHandle,
  callOptions: CallOptions,
  known: Snapshot | undefined,
): Promise<LeaseListing | null> {
  const options = { timeoutMs: LEASES_MS, ...callOptions };
  try {
    return await handle.operations.listLeases(options, known);
  } catch (error) {
    if (!(error instanceof SdctlError)) throw error;
    if (error.exitCode === 5) return null;
    if (error.code !== 'E_TIMEOUT') throw error;
    options.notify?.({
      level: 'warning',
      text: `not all leases could be read within ${formatDuration(options.timeoutMs)}: rules about them are unknown`,
    });
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
  { deps, diagnostics, signal }: Invocation,
  { instances }: Snapshot,
  kinds: ReadonlySet<ProbeKind>,
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
