import { SdctlError } from '../../errors.js';
import type { ConsulServer } from './server.js';
import type { Served } from './servers.js';

const WAIT_MS = 10_000;
/** Consul adds up to a sixteenth to the wait by itself; the rest is for the way. */
const LIMIT_MS = WAIT_MS + WAIT_MS / 16 + 2_000;

/**
 * One blocking query at one server: asks to be told when the data behind a path changes. It is thrown away after
 * any error, and the index with it: a server that came back with a lower index would not answer until the wait is over.
 */
export class BlockingQuery {
  readonly #server: ConsulServer;
  readonly #path: string;
  #index: bigint;

  /** @param index of the answer that is known already, as the server gave it */
  constructor(server: ConsulServer, path: string, index: string | undefined) {
    this.#server = server;
    this.#path = path;
    this.#index = readIndex(server, index);
  }

  /**
   * Waits for a newer answer.
   *
   * @returns null when nothing changed within the wait
   * @throws {SdctlError} also when the index is unusable or went backwards: what was seen before is then worth nothing
   */
  async next(signal: AbortSignal): Promise<Served | null> {
    const query = { index: String(this.#index), wait: `${WAIT_MS / 1_000}s` };
    const answer = await this.#server.ask(
      { path: this.#path, query, pool: 'waits' },
      { signal, timeoutMs: LIMIT_MS },
    );
    const index = readIndex(this.#server, answer.headers['x-consul-index']);
    if (index < this.#index) {
      throw new SdctlError('E_UNREACHABLE', `the data of Consul at ${this.#server.url} went backwards`, {
        why: `its index is ${index} after ${this.#index}: it was restored, or another server answers now`,
        hint: 'everything is read anew',
      });
    }
    if (index === this.#index) return null;
    this.#index = index;
    return { ...answer, server: this.#server };
  }
}

function readIndex(server: ConsulServer, text: string | undefined): bigint {
  if (text !== undefined && /^\d{1,20}$/.test(text) && !/^0+$/.test(text)) return BigInt(text);
  const shown = text === undefined ? 'no index' : `the index "${text.slice(0, 40)}"`;
  throw new SdctlError('E_NOT_A_REGISTRY', `cannot watch through ${server.url}`, {
    why: `it answers with ${shown}, so changes cannot be followed`,
    hint: 'check for a proxy in between that drops the X-Consul-Index header',
  });
}
