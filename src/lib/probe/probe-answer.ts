import { isUnspecified, type Endpoint } from '../model/endpoint.js';

/** How to ask an instance whether it serves. */
export const probeKinds = ['tcp', 'http', 'grpc'] as const;
export type ProbeKind = (typeof probeKinds)[number];

/**
 * What came of asking. `refused`: the machine is there, and nothing listens on that port. `timeout`: no answer, from
 * here. `unresolved`: nobody knows the name. `not-serving`: it answers, and says that it does not serve.
 */
export type ProbeOutcome = 'ok' | 'refused' | 'timeout' | 'tls' | 'not-serving' | 'unresolved' | 'error';

/** What one attempt has told. */
export interface ProbeResult {
  readonly outcome: ProbeOutcome;
  /** In the words of the network or the instance; untrusted. */
  readonly detail: string;
}

/** One way of asking. Never rejects. */
export type Probe = (endpoint: Endpoint, timeoutMs: number, signal: AbortSignal) => Promise<ProbeResult>;

/** Whether an endpoint leads anywhere: entries are written by anybody, and Node throws at what is no port. */
export function canBeCalled(endpoint: Endpoint): boolean {
  const { address, port } = endpoint;
  const isPort = port !== null && Number.isInteger(port) && port > 0 && port < 65_536;
  // Node would take these for this very machine, which tells nothing about theirs.
  return isPort && address !== '' && !isUnspecified(endpoint);
}

/** What a failure of Node's network code means. */
export function fromError(error: unknown): ProbeResult {
  const all = error instanceof AggregateError ? (error.errors as readonly unknown[]) : [error];
  const results = all.map(one);
  return results.find(({ outcome }) => outcome !== 'refused') ?? results[0] ?? one(error);
}

function one(error: unknown): ProbeResult {
  const { code = '', message = String(error) } = error as Partial<NodeJS.ErrnoException>;
  const detail = message === '' ? code : message;
  if (code === 'ECONNREFUSED') return { outcome: 'refused', detail: 'connection refused' };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return { outcome: 'unresolved', detail: 'the name does not resolve' };
  if (code === 'ETIMEDOUT' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH')
    return { outcome: 'timeout', detail };
  if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)|EPROTO/.test(code))
    return { outcome: 'tls', detail };
  return { outcome: 'error', detail };
}
