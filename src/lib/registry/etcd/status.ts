import { SdctlError } from '../../errors.js';
import type { Clock } from '../../time/clock.js';
import type { ServerStatus } from '../types.js';
import type { Calls, CallLimits } from './calls.js';
import type { Server } from './server.js';

/** Asks every server for itself, in parallel. Never rejects because one is down. */
export async function readStatus(
  calls: Calls,
  clock: Clock,
  limits: CallLimits,
): Promise<readonly ServerStatus[]> {
  return Promise.all(calls.servers.map((server) => statusOf(server, calls, clock, limits)));
}

async function statusOf(
  server: Server,
  calls: Calls,
  clock: Clock,
  limits: CallLimits,
): Promise<ServerStatus> {
  const startedMs = clock.monotonicMs();
  try {
    const answer = await calls.runOn(server, limits, ({ maintenance }) => maintenance.status());
    const problem = problemOf(answer);
    return {
      server: server.url,
      healthy: problem === null,
      version: answer.version,
      roundTripMs: clock.monotonicMs() - startedMs,
      problem,
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

function problemOf(answer: { readonly leader: string; readonly errors?: readonly string[] }): string | null {
  if (answer.leader === '0') return 'no leader';
  return answer.errors === undefined || answer.errors.length === 0 ? null : answer.errors.join(', ');
}
