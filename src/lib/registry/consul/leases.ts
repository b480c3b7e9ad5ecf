import { SdctlError } from '../../errors.js';
import type { LeaseListing, LeaseName, LeaseRecord } from '../../model/lease.js';
import type { Clock } from '../../time/clock.js';
import type { Call } from './call.js';
import { sameNode } from './find-instance.js';
import { listTtlChecks } from './list-ttl-checks.js';
import { notRevoked, readTtlCheck } from './read-ttl-check.js';
import { holdsSame, readLocks, withLocks } from './session-locks.js';
import { destroySession, isSessionId, listSessions, readSession, warnHidden } from './sessions.js';
import type { Servers } from './servers.js';
import type { View, Visibility } from './visibility.js';

export interface LeaseDeps {
  readonly servers: Servers;
  readonly visibility: Visibility;
  readonly clock: Clock;
}

/**
 * All TTL checks with their instances, then all sessions without their keys.
 *
 * @throws {SdctlError} E_FILTERED when access rules hide everything
 */
export async function listLeases(deps: LeaseDeps, call: Call): Promise<LeaseListing> {
  const [checks, sessions] = await Promise.all([listTtlChecks(deps, call), listSessions(deps, call)]);
  const leases = [...checks.records, ...sessions.records];
  if (checks.view === 'nothing' && leases.length === 0) throw deps.visibility.nothingVisible(checks.url);
  return {
    leases,
    revision: checks.revision,
    takenAtMs: deps.clock.nowMs(),
    hidden: [...hiddenChecks(checks.view), ...sessions.hidden],
  };
}

function hiddenChecks(view: View): readonly string[] {
  if (view === 'whole') return [];
  const what = view === 'nothing' ? 'no TTL check is listed' : 'not every TTL check is listed';
  return [`${what}: access rules of Consul hide services or nodes from this token (service:read, node:read)`];
}

/**
 * A session with the keys that it holds, or a TTL check with its instance.
 *
 * @throws {SdctlError} see `RegistryOperations.readLease`; E_FILTERED when access rules hide everything
 */
export async function readLease(deps: LeaseDeps, name: LeaseName, call: Call): Promise<LeaseRecord | null> {
  if (!isSessionId(name.id)) return readTtlCheck(deps, name, call);
  const session = await readSession(deps.servers, name.id, call);
  if (session !== null && (name.node === null || sameNode(session.node, name.node)))
    return withLocks(deps, session, call);
  // Nothing keeps a check from having an id of that form.
  const check = await readTtlCheck(deps, name, call);
  if (check === null && session === null) await warnHidden(deps.servers, call);
  return check;
}

/** Ends a session; see `RegistryOperations.revokeLease`. */
export async function revokeLease(
  deps: LeaseDeps,
  seen: LeaseRecord,
  call: Call,
): Promise<'revoked' | 'absent' | 'changed'> {
  if (seen.kind !== 'session') throw notRevoked(seen);
  const session = await readSession(deps.servers, seen.id, call);
  if (session === null) return 'absent';
  if (!(await holdsAsSeen(deps, { ...seen, id: session.id }, call))) return 'changed';
  await destroySession(deps.servers, session.id, call);
  // Consul also says so of a session that was never there.
  if ((await readSession(deps.servers, session.id, call, true)) === null) return 'revoked';
  throw new SdctlError('E_FAILED', `the session ${session.id} is still there`, {
    why: 'Consul confirmed its end, and tells of it all the same',
  });
}

/** Where nothing was known of its keys there is nothing to compare. */
async function holdsAsSeen(deps: LeaseDeps, seen: LeaseRecord, call: Call): Promise<boolean> {
  if (!seen.knowsBindings && seen.bindings.length === 0) return true;
  return holdsSame(seen, await readLocks(deps, seen.id, call));
}
