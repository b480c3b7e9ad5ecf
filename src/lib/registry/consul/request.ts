import { EventEmitter } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import Consul from 'consul';
import type { TlsMaterial } from '../tls-files.js';
import type { ServerAddress } from '../server-url.js';

/** One HTTP call. A time limit is required: without one a broken answer would hang for ever. */
export interface HttpRequest {
  readonly method: 'GET' | 'PUT';
  /** Below `/v1`, parts encoded, query included. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Repeat once when the connection breaks: a kept connection may have been closed by the other side. */
  readonly repeatable: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** No answer at all. Holds texts only: the client's own errors carry request headers, and with them the token. */
export class TransportFailure extends Error {
  override readonly name = 'TransportFailure';
  constructor(
    readonly kind: 'aborted' | 'timeout' | 'network',
    /** Node's or OpenSSL's error code; empty when there is none. */
    readonly causeCode: string,
    message: string,
    /** The other side answered a plain request with a TLS record. */
    readonly sawTls = false,
  ) {
    super(message);
  }
}

/** What a connection needs besides its address. */
export interface TransportOptions {
  readonly tls: TlsMaterial;
  readonly serverName: string | null;
  readonly insecureSkipVerify: boolean;
  /** Most connections at a time. */
  readonly maxSockets: number;
}

/** The part of the `consul` client that is used; its own types are wrong in places, and the method is not in them. */
interface RequestClient {
  _request(options: Readonly<Record<string, unknown>>): Promise<unknown>;
}

/** Connections to one server. The only code that touches the `consul` package. */
export class Transport {
  readonly #client: RequestClient;
  readonly #agent: http.Agent;

  constructor(address: ServerAddress, options: TransportOptions) {
    const pool = { keepAlive: true, maxSockets: options.maxSockets, maxFreeSockets: options.maxSockets };
    const secure = address.kind === 'tcp' && address.secure;
    this.#agent = secure ? new https.Agent({ ...pool, ...tlsOptions(options) }) : new http.Agent(pool);
    const base = address.kind === 'unix' ? 'http://localhost' : address.url;
    this.#client = new Consul({
      baseUrl: `${base}/v1`,
      agent: this.#agent,
      ...(address.kind === 'unix' ? { socketPath: address.path } : {}),
      // The client hands "[::1]" to the resolver, which does not know it.
      ...(address.kind === 'tcp' && address.host.includes(':') ? { lookup: literal(address.host) } : {}),
    } as unknown as ConstructorParameters<typeof Consul>[0]) as unknown as RequestClient;
  }

  /**
   * Sends one request; any HTTP status is an answer.
   *
   * @throws {TransportFailure} when there is no complete answer in time
   * @throws {RangeError} without a time limit
   */
  async request(request: HttpRequest): Promise<HttpAnswer> {
    if (!(request.timeoutMs > 0)) throw new RangeError('a request needs a time limit');
    const startedMs = performance.now();
    try {
      return await this.#send(request, request.timeoutMs);
    } catch (error) {
      const leftMs = request.timeoutMs - (performance.now() - startedMs);
      const broke = error instanceof TransportFailure && error.causeCode === 'ECONNRESET' && !error.sawTls;
      if (!broke || !request.repeatable || leftMs <= 0 || request.signal.aborted) throw error;
      return await this.#send(request, leftMs);
    }
  }

  /** Closes connections that nobody uses at the moment. */
  closeIdle(): void {
    for (const sockets of Object.values(this.#agent.freeSockets)) {
      for (const socket of [...(sockets ?? [])]) socket.destroy();
    }
  }

  destroy(): void {
    this.#agent.destroy();
  }

  async #send(request: HttpRequest, timeoutMs: number): Promise<HttpAnswer> {
    if (request.signal.aborted) throw new TransportFailure('aborted', '', 'aborted');
    // One emitter per call: the client adds a listener for each request that uses it.
    const cancel = Object.assign(new EventEmitter(), { canceled: false });
    const onAbort = (): void => {
      cancel.canceled = true; // a cancel before the request is written would be missed otherwise
      cancel.emit('cancel');
    };
    request.signal.addEventListener('abort', onAbort, { once: true });
    const json = request.body === undefined ? null : Buffer.from(JSON.stringify(request.body));
    try {
      const answer = await this.#client._request({
        method: request.method,
        path: request.path,
        headers: { ...request.headers, ...(json === null ? {} : { 'content-type': 'application/json' }) },
        timeout: Math.max(1, Math.ceil(timeoutMs)),
        ctx: cancel,
        buffer: true, // decoded by us: the client turns false, 0 and "" into undefined
        ...(json === null ? {} : { body: json }),
      });
      return toAnswer(answer);
    } catch (error) {
      const response = (error as { readonly response?: unknown }).response;
      if (response !== undefined) return toAnswer(response);
      throw toFailure(error, request.signal.aborted);
    } finally {
      request.signal.removeEventListener('abort', onAbort);
    }
  }
}

function tlsOptions(options: TransportOptions): https.AgentOptions {
  const { ca, cert, key } = options.tls;
  return {
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
    ...(options.serverName === null ? {} : { servername: options.serverName }),
    rejectUnauthorized: !options.insecureSkipVerify,
  };
}

type LookupCallback = (error: null, address: unknown, family?: number) => void;

function literal(
  address: string,
): (host: string, options: { readonly all?: boolean }, done: LookupCallback) => void {
  return (_host, options, done) => {
    if (options.all === true) done(null, [{ address, family: 6 }]);
    else done(null, address, 6);
  };
}

function toAnswer(response: unknown): HttpAnswer {
  const { statusCode, headers, body } = response as {
    readonly statusCode?: number;
    readonly headers?: HttpAnswer['headers'];
    readonly body?: unknown;
  };
  return {
    status: statusCode ?? 0,
    headers: headers ?? {},
    body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
  };
}

interface ClientError {
  readonly isTimeout?: boolean;
  readonly isAbort?: boolean;
  readonly code?: string;
  readonly message?: string;
  readonly errors?: readonly unknown[];
  readonly rawPacket?: Uint8Array;
}

function toFailure(error: unknown, aborted: boolean): TransportFailure {
  const { isTimeout, isAbort, code, message, errors, rawPacket } = error as ClientError;
  if (aborted || isAbort === true) return new TransportFailure('aborted', '', 'aborted');
  if (isTimeout === true) return new TransportFailure('timeout', 'ETIMEDOUT', 'no complete answer in time');
  // Both address families refused: the message is empty, the reasons are in the list.
  const reasons = (errors ?? []).map((item) => (item instanceof Error ? item.message : String(item)));
  const text = [(message ?? '').replace(/^consul: /, ''), ...reasons]
    .filter((part) => part !== '')
    .join('; ');
  const first = (errors?.[0] as ClientError | undefined)?.code;
  return new TransportFailure('network', code ?? first ?? '', text, rawPacket?.[0] === TLS_ALERT);
}

/** First byte of a TLS alert record. */
const TLS_ALERT = 0x15;
