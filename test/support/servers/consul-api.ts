/** The HTTP side of a Consul handle. */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { ConsulTls } from './consul-config.js';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Parsed JSON, or the text if it is none. */
  readonly body: unknown;
}

export interface ApiOptions {
  readonly token?: string;
  readonly timeoutMs?: number;
  readonly agent?: http.Agent | https.Agent;
}

export class ConsulApi {
  readonly url: string;
  /** Management token of an agent with ACLs; sent by default. */
  readonly masterToken: string | undefined;
  readonly #files: ConsulTls | undefined;
  readonly #tls: https.RequestOptions;

  constructor(url: string, masterToken: string | undefined, tls: ConsulTls | undefined) {
    this.url = url;
    this.masterToken = masterToken;
    this.#files = tls;
    this.#tls =
      tls === undefined
        ? {}
        : {
            ca: readFileSync(tls.ca),
            ...(tls.clientCert === undefined ? {} : { cert: readFileSync(tls.clientCert) }),
            ...(tls.clientKey === undefined ? {} : { key: readFileSync(tls.clientKey) }),
          };
  }

  /** The same agent by another address, such as a proxy's. */
  via(url: string): ConsulApi {
    return new ConsulApi(url, this.masterToken, this.#files);
  }

  /** One request on its own connection, so that it says nothing about a connection kept from before. */
  async api(method: string, path: string, body?: unknown, options: ApiOptions = {}): Promise<ApiAnswer> {
    const token = options.token ?? this.masterToken;
    const request = this.url.startsWith('https') ? https.request : http.request;
    const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const outgoing = request(
        new URL(path, this.url),
        {
          ...this.#tls,
          method,
          agent: options.agent ?? false,
          headers: {
            ...(token === undefined ? {} : { 'x-consul-token': token }),
            ...(payload === undefined ? {} : { 'content-length': Buffer.byteLength(payload) }),
          },
          timeout: options.timeoutMs ?? 10_000,
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.once('error', reject);
          incoming.once('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: parseBody(text) });
          });
        },
      );
      outgoing.once('timeout', () => outgoing.destroy(new Error(`${method} ${path}: no answer in time`)));
      outgoing.once('error', reject);
      outgoing.end(payload);
    });
  }
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
