import { SdctlError } from '../../errors.js';
import type { Clock } from '../../time/clock.js';
import type { ServerStatus } from '../types.js';
import { readSelf } from './agent.js';
import type { Call } from './call.js';
import type { ConsulServer } from './server.js';

/** Asks one server how it is; a server that is away is an answer too. */
export async function statusOf(server: ConsulServer, clock: Clock, call: Call): Promise<ServerStatus> {
  const startedMs = clock.monotonicMs();
  try {
    const leader = await server.leader({ signal: call.signal, timeoutMs: call.remainingMs() });
    const roundTripMs = clock.monotonicMs() - startedMs;
    // Who may not read the agent can still use it.
    const self = await readSelf(server, { signal: call.signal, timeoutMs: call.remainingMs() }).catch(
      () => null,
    );
    const hasLeader = leader !== '';
    return {
      server: server.url,
      healthy: hasLeader,
      version: self?.version ?? null,
      roundTripMs,
      problem: hasLeader ? null : 'no leader',
    };
  } catch (error) {
    if (!(error instanceof SdctlError) || error.code === 'E_ABORTED') throw error;
    return {
      server: server.url,
      healthy: false,
      version: null,
      roundTripMs: null,
      problem: error.why ?? error.message,
    };
  }
}
