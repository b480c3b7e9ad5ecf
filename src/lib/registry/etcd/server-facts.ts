import type { IResponseHeader } from 'etcd3/lib/rpc.js';
import { isRefusal, SdctlError } from '../../errors.js';
import type { ServerFacts } from '../../model/backend-facts.js';
import type { Clock } from '../../time/clock.js';
import type { Refusals } from '../refusals.js';
import { silentServer } from '../silent-server.js';
import { limitsLeft, type Calls, type CallLimits } from './calls.js';
import { toHexMember } from './ids.js';
import { readQuota } from './quota.js';
import type { RawClients, Server } from './server.js';

/** What asking a server for itself needs. */
export interface AskDeps {
  readonly calls: Calls;
  readonly clock: Clock;
  /** A key that this user may probably read; whether it is there does not matter. */
  readonly key: Buffer;
  readonly refusals: Refusals;
}

type Status = Awaited<ReturnType<RawClients['maintenance']['status']>>;

/** What one server says of itself, and whether it reads through its leader. */
export async function readServer(server: Server, deps: AskDeps, limits: CallLimits): Promise<ServerFacts> {
  const { calls, refusals } = deps;
  const [answer, reading, quotaBytes] = await Promise.all([
    askStatus(server, deps, limits).catch((error: unknown) => unanswered(error)),
    readThrough(server, deps, limits),
    readQuota(server, calls.tls, limits),
  ]);
  const { header, canReadFromLeader } = reading;
  if ('status' in answer) return { ...statusFacts(server, answer), canReadFromLeader, quotaBytes };
  const why = answer.error.why ?? answer.error.message;
  if (!isRefusal(answer.error)) return silentServer(server.url, why);
  refusals.add('status', 'how the servers are', why);
  return { ...silentServer(server.url, null), ...headerFacts(header), canReadFromLeader, quotaBytes };
}

async function askStatus(
  server: Server,
  { calls, clock }: AskDeps,
  limits: CallLimits,
): Promise<{ readonly status: Status; readonly roundTripMs: number }> {
  const startedMs = clock.monotonicMs();
  const status = await openly(clock, limits, (part) =>
    calls.runOn(server, part, ({ maintenance }) => maintenance.status()),
  );
  return { status, roundTripMs: clock.monotonicMs() - startedMs };
}

/**
 * Asks without a login first, and with one only where etcd wants it: a login needs the quorum, and what a server says
 * of itself does not.
 */
export async function openly<T>(
  clock: Clock,
  limits: CallLimits,
  ask: (limits: CallLimits) => Promise<T>,
): Promise<T> {
  const left = limitsLeft(clock, limits);
  try {
    return await ask({ ...left(), anonymous: true });
  } catch (error) {
    if (!(error instanceof SdctlError) || !isRefusal(error)) throw error;
    return ask(left());
  }
}

interface Reading {
  /** null: this user does not get that far. */
  readonly canReadFromLeader: boolean | null;
  readonly header: IResponseHeader | null;
}

/** Reads a key by way of the leader. */
async function readThrough(server: Server, { calls, key }: AskDeps, limits: CallLimits): Promise<Reading> {
  try {
    const { header } = await calls.runOn(server, limits, ({ kv }) => kv.range({ key, count_only: true }));
    return { canReadFromLeader: true, header };
  } catch (error) {
    const { code } = unanswered(error).error;
    // etcd asks its leader first, and looks at rights after that.
    const canReadFromLeader = code === 'E_FORBIDDEN' ? true : code === 'E_AUTH' ? null : false;
    return { canReadFromLeader, header: null };
  }
}

/** @throws what is no failure of the server */
function unanswered(error: unknown): { readonly error: SdctlError } {
  if (!(error instanceof SdctlError) || error.code === 'E_ABORTED') throw error;
  return { error };
}

function statusFacts(
  server: Server,
  { status, roundTripMs }: { readonly status: Status; readonly roundTripMs: number },
): ServerFacts {
  const { header, version, leader, raftTerm, isLearner, dbSize, dbSizeInUse, errors } = status;
  return {
    ...silentServer(server.url, null),
    ...headerFacts(header),
    version,
    roundTripMs,
    leader: leader === '0' ? '' : toHexMember(leader),
    term: raftTerm,
    isLearner,
    dbSizeBytes: Number(dbSize),
    // Old releases do not say it: 0 for a database that has a size.
    dbInUseBytes: dbSizeInUse === '0' ? null : Number(dbSizeInUse),
    errors,
  };
}

/** What every answer of etcd tells beside. */
function headerFacts(
  header: IResponseHeader | null,
): Partial<Pick<ServerFacts, 'clusterId' | 'memberId' | 'term'>> {
  if (header === null) return {};
  const { cluster_id, member_id, raft_term } = header;
  return { clusterId: toHexMember(cluster_id), memberId: toHexMember(member_id), term: raft_term };
}
