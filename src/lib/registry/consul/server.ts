import { isRefusal, SdctlError } from '../../errors.js';
import type { Connection } from '../connection.js';
import type { ServerAddress } from '../server-url.js';
import type { TlsMaterial } from '../tls-files.js';
import type { Credentials } from './credentials.js';
import {
  answerText,
  isHtml,
  mapFailure,
  mapStatus,
  notConsul,
  wrongScheme,
  type ErrorPlace,
} from './map-error.js';
import { speaksTls } from './tls-probe.js';
import { Transport, TransportFailure, type HttpAnswer } from './request.js';

type Query = Readonly<Record<string, string | readonly string[] | true>>;

/** What to ask. `wait`: a long poll; it gets a connection apart, so that it never holds up other requests. */
export interface Ask {
  readonly path: string;
  readonly query?: Query;
  readonly method?: 'GET' | 'PUT';
  readonly body?: unknown;
  readonly pool?: 'calls' | 'waits';
  /** Send datacenter and namespace; false for requests about the agent itself. Default true. */
  readonly scoped?: boolean;
  /** Default: GET yes, PUT no. */
  readonly repeatable?: boolean;
}

export interface AskLimits {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** A successful JSON answer. */
export interface JsonAnswer {
  readonly value: unknown;
  readonly headers: HttpAnswer['headers'];
}

/** Ordinary calls and the two long polls of a watch over all services stay at eight connections together. */
const CALL_SOCKETS = 6;
/** Far below the 200 that an agent accepts from one address. */
const WAIT_SOCKETS = 64;
const PROBE_TIMEOUT_MS = 2_000;

/** One Consul agent or server as a place to send requests to. */
export class ConsulServer {
  readonly address: ServerAddress;
  readonly #connection: Connection;
  readonly #tls: TlsMaterial;
  readonly #credentials: Credentials;
  readonly #calls: Transport;
  readonly #waits: Transport;
  #hasAnswered = false;

  constructor(address: ServerAddress, connection: Connection, tls: TlsMaterial, credentials: Credentials) {
    this.address = address;
    this.#connection = connection;
    this.#tls = tls;
    this.#credentials = credentials;
    const { serverName, insecureSkipVerify } = connection.tls;
    this.#calls = new Transport(address, { tls, serverName, insecureSkipVerify, maxSockets: CALL_SOCKETS });
    this.#waits = new Transport(address, { tls, serverName, insecureSkipVerify, maxSockets: WAIT_SOCKETS });
  }

  get url(): string {
    return this.address.url;
  }

  /** Another agent, which gets the same credentials: the caller answers for its address, and destroys it. */
  beside(address: ServerAddress): ConsulServer {
    return new ConsulServer(address, this.#connection, this.#tls, this.#credentials);
  }

  /** Sends and answers whatever HTTP status comes back. @throws {SdctlError} when no answer comes back */
  async send(ask: Ask, limits: AskLimits): Promise<HttpAnswer> {
    const transport = ask.pool === 'waits' ? this.#waits : this.#calls;
    const method = ask.method ?? 'GET';
    const startedMs = performance.now();
    try {
      const answer = await transport.request({
        method,
        path: ask.path + this.#queryText(ask),
        headers: this.#headers(ask),
        timeoutMs: limits.timeoutMs,
        signal: limits.signal,
        repeatable: ask.repeatable ?? method === 'GET',
        ...(ask.body === undefined ? {} : { body: ask.body }),
      });
      this.#hasAnswered = true;
      return answer;
    } catch (error) {
      if (!(error instanceof TransportFailure)) throw error;
      const timeoutMs = limits.timeoutMs - (performance.now() - startedMs);
      if (await this.#hidesTls(error, { ...limits, timeoutMs }))
        throw wrongScheme(this, 'the server speaks TLS');
      throw mapFailure(error, this.#place(), limits.timeoutMs);
    }
  }

  /** Sends and expects success. @throws {SdctlError} for anything else */
  async order(ask: Ask, limits: AskLimits): Promise<void> {
    const answer = await this.send(ask, limits);
    this.expectSuccess(answer);
    if (isHtml(answer)) throw notConsul(this, 'it answered with a web page');
  }

  /** Sends and expects JSON. @throws {SdctlError} for anything else */
  async ask(ask: Ask, limits: AskLimits): Promise<JsonAnswer> {
    const answer = await this.send(ask, limits);
    this.expectSuccess(answer);
    return { value: this.parse(answer), headers: answer.headers };
  }

  /** The server's own words, short and without secrets. */
  textOf(answer: HttpAnswer): string {
    return answerText(answer, this.#place());
  }

  /** @throws {SdctlError} when the status is no success */
  expectSuccess(answer: HttpAnswer): void {
    if (answer.status >= 200 && answer.status <= 299) return;
    const error = mapStatus(answer, this.#place());
    // The token may have been exchanged in its file meanwhile: the next request reads it again.
    if (isRefusal(error)) this.#credentials.refresh();
    throw error;
  }

  /** @throws {SdctlError} E_NOT_A_REGISTRY when the body is not JSON */
  parse(answer: HttpAnswer): unknown {
    const type = answer.headers['content-type'] ?? 'nothing';
    if (!type.includes('json'))
      throw notConsul(this, `it answered with ${type.split(';')[0] ?? ''} in place of JSON`);
    try {
      return JSON.parse(answer.body.toString('utf8')) as unknown;
    } catch {
      throw notConsul(this, 'its answer is not valid JSON');
    }
  }

  /** Address of the leader as this server knows it; empty when it knows none. */
  async leader(limits: AskLimits, mostMs = PROBE_TIMEOUT_MS): Promise<string> {
    const timeoutMs = Math.min(limits.timeoutMs, mostMs);
    const { value } = await this.ask({ path: '/status/leader', scoped: false }, { ...limits, timeoutMs });
    if (typeof value !== 'string') throw notConsul(this, 'it does not name a leader');
    return value;
  }

  closeIdle(): void {
    this.#calls.closeIdle();
    this.#waits.closeIdle();
  }

  destroy(): void {
    this.#calls.destroy();
    this.#waits.destroy();
  }

  /** A server that never said anything and hangs up on plain HTTP may want TLS. */
  async #hidesTls(failure: TransportFailure, limits: AskLimits): Promise<boolean> {
    const { address } = this;
    if (this.#hasAnswered || failure.causeCode !== 'ECONNRESET' || limits.timeoutMs <= 0) return false;
    if (address.kind !== 'tcp' || address.secure) return false;
    return speaksTls(address.host, address.port, limits);
  }

  #queryText(ask: Ask): string {
    const { datacenter, partition } = this.#connection;
    const scope: Query = {
      ...(ask.scoped === false || datacenter === null ? {} : { dc: datacenter }),
      ...(partition === null ? {} : { partition }),
    };
    const pairs = Object.entries({ ...scope, ...ask.query }).flatMap(([key, value]) => {
      if (value === true) return [encodeURIComponent(key)];
      const values = typeof value === 'string' ? [value] : value;
      return values.map((item) => `${encodeURIComponent(key)}=${encodeURIComponent(item)}`);
    });
    return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
  }

  #headers(ask: Ask): Record<string, string> {
    const token = this.#credentials.token();
    const basic = this.#basicAuth();
    const { namespace } = this.#connection;
    return {
      'user-agent': 'sdctl',
      ...(token === null ? {} : { 'x-consul-token': token }),
      ...(namespace === null ? {} : { 'x-consul-namespace': namespace }),
      ...(basic === null ? {} : { authorization: `Basic ${Buffer.from(basic).toString('base64')}` }),
      ...(ask.method === 'PUT' ? {} : { accept: 'application/json' }),
    };
  }

  #basicAuth(): string | null {
    const inUrl = this.address.kind === 'tcp' ? this.address.userInfo : null;
    if (inUrl !== null) return `${inUrl.username}:${inUrl.password}`;
    const { username } = this.#connection;
    return username === null ? null : `${username}:${this.#credentials.password()}`;
  }

  #place(): ErrorPlace {
    const basic = this.#basicAuth();
    const password = basic === null ? null : basic.slice(basic.indexOf(':') + 1);
    // A server may repeat the header as it came.
    const encoded = basic === null ? null : Buffer.from(basic).toString('base64');
    const secrets = [this.#credentials.token(), encoded, basic, password].filter(
      (secret): secret is string => secret !== null,
    );
    return { url: this.url, datacenter: this.#connection.datacenter, secrets };
  }
}

/** Whether another server might do better. */
export function isServersFault(error: unknown): error is SdctlError {
  if (!(error instanceof SdctlError)) return false;
  switch (error.code) {
    case 'E_UNREACHABLE':
    case 'E_TIMEOUT':
    case 'E_DNS':
    case 'E_NOT_A_REGISTRY':
    case 'E_SCHEME':
    case 'E_TLS':
    case 'E_NO_QUORUM':
      return true;
    default:
      return false;
  }
}
