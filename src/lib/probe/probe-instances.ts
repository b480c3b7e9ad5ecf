import { setMaxListeners } from 'node:events';
import { formatEndpoint, type Endpoint } from '../model/endpoint.js';
import { instanceKey, type Instance } from '../model/instance.js';
import {
  canBeCalled,
  type Probe,
  type ProbeKind,
  type ProbeOutcome,
  type ProbeResult,
} from './probe-answer.js';

/** Connections at a time. */
const AT_ONCE = 32;
const TIMEOUT_MS = 3_000;
/** A failure is only believed at the second time. */
const ATTEMPTS = 2;

/** What came of asking one endpoint of an instance. */
export interface InstanceProbe extends ProbeResult {
  readonly kind: ProbeKind;
  readonly endpoint: string;
  readonly tookMs: number;
}

export interface ProbeOptions {
  readonly kinds: ReadonlySet<ProbeKind>;
  readonly signal: AbortSignal;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  /** How many of how many are done. */
  readonly onProgress?: (done: number, all: number) => void;
}

/** Asks every endpoint of every instance, in the one way that suits it. @returns by `instanceKey` */
export async function probeInstances(
  instances: readonly Instance[],
  options: ProbeOptions,
): Promise<ReadonlyMap<string, readonly InstanceProbe[]>> {
  const work = instances.flatMap((instance) =>
    instance.endpoints.flatMap((endpoint) => {
      const kind = kindFor(endpoint, options.kinds);
      return kind === null || !canBeCalled(endpoint) ? [] : [{ key: instanceKey(instance), endpoint, kind }];
    }),
  );
  // Every connection under way listens, and Node would take that for a leak.
  setMaxListeners(0, options.signal);
  const found = new Map<string, InstanceProbe[]>();
  const queue = work.values();
  let done = 0;
  const worker = async (): Promise<void> => {
    for (const { key, endpoint, kind } of queue) {
      const probed = await ask(endpoint, kind, options);
      found.set(key, [...(found.get(key) ?? []), probed]);
      done += 1;
      options.onProgress?.(done, work.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return found;
}

/** The most telling way that was asked for and that the endpoint speaks. */
function kindFor({ protocol }: Endpoint, kinds: ReadonlySet<ProbeKind>): ProbeKind | null {
  if ((protocol === 'grpc' || protocol === 'grpcs') && kinds.has('grpc')) return 'grpc';
  if ((protocol === 'http' || protocol === 'https') && kinds.has('http')) return 'http';
  return kinds.has('tcp') ? 'tcp' : null;
}

async function ask(
  endpoint: Endpoint,
  kind: ProbeKind,
  { signal, nowMs }: ProbeOptions,
): Promise<InstanceProbe> {
  const probe = await probeOf(kind);
  const startedMs = nowMs();
  let result: ProbeResult = { outcome: 'error', detail: 'not asked' };
  for (
    let attempt = 0;
    attempt < ATTEMPTS && !isFinal(result.outcome, attempt) && !signal.aborted;
    attempt += 1
  )
    result = await probe(endpoint, TIMEOUT_MS, signal);
  return { kind, endpoint: formatEndpoint(endpoint), ...result, tookMs: nowMs() - startedMs };
}

function isFinal(outcome: ProbeOutcome, attempt: number): boolean {
  return attempt > 0 && (outcome === 'ok' || outcome === 'unresolved');
}

async function probeOf(kind: ProbeKind): Promise<Probe> {
  switch (kind) {
    case 'tcp':
      return (await import('./tcp-probe.js')).probeTcp;
    case 'http':
      return (await import('./http-probe.js')).probeHttp;
    case 'grpc':
      return (await import('./grpc-probe.js')).probeGrpc;
  }
}
