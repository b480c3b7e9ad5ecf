import { nothingKnown, type BackendFacts } from '../../model/backend-facts.js';
import { silentServer } from '../silent-server.js';
import type { ServerStatus } from '../types.js';

/** The embedded registry has one place, and nothing beside its entries. */
export function toFacts(status: readonly ServerStatus[]): BackendFacts {
  return {
    ...nothingKnown,
    servers: status.map(({ server, problem, roundTripMs }) => ({
      ...silentServer(server, problem),
      roundTripMs,
    })),
  };
}
