import { instanceKey, type Instance, type Snapshot } from '../../model/instance.js';
import type { LeftReason } from '../../model/membership.js';
import type { Clock } from '../../time/clock.js';
import type { Follower, FollowSignal } from '../keep-following.js';
import { openScope } from '../scope.js';
import { BlockingQuery } from './blocking-query.js';
import { startCall, type Call } from './call.js';
import { reasonOfDeparture } from './departure.js';
import { LeaderProbe } from './leader-probe.js';
import type { Listed } from './list.js';
import { isServersFault, type ConsulServer, type JsonAnswer } from './server.js';
import type { Served } from './servers.js';
import type { FollowerDeps } from './service-follower.js';
import { TokenBucket } from './token-bucket.js';

/** Between two complete reads. */
const EVERY_MS = 1_000;
/** Nothing wakes a watch when only a node's address changes; so everything is read again now and then. */
const REFRESH_MS = 60_000;

/** What wakes it: the names and tags of services, and the state of checks. Never one query per service. */
const SERVICES = '/catalog/services';
const CHECKS = '/health/state/any';

/** Follows the whole catalog: two blocking queries say that something changed, then everything is read. */
export class CatalogFollower implements Follower {
  readonly service = null;
  readonly #deps: FollowerDeps;
  readonly #bucket: TokenBucket;

  constructor(deps: FollowerDeps) {
    this.#deps = deps;
    this.#bucket = new TokenBucket(deps.clock, 1, EVERY_MS);
  }

  async *follow(signal: AbortSignal): AsyncGenerator<FollowSignal, void, void> {
    const scope = openScope(signal);
    let server: ConsulServer | null = null;
    let probe: LeaderProbe | null = null;
    try {
      await this.#bucket.take(scope.signal);
      const wakers = await this.#openWakers(scope.signal);
      server = wakers.services.server;
      const listed = await this.#deps.reader.listAll(this.#call(scope.signal), wakers.services);
      yield { type: 'set', snapshot: listed.snapshot };
      probe = new LeaderProbe(server, this.#deps.clock, scope);
      let known: Snapshot = listed.snapshot;
      for (;;) {
        await wakers.changed(REFRESH_MS);
        await this.#bucket.take(scope.signal);
        wakers.rearm();
        known = (await this.#readBelievable(wakers, known, scope.signal)).snapshot;
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

  /** Takes the indexes before the first complete read, so that no change falls between the two. */
  async #openWakers(signal: AbortSignal): Promise<Wakers> {
    const { servers, clock } = this.#deps;
    const call = this.#call(signal);
    const services = await servers.read({ path: SERVICES }, call);
    const { server } = services;
    const checks = await server.ask({ path: CHECKS }, { signal, timeoutMs: call.remainingMs() });
    return new Wakers(
      services,
      [this.#waker(server, SERVICES, services), this.#waker(server, CHECKS, checks)],
      signal,
      clock,
    );
  }

  #waker(server: ConsulServer, path: string, answer: JsonAnswer): BlockingQuery {
    return new BlockingQuery(server, path, answer.headers['x-consul-index']);
  }

  /**
   * Reads everything, and once more what is hard to believe: a catalog of which nearly nothing is left, and an entry
   * that was removed between the requests of one read, of which only the checks are gone yet.
   */
  async #readBelievable(wakers: Wakers, known: Snapshot, signal: AbortSignal): Promise<Listed> {
    const listed = await this.#deps.reader.listAll(this.#call(signal), wakers.services);
    const now = listed.snapshot;
    const vanished = now.instances.length <= 1 && known.instances.length > 2;
    return vanished || lostLease(known, now) ? this.#deps.reader.listAll(this.#call(signal)) : listed;
  }

  #call(signal: AbortSignal): Call {
    const { timeoutMs, notify, clock } = this.#deps;
    return startCall({ signal, notify }, timeoutMs, clock);
  }
}

function lostLease(before: Snapshot, after: Snapshot): boolean {
  const kept = new Set(before.instances.filter(({ lease }) => lease !== null).map(instanceKey));
  return after.instances.some((instance) => instance.lease === null && kept.has(instanceKey(instance)));
}

/** Blocking queries of which any one that answers is a reason to look. */
class Wakers {
  readonly #queries: readonly BlockingQuery[];
  readonly #buckets: readonly TokenBucket[];
  readonly #signal: AbortSignal;
  readonly #clock: Clock;
  #services: Served;
  /** Queries under way; one that answered waits to be armed again. */
  readonly #asking = new Set<BlockingQuery>();
  #failure: { readonly error: unknown } | null = null;
  #wake: () => void = () => undefined;

  constructor(services: Served, queries: readonly BlockingQuery[], signal: AbortSignal, clock: Clock) {
    this.#services = services;
    this.#queries = queries;
    // For a server, or a proxy before it, that answers without blocking.
    this.#buckets = queries.map(() => new TokenBucket(clock, 2, EVERY_MS));
    this.#signal = signal;
    this.#clock = clock;
    this.rearm();
  }

  /** The newest answer of `catalog/services`. */
  get services(): Served {
    return this.#services;
  }

  /**
   * Resolves when something changed since the last `rearm`, or when the time is over; rejects when a query failed. Not
   * a race of the queries: one that stays open for days would keep something of every race.
   */
  async changed(limitMs: number): Promise<void> {
    if (this.#failure === null && this.#asking.size === this.#queries.length) {
      const waiting = openScope(this.#signal);
      this.#wake = () => {
        waiting.end();
      };
      await this.#clock.sleep(limitMs, waiting.signal);
      waiting.end();
    }
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** Asks again where an answer came: before the data is read, so that a change during the read is not missed. */
  rearm(): void {
    for (const [position, query] of this.#queries.entries()) {
      if (this.#asking.has(query)) continue;
      this.#asking.add(query);
      this.#untilChanged(query, this.#buckets[position]).then(
        (served) => {
          if (position === 0) this.#services = served;
          this.#asking.delete(query);
          this.#wake();
        },
        (error: unknown) => {
          this.#failure ??= { error };
          this.#wake();
        },
      );
    }
  }

  async #untilChanged(query: BlockingQuery, bucket: TokenBucket | undefined): Promise<Served> {
    for (;;) {
      await bucket?.take(this.#signal);
      const served = await query.next(this.#signal);
      if (served !== null) return served;
    }
  }
}
