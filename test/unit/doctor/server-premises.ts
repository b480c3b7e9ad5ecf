/** Servers for the tests of the rules about the registry itself. */
import type { BackendFacts, MemberFacts, ServerFacts } from '../../../src/lib/model/backend-facts.js';
import type { Examination } from '../../../src/lib/doctor/types.js';
import { anExamination } from './premises.js';

/** A member of etcd that is well: it follows the leader `1a` in term 7. */
export function aServer(server: string, change: Partial<ServerFacts> = {}): ServerFacts {
  return {
    server,
    problem: null,
    version: '3.5.16',
    roundTripMs: 3.4,
    clusterId: 'c1',
    memberId: server.slice(-2),
    leader: '1a',
    term: '7',
    isLearner: false,
    dbSizeBytes: 20 * 1024 ** 2,
    dbInUseBytes: 15 * 1024 ** 2,
    quotaBytes: null,
    errors: [],
    canReadFromLeader: true,
    ...change,
  };
}

/** A server that does not answer. */
export function aSilentServer(server: string): ServerFacts {
  const unknown = { version: null, roundTripMs: null, clusterId: null, memberId: null, term: null };
  return aServer(server, {
    ...unknown,
    problem: 'connection refused',
    leader: null,
    canReadFromLeader: null,
    dbSizeBytes: null,
    dbInUseBytes: null,
  });
}

/** A server of Consul as the others see it. */
export function aConsulServer(name: string, state: MemberFacts['state'] = 'alive'): MemberFacts {
  return { id: name, name, clientUrls: [], address: null, state, isServer: true, isLearner: false };
}

/** An examination with these facts; the others as in `anExamination`. */
export function withFacts(facts: Partial<BackendFacts>, change: Partial<Examination> = {}): Examination {
  return anExamination([], { ...change, facts: { ...anExamination().facts, ...facts } });
}
