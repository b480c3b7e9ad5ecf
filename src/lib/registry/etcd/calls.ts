import { abortedError, SdctlError } from '../../errors.js';
import type { Clock } from '../../time/clock.js';
import { openScope } from '../scope.js';
import type { Notice } from '../types.js';
import type { Login } from './auth.js';
import { toSdctlError, type ServerFailure } from './explain.js';
import { readFailure, type Failure } from './map-error.js';
import { diagnose, type Diagnosis } from './probe.js';
import type { TlsOptions } from './probe-socket.js';
import type { AttemptLimits, RawClients, Server } from './server.js';

/** Limits of one call over all servers. */
export interface CallLimits {
  readonly signal: AbortSignal;
  /** Bounds everything: all servers, retries, and finding out the cause of a failure. */
  readonly timeoutMs: number;
  /** Longest wait for one server where there are others. Default 2 s. */
  readonly attemptMs?: number;
  /** The time is too short to tell a mute server from a busy one: without an answer its channel stays as it is. */
  readonly brief?: boolean;
  /** Send no token and do not log in: for what a server tells anybody, since a login needs the quorum. */
  readonly anonymous?: boolean;
  readonly notify?: ((notice: Notice) => void) | undefined;
}

/** Limits for several calls within one: each gets what the ones before it have left. */
export function limitsLeft(clock: Clock, limits: CallLimits): () => CallLimits {
  const endMs = clock.monotonicMs() + limits.timeoutMs;
  return () => ({ ...limits, timeoutMs: Math.max(1, endMs - clock.monotonicMs()) });
}

/** `once`: never sent again unless it certainly was not executed. */
export type Repetition = 'repeatable' | 'once';

export type AttemptFunction<T> = (clients: RawClients, server: Server, limits: AttemptLimits) => Promise<T>;

const ATTEMPT_MS = 2_000;
const ROUND_PAUSE_MS = 100;
const LOGINS = 2;
const MIN_SHARE_MS = 200;

/** Runs calls with failover, deadlines and login. Remembers the server that answered last and begins there. */
export class Calls {
  readonly #servers: readonly Server[];
  readonly #login: Login;
  readonly #clock: Clock;
  readonly #diagnosis: Diagnosis;
  #first = 0;

  constructor(servers: readonly Server[], login: Login, clock: Clock, diagnosis: Diagnosis) {
    this.#servers = servers;
    this.#login = login;
    this.#clock = clock;
    this.#diagnosis = diagnosis;
  }

  get servers(): readonly Server[] {
    return this.#servers;
  }

  /** How the channels speak TLS. */
  get tls(): TlsOptions {
    return this.#diagnosis.tls;
  }

  /**
   * Tries the servers in turn until one answers.
   *
   * @throws {SdctlError} the cause, naming every server; E_ABORTED when the signal ended it
   */
  async run<T>(
    limits: CallLimits,
    attempt: AttemptFunction<T>,
    repetition: Repetition = 'repeatable',
  ): Promise<T> {
    const endMs = this.#clock.monotonicMs() + limits.timeoutMs;
    const reserveMs = Math.min(1_000, limits.timeoutMs / 5);
    const failures = new Map<Server, Failure>();
    for (;;) {
      const order = this.#order();
      for (const [position, server] of order.entries()) {
        if (limits.signal.aborted) throw abortedError(limits.signal);
        const leftMs = endMs - reserveMs - this.#clock.monotonicMs();
        if (leftMs <= 0 && failures.size > 0) return this.#fail(failures, endMs, limits.signal);
        const timeoutMs = Math.max(
          1,
          share(leftMs, order.length - position, limits.attemptMs ?? ATTEMPT_MS, repetition),
        );
        const result = await this.#on(server, { ...limits, timeoutMs }, attempt);
        if (result.ok) {
          this.#first = Math.max(0, this.#servers.indexOf(server));
          return result.value;
        }
        failures.set(server, result.failure);
        const mayRepeat = repetition === 'repeatable' || result.failure.unsent;
        if (!result.failure.elsewhere || !mayRepeat)
          return this.#fail(failures, endMs, limits.signal, server);
      }
      const mayPass = [...failures.values()].some((failure) => failure.passing);
      if (!mayPass) return this.#fail(failures, endMs, limits.signal);
      await this.#clock.sleep(ROUND_PAUSE_MS, limits.signal);
    }
  }

  /** Runs one attempt on one server, whatever the others do. */
  async runOn<T>(server: Server, limits: CallLimits, attempt: AttemptFunction<T>): Promise<T> {
    const result = await this.#on(server, limits, attempt);
    if (result.ok) return result.value;
    throw toSdctlError([{ server, failure: result.failure }]);
  }

  /** The server that is asked first. */
  get preferred(): Server {
    const server = this.#servers[this.#first];
    if (server === undefined) throw new Error('an etcd registry needs a server');
    return server;
  }

  /** Begins with the next server from now on, if this one was the first choice. */
  avoid(server: Server): void {
    server.forget();
    if (this.preferred === server) this.#first = (this.#first + 1) % this.#servers.length;
  }

  close(): void {
    this.#login.close();
    for (const server of this.#servers) server.close();
  }

  async #on<T>(
    server: Server,
    limits: CallLimits,
    attempt: AttemptFunction<T>,
  ): Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure }> {
    const endMs = this.#clock.monotonicMs() + limits.timeoutMs;
    for (let logins = 0; ; logins += 1) {
      let token: string | null = null;
      try {
        const known = limits.anonymous === true ? null : this.#login.known();
        token =
          known === undefined
            ? await this.#within(endMs, limits.signal, this.#login.token(server, limits.notify))
            : known;
        const timeoutMs = Math.max(1, endMs - this.#clock.monotonicMs());
        const inner = { signal: limits.signal, timeoutMs, token };
        const value = await attempt(server.attempt(inner), server, inner);
        return { ok: true, value };
      } catch (error) {
        if (limits.signal.aborted) throw abortedError(limits.signal);
        if (error instanceof SdctlError) throw error;
        const failure = readFailure(error);
        const mayLogIn = limits.anonymous !== true && this.#login.hasCredentials;
        if (failure.staleToken && mayLogIn && logins < LOGINS) {
          this.#login.reject(token);
          continue;
        }
        const tellsNothing = limits.brief === true && failure.code === 'E_TIMEOUT';
        if (failure.broken && !tellsNothing) this.avoid(server);
        return { ok: false, failure };
      }
    }
  }

  async #fail(
    failures: ReadonlyMap<Server, Failure>,
    endMs: number,
    signal: AbortSignal,
    last?: Server,
  ): Promise<never> {
    // A refusal is the answer of the whole cluster; what the servers before it suffered from does not matter then.
    const listed: ServerFailure[] = [...failures]
      .filter(([server, failure]) => last === undefined || server === last || !failure.elsewhere)
      .map(([server, failure]) => ({ server, failure }));
    const leftMs = Math.min(1_000, endMs - this.#clock.monotonicMs());
    throw toSdctlError(await diagnose(listed, this.#diagnosis, { signal, timeoutMs: leftMs }));
  }

  #order(): readonly Server[] {
    return [...this.#servers.slice(this.#first), ...this.#servers.slice(0, this.#first)];
  }

  /** A login belongs to all calls that wait for it, so a single caller leaves it instead of ending it. */
  async #within<T>(endMs: number, signal: AbortSignal, work: Promise<T>): Promise<T> {
    const waiting = openScope(signal);
    const limit = this.#clock.sleep(endMs - this.#clock.monotonicMs(), waiting.signal).then((): never => {
      throw Object.assign(new Error('the login took too long'), {
        code: 4,
        details: 'the login took too long',
      });
    });
    try {
      return await Promise.race([work, limit]);
    } finally {
      limit.catch(() => undefined);
      work.catch(() => undefined);
      waiting.end();
    }
  }
}

/** A mute server must leave time for the others; a single one may use most of the time and gets a second chance. */
function share(leftMs: number, untried: number, attemptMs: number, repetition: Repetition): number {
  if (untried <= 1 && repetition === 'once') return leftMs;
  if (untried <= 1) return Math.max(Math.min(leftMs, MIN_SHARE_MS), leftMs * 0.6);
  return Math.min(attemptMs, Math.max(MIN_SHARE_MS, leftMs / untried));
}
