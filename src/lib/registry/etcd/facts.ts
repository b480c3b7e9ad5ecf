import type { Alarm, BackendFacts, MemberFacts, ServerFacts } from '../../model/backend-facts.js';
import type { Clock } from '../../time/clock.js';
import { Refusals } from '../refusals.js';
import type { Calls, CallLimits } from './calls.js';
import type { Roots } from './entries.js';
import { toHexMember } from './ids.js';
import type { RawClients } from './server.js';
import { openly, readServer, type AskDeps } from './server-facts.js';

export interface FactsDeps {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly roots: Roots;
}

/** A server that does not answer one small question within this is counted as silent. */
const ASK_MS = 2_000;
/** An election that is under way has probably ended after this: etcd's default is one second without a leader. */
const ELECTION_MS = 1_500;

/**
 * What every configured server says of itself, who the members are and which alarms are raised, all at once. Members
 * that are not configured are named, never connected to.
 *
 * @throws {SdctlError} E_ABORTED
 */
export async function readFacts(deps: FactsDeps, limits: CallLimits): Promise<BackendFacts> {
  const { calls, clock, roots } = deps;
  const refusals = new Refusals();
  // Brief: the questions to one server go over one channel, and the first to run out of time must not end the others.
  const part = { ...limits, timeoutMs: Math.min(ASK_MS, limits.timeoutMs), brief: true };
  const key = Buffer.from(roots.prefixes.find((prefix) => prefix !== '') ?? '\0');
  const ask: AskDeps = { calls, clock, key, refusals };
  const [servers, members, alarms] = await Promise.all([
    readServers(ask, part),
    refusals.orNull('member list', 'who the members are', readMembers(ask, part)),
    refusals.orNull('alarm list', 'whether an alarm is raised', readAlarms(ask, part)),
  ]);
  for (const server of calls.servers)
    if (servers.some(({ server: url, problem }) => url === server.url && problem !== null))
      calls.avoid(server);
  return {
    servers,
    members,
    alarms,
    denied: refusals.all,
    failureTolerance: null,
    isHealthy: null,
    nodes: null,
    drift: null,
    isFiltered: false,
  };
}

async function readServers(ask: AskDeps, limits: CallLimits): Promise<readonly ServerFacts[]> {
  const { calls, clock } = ask;
  const all = async (): Promise<readonly ServerFacts[]> =>
    Promise.all(calls.servers.map((server) => readServer(server, ask, limits)));
  const first = await all();
  // A member may still name the leader that it has just lost.
  if (!first.some(({ leader, canReadFromLeader }) => leader === '' || canReadFromLeader === false))
    return first;
  await clock.sleep(ELECTION_MS, limits.signal);
  return all();
}

async function readMembers({ calls, clock }: AskDeps, limits: CallLimits): Promise<readonly MemberFacts[]> {
  const { members } = await openly(clock, limits, (part) =>
    calls.run(part, ({ cluster }) => cluster.memberList({})),
  );
  return members.map(toMember);
}

type Member = Awaited<ReturnType<RawClients['cluster']['memberList']>>['members'][number];

function toMember({ ID, name, clientURLs, isLearner }: Member): MemberFacts {
  return {
    id: toHexMember(ID),
    name,
    clientUrls: clientURLs,
    address: null,
    state: null,
    isServer: true,
    isLearner,
  };
}

async function readAlarms({ calls, clock }: AskDeps, limits: CallLimits): Promise<readonly Alarm[]> {
  const { alarms } = await openly(clock, limits, (part) =>
    calls.run(part, ({ maintenance }) => maintenance.alarm({ action: 'Get', memberID: '0', alarm: 'None' })),
  );
  return alarms.map(({ memberID, alarm }) => ({ memberId: toHexMember(memberID), kind: kindOf(alarm) }));
}

/** As etcdctl writes it. An alarm that a later etcd may bring comes as a number. */
function kindOf(alarm: string | number): string {
  return String(alarm).toUpperCase();
}
