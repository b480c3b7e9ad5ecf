import { SdctlError } from '../../errors.js';
import type { Connection } from '../connection.js';
import type { Call } from './call.js';
import { objectOf } from './json.js';
import type { JsonAnswer } from './server.js';
import type { Servers } from './servers.js';

/** Every catalog holds the servers' own service, so a view without it is not the whole one. */
const ALWAYS_THERE = 'consul';

export type View = 'whole' | 'partial' | 'nothing';

/** Judges how much of the catalog access rules let through. */
export class Visibility {
  readonly #canTell: boolean;
  readonly #anonymous: boolean;

  constructor(connection: Connection) {
    // In other namespaces and partitions the servers' service does not exist.
    const isDefault = (name: string | null): boolean => name === null || name === '' || name === 'default';
    this.#canTell = isDefault(connection.namespace) && isDefault(connection.partition);
    this.#anonymous = connection.token === null;
  }

  /** @param names of all services seen */
  judge(names: Iterable<string>): View {
    if (!this.#canTell) return 'whole';
    const seen = new Set(names);
    if (seen.has(ALWAYS_THERE)) return 'whole';
    return seen.size === 0 ? 'nothing' : 'partial';
  }

  /** Asks what can be seen at all; for an empty answer, which alone says nothing. */
  async check(servers: Servers, call: Call): Promise<View> {
    if (!this.#canTell) return 'whole';
    const { value } = await servers.read({ path: '/catalog/services' }, call);
    return this.judge(Object.keys(objectOf(value) ?? {}));
  }

  /** Newer servers say it themselves. */
  wasFiltered(answer: JsonAnswer): boolean {
    return answer.headers['x-consul-results-filtered-by-acls'] === 'true';
  }

  nothingVisible(url: string): SdctlError {
    return new SdctlError('E_FILTERED', `the access rules of Consul at ${url} hide everything`, {
      why: this.#anonymous
        ? 'requests without a token may see no service, which looks like an empty registry'
        : 'the token may see no service, which looks like an empty registry',
      hint: this.#anonymous
        ? 'name a token: --token-file FILE'
        : 'use a token with service:read and node:read',
    });
  }

  warnPartial(call: Call): void {
    call.notify({
      level: 'warning',
      text: 'the list is not complete: access rules of Consul hide a part of the registry from this token',
    });
  }
}
