import type { Connection } from '../connection.js';

/** Where credentials come from; read anew after a refusal. */
export class Credentials {
  readonly #connection: Connection;
  #token: string | null = null;
  #password: string | null = null;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @throws {SdctlError} E_FILE when a file cannot be read */
  token(): string | null {
    this.#token ??= this.#connection.token?.read() ?? null;
    return this.#token === '' ? null : this.#token;
  }

  password(): string {
    this.#password ??= this.#connection.password?.read() ?? '';
    return this.#password;
  }

  refresh(): void {
    this.#token = null;
    this.#password = null;
  }
}
