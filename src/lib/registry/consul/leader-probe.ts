import type { Clock } from '../../time/clock.js';
import { noLeader } from './map-error.js';
import type { ConsulServer } from './server.js';

const EVERY_MS = 3_000;
const TIMEOUT_MS = 2_000;

/**
 * Asks a server every three seconds whether it knows a leader: a frozen server keeps a blocking query open without a
 * word, and a server cut off from its leader has nothing new to say.
 *
 * @returns a promise that only ever rejects, with the cause; it stays open after an abort
 */
export async function watchLeader(server: ConsulServer, clock: Clock, signal: AbortSignal): Promise<never> {
  for (;;) {
    await clock.sleep(EVERY_MS, signal);
    if (signal.aborted) return new Promise<never>(() => undefined);
    const leader = await server.leader({ signal, timeoutMs: TIMEOUT_MS });
    if (leader === '') throw noLeader(server.url);
  }
}
