import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { callProtocol, formatHostPort } from '../model/endpoint.js';
import type { Probe, ProbeResult } from './probe-answer.js';

/** The health service that gRPC has defined for itself: `grpc.health.v1.Health`. */
const CHECK = '/grpc.health.v1.Health/Check';
/** An answer is one field: 1 of the type enum. */
const STATUS_TAG = 0x08;
const STATES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;

/** Asks the health service of a gRPC server for the server as a whole. One that has none is there, and serves. */
export const probeGrpc: Probe = (endpoint, timeoutMs, signal) =>
  new Promise((resolve) => {
    const isSecure = callProtocol(endpoint) === 'grpcs';
    const options = {
      'grpc.enable_http_proxy': 0,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
    };
    const channel = isSecure ? credentials.createSsl() : credentials.createInsecure();
    const client = new Client(formatHostPort(endpoint), channel, options);
    const same = (bytes: Buffer): Buffer => bytes;
    const deadline = Date.now() + timeoutMs;
    const abort = (): void => call.cancel();
    const call = client.makeUnaryRequest(
      CHECK,
      same,
      same,
      Buffer.alloc(0),
      new Metadata(),
      { deadline },
      (error, answer) => {
        signal.removeEventListener('abort', abort);
        client.close();
        resolve(error === null ? fromAnswer(answer ?? Buffer.alloc(0)) : fromFailure(error));
      },
    );
    signal.addEventListener('abort', abort, { once: true });
  });

function fromAnswer(answer: Buffer): ProbeResult {
  const state = answer[0] === STATUS_TAG ? (STATES[answer[1] ?? 0] ?? 'UNKNOWN') : 'UNKNOWN';
  return { outcome: state === 'SERVING' ? 'ok' : 'not-serving', detail: state };
}

function fromFailure({ code, details }: ServiceError): ProbeResult {
  if (code === status.UNIMPLEMENTED) return { outcome: 'ok', detail: 'it has no health service' };
  if (code === status.DEADLINE_EXCEEDED) return { outcome: 'timeout', detail: 'no answer in time' };
  if (/ECONNREFUSED/.test(details)) return { outcome: 'refused', detail: 'connection refused' };
  if (/Name resolution failed|ENOTFOUND/.test(details))
    return { outcome: 'unresolved', detail: 'the name does not resolve' };
  if (/certificate|SSL|TLS/i.test(details)) return { outcome: 'tls', detail: details };
  return { outcome: 'error', detail: details };
}
