import type { Instance, Snapshot } from '../../model/instance.js';
import type { LeftReason } from '../../model/membership.js';
import type { Clock } from '../../time/clock.js';
import type { Follower, FollowSignal } from '../keep-following.js';
import { openScope } from '../scope.js';
import { BlockingQuery } from './blocking-query.js';
import { startCall, type Call } from './call.js';
import { reasonOfDeparture } from './departure.js';
import { LeaderProbe } from './leader-probe.js';
import { servicePath, type CatalogReader, type Listed } from './list.js';
import type { Credentials } from './credentials.js';
import { isServersFault, type ConsulServer } from './server.js';
import type { Servers } from './servers.js';
import { TokenBucket } from './token-bucket.js';

/** What both followers need. */
export interface FollowerDeps {
  readonly servers: Servers;
  readonly reader: CatalogReader;
  readonly credentials: Credentials;
  readonly clock: Clock;
  /** For the reads between the blocking queries. */
  readonly timeoutMs: number;
  readonly notify: Call['notify'];
}

const BURST = 3;
const EVERY_MS = 250;

/** Follows one service with one blocking query. */
export class ServiceFollower implements Follower {
  readonly service: string;
  readonly #deps: FollowerDeps;
  readonly #bucket: TokenBucket;

  constructor(service: string, deps: FollowerDeps) {
    this.service = service;
    this.#deps = deps;
    this.#bucket = new TokenBucket(deps.clock, BURST, EVERY_MS);
  }

  async *follow(signal: AbortSignal): AsyncGenerator<FollowSignal, void, void> {
    const scope = openScope(signal);
    let server: ConsulServer | null = null;
    let probe: LeaderProbe | null = null;
    try {
      await this.#bucket.take(scope.signal);
      const listed = await this.#deps.reader.listService(this.service, this.#call(scope.signal));
      server = listed.server;
      const query = new BlockingQuery(server, servicePath(this.service), listed.index);
      yield { type: 'set', snapshot: listed.snapshot };
      probe = new LeaderProbe(server, this.#deps.clock, scope);
      let known: Snapshot = listed.snapshot;
      for (;;) {
        await this.#bucket.take(scope.signal);
        const served = await query.next(scope.signal);
        if (served === null) {
          // A server that answers without waiting is asked half as often.
          await this.#bucket.take(scope.signal);
          continue;
        }
        const next = await this.#believable(await this.#toListed(served, scope.signal), known, scope.signal);
        known = next.snapshot;
        yield { type: 'set', snapshot: known };
      }
    } catch (thrown) {
      const error = probe?.causeOf(thrown) ?? thrown;
      if (server !== null && isServersFault(error)) this.#deps.servers.avoid(server);
      throw error;
    } finally {
      scope.end();
    }
  }

  reasonOf(instance: Instance): LeftReason {
    return reasonOfDeparture(instance);
  }

  refreshCredentials(): void {
    this.#deps.credentials.refresh();
  }

  async #toListed(served: Parameters<CatalogReader['toListed']>[1], signal: AbortSignal): Promise<Listed> {
    return this.#deps.reader.toListed(this.service, served, this.#call(signal));
  }

  /** Everything gone at once is more often a fault of the server than the truth: have the leader confirm it. */
  async #believable(listed: Listed, known: Snapshot, signal: AbortSignal): Promise<Listed> {
    if (listed.snapshot.instances.length > 0 || known.instances.length === 0) return listed;
    return this.#deps.reader.listService(this.service, this.#call(signal), true);
  }

  #call(signal: AbortSignal): Call {
    const { timeoutMs, notify, clock } = this.#deps;
    return startCall({ signal, notify }, timeoutMs, clock);
  }
}
