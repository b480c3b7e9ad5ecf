import type { ServerFacts } from '../model/backend-facts.js';

/** A server of which nothing is known but its address. */
export function silentServer(server: string, problem: string | null): ServerFacts {
  return {
    server,
    problem,
    version: null,
    roundTripMs: null,
    clusterId: null,
    memberId: null,
    leader: null,
    term: null,
    isLearner: null,
    dbSizeBytes: null,
    dbInUseBytes: null,
    quotaBytes: null,
    errors: [],
    canReadFromLeader: null,
  };
}
