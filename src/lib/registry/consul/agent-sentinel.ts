import { SdctlError } from '../../errors.js';
import type { Clock } from '../../time/clock.js';
import type { Disturbance } from '../registration-driver.js';
import { openScope } from '../scope.js';
import { agentServicePath } from './agent.js';
import { isGone } from './map-error.js';
import type { ConsulServer } from './server.js';
import type { HttpAnswer } from './request.js';

const WAIT_MS = 60_000;
/** Consul adds up to a sixteenth to the wait by itself. */
const LIMIT_MS = WAIT_MS + WAIT_MS / 16 + 2_000;
/** A poll that lived this long was no fluke; one that breaks sooner is not started again at once. */
const SETTLED_MS = 30_000;
const PAUSE_MS = 5_000;
/** Every poll holds a connection. More registrations than this in one process rely on their renewals. */
const MOST_POLLS = 4;

/** Counts the long polls of one connection to a registry. */
export class PollLimit {
  #open = 0;

  tryOpen(): boolean {
    if (this.#open >= MOST_POLLS) return false;
    this.#open += 1;
    return true;
  }

  close(): void {
    this.#open -= 1;
  }
}

/** Notices at once that a registration was changed at its agent, or that the agent went away. */
export class AgentSentinel {
  readonly #clock: Clock;
  readonly #limit: PollLimit;
  #pauseUntilMs = 0;

  constructor(clock: Clock, limit: PollLimit) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Resolves with what happened; stays open after an abort and where nothing can be told. */
  async watch(server: ConsulServer, id: string, hash: string, signal: AbortSignal): Promise<Disturbance> {
    await this.#clock.sleep(this.#pauseUntilMs - this.#clock.monotonicMs(), signal);
    if (signal.aborted || hash === '' || !this.#limit.tryOpen()) return never();
    const scope = openScope(signal);
    let result: Disturbance | null = null;
    try {
      result = await this.#pollUntilDisturbed(server, id, hash, scope.signal);
    } finally {
      scope.end();
      this.#limit.close();
    }
    return result ?? never();
  }

  /** null: nothing can be told. */
  async #pollUntilDisturbed(
    server: ConsulServer,
    id: string,
    hash: string,
    signal: AbortSignal,
  ): Promise<Disturbance | null> {
    for (;;) {
      const startedMs = this.#clock.monotonicMs();
      const result = await this.#poll(server, id, hash, signal, startedMs);
      if (signal.aborted) return null;
      if (result !== 'unchanged') return result;
      // A server that does not know how to wait answers at once.
      if (this.#clock.monotonicMs() - startedMs < SETTLED_MS) return null;
    }
  }

  async #poll(
    server: ConsulServer,
    id: string,
    hash: string,
    signal: AbortSignal,
    startedMs: number,
  ): Promise<Disturbance | 'unchanged' | null> {
    let answer: HttpAnswer;
    try {
      const query = { hash, wait: `${WAIT_MS / 1_000}s` };
      answer = await server.send(
        { path: agentServicePath(id), query, pool: 'waits', scoped: false },
        { signal, timeoutMs: LIMIT_MS },
      );
    } catch (error) {
      if (!(error instanceof SdctlError)) throw error;
      const nowMs = this.#clock.monotonicMs();
      this.#pauseUntilMs = nowMs - startedMs < SETTLED_MS ? nowMs + PAUSE_MS : 0;
      return { type: 'broken', why: error.why ?? error.message };
    }
    if (isGone(answer)) return { type: 'changed' };
    if (answer.status !== 200) return null; // the next renewal meets the same and can say it
    return answer.headers['x-consul-contenthash'] === hash ? 'unchanged' : { type: 'changed' };
  }
}

function never(): Promise<never> {
  return new Promise<never>(() => undefined);
}
