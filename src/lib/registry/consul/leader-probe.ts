import type { Clock } from '../../time/clock.js';
import type { Scope } from '../scope.js';
import { noLeader } from './map-error.js';
import type { ConsulServer } from './server.js';

const EVERY_MS = 3_000;
const TIMEOUT_MS = 2_000;

/**
 * Asks a server every three seconds whether it knows a leader, for as long as a scope is open: a frozen server keeps a
 * blocking query open without a word, and a server cut off from its leader has nothing new to say. It ends the scope
 * then. Not a promise to race with: whatever races against one that stays open for days is kept by it for as long.
 */
export class LeaderProbe {
  #cause: unknown = null;

  constructor(server: ConsulServer, clock: Clock, scope: Scope) {
    watchLeader(server, clock, scope.signal).catch((error: unknown) => {
      this.#cause = error;
      scope.end();
    });
  }

  /** Why the work in the scope really failed. */
  causeOf(error: unknown): unknown {
    return this.#cause ?? error;
  }
}

async function watchLeader(server: ConsulServer, clock: Clock, signal: AbortSignal): Promise<void> {
  for (;;) {
    await clock.sleep(EVERY_MS, signal);
    if (signal.aborted) return;
    const leader = await server.leader({ signal, timeoutMs: TIMEOUT_MS });
    if (leader === '') throw noLeader(server.url);
  }
}
