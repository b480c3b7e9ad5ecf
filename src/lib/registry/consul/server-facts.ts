import { isRefusal, SdctlError } from '../../errors.js';
import type { ServerFacts } from '../../model/backend-facts.js';
import type { Clock } from '../../time/clock.js';
import type { Refusals } from '../refusals.js';
import { silentServer } from '../silent-server.js';
import { readSelf } from './agent.js';
import type { Call } from './call.js';
import { limitsOf, partOf } from './call-limits.js';
import type { ConsulServer } from './server.js';

/** A server that does not answer one small question within this is counted as silent. */
const ASK_MS = 2_000;

/** What one agent says of itself, and whether it reads through the leader. */
export async function readServer(
  server: ConsulServer,
  { clock, refusals }: { readonly clock: Clock; readonly refusals: Refusals },
  call: Call,
): Promise<ServerFacts> {
  const startedMs = clock.monotonicMs();
  try {
    const leader = await server.leader(limitsOf(call));
    const roundTripMs = clock.monotonicMs() - startedMs;
    const self = await readOwnFacts(server, refusals, partOf(call, ASK_MS, clock));
    // Without a leader Consul thinks about a read for seven seconds before it says so.
    const canReadFromLeader = leader === '' ? false : await canRead(server, partOf(call, ASK_MS, clock));
    const known = { roundTripMs, leader, canReadFromLeader };
    if (self === null) return { ...silentServer(server.url, null), ...known };
    const { version, node, datacenter } = self;
    return { ...silentServer(server.url, null), ...known, version, memberId: node, clusterId: datacenter };
  } catch (error) {
    if (!(error instanceof SdctlError) || error.code === 'E_ABORTED') throw error;
    return silentServer(server.url, error.why ?? error.message);
  }
}

async function readOwnFacts(
  server: ConsulServer,
  refusals: Refusals,
  call: Call,
): Promise<Awaited<ReturnType<typeof readSelf>>> {
  const lost = 'which version and node the agents are';
  const reading = readSelf(server, limitsOf(call)).then((self) => {
    if (self === null) refusals.add('agent/self', lost, 'permission denied');
    return self;
  });
  return refusals.orNull('agent/self', lost, reading);
}

/** Whether the leader answers through this agent; null: this token does not get that far. */
async function canRead(server: ConsulServer, call: Call): Promise<boolean | null> {
  try {
    const { headers } = await server.ask({ path: '/catalog/service/consul' }, limitsOf(call));
    return headers['x-consul-knownleader'] !== 'false';
  } catch (error) {
    if (!(error instanceof SdctlError) || error.code === 'E_ABORTED') throw error;
    return isRefusal(error) ? null : false;
  }
}
