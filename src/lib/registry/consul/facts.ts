import type { BackendFacts, MemberFacts, ServerFacts } from '../../model/backend-facts.js';
import type { Clock } from '../../time/clock.js';
import { Refusals } from '../refusals.js';
import type { Call } from './call.js';
import { partOf } from './call-limits.js';
import { readDrift } from './drift-read.js';
import { listOf, objectOf, parseJson, textMapOf, textOf, type JsonObject } from './json.js';
import { sameNode } from './find-instance.js';
import { mapBounded } from './map-bounded.js';
import { readNodes } from './node-facts.js';
import { readServer } from './server-facts.js';
import type { ConsulServer } from './server.js';
import type { Servers } from './servers.js';
import type { Visibility } from './visibility.js';

export interface FactsDeps {
  readonly servers: Servers;
  readonly visibility: Visibility;
  readonly clock: Clock;
  readonly datacenter: string | null;
}

/** An election that is under way has probably ended after this. */
const ELECTION_MS = 1_500;
const AUTOPILOT_MS = 2_000;

/**
 * What every configured agent says of itself and of its services, and what the servers know of members and nodes. The
 * agents are asked first, so that those that are away hold up nothing after that.
 *
 * @throws {SdctlError} E_ABORTED
 */
export async function readFacts(deps: FactsDeps, call: Call): Promise<BackendFacts> {
  const refusals = new Refusals();
  const servers = await readServers(deps, refusals, call);
  const answering = deps.servers.all.filter((_server, index) => servers[index]?.problem === null);
  settleOn(deps.servers, answering);
  const { isFiltered, ...cluster } = await readCluster(deps, refusals, call);
  const { nodes } = cluster;
  const seesNodes = nodes !== null && !isFiltered;
  // Without a leader the catalog cannot be read, and each agent would take its time to find that out again.
  const drift = nodes === null ? null : await readDrift(answering, { ...deps, refusals, seesNodes }, call);
  return { servers, ...cluster, alarms: null, denied: refusals.all, drift, isFiltered };
}

async function readServers(
  { servers, clock }: FactsDeps,
  refusals: Refusals,
  call: Call,
): Promise<readonly ServerFacts[]> {
  const all = async (): Promise<readonly ServerFacts[]> =>
    mapBounded(servers.all, call, async (server, part) => readServer(server, { clock, refusals }, part));
  const facts = await all();
  // A server may still name the leader that it has just lost.
  if (!facts.some(({ leader, canReadFromLeader }) => leader === '' || canReadFromLeader === false))
    return facts;
  await clock.sleep(ELECTION_MS, call.signal);
  return all();
}

/** What follows begins with a server that answers, and leaves its connections to it. */
function settleOn(servers: Servers, answering: readonly ConsulServer[]): void {
  for (const server of servers.inOrder()) if (!answering.includes(server)) servers.avoid(server);
  for (const server of servers.inOrder().slice(1)) server.closeIdle();
}

type ClusterFacts = Pick<BackendFacts, 'members' | 'nodes' | 'isHealthy' | 'failureTolerance' | 'isFiltered'>;

async function readCluster(deps: FactsDeps, refusals: Refusals, call: Call): Promise<ClusterFacts> {
  const { servers, visibility, clock, datacenter } = deps;
  const [view, listed, read, autopilot] = await Promise.all([
    refusals.orNull('catalog/services', 'which services there are', visibility.check(servers, call)),
    refusals.orNull('agent/members', MEMBERS, readMembers(servers, datacenter, call)),
    refusals.orNull('catalog/nodes', NODES, readNodes(servers, visibility, call)),
    refusals.orNull(
      'operator/autopilot/health',
      'how many servers may fail',
      readAutopilot(servers, partOf(call, AUTOPILOT_MS, clock)),
    ),
  ]);
  const members = unlessHidden(listed, refusals, 'agent/members', MEMBERS);
  const nodes = unlessHidden(read === null ? null : read.nodes, refusals, 'catalog/nodes', NODES);
  const hidesAll = (listed !== null && members === null) || (read !== null && nodes === null);
  return {
    members,
    nodes,
    isHealthy: autopilot === null ? null : autopilot.isHealthy,
    failureTolerance: autopilot === null ? null : autopilot.failureTolerance,
    isFiltered: hidesAll || read?.isFiltered === true || view === 'partial' || view === 'nothing',
  };
}

const MEMBERS = 'who the members are';
const NODES = 'what stands on which node';

/** The agent that answers is a member and a node itself: where there is none, access rules hide them all. */
function unlessHidden<T>(
  list: readonly T[] | null,
  refusals: Refusals,
  call: string,
  lost: string,
): readonly T[] | null {
  if (list?.length !== 0) return list;
  refusals.add(call, lost, 'this token may see none of them');
  return null;
}

/** null: the agent that is asked is of another datacenter, and knows the members of its own. */
async function readMembers(
  servers: Servers,
  datacenter: string | null,
  call: Call,
): Promise<readonly MemberFacts[] | null> {
  const { value } = await servers.read({ path: '/agent/members', scoped: false }, call);
  const records = listOf(value).map((item) => objectOf(item) ?? {});
  const members = records.filter(
    (record) => datacenter === null || sameNode(textMapOf(record['Tags'])['dc'] ?? '', datacenter),
  );
  return members.length === 0 && records.length > 0 ? null : members.map(toMember);
}

/** Serf's numbers. */
const STATES: ReadonlyMap<unknown, NonNullable<MemberFacts['state']>> = new Map([
  [1, 'alive'],
  [2, 'leaving'],
  [3, 'left'],
  [4, 'failed'],
]);

function toMember(record: JsonObject): MemberFacts {
  const tags = textMapOf(record['Tags']);
  const name = textOf(record['Name']);
  return {
    id: name,
    name,
    clientUrls: [],
    address: textOf(record['Addr']),
    state: STATES.get(record['Status']) ?? null,
    isServer: tags['role'] === 'consul',
    isLearner: 'nonvoter' in tags || 'read_replica' in tags,
  };
}

/** What the leader finds of its servers; null: its answer does not say it. */
async function readAutopilot(
  servers: Servers,
  call: Call,
): Promise<{ readonly isHealthy: boolean; readonly failureTolerance: number } | null> {
  return servers.withFirst(call, async (server, timeoutMs) => {
    const answer = await server.send(
      { path: '/operator/autopilot/health' },
      { signal: call.signal, timeoutMs },
    );
    // Consul answers 429 where they are not healthy, with the same body.
    const body = objectOf(parseJson(answer.body.toString('utf8')));
    const { Healthy: isHealthy, FailureTolerance: failureTolerance, Servers: judged } = body ?? {};
    // A new leader says so until it has looked at the servers for the first time, two seconds later.
    if (isHealthy === false && listOf(judged).length === 0) return null;
    if (typeof isHealthy === 'boolean' && typeof failureTolerance === 'number')
      return { isHealthy, failureTolerance };
    server.expectSuccess(answer);
    return null;
  });
}
