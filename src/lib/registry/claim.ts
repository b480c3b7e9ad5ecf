import { abortedError, SdctlError } from '../errors.js';
import type { Owner } from '../model/instance.js';
import type { Clock } from '../time/clock.js';
import { formatDuration } from '../time/duration.js';
import type { ClaimResult, DriverCall, Occupant, RegistrationDriver } from './registration-driver.js';
import type { Notice } from './types.js';

/** What the operating system knows of a process on this host. */
export interface ProcessProbe {
  readonly host: string;
  readonly pid: number;
  /** Whether a process with that pid runs on this host now. */
  isAlive(pid: number): boolean;
}

export interface ClaimDeps {
  readonly clock: Clock;
  readonly processes: ProcessProbe;
}

export interface ClaimOptions {
  readonly call: DriverCall;
  readonly takeover: boolean;
  readonly notify: (notice: Notice) => void;
}

export type Claimed = Extract<ClaimResult, { state: 'claimed' }> & {
  /** Monotonic time at which the write was sent: the TTL counts from there at the earliest. */
  readonly sentMs: number;
};

const GRACE_MS = 2_000;
const POLL_MS = 1_000;
/** Two answers about a remaining TTL may differ by this much without a renewal between them (whole seconds, travel time). */
const TOLERANCE_MS = 1_500;

/**
 * Writes the entry for the first time. An entry of another run under the same id is replaced at once when its
 * process is known to be gone or `takeover` is set; else its TTL is waited out.
 *
 * @throws {SdctlError} E_CONFLICT when the other run renews its entry, or the entry has no TTL that could end
 */
export async function claimFirst(
  driver: RegistrationDriver,
  deps: ClaimDeps,
  options: ClaimOptions,
): Promise<Claimed> {
  const { clock } = deps;
  let first: { readonly occupant: Occupant; readonly seenMs: number } | null = null;
  for (;;) {
    if (options.call.signal.aborted) throw abortedError(options.call.signal);
    let sentMs = clock.monotonicMs();
    let result = await driver.claim({ type: 'fresh' }, options.call);
    if (result.state === 'occupied' && mayReplace(result.occupant, deps.processes, options.takeover)) {
      sentMs = clock.monotonicMs();
      result = await driver.claim({ type: 'replace', occupant: result.occupant }, options.call);
    }
    if (result.state === 'claimed') return { ...result, sentMs };
    const { occupant } = result;
    if (occupant.leftMs === null) throw conflict(occupant, 'it has no lease that could end');
    const nowMs = clock.monotonicMs();
    if (first === null) {
      first = { occupant, seenMs: nowMs };
      options.notify({
        level: 'warning',
        text: `${describe(occupant)}; waiting ${formatDuration(occupant.leftMs + GRACE_MS)} to see whether it is renewed`,
      });
    } else if (wasRenewed(first.occupant, occupant, nowMs - first.seenMs)) {
      throw conflict(occupant, 'it is being renewed');
    }
    const deadlineMs = first.seenMs + (first.occupant.leftMs ?? 0) + GRACE_MS;
    if (nowMs >= deadlineMs) throw conflict(occupant, 'it is being renewed');
    await clock.sleep(Math.min(POLL_MS, deadlineMs - nowMs), options.call.signal);
  }
}

function mayReplace(occupant: Occupant, processes: ProcessProbe, takeover: boolean): boolean {
  return takeover || occupant.leftMs === 0 || isOwnerGone(occupant.instance.owner, processes);
}

/** Same host and no such process. Our own pid under another run id is a predecessor too (pid 1 of a restarted container). */
function isOwnerGone(owner: Owner | null, processes: ProcessProbe): boolean {
  if (owner === null || owner.host !== processes.host) return false;
  return owner.pid === processes.pid || !processes.isAlive(owner.pid);
}

function wasRenewed(before: Occupant, after: Occupant, elapsedMs: number): boolean {
  if (before.instance.owner?.run !== after.instance.owner?.run) return true;
  if (before.instance.lease?.id !== after.instance.lease?.id) return true;
  if (before.leftMs === null || after.leftMs === null) return false;
  // A backend that cannot tell the remaining time always reports the whole TTL; only the deadline decides there.
  const reportsWholeTtl = after.instance.lease?.leftSeconds === null;
  return !reportsWholeTtl && after.leftMs > before.leftMs - elapsedMs + TOLERANCE_MS;
}

function describe(occupant: Occupant): string {
  const { instance } = occupant;
  const owner = instance.owner;
  const who = owner === null ? 'another program' : `${owner.host}, pid ${owner.pid}, since ${owner.started}`;
  return `${instance.service}/${instance.id} is already registered by ${who}`;
}

function conflict(occupant: Occupant, why: string): SdctlError {
  const { instance } = occupant;
  return new SdctlError('E_CONFLICT', describe(occupant), {
    why,
    hint: 'stop that process, choose another --id, or add --takeover',
    details: { service: instance.service, instance: instance.id, owner: instance.owner },
  });
}
