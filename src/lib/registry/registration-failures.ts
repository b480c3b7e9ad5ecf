import { isRefusal, SdctlError } from '../errors.js';
import type { Instance, Owner } from '../model/instance.js';

/** Below this one slow answer costs the membership. */
export const MIN_TTL_MS = 2_000;

/** Another run has the entry now. @param by null: a program that says nothing of itself */
export function takenOver({ service, id }: Instance, by: Owner | null): SdctlError {
  const who = by === null ? 'another program' : `${by.host}, pid ${by.pid}`;
  return new SdctlError('E_TAKEN_OVER', `${service}/${id} was taken over by ${who}`, {
    why: 'the entry in the registry now belongs to another run and was left alone',
    hint: 'choose another --id, or stop the other process',
    details: { service, instance: id },
  });
}

/** The membership is over and policy says not to restore it, or nobody lets us. */
export function membershipLost(
  { service, id }: Instance,
  leaseId: string,
  why: string,
  cause?: SdctlError,
): SdctlError {
  return new SdctlError('E_MEMBERSHIP_LOST', `${service}/${id} is no longer registered`, {
    why: cause?.why === undefined ? why : `${why}: ${cause.why}`,
    hint: `sdctl list ${service}`,
    details: { service, instance: id, leaseId },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A TTL that no loop can keep. */
export function badTtl(ttlMs: number): SdctlError {
  return new SdctlError('E_USAGE', `a TTL of ${ttlMs} ms cannot be kept`, {
    why: `the shortest is ${MIN_TTL_MS / 1_000} s`,
    hint: '--ttl 10s',
  });
}

/** A refusal, or a file with credentials that cannot be read again: while somebody replaces it, it may be missing. */
export function isDenied(error: SdctlError): boolean {
  return isRefusal(error) || error.code === 'E_FILE';
}

/** Everything that may pass by itself, refusals included: they end the membership only after two TTLs. */
export function isRetryable(error: SdctlError): boolean {
  return (
    error.code !== 'E_TAKEN_OVER' &&
    error.code !== 'E_MEMBERSHIP_LOST' &&
    error.code !== 'E_DEFECT' &&
    (error.exitCode !== 2 || isDenied(error))
  );
}
