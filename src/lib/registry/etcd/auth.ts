import { SdctlError } from '../../errors.js';
import type { Secret } from '../connection.js';
import type { Notice } from '../types.js';
import { isAuthDisabled } from './map-error.js';
import type { Server } from './server.js';

const LOGIN_MS = 2_000;

/** Logs in with user and password and shares the token between all calls and servers. */
export class Login {
  readonly #username: string | null;
  readonly #password: Secret | null;
  /** One login under way per server; the token of any of them serves all. */
  readonly #pending = new Map<Server, Promise<string | null>>();
  readonly #stop = new AbortController();
  #token: string | null = null;
  #disabled = false;

  constructor(username: string | null, password: Secret | null) {
    this.#username = username;
    this.#password = password;
  }

  get hasCredentials(): boolean {
    return this.#username !== null;
  }

  /** Who logs in; null: nobody, or authentication is switched off. */
  get username(): string | null {
    return this.#username;
  }

  /** The token, where nobody has to be asked for it; null where none is needed, undefined: a login has to come first. */
  known(): string | null | undefined {
    if (this.#username === null || this.#disabled) return null;
    return this.#token ?? undefined;
  }

  /**
   * The token for the next attempt; null where none is needed.
   *
   * @throws {SdctlError} E_FILE when the password file cannot be read
   * @throws what grpc reports when the login fails
   */
  async token(server: Server, notify?: (notice: Notice) => void): Promise<string | null> {
    const known = this.known();
    if (known !== undefined || this.#username === null) return known ?? null;
    let pending = this.#pending.get(server);
    if (pending === undefined) {
      pending = this.#logIn(server, this.#username, notify).finally(() => this.#pending.delete(server));
      this.#pending.set(server, pending);
    }
    return pending;
  }

  /** Forgets a token that a server refused, unless a newer one has come meanwhile. */
  reject(token: string | null): void {
    if (this.#token === token) this.#token = null;
    if (token === null) this.#disabled = false;
  }

  /** Forgets everything that was found out, so that the next call reads the password and logs in again. */
  refresh(): void {
    this.#token = null;
    this.#disabled = false;
  }

  close(): void {
    this.#stop.abort();
  }

  async #logIn(server: Server, name: string, notify?: (notice: Notice) => void): Promise<string | null> {
    if (this.#password === null) {
      throw new SdctlError('E_AUTH', `no password for the etcd user "${name}"`, {
        why: 'a user name is set, but no password',
        hint: '--password-file FILE',
      });
    }
    try {
      const limits = { signal: this.#stop.signal, timeoutMs: LOGIN_MS, token: null };
      const { token } = await server
        .attempt(limits)
        .auth.authenticate({ name, password: this.#password.read() });
      this.#token = token;
      return token;
    } catch (error) {
      if (!isAuthDisabled(error)) throw error;
      this.#disabled = true;
      notify?.({
        level: 'warning',
        text: `etcd at ${server.url} has authentication switched off: the user name is not used`,
      });
      return null;
    }
  }
}
